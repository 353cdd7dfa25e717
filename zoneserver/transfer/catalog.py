"""Catalog zones: lists of zones, kept as a zone and transferred like one (RFC 9432).

Each member has a node with a label of its own below `zones`, which says with a PTR which zone
it is. A member whose label changes is another zone of the same name: it begins anew.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from zoneserver.errors import TransferError
from zoneserver.names import Name, label_text
from zoneserver.records.rdata import PTR, TXT
from zoneserver.records.rrset import Record

VERSION = b"2"  # RFC 9432 4.2.1
_VERSION, _ZONES, _GROUP, _OWNERSHIP = b"version", b"zones", b"group", b"coo"
_MEMBER_DEPTH = 2  # labels above the catalog's origin: LABEL.zones
# RFC 9432 4: name servers are not meant to be asked for it, the timers are those of any zone.
_APEX = """\
{origin} 0 IN SOA invalid. invalid. 0 3600 600 2147483646 0
{origin} 0 IN NS invalid.
version.{origin} 0 IN TXT "2"
"""


@dataclass(frozen=True, slots=True)
class Member:
    """One zone of a catalog: its node's label in lower case, its groups, its next catalog."""

    label: str
    groups: tuple[str, ...] = ()
    moves_to: Name | None = None


# The members of one catalog by their origin.
Members = Mapping[Name, Member]


def write_catalog(origin: Name, zones: Mapping[Name, Collection[str]]) -> str:
    """A catalog of zones, each with its groups, as a master file. The serial is 0."""
    lines = [_APEX.format(origin=origin)]
    for zone in sorted(zones, key=Name.canonical):
        label = blake2b(zone.key, digest_size=16).hexdigest()
        lines.append(f"{label}.zones.{origin} 0 IN PTR {zone}\n")
        for group in sorted(zones[zone]):
            text = TXT((group.encode(),)).text
            lines.append(f"group.{label}.zones.{origin} 0 IN TXT {text}\n")
    return "".join(lines)


def read_catalog(origin: Name, records: Iterable[Record]) -> dict[Name, Member]:
    """The members that a catalog lists. Raises TransferError: it is broken (RFC 9432 5.1)."""
    reader = _Reader(origin)
    for record in records:
        reader.read(record)
    return reader.members()


@dataclass(slots=True)
class _Reader:
    """Gathers what the nodes of a catalog say; what it does not understand is left alone."""

    origin: Name
    versions: list[tuple[bytes, ...]] = field(default_factory=list)
    zones: dict[str, Name] = field(default_factory=dict)
    groups: dict[str, list[str]] = field(default_factory=dict)
    moves: dict[str, Name] = field(default_factory=dict)

    def read(self, record: Record) -> None:
        """Take in one record."""
        if not record.owner.is_below(self.origin):
            return
        labels = Name(record.owner.key).labels
        *front, last = labels[: len(labels) - len(self.origin.labels)] or (b"",)
        rdata = record.rdata
        if last == _VERSION and not front and isinstance(rdata, TXT):
            self.versions.append(rdata.strings)
        if last != _ZONES or not front:
            return
        label, above = label_text(front[-1]), tuple(front[:-1])
        if not above and isinstance(rdata, PTR):
            self._put(self.zones, label, rdata.target, "PTR")
        elif above == (_OWNERSHIP,) and isinstance(rdata, PTR):
            self._put(self.moves, label, rdata.target, "coo")
        elif above == (_GROUP,) and isinstance(rdata, TXT):
            text = b"".join(rdata.strings).decode("utf-8", "backslashreplace")
            self.groups.setdefault(label, []).append(text)

    def members(self) -> dict[Name, Member]:
        """What was listed, if the whole of it is sound. Raises TransferError."""
        if self.versions != [(VERSION,)]:
            raise TransferError(f'version.{self.origin} is not TXT "2", once')
        found: dict[Name, Member] = {}
        for label, zone in self.zones.items():
            if zone in found:  # RFC 9432 4.1
                raise TransferError(
                    f"{zone} is listed twice, by {found[zone].label} and {label}"
                )
            groups = tuple(self.groups.get(label, ()))
            found[zone] = Member(label, groups, self.moves.get(label))
        return found

    def _put(self, values: dict[str, Name], label: str, target: Name, what: str) -> None:
        if label in values:  # RFC 9432 4.1 and 4.3.1
            raise TransferError(f"the member {label} has more than one {what} record")
        values[label] = target


@dataclass(frozen=True, slots=True)
class Held:
    """A member, and the catalog that it came by."""

    catalog: Name
    member: Member


@dataclass(frozen=True, slots=True)
class Update:
    """What is held of all catalogs by the origin of the member.

    The state of zones in `reset` goes, and they begin anew. `clashes` are members that are not
    taken, each with the catalog that lists it.
    """

    held: dict[Name, Held]
    reset: frozenset[Name]
    clashes: tuple[tuple[Name, Name], ...]


def update_members(
    held: Mapping[Name, Held], catalogs: Mapping[Name, Members | None], taken: Collection[Name]
) -> Update:
    """What becomes of what is held, by the catalogs as they are now.

    Of one that is None nothing can be said: its members stay as they are (RFC 9432 5.1). A zone
    of `taken` is another's already, and none of theirs (RFC 9432 5.2).
    """
    kept: dict[Name, Held] = {}
    for origin, old in held.items():
        listed = _find(catalogs, old.catalog, origin)
        if catalogs.get(old.catalog, ()) is None:
            kept[origin] = old
        elif listed is not None:
            moved = listed.moves_to and _find(catalogs, listed.moves_to, origin)
            if listed.moves_to and moved:  # RFC 9432 4.3.1: both say so
                kept[origin] = Held(listed.moves_to, moved)
            else:
                kept[origin] = Held(old.catalog, listed)
    stayed = {origin: each for origin, each in kept.items() if origin not in taken}
    kept, clashes = dict(stayed), list[tuple[Name, Name]]()
    for catalog, members in catalogs.items():
        for origin, member in (members or {}).items():
            if origin in taken:
                clashes.append((origin, catalog))
                continue
            owner = kept.setdefault(origin, Held(catalog, member)).catalog
            if owner not in (catalog, member.moves_to):
                clashes.append((origin, catalog))
    reset = {
        origin
        for origin in held.keys() & kept.keys()
        if origin not in stayed or held[origin].member.label != kept[origin].member.label
    }
    return Update(kept, frozenset(reset), tuple(clashes))


def _find(
    catalogs: Mapping[Name, Members | None], catalog: Name, origin: Name
) -> Member | None:
    return (catalogs.get(catalog) or {}).get(origin)
