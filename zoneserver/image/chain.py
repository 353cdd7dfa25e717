"""The chain of a signed zone, as its image gets it: links that are ready to be sent.

What proves that a name does not exist depends on the name by one link alone: that which covers
it or, where names are hashed, the one that is a label longer than its closest encloser. The
others are the encloser's, and are noted for each name that may be one.
"""

from collections.abc import Iterable, Iterator
from struct import Struct

from zoneserver.engine.prove import find_signatures
from zoneserver.image import format as f
from zoneserver.names import MAX_NAME_OCTETS
from zoneserver.records.rrset import RRset
from zoneserver.wire import message as m
from zoneserver.wire.encode import FIXED
from zoneserver.zone.denial import Denial
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

# What finds a link in a part: the beginning, the offsets of RRsets and link.
ROW = Struct("<Q2I")
_WILDCARD_OCTETS = 2  # that a name has more than its encloser
_NOTHING = f.NO_LINK, f.NO_LINK


class ChainMaker:
    """Makes links of one zone. `octets` are those of the links, `rows` what finds them."""

    def __init__(self, zone: Zone) -> None:
        self.octets, self.rows = bytearray(), bytearray()
        self._zone, self._denial = zone, zone.denial

    def add(self, node: Node, rrsets: int) -> None:
        """Write the link of a node, if it has one; its RRsets are at an offset."""
        denial = self._denial
        if denial is None or not denial.has_link(node):
            return
        ordered = f.order(node.owner.key, len(self._zone.origin.key))
        self.rows += ROW.pack(f.begin(ordered), rrsets, len(self.octets))
        link = node.get(denial.rtype)
        records = [*_records(link)]
        for signatures in find_signatures(node, link):
            records += _records(signatures)
        octets, owner = bytes(2).join(records), node.owner.wire
        self.octets += f.LINK.pack(len(ordered), len(owner), len(records), len(octets))
        self.octets += ordered + owner + octets

    def enclose(self, node: Node) -> tuple[int, int]:
        """The links that prove what encloses a name of which a node is the closest encloser.

        None where it encloses none, and where that takes more than they prove.
        """
        denial = self._denial
        if denial is None or node.is_hashed or node.is_cut or node.cover is not None:
            return _NOTHING
        if len(node.owner.key) + _WILDCARD_OCTETS > MAX_NAME_OCTETS:
            return _NOTHING
        return self._enclose(node, denial)

    def _enclose(self, node: Node, denial: Denial) -> tuple[int, int]:
        chain, hashing, origin = denial.chain, denial.hashing, self._zone.origin
        wildcard = node.owner.prefixed(b"*")
        if hashing is None:
            return chain.locate(wildcard), f.NO_LINK  # RFC 4035 3.1.3
        owner = hashing.hash(node.owner, origin)
        match = chain.locate(owner)
        if chain.read(match).owner != owner:
            return _NOTHING  # RFC 5155 7.2.1: opt-out has left it out
        return match, chain.locate(hashing.hash(wildcard, origin))


def _records(rrset: RRset) -> Iterator[bytes]:
    """Records without their owner. No name in them is compressed."""
    for rdata in rrset.rdatas:
        wire = rdata.wire
        yield FIXED.pack(rrset.rtype, m.IN, rrset.ttl, len(wire)) + wire


def join_chains(
    denial: Denial | None,
    pieces: Iterable[tuple[bytes, bytes, int]],
    rrsets_at: int,
    links_at: int,
) -> tuple[bytes, tuple[int, int, int]]:
    """The links, the chain and how names are hashed, which stand at `links_at` of an image.

    Each piece has rows, links, and how many octets its RRsets have, the first at `rrsets_at`.
    And the fields of the header that tell where they are: of the chain, its links, the hashing.
    """
    links, beginnings, places = bytearray(), bytearray(), bytearray()
    for rows, octets, sets in pieces:
        for begin, rrsets, link in ROW.iter_unpack(rows):
            beginnings += f.BEGINNING.pack(begin)
            places += f.LINK_PLACE.pack(rrsets + rrsets_at, link + links_at + len(links))
        links += octets
        rrsets_at += sets
    if not links:
        return b"", (0, 0, 0)
    chain_at = links_at + len(links)
    hashing = _pack_hashing(denial)
    hashing_at = chain_at + len(beginnings) + len(places) if hashing else 0
    fields = chain_at, len(places) // f.LINK_PLACE.size, hashing_at
    return bytes(links + beginnings + places) + hashing, fields


def _pack_hashing(denial: Denial | None) -> bytes:
    """How names are hashed; nothing where they are not."""
    hashing = denial and denial.hashing
    if not hashing:
        return b""
    return f.HASHING.pack(hashing.iterations, len(hashing.salt)) + hashing.salt
