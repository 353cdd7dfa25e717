"""The chain of a zone that comes signed: what proves that something is not there."""

from base64 import b32hexencode
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from zoneserver.dnssec.nsec import make_nsecs, signed_types
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.bitmap import encode_bitmap
from zoneserver.records.rrset import RRset
from zoneserver.validator.secure.zone_keys import is_presigned
from zoneserver.validator.world import Candidate, World
from zoneserver.zone.denial import Hashing, is_link
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

MOST_ITERATIONS = 50  # more is refused; BIND and Unbound take no proof with more
FEW_DELEGATIONS = 1000  # without a DS; for fewer opt-out saves nothing
_OPT_OUT = 1
_SALT_AT = 5  # in the rdata of an NSEC3 (RFC 5155 3.2)
_FIX = "sign it anew and import it whole (zoneserver import); or let us sign it: $dnssec: true"


def check_hashing(candidate: Candidate, world: World) -> Iterator[Finding]:
    """DN007: hashing that costs everybody and protects nobody (RFC 9276)."""
    params = candidate.zone.apex.find(rtypes.NSEC3PARAM)
    if params is None or not is_presigned(candidate):
        return
    for rdata, mark in zip(params.rdatas, params.marks, strict=True):
        iterations, salt = int.from_bytes(rdata.wire[2:4], "big"), rdata.wire[5:]
        what = f"{candidate.zone.origin} NSEC3PARAM {rdata.text}"
        if iterations > MOST_ITERATIONS:
            yield make_finding(
                "DN007",
                mark,
                f"{what}: {iterations} iterations; each costs every server and resolver a hash,"
                " and resolvers take a zone with many for one that is not signed.",
                "sign the zone with 0 iterations and no salt",
                owner=candidate.zone.origin,
            )
        elif iterations or salt:
            yield make_finding(
                "DN007",
                mark,
                f"{what}: iterations and salt slow everybody down, and keep nobody from finding"
                " the names.",
                "sign the zone with 0 iterations and no salt",
                level=Level.HINT,
                owner=candidate.zone.origin,
            )


def check_opt_out(candidate: Candidate, world: World) -> Iterator[Finding]:
    """DN008: opt-out in a zone that has nothing to leave out."""
    mark = _find_opt_out(candidate)
    if mark is None:
        return
    cuts = [node for node in candidate.zone.nodes.values() if node.is_cut and not node.cover]
    insecure = sum(node.find(rtypes.DS) is None for node in cuts)
    if insecure < FEW_DELEGATIONS:
        yield make_finding(
            "DN008",
            mark,
            f"{candidate.zone.origin} leaves delegations without a DS out of its proofs, and"
            f" has {insecure}: whoever is on the way can add some, and no answer that a name is"
            " not there is fully proven.",
            "sign without opt-out",
            owner=candidate.zone.origin,
        )


def check_chain(candidate: Candidate, world: World) -> Iterator[Finding]:
    """DN009: the chain has every name, in order, with its types."""
    zone = candidate.zone
    signs = any(rrset.rtype == rtypes.RRSIG for rrset in zone.apex.rrsets)
    if not signs or not is_presigned(candidate) or candidate.source.kind.is_foreign:
        return
    if zone.denial is None:
        params = zone.apex.find(rtypes.NSEC3PARAM)
        if params is None:  # else its iterations are what is wrong
            text = f"{zone.origin} has neither NSEC nor NSEC3PARAM"
            yield _gap(_Fault(zone.apex.rrsets[0], zone.origin, text))
        return
    hashing = zone.denial.hashing
    fault = _find_hash_fault(zone, hashing) if hashing else _find_nsec_fault(zone)
    if fault is not None:
        yield _gap(fault)


def _find_opt_out(candidate: Candidate) -> Mark | None:
    """Where it is said that delegations are left out."""
    dnssec = candidate.source.dnssec
    if dnssec is not None:
        return dnssec.mark if dnssec.opt_out else None
    if candidate.zone.apex.find(rtypes.NSEC3PARAM) is None:
        return None
    for node in candidate.zone.nodes.values():
        nsec3 = node.find(rtypes.NSEC3)
        if nsec3 is not None:
            return nsec3.mark if _opts_out(nsec3) else None
    return None


