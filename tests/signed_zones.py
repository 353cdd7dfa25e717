"""Zones that come signed: keys, signatures and a chain, made with dnspython alone.

All are signed with one key that is written here. What is signed, who is in the chain and what
it says there is as RFC 4035 2 and RFC 5155 7.1 have it.
"""

from collections import defaultdict
from typing import NamedTuple

import dns.dnssec
import dns.name
import dns.rrset
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.zones_text import APEX, lines, zone
from zoneserver.zone.zone import Zone

_PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = dns.dnssec.make_dnskey(_PRIVATE.public_key(), "ED25519", 257)
KEY = f"@ DNSKEY {PUBLIC.to_text()}"
_CHAIN_TTL = 300


class Nsec3(NamedTuple):
    """How a chain of NSEC3 is made; the salt is in hexadecimal."""

    iterations: int = 0
    salt: str = "-"
    opt_out: bool = False


def signed(
    text: str, origin: str = "example.", *, apex: str = APEX, nsec3: Nsec3 | None = None
) -> Zone:
    """The zone of some lines, as if somebody had signed it."""
    return zone(sign(f"{apex}\n{text}", origin, nsec3), origin, apex="")


def sign(text: str, origin: str, nsec3: Nsec3 | None = None) -> str:
    """The records of a zone, with those that signing adds."""
    params = f"@ 0 NSEC3PARAM 1 0 {nsec3.iterations} {nsec3.salt}" if nsec3 else ""
    written = list(dict.fromkeys(lines(f"{text}\n{KEY}\n{params}", origin)))
    root = dns.name.from_text(origin)
    types: dict[dns.name.Name, dict[str, str]] = defaultdict(dict)
    for line in written:
        owner, ttl, rtype, _ = line.split(" ", 3)
        types[dns.name.from_text(owner)].setdefault(rtype, ttl)
    cuts = {owner for owner, there in types.items() if "NS" in there and owner != root}
    known = _visible(types, cuts)
    sets = _group(written)
    written += [
        _rrsig(sets[owner, rtype], origin)
        for owner, there in known.items()
        for rtype in there
        if owner not in cuts or rtype == "DS"
    ]
    for line in _nsec3_chain(known, cuts, root, nsec3) if nsec3 else _nsec_chain(known):
        written += [line, _rrsig([line], origin)]
    return "\n".join(written)


def _group(written: list[str]) -> dict[tuple[dns.name.Name, str], list[str]]:
    """The lines by owner and type."""
    sets: dict[tuple[dns.name.Name, str], list[str]] = defaultdict(list)
    for line in written:
        owner, _, rtype, _ = line.split(" ", 3)
        sets[dns.name.from_text(owner), rtype].append(line)
    return sets


def _visible(
    types: dict[dns.name.Name, dict[str, str]], cuts: set[dns.name.Name]
) -> dict[dns.name.Name, list[str]]:
    """The types of each name that nothing hides; of a cut those that are the parent's."""
    hiders = cuts | {owner for owner, there in types.items() if "DNAME" in there}
    return {
        owner: [each for each in there if owner not in cuts or each in ("NS", "DS")]
        for owner, there in types.items()
        if not any(owner != hider and owner.is_subdomain(hider) for hider in hiders)
    }


def _rrsig(lines: list[str], origin: str) -> str:
    """The signature over the lines of one set."""
    owner, ttl, rtype, _ = lines[0].split(" ", 3)
    texts = [line.split(" ", 3)[3] for line in lines]
    signature = dns.dnssec.sign(
        dns.rrset.from_text(owner, int(ttl), "IN", rtype, *dict.fromkeys(texts)),
        _PRIVATE,
        dns.name.from_text(origin),
        PUBLIC,
        inception="20200101000000",
        expiration="20500101000000",
    )
    return f"{owner} {ttl} RRSIG {signature.to_text()}"


def _nsec_chain(known: dict[dns.name.Name, list[str]]) -> list[str]:
    owners = sorted(known)
    types = {owner: " ".join(sorted({*known[owner], "RRSIG", "NSEC"})) for owner in owners}
    return [
        f"{owner} {_CHAIN_TTL} NSEC {following} {types[owner]}"
        for owner, following in zip(owners, [*owners[1:], owners[0]], strict=True)
    ]


def _nsec3_chain(
    known: dict[dns.name.Name, list[str]],
    cuts: set[dns.name.Name],
    root: dns.name.Name,
    how: Nsec3,
) -> list[str]:
    hashes: dict[str, str] = {}
    for owner, there in known.items():
        is_insecure = owner in cuts and "DS" not in there
        if is_insecure and how.opt_out:
            continue
        types = [*there, *(() if is_insecure else ("RRSIG",))]
        hashes[_hash(owner, how)] = " ".join(types)
        above = owner
        while above != root:  # RFC 5155 7.1: empty non-terminals, too
            above = above.parent()
            hashes.setdefault(_hash(above, how), "")
    ordered = sorted(hashes)
    rows = zip(ordered, [*ordered[1:], ordered[0]], strict=True)
    salt, flags = how.salt, int(how.opt_out)
    return [
        f"{one.lower()}.{root} {_CHAIN_TTL} NSEC3 1 {flags} {how.iterations} {salt}"
        f" {following} {hashes[one]}".rstrip()
        for one, following in rows
    ]


def _hash(owner: dns.name.Name, how: Nsec3) -> str:
    salt = None if how.salt == "-" else how.salt
    return dns.dnssec.nsec3_hash(owner, salt, how.iterations, "SHA1")
