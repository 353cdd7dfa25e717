"""The builder: the process that reads zone files, judges them and compiles what may be served.

However long that takes, and whatever it needs, no answer waits for it.
"""

import gc
import socket
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from zoneserver.errors import ConfigurationError, ImageError, OperatorError
from zoneserver.findings import Finding, Level
from zoneserver.names import Name
from zoneserver.service.answering.responder import Throttle
from zoneserver.service.checking.announce import (
    log_changes,
    log_findings,
    log_wanting,
    say_zones,
)
from zoneserver.service.checking.report import Texts, count, format_finding
from zoneserver.service.checking.words import describe_changes
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.disk.scan import SETTLE_SECONDS
from zoneserver.service.keeping.chronicle import Chronicle
from zoneserver.service.keeping.keeper import Keeper, Renewal
from zoneserver.service.keeping.serials import Serials, StateError
from zoneserver.service.keeping.store import Served, Store, StoreError
from zoneserver.service.keeping.survey import Survey
from zoneserver.service.logs import log
from zoneserver.service.observing.overview import Document, Reload
from zoneserver.service.running.channel import Channel
from zoneserver.service.running.processes import let_others_go_first
from zoneserver.service.running.reloads import Order
from zoneserver.service.transferring.journals import Journals
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

DEFECT = "a defect of the server; its log has the traceback"


