"""The zones that we answer for: immutable, found by the longest suffix of a name."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import MappingProxyType
from typing import Protocol

from zoneserver.names import Name
from zoneserver.zone.zone import Zone


@dataclass(frozen=True, slots=True)
class RefusedZone:
    """A zone that we are configured for but that no version could be served of."""

    origin: Name


@dataclass(frozen=True, slots=True)
class ForbiddenZone:
    """A zone that we have, but not for who asks."""

    origin: Name


AnyZone = Zone | RefusedZone | ForbiddenZone


class Zones(Protocol):
    """Anything that finds the zone for a name."""

    def find(self, name: Name) -> AnyZone | None:
        """The zone whose origin is the longest at or above `name` (RFC 1034 4.3.2, step 2)."""

    def find_parent(self, origin: Name) -> AnyZone | None:
        """The zone that a zone with this origin is delegated from, if we serve it."""


class ZoneSet:
    """All zones of the server at one moment. A change makes a new set."""

    __slots__ = ("_zones",)

    def __init__(self, zones: Iterable[Zone | RefusedZone] = ()) -> None:
        self._zones = MappingProxyType({zone.origin.key: zone for zone in zones})

    def find(self, name: Name) -> Zone | RefusedZone | None:
        """The zone whose origin is the longest at or above `name` (RFC 1034 4.3.2, step 2)."""
        zones, key = self._zones, name.key
        while True:
            zone = zones.get(key)
            if zone is not None or key == b"\0":
                return zone
            key = key[1 + key[0] :]

    def find_parent(self, origin: Name) -> Zone | RefusedZone | None:
        """The zone that a zone with this origin is delegated from, if we serve it."""
        return None if origin.key == b"\0" else self.find(origin.parent)

    def get(self, origin: Name) -> Zone | RefusedZone | None:
        """The zone with exactly this origin."""
        return self._zones.get(origin.key)

    def replace(self, *changed: Zone | RefusedZone) -> "ZoneSet":
        """A set in which these zones stand in place of those with the same origin."""
        return ZoneSet([*self._zones.values(), *changed])

    def __iter__(self) -> Iterator[Zone | RefusedZone]:
        return iter(self._zones.values())

    def __len__(self) -> int:
        return len(self._zones)
