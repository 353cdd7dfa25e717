"""Who may ask for which zone: rules by network, and the zones as one asker may see them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from zoneserver.image.images import Images, Place
from zoneserver.names import Name
from zoneserver.networks import Networks, Prefix
from zoneserver.zone.zoneset import AnyZone, ForbiddenZone, Zones


@dataclass(frozen=True)
class Access:
    """`everywhere` may ask for the zones that have no rule in `zones`; None: anybody may."""

    everywhere: Networks | None = None
    zones: tuple[tuple[Name, Networks], ...] = ()

    def __bool__(self) -> bool:
        """Whether anybody is kept out of anything."""
        return self.everywhere is not None or bool(self.zones)

    @cached_property
    def _rules(self) -> dict[bytes, Networks]:
        return {origin.key: networks for origin, networks in self.zones}

    def find(self, key: bytes) -> Networks | None:
        """Who may ask for the zone whose origin has this key; None: anybody."""
        return self._rules.get(key, self.everywhere)

    def rules(self) -> Iterator[tuple[bytes, tuple[Prefix, ...]]]:
        """The rules of zones, each with the key of its origin."""
        return ((key, networks.prefixes) for key, networks in self._rules.items())

    def leave_out(self, images: Images) -> Images:
        """The same zones, but those that not everybody may ask for are for nobody."""
        guarded = (key for key in images.places if self.find(key) is not None)
        return Images({**images.places, **dict.fromkeys(guarded)}) if self else images


ANYBODY = Access()


class AdmittedPlaces(Mapping[bytes, Place | None]):
    """The places of zone images as one asker may see them; the others are handed over.

    `has_guarded`: whether one was looked at that not everybody may ask for.
    """

    def __init__(self, images: Images, access: Access, address: bytes) -> None:
        self._places, self._access, self._address = images.places, access, address
        self.has_guarded = False

    def __getitem__(self, key: bytes) -> Place | None:
        place, allowed = self._places[key], self._access.find(key)
        if allowed is None:
            return place
        self.has_guarded = True
        return place if self._address in allowed else None

    def __contains__(self, key: object) -> bool:
        return key in self._places

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class Admitted:
    """Zones as one asker may see them. `has_refused`: whether one was asked for in vain."""

    def __init__(self, zones: Zones, access: Access, address: bytes) -> None:
        self._zones, self._access, self._address = zones, access, address
        self.has_refused = False

    def find(self, name: Name) -> AnyZone | None:
        """As `Zones` has it."""
        return self._judge(self._zones.find(name))

    def find_parent(self, origin: Name) -> AnyZone | None:
        """As `Zones` has it."""
        return self._judge(self._zones.find_parent(origin))

    def _judge(self, zone: AnyZone | None) -> AnyZone | None:
        if zone is None:
            return None
        allowed = self._access.find(zone.origin.key)
        self.has_refused = allowed is not None and self._address not in allowed
        return ForbiddenZone(zone.origin) if self.has_refused else zone
