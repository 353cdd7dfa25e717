"""The builder: the process that reads zone files, judges them and compiles what may be served.

However long that takes, and whatever it needs, no answer waits for it.
"""

import gc
import os
import socket
import time
import traceback
from collections.abc import Callable

from zoneserver.errors import ConfigurationError, ImageError, OperatorError
from zoneserver.service.announce import log_changes, log_findings, say_zones
from zoneserver.service.channel import Channel
from zoneserver.service.keeper import Keeper, Renewal
from zoneserver.service.overview import Reload
from zoneserver.service.report import count
from zoneserver.service.serials import Serials, StateError
from zoneserver.service.settings import Settings
from zoneserver.service.store import Served, Store, StoreError
from zoneserver.service.survey import Survey
from zoneserver.service.terminal import log, printable
from zoneserver.service.words import describe_changes
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

NICENESS = 10  # behind the workers, wherever both want a core


class Builder:
    """Renews zones whenever the main process says so."""

    def __init__(self, read_settings: Callable[[], Settings], store: Store) -> None:
        self._read_settings = read_settings
        self._settings = read_settings()
        self._store = store
        self._keeper = Keeper(store, _open_serials(self._settings))
        self._survey = Survey(self._keeper)
        self._served: Served | None = None

    def run(self, channel: Channel, served: Served | None) -> int:
        """Read the zones now, and again when told to. Returns the exit status.

        `served` is what the workers answer from already; None: nothing yet.
        """
        self._served = served
        if served is not None:
            self._restore(served)
            os.nice(NICENESS)
            self._renew_again(channel)
        else:
            self._start(channel)
            os.nice(NICENESS)
        gc.freeze()
        channel.send({"idle": True})
        while channel.receive() is not None:
            self._renew_again(channel)
            channel.send({"idle": True})
        return 0

    def _restore(self, served: Served) -> None:
        try:
            self._keeper.restore(served, self._settings.defaults)
        except (OSError, ImageError) as error:
            log(printable(f"warning: {error}; the zones are read anew"))
            self._keeper = Keeper(self._store, _open_serials(self._settings))
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
        refused = len(self._keeper.refused)
        if refused and self._settings.strict_start:
            log(f"error: not started, because {count(refused, 'zone')} would be refused")
            channel.send({"end": 1})
            return
        say_zones(self._keeper, renewal)
        self._publish(renewal, channel)
        self._tell(renewal, channel, time.monotonic() - begin)

    def _renew_again(self, channel: Channel) -> None:
        """Put new versions into service; whatever goes wrong, the old ones stay."""
        begin = time.monotonic()
        try:
            self._settings = self._reread_settings()
            renewal = self._keeper.renew(self._settings)
            self._publish(renewal, channel)
        except (OperatorError, StoreError) as error:
            log(printable(f"error: {error}\nwhat is served stays as it is", keep="\n"))
            self._fail(str(error), channel, begin)
            return
        except Exception:  # noqa: BLE001 - a failed reload may not cost a single answer
            trace = printable(traceback.format_exc(), keep="\n")
            log(f"error: the reload failed, what is served stays\n{trace}")
            self._fail("a defect of the server; its log has the traceback", channel, begin)
            return
        seconds = time.monotonic() - begin
        log_findings(renewal)
        log_changes(self._keeper, renewal, describe_changes(*self._changed(renewal)), seconds)
        self._tell(renewal, channel, seconds)

    def _publish(self, renewal: Renewal, channel: Channel) -> None:
        if renewal.served == self._served:
            return
        self._served = renewal.served
        try:
            self._store.keep(renewal.served)
        except StoreError as error:
            log(printable(f"warning: {error}; a restart will not remember these zones"))
        channel.send({"serve": renewal.served.document()})
        channel.receive()
        self._store.sweep(renewal.served)  # no worker has the old files any more

    def _tell(self, renewal: Renewal, channel: Channel, seconds: float) -> None:
        """Keep the main process's overview up to date."""
        admission = renewal.admission
        result = "kept" if admission.kept or self._keeper.refused else "ok"
        changed = len(admission.versions) + len(admission.gone)
        reload = Reload(time.time(), seconds, result, changed=changed)
        for document in self._survey.tell(renewal, reload):
            channel.send({"overview": document})

    @staticmethod
    def _fail(error: str, channel: Channel, begin: float) -> None:
        reload = Reload(time.time(), time.monotonic() - begin, "failed", error)
        channel.send({"overview": {"reload": reload.document()}})

    def _changed(self, renewal: Renewal) -> tuple[ZoneSet, ZoneSet]:
        """The zones that changed, as they were and as they are."""
        admission, standing = renewal.admission, self._keeper.standing
        origins = [each.origin for each in admission.versions]
        new = [version.zone for version in map(standing.get, origins) if version]
        refused = [RefusedZone(origin) for origin in admission.refused]
        return ZoneSet(renewal.before.values()), ZoneSet([*new, *refused])

    def _reread_settings(self) -> Settings:
        """The settings as they are now, or as they were if the file has a mistake."""
        try:
            settings = self._read_settings()
        except ConfigurationError as error:
            log(printable(f"error: {error}\nthe old configuration stays", keep="\n"))
            return self._settings
        if settings.needs_restart(self._settings):
            keys = "listen, state, nsid, engine, workers and user"
            log(f"warning: {keys} change at the next start only")
        return settings


def run_builder(
    read_settings: Callable[[], Settings],
    store: Store,
    served: Served | None,
    end: socket.socket,
) -> int:
    """The life of a builder process. Returns its exit status."""
    return Builder(read_settings, store).run(Channel(end), served)


def _open_serials(settings: Settings) -> Serials:
    """The serials of the last run; a state that is of no use costs the memory of them."""
    if settings.state is None:
        return Serials(None)
    try:
        return Serials.load(settings.state)
    except StateError as error:
        log(f"warning: {printable(str(error))}; serials are kept in memory only")
        return Serials(None)
