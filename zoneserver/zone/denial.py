"""The chain of a signed zone: its NSEC or NSEC3 records, which prove what there is not."""

from base64 import b32hexencode
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha1
from typing import Protocol

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.zone.node import Node

# RFC 9276 3.2: validators may take an answer with more for no proof, and each costs us.
MAX_ITERATIONS = 150
_SHA1 = 1  # RFC 5155 11: the one hash algorithm there is
_SALT_AT = 5  # in the rdata of NSEC3 and NSEC3PARAM (RFC 5155 3.2 and 4.2)


class Chain(Protocol):
    """The nodes that have an NSEC, or an NSEC3, in canonical order (RFC 4034 6.1)."""

    def locate(self, name: Name) -> int:
        """The number of the last at or before a name; if there is none, of the last."""

    def read(self, number: int) -> Node:
        """The node of that number."""


@dataclass(frozen=True, slots=True)
class Links:
    """A chain in memory."""

    keys: tuple[tuple[bytes, ...], ...]
    nodes: tuple[Node, ...]

    @classmethod
    def of(cls, nodes: Iterable[Node], hashing: "Hashing | None") -> "Links | None":
        """The chain in these nodes; None: there is none."""
        linked = [node for node in nodes if is_link(node, hashing)]
        linked.sort(key=lambda node: node.owner.canonical())
        keys = tuple([node.owner.canonical() for node in linked])
        return cls(keys, tuple(linked)) if linked else None

    def locate(self, name: Name) -> int:
        """The number of the last at or before a name; if there is none, of the last."""
        return (bisect_right(self.keys, name.canonical()) - 1) % len(self.keys)

    def read(self, number: int) -> Node:
        """The node of that number."""
        return self.nodes[number]


@dataclass(frozen=True, slots=True)
class Hashing:
    """How the owners of NSEC3 records are made from names (RFC 5155 5)."""

    iterations: int
    salt: bytes

    def digest(self, name: Name) -> bytes:
        """What stands for a name."""
        digest = sha1(name.key + self.salt, usedforsecurity=False).digest()
        for _ in range(self.iterations):
            digest = sha1(digest + self.salt, usedforsecurity=False).digest()
        return digest

    def hash(self, name: Name, origin: Name) -> Name:
        """The owner of the NSEC3 that matches a name, if there is one."""
        return owner_of(self.digest(name), origin)

    def made(self, nsec3: bytes) -> bool:
        """Whether the owner of an NSEC3 is made so; in a rollover there may be others."""
        end = _SALT_AT + len(self.salt)
        fields = self.iterations.to_bytes(2, "big") + bytes((len(self.salt),)) + self.salt
        return nsec3[:1] == bytes((_SHA1,)) and nsec3[2:end] == fields


def owner_of(digest: bytes, origin: Name) -> Name:
    """The owner of the NSEC3 with a hash (RFC 5155 3)."""
    return origin.prefixed(b32hexencode(digest).lower())


@dataclass(frozen=True, slots=True)
class Denial:
    """What proves that something is not there. `hashing` is None where the chain is of NSEC."""

    chain: Chain
    hashing: Hashing | None = None

    @property
    def rtype(self) -> int:
        """The type of the records in the chain."""
        return rtypes.NSEC3 if self.hashing else rtypes.NSEC

    def find(self, name: Name) -> Node:
        """The last node of the chain at or before a name, or the last of all."""
        return self.chain.read(self.chain.locate(name))

    def has_link(self, node: Node) -> bool:
        """Whether a node of the zone is in the chain."""
        return is_link(node, self.hashing)


def is_link(node: Node, hashing: Hashing | None) -> bool:
    """Whether a node belongs to the chain of NSEC3 that are made so, or to that of NSEC."""
    if hashing is None:
        return node.find(rtypes.NSEC) is not None
    nsec3 = node.find(rtypes.NSEC3)
    return nsec3 is not None and hashing.made(nsec3.rdatas[0].wire)


def make_denial(
    apex: Node, find_chain: Callable[[Hashing | None], Chain | None]
) -> Denial | None:
    """How a zone denies; None where it is not signed, which is what its apex says.

    `find_chain` finds the chain of NSEC3 that are made so, or that of NSEC.
    """
    if apex.find(rtypes.DNSKEY) is None:
        return None
    hashing = _find_hashing(apex)
    # RFC 5155 10.4: an NSEC3PARAM is there as long as its chain is whole, and no longer.
    if hashing and (chain := find_chain(hashing)):
        return Denial(chain, hashing)
    if apex.find(rtypes.NSEC) and (chain := find_chain(None)):
        return Denial(chain)
    return None


def _find_hashing(apex: Node) -> Hashing | None:
    """The hashing that we can do and that an NSEC3PARAM offers (RFC 5155 4.1)."""
    params = apex.find(rtypes.NSEC3PARAM)
    for rdata in params.rdatas if params else ():
        wire = rdata.wire
        iterations = int.from_bytes(wire[2:4], "big")
        # RFC 5155 4.1.2: an NSEC3PARAM with flags is to be ignored.
        if wire[:2] == bytes((_SHA1, 0)) and iterations <= MAX_ITERATIONS:
            return Hashing(iterations, wire[_SALT_AT:])
    return None
