"""The proof that a name does not exist, added to an answer that is ready but for that.

Which links it takes is noted for the closest encloser, but for the one that covers the name, or
its hash; that one is searched. Owners are compressed against what the answer names already, so
that the whole has the octets that `respond` would have written.
"""

from base64 import b32hexencode
from typing import NamedTuple

from zoneserver.image import format as f
from zoneserver.image.links import Link, RawChain
from zoneserver.names import Name
from zoneserver.wire import message as m
from zoneserver.wire.encode import FIXED, MAX_PLACE
from zoneserver.zone.denial import Hashing

LACKS = f.LACKS_NAME | f.LACKS_ENCLOSER
_QUESTION_OCTETS = 4  # from the end of QNAME to the body
_unpack_template = f.TEMPLATE_HEADER.unpack_from


class Enclosed(NamedTuple):
    """How a name is enclosed that does not exist: where in its key the closest encloser begins.

    And the number of that one's node.
    """

    at: int
    node: int


class Proof(NamedTuple):
    """The records that an answer lacks."""

    records: int
    octets: bytes


NO_PROOF = Proof(0, b"")


class Prover:
    """Finds what templates of the zone image at `base` lack.

    Its methods raise StructError or IndexError where the image is damaged.
    """

    __slots__ = ("_chain", "_enclosers_at", "_hashing", "_octets", "_origin")

    def __init__(self, octets: memoryview, base: int, origin: bytes) -> None:
        """`origin` is the key of the zone's."""
        header = f.ZONE_HEADER.unpack_from(octets, base)
        self._octets, self._origin = octets, origin
        self._chain = RawChain(octets, base, len(origin))
        self._enclosers_at = base + header[f.ENCLOSERS_AT]
        self._hashing: Hashing | None = None
        if hashing_at := header[f.HASHING_AT]:
            iterations, length = f.HASHING.unpack_from(octets, base + hashing_at)
            salt_at = base + hashing_at + f.HASHING.size
            self._hashing = Hashing(iterations, bytes(octets[salt_at : salt_at + length]))

    def locate(self, key: bytes, enclosed: Enclosed) -> int:
        """The number of the link that covers a name, or the hash of the next closer one."""
        if self._hashing is None:
            return self._chain.locate(key)  # RFC 4035 3.1.3
        at = 0  # RFC 5155 7.2.1: one label longer than the encloser
        while (next_at := at + 1 + key[at]) != enclosed.at:
            at = next_at
        owner = b32hexencode(self._hashing.digest(Name(key[at:])))  # RFC 5155 3
        return self._chain.search(owner.lower() + b"\0")

    def prove(self, at: int, key: bytes, enclosed: Enclosed, covering: int) -> Proof | None:
        """What the template at an offset lacks for a name, None where it is to be handed over.

        `covering` is what `locate` has found.
        """
        octets = self._octets
        _, lacks, body, required, _, _, cuts, _, pointers, _ = _unpack_template(octets, at)
        supplement_at = at + f.TEMPLATE_HEADER.size + 2 * pointers + 4 * cuts + body
        links, names = _read_supplement(octets, supplement_at)
        wanted: list[int] = []
        if lacks & f.LACKS_ENCLOSER:
            place = self._enclosers_at + f.ENCLOSER.size * enclosed.node
            found = f.ENCLOSER.unpack_from(octets, place)
            wanted = [number for number in found if number != f.NO_LINK]
            if not wanted:
                return None
        writer = _Writer(key, required, names, len(self._origin))
        records = 0
        for number in dict.fromkeys([*wanted, covering]):
            if number not in links:
                link = self._chain.read(number)
                if not writer.add(link):
                    return None
                records += link.records
        # Where pointers may not lead any more, `respond` knows best.
        is_near = body + len(writer.octets) <= MAX_PLACE
        return Proof(records, bytes(writer.octets)) if is_near else None


def _read_supplement(octets: memoryview, at: int) -> tuple[set[int], dict[bytes, int]]:
    """The links that an answer has, and the names in it with their offsets."""
    links, count = f.SUPPLEMENT.unpack_from(octets, at)
    at += f.SUPPLEMENT.size
    end = at + f.NUMBER.size * links
    known = {number for (number,) in f.NUMBER.iter_unpack(octets[at:end])}
    names: dict[bytes, int] = {}
    for _ in range(count):
        place, length = f.NAMED.unpack_from(octets, end)
        start = end + f.NAMED.size
        end = start + length
        names[bytes(octets[start:end])] = place
    return known, names


class _Writer:
    """Writes links behind a body of so many octets, in which these names have been named."""

    def __init__(self, qname: bytes, start: int, names: dict[bytes, int], origin: int) -> None:
        self.octets = bytearray()
        self._start, self._origin = start, origin
        self._names, self._tail = names, start + _QUESTION_OCTETS
        self._qname, self._end = qname, m.HEADER_OCTETS + len(qname)

    def add(self, link: Link) -> bool:
        """Write one; False where a name behind it would have to point to it, perhaps."""
        owner, key = link.owner, link.owner.lower()
        here = self._start + len(self.octets) + _QUESTION_OCTETS
        at, target = 0, -self._origin
        if key == self._qname:
            target = -len(key)  # the hash of another name, that somebody asked for
        else:
            while len(key) - at > self._origin:
                known = self._names.get(key[at:])
                if known is not None:
                    target = known
                    break
                self._names[key[at:]] = here + at
                at += 1 + key[at]
        if target >= self._tail:
            return False
        self.octets += owner[:at] + self._point_to(target)
        again = self._point_to(here) if at else self._point_to(target)
        start = 0
        for number in range(link.records):
            if number:
                self.octets += again
                start += len(again)
            length = int.from_bytes(link.octets[start + 8 : start + FIXED.size], "big")
            self.octets += link.octets[start : start + FIXED.size + length]
            start += FIXED.size + length
        return True

    def _point_to(self, place: int) -> bytes:
        """A pointer to a place that counts from the end of QNAME."""
        return (0xC000 | (self._end + place) & 0x3FFF).to_bytes(2, "big")
