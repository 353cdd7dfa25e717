"""Public keys and signatures, as their records have them."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from zoneserver.dnssec.canonical import canonical_rdata
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import DS, Rdata
from zoneserver.zone.node import Node

ZONE_KEY = 0x0100  # RFC 4034 2.1.1
PROTOCOL = 3  # RFC 4034 2.1.2
_RSA = frozenset({1, 5, 7, 8, 10})
# The octets of a key, where all of an algorithm have the same: RFC 6605 4, RFC 8080 3.
KEY_OCTETS: Mapping[int, int] = {13: 64, 14: 96, 15: 32, 16: 57}
# By digest type: RFC 4034 A.2, RFC 4509, RFC 6605 5.
DIGESTS: Mapping[int, Callable[[bytes], Any]] = {
    1: lambda octets: hashlib.sha1(octets, usedforsecurity=False),
    2: hashlib.sha256,
    4: hashlib.sha384,
}
_SIGNATURE_HEAD = 18  # octets before the signer's name (RFC 4034 3.1)
_ERA = 1 << 32


class PublicKey(NamedTuple):
    """A DNSKEY (RFC 4034 2.1)."""

    flags: int
    protocol: int
    algorithm: int
    octets: bytes
    tag: int

    @classmethod
    def of(cls, rdata: Rdata) -> "PublicKey":
        """The key in a DNSKEY or CDNSKEY record."""
        wire = rdata.wire
        flags = int.from_bytes(wire[:2], "big")
        return cls(flags, wire[2], wire[3], wire[4:], key_tag(wire))

    @property
    def is_zone_key(self) -> bool:
        """Whether it is one that zones are signed with."""
        return bool(self.flags & ZONE_KEY) and self.protocol == PROTOCOL

    @property
    def wire(self) -> bytes:
        """The rdata again."""
        head = self.flags.to_bytes(2, "big") + bytes((self.protocol, self.algorithm))
        return head + self.octets

    @property
    def rsa_bits(self) -> int:
        """How long its modulus is (RFC 3110 2); 0: it is no RSA key."""
        if self.algorithm not in _RSA or not self.octets:
            return 0
        length, start = self.octets[0], 1
        if length == 0:
            length, start = int.from_bytes(self.octets[1:3], "big"), 3
        return int.from_bytes(self.octets[start + length :], "big").bit_length()

    def matches(self, ds: DS, origin: Name) -> bool:
        """Whether a DS of the zone with this origin is of this key (RFC 4034 5.1.4)."""
        digest = DIGESTS.get(ds.digest_type)
        if digest is None or (ds.key_tag, ds.algorithm) != (self.tag, self.algorithm):
            return False
        found: bytes = digest(origin.key + self.wire).digest()
        return found == ds.digest


class Signature(NamedTuple):
    """An RRSIG (RFC 4034 3.1). Its times are in seconds since 1970."""

    algorithm: int
    ttl: int
    expiration: int
    inception: int
    tag: int
    signer: Name
    signed: bytes
    octets: bytes

    @classmethod
    def of(cls, rdata: Rdata, now: int) -> "Signature | None":
        """The signature in a record; its times are those that are closest to now.

        None: it is too short for one, as only a record written in octets can be.
        """
        wire = canonical_rdata(rdata)
        if len(wire) <= _SIGNATURE_HEAD:
            return None
        end = _SIGNATURE_HEAD
        while wire[end : end + 1] > b"\0":
            end += 1 + wire[end]
        end += 1
        ttl, expiration, inception = (
            int.from_bytes(wire[at : at + 4], "big") for at in (4, 8, 12)
        )
        return cls(
            wire[2],
            ttl,
            _closest(expiration, now),
            _closest(inception, now),
            int.from_bytes(wire[16:18], "big"),
            Name(wire[_SIGNATURE_HEAD:end]),
            wire[:end],
            wire[end:],
        )


def signers_of(node: Node, rtype: int) -> frozenset[tuple[int, int]]:
    """Tag and algorithm of each key that is said to have signed a set of a node."""
    covered = rtype.to_bytes(2, "big")
    wires = (rdata.wire for each in node.find_all(rtypes.RRSIG) for rdata in each.rdatas)
    return frozenset(
        (int.from_bytes(wire[16:18], "big"), wire[2])
        for wire in wires
        if wire[:2] == covered and len(wire) > _SIGNATURE_HEAD
    )


def key_tag(rdata: bytes) -> int:
    """The number that signatures name a key by (RFC 4034 appendix B)."""
    total = sum(octet << 8 if at % 2 == 0 else octet for at, octet in enumerate(rdata))
    return (total + (total >> 16)) & 0xFFFF


def _closest(time: int, now: int) -> int:
    """A time of which the era is not told: the one closest to now (RFC 4034 3.1.5)."""
    half = _ERA // 2
    return now - half + (time - now + half) % _ERA
