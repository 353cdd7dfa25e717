"""Keys that zones are signed with, as the DNS shows them and as a file keeps them."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from zoneserver.dnssec.algorithms import ALGORITHMS
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.algorithms import DEFAULT
from zoneserver.records.rdata import CDS, DS, Opaque

ZONE_KEY, SECURE_ENTRY_POINT = 0x0100, 0x0001  # RFC 4034 2.1.1
_PROTOCOL = 3  # RFC 4034 2.1.2
_SHA256 = 2  # RFC 4509
# What asks the parent to have no DS at all (RFC 8078 4, with erratum 5049).
NO_CDS = CDS(0, 0, 0, b"\0")
NO_CDNSKEY = Opaque(rtypes.CDNSKEY, bytes((0, 0, _PROTOCOL, 0, 0)))
# RFC 8624 3.3; a parent may have chosen another one than we would.
_DIGESTS: dict[int, Callable[[bytes], Any]] = {
    1: lambda octets: hashlib.sha1(octets, usedforsecurity=False),
    2: hashlib.sha256,
    4: hashlib.sha384,
}


def find_tag(dnskey: bytes) -> int:
    """The number that signatures name a key by (RFC 4034 appendix B)."""
    total = sum(octet << 8 if at % 2 == 0 else octet for at, octet in enumerate(dnskey))
    return (total + (total >> 16)) & 0xFFFF


@dataclass(frozen=True)
class SigningKey:
    """A key of a zone. With `is_entry` the parent vouches for it, and it signs the keys.

    A zone with a single key has everything signed by that one.
    """

    algorithm: int
    is_entry: bool
    private: PrivateKeyTypes = field(repr=False)

    @classmethod
    def generate(cls, algorithm: int = DEFAULT, *, is_entry: bool = True) -> "SigningKey":
        """A new key."""
        return cls(algorithm, is_entry, ALGORITHMS[algorithm].generate())

    @classmethod
    def read(cls, algorithm: int, pem: str, *, is_entry: bool) -> "SigningKey":
        """The key of a PEM text (PKCS 8). Raises SigningKeyError."""
        try:
            private = load_pem_private_key(pem.encode(), password=None)
        except (ValueError, TypeError, UnsupportedAlgorithm) as error:
            raise SigningKeyError("a private key cannot be read") from error
        if not ALGORITHMS[algorithm].is_key(private):
            mnemonic = ALGORITHMS[algorithm].mnemonic
            raise SigningKeyError(f"a private key is none of {mnemonic}")
        return cls(algorithm, is_entry, private)

    def write(self) -> str:
        """The private key as a PEM text (PKCS 8), not encrypted."""
        octets = self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return octets.decode("ascii")

    def sign(self, octets: bytes) -> bytes:
        """A signature, as RRSIG records have it."""
        return ALGORITHMS[self.algorithm].sign(self.private, octets)

    @cached_property
    def dnskey(self) -> Opaque:
        """The public key (RFC 4034 2.1)."""
        flags = ZONE_KEY | (SECURE_ENTRY_POINT if self.is_entry else 0)
        head = flags.to_bytes(2, "big") + bytes((_PROTOCOL, self.algorithm))
        return Opaque(rtypes.DNSKEY, head + ALGORITHMS[self.algorithm].public(self.private))

    @cached_property
    def tag(self) -> int:
        """The number that signatures name the key by."""
        return find_tag(self.dnskey.octets)

    def ds(self, origin: Name) -> DS:
        """What the parent of a zone says of the key (RFC 4034 5.1, RFC 4509)."""
        digest = hashlib.sha256(origin.key + self.dnskey.octets).digest()
        return DS(self.tag, self.algorithm, _SHA256, digest)

    def is_meant(self, ds: DS, origin: Name) -> bool:
        """Whether a DS of the parent is of this key, whatever its digest is made with."""
        make = _DIGESTS.get(ds.digest_type)
        return make is not None and (ds.key_tag, ds.algorithm, ds.digest) == (
            self.tag,
            self.algorithm,
            make(origin.key + self.dnskey.octets).digest(),
        )

    def cds(self, origin: Name) -> CDS:
        """What the parent is asked to say (RFC 7344 3.1)."""
        ds = self.ds(origin)
        return CDS(ds.key_tag, ds.algorithm, ds.digest_type, ds.digest)

    @property
    def cdnskey(self) -> Opaque:
        """The same as a key (RFC 7344 3.2)."""
        return Opaque(rtypes.CDNSKEY, self.dnskey.octets)