class Builder:
    """Renews zones whenever the main process says so."""

    def __init__(self, read_settings: Callable[[], Settings], store: Store) -> None:
        self._read_settings = read_settings
        self._settings = read_settings()
        self._transfers = self._settings.transfers  # the courier knows no others
        self._store = store
        self._keeper = _make_keeper(store, self._settings)
        self._survey = Survey(self._keeper)
        self._served: Served | None = None
        self._unkept = ""  # why a restart would not begin with what is served
        self._throttle, self._serials_throttle = Throttle(), Throttle()
        self._known: frozenset[Finding] = frozenset()  # what the log has of the last reload

    def run(self, channel: Channel, served: Served | None) -> int:
        """Read the zones now, and again when told to. Returns the exit status.

        `served` is what the workers answer from already; None: nothing yet.
        """
        self._served = served
        if served is not None:
            self._restore(served)
            let_others_go_first()
            self._renew_again(channel, Order())
        else:
            self._start(channel)
            let_others_go_first()
        gc.freeze()
        self._keeper.settle_seconds = SETTLE_SECONDS
        channel.send({"idle": True})
        while (message := self._hear(channel)) is not None:
            outcome = self._renew_again(channel, Order.read(message["renew"]))
            channel.send({"outcome": outcome})
            channel.send({"idle": True})
        return 0

    @staticmethod
    def _hear(channel: Channel) -> dict[str, Any] | None:
        """What the main process says next, but for what can be done on the spot."""
        while (message := channel.receive()) is not None and "log_level" in message:
            log.set_level(message["log_level"])
        return message

    def _restore(self, served: Served) -> None:
        try:
            self._keeper.restore(served, self._settings.defaults)
        except (OSError, ImageError) as error:
            log.warning("state-damaged", f"{error}; the zones are read anew")
            self._keeper = _make_keeper(self._store, self._settings)
            self._survey = Survey(self._keeper)

    def _start(self, channel: Channel) -> None:
        """Put the first zones into service, or say that there is nothing to be served."""
        begin = time.monotonic()
        try:
            renewal = self._keeper.renew(self._settings)
        except (OperatorError, StoreError) as error:
            channel.send({"fail": str(error)})
            return
        log_findings(renewal)
        self._complain(renewal.complaint)
        refused = len(self._keeper.refused.keys() - self._keeper.awaited)
        if refused and self._settings.strict_start:
            text = f"not started, because {count(refused, 'zone')} would be refused"
            log.error("not-started", text, refused=refused)
            channel.send({"end": 1})
            return
        say_zones(self._keeper, renewal)
        self._warn_of_strangers()
        self._publish(renewal, channel)
        self._tell(renewal, channel, time.monotonic() - begin)

    def _warn_of_strangers(self) -> None:
        """A rule for a zone that is not there guards nothing, and may be a slip."""
        transfers = self._settings.transfers
        for key, origin in _list_named(self._settings):
            section, _ = key.split(".")
            if section == "transfer" and (transfers.catalogs or origin == transfers.catalog):
                continue  # what is no zone yet may be a member of a catalog soon
            if origin in self._keeper.refused or origin in self._keeper.standing:
                continue
            text = f"{key}: {origin} is no zone of this server"
            log.warning(f"{section}-unused", text, zone=str(origin))

    def _renew_again(self, channel: Channel, order: Order) -> Document:
        """Put new versions into service; whatever goes wrong, the old ones stay.

        Returns the outcome, for whoever has asked for it.
        """
        begin = time.monotonic()
        try:
            self._settings = self._reread_settings(channel)
            settings = replace(self._settings, transfers=self._transfers)
            renewal = self._keeper.renew(settings, order)
            self._publish(renewal, channel)
        except (OperatorError, StoreError) as error:
            text, stays = str(error), "what is served stays as it is"
            log.error("reload-failed", text, shown=f"error: {text}\n{stays}")
            return self._fail(text, channel, begin)
        except Exception:  # noqa: BLE001 - a failed reload may not cost a single answer
            text, trace = "the reload failed, what is served stays", traceback.format_exc()
            log.error("reload-failed", text, shown=f"error: {text}\n{trace}", trace=trace)
            return self._fail(DEFECT, channel, begin)
        seconds = time.monotonic() - begin
        self._complain(renewal.complaint)
        changes = list(describe_changes(*self._changed(renewal)))
        news = frozenset(renewal.admission.findings) - self._known
        if not order.quiet or changes or news:
            log_findings(renewal, self._known if order.quiet else ())
            log_changes(self._keeper, renewal, changes, seconds)
        self._known = frozenset(renewal.admission.findings)
        reload = self._tell(renewal, channel, seconds)
        return {
            **reload.document(),
            "changes": [each.text for each in changes],
            "refusals": {str(zone): why for zone, why in renewal.refusals.items()},
            "findings": _report(renewal),
        }

    def _publish(self, renewal: Renewal, channel: Channel) -> None:
        is_new = renewal.served != self._served
        self._served = renewal.served
        if is_new or self._unkept:
            self._keep(renewal.served)
        if is_new:
            channel.send({"serve": renewal.served.document()})
            self._hear(channel)
        if not self._unkept:
            self._store.sweep(renewal.served)  # no worker has the old files any more

    def _keep(self, served: Served) -> None:
        """Have a restart begin with these zones; what it would begin with else, is left."""
        self._unkept = ""
        try:
            self._store.keep(served)
        except StoreError as error:
            self._unkept = str(error)
            if (more := self._throttle.take()) is not None:
                text = f"{error}; a restart will not remember these zones{more}"
                log.warning("state-unwritable", text)

    def _complain(self, complaint: str) -> None:
        """Say why serials could not be written; not each time anew."""
        if complaint and (more := self._serials_throttle.take()) is not None:
            text = f"{complaint}; serials are kept in memory only{more}"
            log.warning("serials-unusable", text)

    def _tell(self, renewal: Renewal, channel: Channel, seconds: float) -> Reload:
        """Keep the main process's overview up to date."""
        admission = renewal.admission
        is_blocked = admission.kept or self._keeper.refused.keys() - self._keeper.awaited
        result = "kept" if is_blocked else "ok"
        changed = len(admission.versions) + len(admission.gone)
        state = self._unkept or renewal.complaint
        reload = Reload(time.time(), seconds, result, changed=changed, state=state)
        for document in self._survey.tell(renewal, reload):
            channel.send({"overview": document})
        self._look_ahead(channel)
        return reload

    def _look_ahead(self, channel: Channel) -> None:
        """Say when something is due, and what is asked of which parents; what was due waits."""
        now, outlooks = time.time(), list(self._keeper.signed.outlooks)
        dues = [outlook.due for _, outlook in outlooks if outlook.due > now]
        asked = {origin: outlook.ask for origin, outlook in outlooks if outlook.ask}
        ours = self._keeper.signed.vouchers.find_parents(asked, now)
        if self._keeper.signed.vouchers.has_news(ours):
            dues.append(int(now))
        zones = {str(origin): ask for origin, ask in asked.items() if origin not in ours}
        resolvers = [str(each) for each in self._settings.dnssec.resolvers]
        parents = {"zones": zones, "resolvers": resolvers}
        log_wanting(each for each in self._keeper.signed.take_wanting() if each not in ours)
        channel.send({"ahead": {"due": min(dues, default=0), "parents": parents}})

    @staticmethod
    def _fail(error: str, channel: Channel, begin: float) -> Document:
        reload = Reload(time.time(), time.monotonic() - begin, "failed", error)
        channel.send({"overview": {"reload": reload.document()}})
        return {**reload.document(), "changes": [], "refusals": {}, "findings": []}

    def _changed(self, renewal: Renewal) -> tuple[ZoneSet, ZoneSet]:
        """The zones that changed, as they were and as they are."""
        admission, standing = renewal.admission, self._keeper.standing
        origins = [each.origin for each in admission.versions]
        new = [version.zone for version in map(standing.get, origins) if version]
        refused = [RefusedZone(origin) for origin in admission.refused]
        return ZoneSet(renewal.before.values()), ZoneSet([*new, *refused])

    def _reread_settings(self, channel: Channel) -> Settings:
        """The settings as they are now, or as they were if the file has a mistake."""
        try:
            settings = self._read_settings()
        except ConfigurationError as error:
            text, stays = str(error), "the old configuration stays"
            log.error("configuration-refused", text, shown=f"error: {text}\n{stays}")
            return self._settings
        if settings.needs_restart(self._settings):
            keys = "settings other than zones, certificates, defaults, dnssec, listen and watch"
            log.warning("needs-restart", f"{keys} change at the next start only")
        if settings.listen != self._settings.listen:
            channel.send({"listen": list(map(str, settings.listen))})
        if settings.watched != self._settings.watched:
            channel.send({"watch": list(map(str, settings.watched))})
        return settings


