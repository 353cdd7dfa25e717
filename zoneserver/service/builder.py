"""The builder: the process that reads zone files, judges them and compiles what may be served.

However long that takes, and whatever it needs, no answer waits for it.
"""

import os
import socket
import time
import traceback
from collections.abc import Callable

from zoneserver.errors import ConfigurationError, OperatorError
from zoneserver.image.compile import compile_zone
from zoneserver.service.announce import log_changes, log_findings, say_zones
from zoneserver.service.channel import Channel
from zoneserver.service.garbage import collector_resting
from zoneserver.service.keeper import Keeper, Renewal
from zoneserver.service.report import count
from zoneserver.service.serials import Serials, StateError
from zoneserver.service.settings import Settings
from zoneserver.service.store import Served, Store
from zoneserver.service.terminal import log, printable
from zoneserver.service.words import describe_changes
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet

NICENESS = 10  # behind the workers, wherever both want a core


class Builder:
    """Renews zones whenever the main process says so."""

    def __init__(
        self, read_settings: Callable[[], Settings], store: Store, served: Served | None
    ) -> None:
        self._read_settings = read_settings
        self._settings = read_settings()
        self._store = store
        self._served = served
        self._keeper = Keeper(_open_serials(self._settings))
        self._zones = ZoneSet()

    def run(self, channel: Channel) -> int:
        """Read the zones now, and again when told to. Returns the exit status."""
        self._start(channel)
        channel.send({"idle": True})
        os.nice(NICENESS)
        while channel.receive() is not None:
            self._renew_again(channel)
            channel.send({"idle": True})
        return 0

    def _start(self, channel: Channel) -> None:
        try:
            renewal = self._renew()
        except OperatorError as error:
            channel.send({"fail": str(error)})
            channel.receive()
            return
        log_findings(renewal)
        refused = renewal.admission.refused
        if refused and self._settings.strict_start:
            log(f"error: not started, because {count(len(refused), 'zone')} would be refused")
            channel.send({"end": 1})
            channel.receive()
            return
        say_zones(renewal)
        self._publish(renewal, channel)

    def _renew_again(self, channel: Channel) -> None:
        """Put new versions into service; whatever goes wrong, the old ones stay."""
        begin = time.monotonic()
        try:
            self._settings = self._reread_settings()
            renewal = self._renew()
        except OperatorError as error:
            log(printable(f"error: {error}\nwhat is served stays as it is", keep="\n"))
            return
        except Exception:  # noqa: BLE001 - a failed reload may not cost a single answer
            trace = printable(traceback.format_exc(), keep="\n")
            log(f"error: the reload failed, what is served stays\n{trace}")
            return
        old = self._zones
        self._publish(renewal, channel)
        seconds = time.monotonic() - begin
        log_findings(renewal)
        log_changes(renewal, list(describe_changes(old, self._zones)), seconds)

    def _publish(self, renewal: Renewal, channel: Channel) -> None:
        zones = renewal.zones
        images = [
            (zone.origin.key, compile_zone(zone)) for zone in zones if isinstance(zone, Zone)
        ]
        path = self._store.write(images)
        refused = tuple(zone.origin for zone in zones if not isinstance(zone, Zone))
        self._served = Served((path,), (), refused)
        self._zones = zones
        channel.send({"serve": self._served.document()})
        channel.receive()
        self._store.keep(self._served)
        self._store.sweep(self._served)

    def _renew(self) -> Renewal:
        with collector_resting():
            return self._keeper.renew(self._settings.zones, self._settings.defaults)

    def _reread_settings(self) -> Settings:
        """The settings as they are now, or as they were if the file has a mistake."""
        try:
            settings = self._read_settings()
        except ConfigurationError as error:
            log(printable(f"error: {error}\nthe old configuration stays", keep="\n"))
            return self._settings
        if settings.needs_restart(self._settings):
            log("warning: listen, state and nsid change at the next start only")
        return settings


def run_builder(
    read_settings: Callable[[], Settings],
    store: Store,
    served: Served | None,
    end: socket.socket,
) -> int:
    """The life of a builder process. Returns its exit status."""
    return Builder(read_settings, store, served).run(Channel(end))


def _open_serials(settings: Settings) -> Serials:
    """The serials of the last run; a state that is of no use costs the memory of them."""
    if settings.state is None:
        return Serials(None)
    try:
        return Serials.load(settings.state)
    except StateError as error:
        log(f"warning: {printable(str(error))}; serials are kept in memory only")
        return Serials(None)
