"""Proof that nothing is there, by hashes of the names that are (RFC 5155)."""

from collections.abc import Iterator, Sequence

from zoneserver.dnssec.nsec import signed_types
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.bitmap import encode_bitmap
from zoneserver.records.rdata import Opaque
from zoneserver.zone.denial import Hashing, owner_of
from zoneserver.zone.node import Node

_SHA1, _OPT_OUT = 1, 1
_ITERATIONS, _NO_SALT = b"\0\0", b"\0"  # RFC 9276 3.1: more of either helps nobody
_HASHING = Hashing(iterations=0, salt=b"")

# How the proofs of the zone are made, at its apex (RFC 5155 4).
NSEC3PARAM = Opaque(rtypes.NSEC3PARAM, bytes((_SHA1, 0)) + _ITERATIONS + _NO_SALT)


def make_nsec3s(
    origin: Name, nodes: Sequence[Node], *, opt_out: bool
) -> Iterator[tuple[Name, Opaque]]:
    """An NSEC3 for each name, empty non-terminals too (RFC 5155 7.1).

    `nodes` are all names of the zone that nothing hides, in canonical order. With `opt_out`
    delegations without a DS have none.
    """
    if opt_out:
        nodes = list(_leave_out_insecure(nodes))
    hashed = sorted((_HASHING.digest(node.owner), node) for node in nodes)
    head = bytes((_SHA1, _OPT_OUT if opt_out else 0)) + _ITERATIONS + _NO_SALT
    for (digest, node), (following, _) in zip(hashed, [*hashed[1:], hashed[0]], strict=True):
        types = signed_types(node)
        if types:
            types.add(rtypes.RRSIG)
        if node.is_cut:
            types.add(rtypes.NS)
        octets = head + bytes((len(following),)) + following + encode_bitmap(types)
        yield owner_of(digest, origin), Opaque(rtypes.NSEC3, octets)


def _leave_out_insecure(nodes: Sequence[Node]) -> Iterator[Node]:
    """The names without insecure delegations, and what exists only for those."""
    kept: set[bytes] = set()
    for node in nodes:
        if node.rrsets and (not node.is_cut or node.find(rtypes.DS)):
            kept.add(node.owner.key)
            kept |= {above.key for above in node.owner.ancestors()}
    return (node for node in nodes if node.owner.key in kept)
