"""What MX records of one owner say together: null MX, repeats."""

from collections.abc import Iterator

from zoneserver.findings import Finding, make_finding
from zoneserver.names import ROOT
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX
from zoneserver.validator.world import Candidate, Hop, World, visible_rrsets


def check_null(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX007, MX008: a null MX stands alone, with preference 0."""
    for rrset in visible_rrsets(candidate.zone, rtypes.MX):
        if all(rdata.points_to != ROOT for rdata in rrset.rdatas):
            continue
        marked = list(zip(rrset.rdatas, rrset.marks, strict=True))
        others = [
            (mark, f"MX {rdata.text}") for rdata, mark in marked if rdata.points_to != ROOT
        ]
        for rdata, mark in marked:
            if not isinstance(rdata, MX) or rdata.exchange != ROOT:
                continue
            if others:
                yield make_finding(
                    "MX007",
                    mark,
                    f'{rrset.owner} has a null MX, which says "no mail here", beside a real'
                    " one:"
                    " senders may refuse every message.",
                    "delete the null MX, or all the others",
                    owner=rrset.owner,
                    related=tuple(others),
                )
            if rdata.preference != 0:
                yield make_finding(
                    "MX008",
                    mark,
                    f"the null MX of {rrset.owner} has preference {rdata.preference}; senders"
                    " recognise it by preference 0 only.",
                    "write preference 0 and exchange .",
                    owner=rrset.owner,
                )


def check_repeats(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX012: the same exchanger under two preferences."""
    for route in world.routes(candidate.zone):
        first: dict[bytes, Hop] = {}
        for hop in route.hops:
            before = first.setdefault(hop.mx.exchange.key, hop)
            if before is not hop:
                yield make_finding(
                    "MX012",
                    hop.mark,
                    f"{route.owner} names {hop.mx.exchange} twice: the same machine is asked"
                    " again.",
                    f"delete this one and keep preference {before.mx.preference}",
                    owner=route.owner,
                    related=((before.mark, f"MX {before.mx.text}"),),
                )
