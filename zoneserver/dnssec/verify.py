"""Verifies signatures over sets of records (RFC 4035 5.3); dnspython does the arithmetic."""

from dataclasses import replace
from typing import Any

import dns.rdata
import dns.rdataclass
import dns.rdatatype
from cryptography.exceptions import InvalidSignature
from dns.dnssecalgs import get_algorithm_cls
from dns.exception import UnsupportedAlgorithm
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from zoneserver.dnssec.canonical import canonical_rrset
from zoneserver.dnssec.public import PublicKey, Signature
from zoneserver.records.rrset import RRset


class Verifier:
    """Keeps each key in the form that verifies."""

    def __init__(self) -> None:
        self._keys: dict[PublicKey, Any] = {}

    def verify(self, key: PublicKey, rrset: RRset, signature: Signature) -> bool:
        """Whether the key has made the signature; of algorithms not known here, it may have."""
        if key not in self._keys:
            self._keys[key] = _open(key)
        opened = self._keys[key]
        if opened is None:
            return True
        octets = signature.signed + canonical_rrset(replace(rrset, ttl=signature.ttl))
        try:
            opened.verify(signature.octets, octets)
        except (InvalidSignature, ValueError):
            return False
        return True


class _Broken:
    """A key that is none: nothing is signed with it."""

    def verify(self, signature: bytes, octets: bytes) -> None:  # noqa: ARG002 - as others have it
        raise InvalidSignature


def _open(key: PublicKey) -> Any:  # noqa: ANN401 - dnspython has a class for each algorithm
    try:
        kind = get_algorithm_cls(key.algorithm)
    except (UnsupportedAlgorithm, ValueError):
        return None
    octets = key.wire
    rdata = dns.rdata.from_wire(dns.rdataclass.IN, dns.rdatatype.DNSKEY, octets, 0, len(octets))
    assert isinstance(rdata, DNSKEY)
    try:
        return kind.public_cls.from_dnskey(rdata)
    except ValueError:
        return _Broken()
