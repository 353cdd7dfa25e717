"""What zones say of names outside themselves, zone by zone and merged.

A zone is judged without a walk over all others. What they say of its names, that an MX or
an alias points there, it finds in an index, in which one zone is exchanged at little cost.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.zone.zone import Zone

_ARPA = Name.parse("arpa.")
_ABOVE_ALL_LABELS = b"\xff"  # no label is that long


@dataclass(frozen=True, slots=True)
class References:
    """The names outside a zone that its MX and its CNAME records point to.

    What is below a zone cut, or does not exist in the zone, is outside: another zone may
    have the say. `unreadable` are owners with a record that could not be read.
    """

    exchanges: frozenset[Name] = frozenset()
    aliases: frozenset[Name] = frozenset()
    unreadable: frozenset[Name] = frozenset()


def references_of(zone: Zone, unreadable: frozenset[Name] = frozenset()) -> References:
    """What a zone says of names outside itself, with nothing that it does not answer."""
    targets: dict[int, dict[bytes, Name]] = {rtypes.MX: {}, rtypes.CNAME: {}}
    for node in zone.nodes.values():
        if node.cover is not None or node.is_cut:
            continue
        for rrset in node.rrsets:
            if (found := targets.get(rrset.rtype)) is not None:
                for rdata in rrset.rdatas:
                    if (target := rdata.points_to) is not None:
                        found[target.key] = target
    exchanges, aliases = (
        frozenset(name for name in found.values() if _is_outside(name, zone))
        for found in targets.values()
    )
    return References(exchanges - {ROOT}, aliases, unreadable)


def _is_outside(name: Name, zone: Zone) -> bool:
    node = zone.find(name)
    return node is None or node.is_cut or node.cover is not None


class Mentions:
    """Names, each with the zones that mention it.

    With a `base`, what is put stands in place of what the base has of the same zones; the
    base stays as it is.
    """

    def __init__(self, base: "Mentions | None" = None) -> None:
        self._base = base
        self._names: dict[bytes, frozenset[Name]] = {}  # by the key of the origin
        self._origins: dict[bytes, set[Name]] = {}  # by the key of the name
        # Every path of the above, and some that are gone; in order once that is asked for.
        self._paths: list[bytes] = []
        self._is_sorted = True

    def put(self, origin: Name, names: frozenset[Name]) -> None:
        """What a zone mentions from now on."""
        if not names and not self.names(origin):
            return
        old = self._names.get(origin.key, frozenset())
        self._names[origin.key] = names
        if not names and self._base is None:
            del self._names[origin.key]
        for name in old - names:
            origins = self._origins[name.key]
            origins.discard(origin)
            if not origins:
                del self._origins[name.key]
        for name in names - old:
            if name.key not in self._origins:
                self._origins[name.key] = set()
                self._paths.append(_path(name))
                self._is_sorted = False
            self._origins[name.key].add(origin)

    def names(self, origin: Name) -> frozenset[Name]:
        """What a zone mentions."""
        names = self._names.get(origin.key)
        if names is None:
            return self._base.names(origin) if self._base else frozenset()
        return names

    def origins(self, name: Name) -> Iterator[Name]:
        """The zones that mention a name, each once."""
        yield from self._origins.get(name.key, ())
        if self._base is not None:
            for origin in self._base.origins(name):
                if origin.key not in self._names:
                    yield origin

    def __contains__(self, name: Name) -> bool:
        return next(self.origins(name), None) is not None

    def below(self, name: Name) -> list[Name]:
        """The names that are mentioned, at or below a name, always in the same order."""
        paths = set(self._range(_path(name)))
        if self._base is not None:
            paths |= set(self._base._range(_path(name)))  # noqa: SLF001 - of its own kind
        names = [_name(path) for path in sorted(paths)]
        return [each for each in names if each in self]

    def _range(self, path: bytes) -> list[bytes]:
        """The paths that begin with one: they stand together."""
        if len(self._paths) > 2 * len(self._origins) + 1000:
            self._paths, self._is_sorted = [_path(Name(key)) for key in self._origins], False
        if not self._is_sorted:
            self._paths.sort()
            self._is_sorted = True
        end = bisect_left(self._paths, path + _ABOVE_ALL_LABELS)
        return self._paths[bisect_left(self._paths, path) : end]


class Pointers:
    """The references of all zones, merged; over `base`, as Mentions are."""

    def __init__(self, base: "Pointers | None" = None) -> None:
        self.exchanges: Mentions = Mentions(base.exchanges if base else None)
        self.aliases: Mentions = Mentions(base.aliases if base else None)
        self.unreadable: Mentions = Mentions(base.unreadable if base else None)
        self.reverse_zones: Mentions = Mentions(base.reverse_zones if base else None)

    def put(self, origin: Name, references: References | None) -> None:
        """What a zone says from now on; None: it is no longer there."""
        says = references or References()
        self.exchanges.put(origin, says.exchanges)
        self.aliases.put(origin, says.aliases)
        self.unreadable.put(origin, says.unreadable)
        is_reverse = references is not None and origin.is_below(_ARPA)
        self.reverse_zones.put(origin, frozenset({_ARPA} if is_reverse else ()))

    def get(self, origin: Name) -> References:
        """What a zone says."""
        return References(
            self.exchanges.names(origin),
            self.aliases.names(origin),
            self.unreadable.names(origin),
        )

    def marks(self, name: Name) -> tuple[bool, bool, bool]:
        """Whether a name is said to be an exchanger, the target of an alias, unreadable."""
        return name in self.exchanges, name in self.aliases, name in self.unreadable

    @property
    def has_reverse_zone(self) -> bool:
        """Whether any of our zones is about the names of addresses."""
        return _ARPA in self.reverse_zones


def _path(name: Name) -> bytes:
    """The labels from the top down, each behind its length.

    The paths of all names below one begin with its path.
    """
    return b"".join(reversed(_split(name.key[:-1])))


def _name(path: bytes) -> Name:
    return Name(b"".join(reversed(_split(path))) + b"\0")


def _split(octets: bytes) -> list[bytes]:
    labels, at = [], 0
    while at < len(octets):
        end = at + 1 + octets[at]
        labels.append(octets[at:end])
        at = end
    return labels
