"""Signatures of RRsets (RFC 4034 3)."""

from collections.abc import Sequence
from typing import NamedTuple

from zoneserver.dnssec.canonical import canonical_rrset
from zoneserver.dnssec.keys import SigningKey
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import Opaque
from zoneserver.records.rrset import RRset


class Span(NamedTuple):
    """From when until when a signature holds, both in seconds since 1970."""

    inception: int
    expiration: int


def sign_rrset(
    rrset: RRset, keys: Sequence[SigningKey], origin: Name, span: Span
) -> list[Opaque]:
    """The RRSIG of each key over a set of the zone with this origin."""
    records = canonical_rrset(rrset)
    labels = len(rrset.owner.labels) - rrset.owner.is_wildcard  # RFC 4034 3.1.3
    found = []
    for key in keys:
        head = b"".join(
            (
                rrset.rtype.to_bytes(2, "big"),
                bytes((key.algorithm, labels)),
                rrset.ttl.to_bytes(4, "big"),
                (span.expiration % 2**32).to_bytes(4, "big"),  # RFC 4034 3.1.5
                (span.inception % 2**32).to_bytes(4, "big"),
                key.tag.to_bytes(2, "big"),
                origin.key,
            )
        )
        found.append(Opaque(rtypes.RRSIG, head + key.sign(head + records)))
    return found
