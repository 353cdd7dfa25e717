"""What is known of the zones that are signed here: how they are, and what is to come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from zoneserver.dnssec.sign import find_span
from zoneserver.names import Name
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.signing import Signing
from zoneserver.service.keeping.standing import Standing
from zoneserver.service.keeping.tending import Tended, tend
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.keeping.vouchers import Vouchers
from zoneserver.service.keeping.zone_keys import sweep
from zoneserver.service.running.reloads import Order
from zoneserver.zonefile.source import Outlook


@dataclass(frozen=True, slots=True)
class _Signed:
    """One of them. Its signatures are those of the time from `start` up to `end`."""

    outlook: Outlook
    start: int
    end: int

    def is_outdated(self, now: float) -> bool:
        """Whether there should be other ones, or something is due."""
        return not self.start <= now < self.end or 0 < self.outlook.due <= now


class SignedZones:
    """Those that stand. Only `note` and `tend` change it."""

    def __init__(self, standing: Standing) -> None:
        self.vouchers = Vouchers(standing)
        self._zones: dict[Name, _Signed] = {}
        self._is_sure = False  # that they are signed as the files of keys have it
        self._signing = Signing()  # with which they were looked at
        self._wanting: set[Name] = set()  # that have come to wait for a DS since somebody asked

    def note(self, versions: Iterable[Imaged], gone: Iterable[Name] = ()) -> None:
        """Some versions stand now, and some zones no longer."""
        for origin in gone:
            self._zones.pop(origin, None)
        for version in versions:
            description = version.description
            before = self._zones.pop(version.origin, None)
            if description.signed:
                if description.outlook.ask and not (before and before.outlook.ask):
                    self._wanting.add(version.origin)
                period = int(description.signed.split(" ", 1)[0])
                span = find_span(version.origin, period)
                self._zones[version.origin] = _Signed(description.outlook, *span)
        self.vouchers.note(versions, gone)

    @property
    def outlooks(self) -> Iterator[tuple[Name, Outlook]]:
        """What is to come of their keys."""
        return ((origin, each.outlook) for origin, each in self._zones.items())

    def take_wanting(self) -> list[Name]:
        """The zones that have come to wait for the DS at their parents since the last time."""
        wanting, self._wanting = self._wanting, set()
        return sorted(wanting, key=Name.canonical)

    def signing(self, settings: Settings) -> Signing:
        """What zones are to be signed with."""
        return Signing(settings.state, settings.dnssec, self.vouchers)

    def tend(self, settings: Settings, order: Order, now: float) -> Tended:
        """Do what an order has for keys; which zones are to be read again for any reason.

        Those are the ones that need other signatures, or something of their keys. Files of keys
        are looked at when all files are. What comes of it has to be told by `settle`.
        """
        waiting = [origin for origin, outlook in self.outlooks if outlook.ask]
        parents = {**order.parents, **self.vouchers.find_parents(waiting, now)}
        if settings.state and not self._is_sure:
            sweep(settings.state)  # what a crash has left half written
        tended = tend(settings.state, replace(order, parents=parents), int(now))
        signing, zones = self.signing(settings), self._zones
        tended.changed |= {origin for origin, each in zones.items() if each.is_outdated(now)}
        if order.paths is None or not self._is_sure:
            seen = self.outlooks
            tended.changed |= {each for each, how in seen if not signing.has_keys(each, how)}
        if signing.settings != self._signing.settings or not self._is_sure:
            tended.changed |= {each for each, how in self.outlooks if not signing.means(how)}
        self._signing, self._is_sure = signing, False
        tended.changed |= self.vouchers.find_outdated()
        return tended

    def settle(self) -> None:
        """What was to be read again has been."""
        self._is_sure = True