def _list_named(settings: Settings) -> Iterator[tuple[str, Name]]:
    """The zones that rules name, each with the key that does."""
    yield from (("acl.zones", origin) for origin, _ in settings.access.zones)
    transfers = settings.transfers
    allowed = {origin for rule in transfers.allow for origin in rule.zones}
    yield from (("transfer.allow", origin) for origin in sorted(allowed, key=str))
    notified = {origin for target in transfers.notify for origin in target.zones}
    yield from (("transfer.notify", origin) for origin in sorted(notified, key=str))


def _report(renewal: Renewal) -> list[Document]:
    """The findings of a reload for programs, each with its text for people."""
    texts = Texts(renewal.texts)
    return [
        {**each.document(), "blocks": each.blocks, "text": format_finding(each, texts)}
        for each in renewal.admission.findings
        if each.level > Level.HINT
    ]


def run_builder(
    read_settings: Callable[[], Settings],
    store: Store,
    served: Served | None,
    end: socket.socket,
) -> int:
    """The life of a builder process. Returns its exit status."""
    return Builder(read_settings, store).run(Channel(end), served)


def _make_keeper(store: Store, settings: Settings) -> Keeper:
    """A keeper of no zones yet, with what the last run has left in the state directory."""
    journals = Journals(settings.state) if settings.state else None
    return Keeper(store, _open_serials(settings), Chronicle(journals, settings.transfers))


def _open_serials(settings: Settings) -> Serials:
    """The serials of the last run; a state that is of no use costs the memory of them."""
    if settings.state is None:
        return Serials(None)
    try:
        return Serials.load(settings.state)
    except StateError as error:
        log.warning("serials-unusable", f"{error}; serials are kept in memory only")
        return Serials.anew(settings.state)
