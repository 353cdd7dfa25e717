"""The keys of a zone, and what is wrong with them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from zoneserver.dnssec.public import DIGESTS, KEY_OCTETS, PROTOCOL, ZONE_KEY, PublicKey
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.records import rtypes
from zoneserver.records.rdata import CDS
from zoneserver.validator.world import Candidate, World
from zoneserver.zone.zone import Zone

FEWEST_BITS, GOOD_BITS = 1024, 2048  # RFC 8301 has the same for mail; RFC 3110 2, RFC 8624 3.1
# RFC 8624 3.1, RFC 9905 2, RFC 9906: not to be signed with any more.
WEAK: Mapping[int, str] = {
    1: "RSAMD5",
    3: "DSA",
    5: "RSASHA1",
    6: "DSA-NSEC3-SHA1",
    7: "RSASHA1-NSEC3-SHA1",
    12: "ECC-GOST",
}
_DELETE = 0  # the algorithm of a CDS that asks for no DS at all (RFC 8078 4)


class ZoneKey(NamedTuple):
    """A DNSKEY of a zone, and where it stands."""

    key: PublicKey
    mark: Mark


def read_keys(zone: Zone) -> tuple[ZoneKey, ...]:
    """The keys at the apex of a zone, as far as they are long enough to be any."""
    found = zone.apex.find(rtypes.DNSKEY)
    if found is None:
        return ()
    pairs = zip(found.rdatas, found.marks, strict=True)
    return tuple(
        ZoneKey(PublicKey.of(rdata), mark) for rdata, mark in pairs if len(rdata.wire) > 4
    )


def is_presigned(candidate: Candidate) -> bool:
    """Whether a zone comes signed, and not from us."""
    return candidate.source.dnssec is None and bool(read_keys(candidate.zone))


def check_keys(candidate: Candidate, world: World) -> Iterator[Finding]:
    """DN010, DN011: the keys of a zone that comes signed."""
    if candidate.source.dnssec is not None:
        return
    origin = candidate.zone.origin
    for key, mark in read_keys(candidate.zone):
        what = f"{origin} DNSKEY {key.tag}"
        if fault := _misfit(key):
            yield make_finding(
                "DN011",
                mark,
                f"{what}: {fault}; nothing that is signed with it can be verified, and who"
                " validates gets no mail through.",
                "copy the record anew from the file that the signer made",
                owner=origin,
            )
        elif weakness := _weakness(key):
            is_refused = 0 < key.rsa_bits < FEWEST_BITS
            yield make_finding(
                "DN010",
                mark,
                f"{what}: {weakness}.",
                "roll over to algorithm 13 (ECDSAP256SHA256); with $dnssec the server does it",
                level=Level.ERROR if is_refused else None,
                owner=origin,
            )


def check_requests(candidate: Candidate, world: World) -> Iterator[Finding]:
    """DN015: what the parent is asked for is a key of the zone (RFC 7344 4.1)."""
    zone = candidate.zone
    requests = zone.apex.find(rtypes.CDS)
    keys = [each.key for each in read_keys(zone)]
    if requests is None or not keys:
        return
    for rdata, mark in zip(requests.rdatas, requests.marks, strict=True):
        assert isinstance(rdata, CDS)
        if rdata.algorithm == _DELETE or rdata.digest_type not in DIGESTS:
            continue
        if not any(key.matches(rdata, zone.origin) for key in keys):
            yield make_finding(
                "DN015",
                mark,
                f"{zone.origin} CDS {rdata.key_tag}: no key of the zone has that digest; a"
                " parent that heeds it vouches for a key that is not there, and the zone is"
                " gone for everybody who validates.",
                "make it anew from the DNSKEY, or delete it",
                owner=zone.origin,
            )


def by_tag(keys: Sequence[ZoneKey]) -> dict[tuple[int, int], list[PublicKey]]:
    """Zone keys by what signatures name them by: tag and algorithm."""
    found: dict[tuple[int, int], list[PublicKey]] = {}
    for key, _ in keys:
        if key.is_zone_key:
            found.setdefault((key.tag, key.algorithm), []).append(key)
    return found


def _misfit(key: PublicKey) -> str:
    """Why a key is none."""
    if key.protocol != PROTOCOL:
        return f"its protocol is {key.protocol}, and only {PROTOCOL} is DNSSEC (RFC 4034 2.1.2)"
    if not key.flags & ZONE_KEY:
        return f"its flags {key.flags} do not make it a key of a zone, 256 or 257 would"
    octets = KEY_OCTETS.get(key.algorithm)
    if octets is not None and len(key.octets) != octets:
        return f"a key of algorithm {key.algorithm} has {octets} octets, this {len(key.octets)}"
    return ""


def _weakness(key: PublicKey) -> str:
    """Why a key does not protect."""
    if 0 < key.rsa_bits < FEWEST_BITS:
        return (
            f"the RSA key has {key.rsa_bits} bits; it can be broken, and many resolvers take"
            " what it signs for forged"
        )
    if (name := WEAK.get(key.algorithm)) is not None:
        return (
            f"{name} is no longer heeded by many resolvers: for them the zone is not signed,"
            " and senders ignore its TLSA"
        )
    if 0 < key.rsa_bits < GOOD_BITS:
        return f"the RSA key has {key.rsa_bits} bits; {GOOD_BITS} is the least that is sound"
    return ""
