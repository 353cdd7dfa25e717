"""The zones that come from other servers, all together."""

import asyncio
from collections.abc import Callable, Iterable
from pathlib import Path
from random import SystemRandom

from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.service.disk.files import reason
from zoneserver.service.logs import log
from zoneserver.service.observing.transfers import Document
from zoneserver.service.transferring.copies import Copies
from zoneserver.service.transferring.fetching import Fetcher
from zoneserver.service.transferring.refreshing import Refresher, Surroundings
from zoneserver.transfer.settings import Secondary, TransferSettings
from zoneserver.transfer.timers import Timers

SPREAD_SECONDS = 0.01  # from one zone to the next, where many begin at once


class Secondaries:
    """Keeps copies of all of them, from `start` to `stop`. `counters` has what it has done."""

    def __init__(
        self,
        settings: TransferSettings,
        state: Path,
        changed: Callable[[], None],
        tell: Callable[[Document], None],
    ) -> None:
        """`changed` is called when a copy comes or goes, `tell` with what is known of one.

        Within a running event loop.
        """
        self._copies = Copies(state)
        self._around = Surroundings(
            self._copies,
            Fetcher(settings, self._copies),
            Timers(SystemRandom()),
            changed,
            tell,
            asyncio.Semaphore(settings.sessions),
        )
        self.counters = self._around.counters
        self._refreshers: dict[Name, Refresher] = {}
        self._first = settings.secondaries
        self._catalogs = [Secondary(each.origin, each.primaries) for each in settings.catalogs]

    def start(self) -> None:
        """Go to work; the members of catalogs are not known yet."""
        if self._catalogs:
            self._follow((*self._first, *self._catalogs))
        else:
            self.keep(self._first)

    def keep(self, zones: Iterable[Secondary]) -> None:
        """These are the zones from now on. The copies of all others are removed."""
        zones = list(zones)
        origins = {each.origin for each in zones}
        gone = self._refreshers.keys() - origins
        for origin in gone:
            self._refreshers.pop(origin).stop()
        try:
            self._copies.sweep(origins)
        except OSError as error:
            log.warning("copies-unswept", f"old copies cannot be removed: {reason(error)}")
        if gone:
            self._around.tell({"no_copies": [str(origin).lower() for origin in gone]})
            self._around.changed()
        self._follow(zones)

    def call(self, origin: Name, address: str, serial: int | None) -> None:
        """A NOTIFY has come: from whom, and what it says the serial is (RFC 1996 3.7)."""
        refresher = self._refreshers.get(origin)
        heeded = refresher is not None and refresher.call(address, serial)
        self.counters["notify_heeded" if heeded else "notify_needless"] += 1

    def publish(self, images: Images) -> None:
        """What is served is no matter: it comes of what is kept here."""

    def stop(self) -> None:
        """Let them all be; the copies stay."""
        for refresher in self._refreshers.values():
            refresher.stop()
        self._refreshers.clear()

    def _follow(self, zones: Iterable[Secondary]) -> None:
        """Begin with those that are new, and anew with those whose primaries are others."""
        delay = 0.0
        for secondary in zones:
            known = self._refreshers.get(secondary.origin)
            if known is not None and known.secondary == secondary:
                continue
            if known is not None:
                known.stop()
            refresher = self._refreshers[secondary.origin] = Refresher(secondary, self._around)
            refresher.start(delay)
            delay += SPREAD_SECONDS