class _Fault(NamedTuple):
    """What is wrong with a chain, and where."""

    rrset: RRset
    owner: Name
    text: str


def _find_nsec_fault(zone: Zone) -> _Fault | None:
    """The first NSEC that is not as it has to be, or not there (RFC 4035 2.3)."""
    named = [node for node in _visible(zone) if node.rrsets]
    for node, (owner, made) in zip(named, make_nsecs(named), strict=True):
        there = node.find(rtypes.NSEC)
        if there is None:
            return _Fault(node.rrsets[0], owner, f"{owner} has no NSEC")
        following, types = _split_nsec(there.rdatas[0].wire)
        if (following, types) != _split_nsec(made.octets):
            text = f"{owner} NSEC {there.rdatas[0].text} would have to be {made.text}"
            return _Fault(there, owner, text)
    return None


def _find_hash_fault(zone: Zone, hashing: Hashing) -> _Fault | None:
    """The first NSEC3 that is not as it has to be, or not there (RFC 5155 7.1)."""
    links = _sort(node for node in zone.nodes.values() if is_link(node, hashing))
    sets = [node.get(rtypes.NSEC3) for node in links]
    for rrset, following in pairwise([*sets, sets[0]]):
        digest, _ = _split_nsec3(rrset, hashing)
        if b32hexencode(digest).lower() != following.owner.labels[0].lower():
            text = f"{rrset.owner} NSEC3 does not lead to {following.owner}, the next one"
            return _Fault(rrset, rrset.owner, text)
    known = {rrset.owner: rrset for rrset in sets}
    is_opt_out = any(map(_opts_out, sets))
    for node in _visible(zone):
        link = known.pop(hashing.hash(node.owner, zone.origin), None)
        if link is None and not (is_opt_out and _may_be_left_out(node)):
            first = node.rrsets[0] if node.rrsets else zone.apex.rrsets[0]
            return _Fault(first, node.owner, f"{node.owner} has no NSEC3")
        if link is not None and _split_nsec3(link, hashing)[1] != _list_types(node):
            text = f"the NSEC3 of {node.owner} does not list the types that are there"
            return _Fault(link, node.owner, text)
    for rrset in known.values():
        return _Fault(rrset, rrset.owner, f"{rrset.owner} NSEC3 is of no name that there is")
    return None


def _opts_out(nsec3: RRset) -> bool:
    """Whether it leaves out delegations (RFC 5155 3.1.2.1); who has written it may be wrong."""
    flags = int.from_bytes(nsec3.rdatas[0].wire[1:2], "big")
    return bool(flags & _OPT_OUT)


def _visible(zone: Zone) -> list[Node]:
    return _sort(n for n in zone.nodes.values() if n.cover is None and not n.is_hashed)


def _sort(nodes: Iterable[Node]) -> list[Node]:
    return sorted(nodes, key=lambda node: node.owner.canonical())


def _may_be_left_out(node: Node) -> bool:
    """RFC 5155 6: delegations without a DS, and what exists for those alone."""
    return not node.rrsets or (node.is_cut and node.find(rtypes.DS) is None)


def _list_types(node: Node) -> bytes:
    """The types of a name, as its NSEC3 has to list them."""
    types = signed_types(node)
    types |= {rtypes.RRSIG} if types else set()
    return encode_bitmap(types | {rtypes.NS} if node.is_cut else types)


def _split_nsec(wire: bytes) -> tuple[Name, bytes]:
    """The next name, and the types."""
    end = 0
    while wire[end : end + 1] > b"\0":
        end += 1 + wire[end]
    return Name(wire[: end + 1]), wire[end + 1 :]


def _split_nsec3(rrset: RRset, hashing: Hashing) -> tuple[bytes, bytes]:
    """The hash of the next one, and the types."""
    wire, at = rrset.rdatas[0].wire, _SALT_AT + len(hashing.salt)
    end = at + 1 + int.from_bytes(wire[at : at + 1], "big")
    return wire[at + 1 : end], wire[end:]


def _gap(fault: _Fault) -> Finding:
    return make_finding(
        "DN009",
        fault.rrset.mark,
        f"{fault.text}: answers that something is not there are not proven, or deny what is;"
        " resolvers that validate take them for forged, and senders behind them defer mail.",
        _FIX,
        owner=fault.owner,
    )
