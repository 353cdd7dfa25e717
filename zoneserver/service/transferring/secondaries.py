"""The zones that come from other servers, all together."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from random import SystemRandom

from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.service.disk.files import reason
from zoneserver.service.logs import log
from zoneserver.service.observing.transfers import Document
from zoneserver.service.transferring.catalogs import Catalogs
from zoneserver.service.transferring.copies import Copies
from zoneserver.service.transferring.fetching import Fetcher
from zoneserver.service.transferring.refreshing import Refresher, Surroundings
from zoneserver.transfer.settings import DNS_PORT, Secondary, TransferSettings
from zoneserver.transfer.timers import Timers
from zoneserver.transports.endpoint import Endpoint

SPREAD_SECONDS = 0.01  # from one zone to the next, where many begin at once


class Secondaries:
    """Keeps copies of all of them, from `start` to `stop`, and of what catalogs list."""

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
        self._changed = changed
        self._catalogs = Catalogs(settings, state, self.keep, changed)
        self._around = Surroundings(
            self._copies,
            Fetcher(settings, self._copies),
            Timers(SystemRandom()),
            self._note_change,
            tell,
            asyncio.Semaphore(settings.sessions),
        )
        self._refreshers: dict[Name, Refresher] = {}

    @property
    def counters(self) -> Mapping[str, int]:
        """What has been done, by name."""
        return self._around.counters + self._catalogs.counters

    def start(self) -> None:
        """Go to work, with the members of catalogs as they were last."""
        self.keep(self._catalogs.zones())
        self._catalogs.start()

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
            self._note_change()
        self._follow(zones)

    def call(self, origin: Name, address: str, serial: int | None) -> None:
        """A NOTIFY has come: from whom, and what it says the serial is (RFC 1996 3.7)."""
        refresher = self._refreshers.get(origin)
        heeded = refresher is not None and refresher.call(address, serial)
        self._around.counters["notify_heeded" if heeded else "notify_needless"] += 1

    def primaries(self, origin: Name) -> set[Endpoint]:
        """The servers that a zone comes from, as they are reached without TLS."""
        refresher = self._refreshers.get(origin)
        peers = refresher.secondary.primaries if refresher else ()
        return {
            peer.endpoint._replace(port=DNS_PORT) if peer.tls else peer.endpoint
            for peer in peers
        }

    def publish(self, images: Images) -> None:
        """What is served is no matter: it comes of what is kept here."""

    def stop(self) -> None:
        """Let them all be; the copies stay."""
        self._catalogs.stop()
        for refresher in self._refreshers.values():
            refresher.stop()
        self._refreshers.clear()

    def _note_change(self) -> None:
        """A copy has come or gone; it may be a catalog's."""
        self._changed()
        self._catalogs.look()

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
