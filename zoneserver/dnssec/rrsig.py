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
    rrset: RRset,
    keys: Sequence[SigningKey],
    origin: Name,
    span: Span,
    made: Sequence[bytes] = (),
) -> list[Opaque]:
    """The RRSIG of each key over a set of the zone with this origin.

    Of those that were `made` before, over this very set and with these keys, each is taken
    that would be made again.
    """
    labels = len(rrset.owner.labels) - rrset.owner.is_wildcard  # RFC 4034 3.1.3
    records = b""
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
        octets = next((each for each in made if each.startswith(head)), None)
        if octets is None:
            records = records or canonical_rrset(rrset)
            octets = head + key.sign(head + records)
        found.append(Opaque(rtypes.RRSIG, octets))
    return found
