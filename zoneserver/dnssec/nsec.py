"""Proof that nothing is there, by the names that are (RFC 4034 4)."""

from collections.abc import Iterator, Sequence

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.bitmap import encode_bitmap
from zoneserver.records.rdata import Opaque
from zoneserver.zone.node import Node


def signed_types(node: Node) -> set[int]:
    """The types of a name that have signatures: at a cut, only what is ours (RFC 4035 2.2)."""
    types = {rrset.rtype for rrset in node.rrsets}
    return types & {rtypes.DS} if node.is_cut else types


def make_nsecs(nodes: Sequence[Node]) -> Iterator[tuple[Name, Opaque]]:
    """An NSEC for each name that has records (RFC 4035 2.3).

    `nodes` are all names of the zone that nothing hides, in canonical order.
    """
    named = [node for node in nodes if node.rrsets]
    for node, following in zip(named, [*named[1:], named[0]], strict=True):
        types = signed_types(node) | {rtypes.RRSIG, rtypes.NSEC}
        if node.is_cut:
            types.add(rtypes.NS)
        octets = following.owner.wire + encode_bitmap(types)
        yield node.owner, Opaque(rtypes.NSEC, octets)
