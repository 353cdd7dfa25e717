"""A zone: immutable, keyed by owner, empty non-terminals stored."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA
from zoneserver.records.rrset import RRset
from zoneserver.zone.denial import Denial
from zoneserver.zone.node import Node


@dataclass(frozen=True, slots=True)
class Zone:
    """The names of one zone. `nodes` maps a name's folded wire form to its node.

    `negative` is the authority of an answer that there is nothing: the SOA, with the time
    that such an answer may be kept. `denial` proves in a signed zone what there is not; None:
    the zone is not signed.
    """

    origin: Name
    nodes: Mapping[bytes, Node]
    negative: tuple[RRset, ...] = ()
    denial: Denial | None = None

    @property
    def apex(self) -> Node:
        """The node at the origin."""
        return self.nodes[self.origin.key]

    @property
    def soa(self) -> RRset | None:
        """The SOA RRset; None only in a candidate that the validator will refuse."""
        return self.apex.find(rtypes.SOA)

    @property
    def serial(self) -> int:
        """The serial of the SOA, 0 where there is none."""
        soa = self.soa
        return soa.rdatas[0].serial if soa and isinstance(soa.rdatas[0], SOA) else 0

    def find(self, name: Name) -> Node | None:
        """The node of a name, if the name exists."""
        node = self.nodes.get(name.key)
        return None if node is None or node.is_hashed else node

    def closest(self, name: Name) -> Node:
        """The node of a name below the origin, or of its closest encloser (RFC 4592 3.3.1)."""
        nodes, key = self.nodes, name.key
        node = nodes.get(key)
        while node is None or node.is_hashed:
            key = key[1 + key[0] :]
            node = nodes.get(key)
        return node

    def find_wildcard(self, encloser: Node) -> Node | None:
        """The source of synthesis below a closest encloser (RFC 4592 3.3.1), if any."""
        return self.nodes.get(b"\x01*" + encloser.owner.key)

    def rrsets(self) -> Iterator[RRset]:
        """Every RRset, in no particular order."""
        for node in self.nodes.values():
            yield from node.rrsets
