"""Zones on their way out: their records in as few messages as there can be (RFC 5936, 1995).

A section is what stands behind the question of one message, and is the same for everybody who
takes the same version. Names are compressed against two others at most, both in their section:
the origin, where it is spelled in the same case (RFC 5936 3.4), and the owner before.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from struct import Struct
from struct import error as StructError  # noqa: N812 - struct's name for it is too short here
from typing import NamedTuple

from zoneserver.errors import ImageError
from zoneserver.image import format as f
from zoneserver.image.reader import ZoneImage
from zoneserver.records import rtypes
from zoneserver.transfer.journal import Difference
from zoneserver.wire import message as m

_MOST_OCTETS = 65_535  # of a message
_BEHIND = 512  # octets left free behind the records of a message, for an OPT and a TSIG
_FARTHEST = 0x3FFF  # RFC 1035 4.1.4: a pointer has 14 bits
_POINTER = 0xC000
_QUESTION_OCTETS = 4  # type and class, behind the QNAME (RFC 1035 4.1.2)
_FIXED = Struct("!HHI")  # type, class and TTL (RFC 1035 3.2.1)
_LENGTH = Struct("!H")
COPIED_OCTETS = 64 << 20  # of a zone that is copied to be read
_SOA_TYPE = rtypes.SOA.to_bytes(2, "big")

# Some records of one owner: its name, and what stands behind the name in each of them.
Group = tuple[bytes, Sequence[bytes]]


class Section(NamedTuple):
    """So many records, and their octets."""

    records: int
    octets: bytes


def list_whole(image: ZoneImage) -> Iterator[Group]:
    """All records of a zone, the SOA first and once more at the end (RFC 5936 2.2).

    Raises ImageError.
    """
    groups = _read_groups(image)
    origin, apex = next(groups, (b"", ()))
    soa = [each for each in apex if each.startswith(_SOA_TYPE)]
    if not soa:
        raise ImageError("it has no SOA")
    others = [each for each in apex if not each.startswith(_SOA_TYPE)]
    return chain([(origin, soa), (origin, others)], groups, [(origin, soa)])


def read_soa(image: ZoneImage) -> Group:
    """The SOA of a zone; in canonical order the apex is the first name. Raises ImageError."""
    return next(list_whole(image))


def list_differences(image: ZoneImage, differences: Iterable[Difference]) -> Iterator[Group]:
    """What leads to the version in an image, between two copies of its SOA (RFC 1995 4).

    Raises JournalError.
    """
    soa = read_soa(image)
    records = (_split(record) for each in differences for record in each.records())
    return chain([soa], records, [soa])


def _split(record: bytes) -> Group:
    """A record whose name is not compressed, as a group of its own."""
    at = 0
    while record[at]:
        at += 1 + record[at]
    return record[: at + 1], (record[at + 1 :],)


def write_whole(image: ZoneImage) -> Iterator[Section]:
    """The sections with all records of a zone. Raises ImageError."""
    return write_sections(list_whole(image), read_soa(image)[0])


def find_place(origin: bytes) -> tuple[int, int]:
    """Where in its message a section of a zone begins, and how many octets it may have."""
    base = m.HEADER_OCTETS + len(origin) + _QUESTION_OCTETS
    return base, _MOST_OCTETS - _BEHIND - base


def write_sections(groups: Iterable[Group], origin: bytes) -> Iterator[Section]:
    """Sections with these records, in their order, for a zone with this origin.

    Each has as many as one message has room for.
    """
    base, room = find_place(origin)
    names, octets, records = _Names(origin, base), bytearray(), 0
    for owner, tails in groups:
        rest: Sequence[bytes] = tails
        while rest:
            name = names.write(owner, len(octets))
            written = name + names.pointer.join(rest)
            count = len(rest)
            if len(octets) + len(written) > room:
                count = _count_fitting(name, names.pointer, rest, room - len(octets))
                if not count and octets:
                    yield Section(records, bytes(octets))
                    names, octets, records = _Names(origin, base), bytearray(), 0
                    continue
                count = max(1, count)  # what no message has room for is for others to see
                written = name + names.pointer.join(rest[:count])
            octets += written
            records += count
            rest = rest[count:]
    if octets:
        yield Section(records, bytes(octets))


class _Names:
    """The names of one section that others may point to."""

    __slots__ = ("_base", "_last", "_origin", "_tail", "pointer")

    def __init__(self, origin: bytes, base: int) -> None:
        """Offset 0 of the section is at `base` in the message."""
        self._origin, self._base = origin, base
        self._tail = b""  # a pointer to the origin
        self._last = b""
        self.pointer = b""  # to the owner before; far from the beginning, that once more

    def write(self, owner: bytes, at: int) -> bytes:
        """The octets of a name that stands at an offset of the section."""
        if owner == self._last:
            return self.pointer
        place = self._base + at
        origin = self._origin
        name = owner
        if owner.endswith(origin):
            length = len(owner) - len(origin)
            if self._tail:
                name = owner[:length] + self._tail
            elif place + length <= _FARTHEST:
                self._tail = _LENGTH.pack(_POINTER | place + length)
        self._last = owner
        is_near = place <= _FARTHEST
        self.pointer = _LENGTH.pack(_POINTER | place) if is_near else name
        return name


def _count_fitting(name: bytes, pointer: bytes, tails: Sequence[bytes], room: int) -> int:
    """How many records have room, the first with `name` and the others with `pointer`."""
    taken = len(name) - len(pointer)
    for number, tail in enumerate(tails):
        taken += len(pointer) + len(tail)
        if taken > room:
            return number
    return len(tails)


def _read_groups(image: ZoneImage) -> Iterator[Group]:
    """Every name that has records, in canonical order. Raises ImageError."""
    octets: bytes | memoryview = image.octets[image.rrsets_at :]
    if image.rrset_octets <= COPIED_OCTETS:
        octets = bytes(octets[: image.rrset_octets])  # from which it is read much faster
    at, read_rrset = 0, f.RRSET.unpack_from
    try:
        for _ in range(image.names):
            start = at + f.OWNER.size
            at = start + octets[at + 1]
            owner = bytes(octets[start:at])
            count = octets[at] | octets[at + 1] << 8
            at += f.COUNT.size
            tails: list[bytes] = []
            for _ in range(count):
                rtype, ttl, number = read_rrset(octets, at)
                at += f.RRSET.size
                fixed = _FIXED.pack(rtype, m.IN, ttl)
                for _ in range(number):
                    size = octets[at] | octets[at + 1] << 8
                    start = at + f.RDATA.size
                    at = start + size
                    tails.append(fixed + size.to_bytes(2, "big") + octets[start:at])
            if at > len(octets):
                raise ImageError("its RRsets are cut")
            if tails:
                yield owner, tails
    except (StructError, IndexError) as error:
        raise ImageError(f"its RRsets are damaged at {at}: {error}") from error
