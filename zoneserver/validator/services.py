"""SRV records: hosts that mail clients and others are sent to."""

from collections.abc import Iterator

from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import DNAME, SRV
from zoneserver.validator.hostnames import find_address
from zoneserver.validator.suggest import closest_host
from zoneserver.validator.world import Candidate, Verdict, World, visible_rrsets


def check_targets(candidate: Candidate, world: World) -> Iterator[Finding]:
    """CN009, CN012, SR001: the target of an SRV is a host with an address (RFC 2782)."""
    for rrset in visible_rrsets(candidate.zone, rtypes.SRV):
        for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
            if isinstance(rdata, SRV) and rdata.target != ROOT:
                yield from _check_target(candidate, world, rrset.owner, rdata, mark)
    for rrset in visible_rrsets(candidate.zone, rtypes.DNAME):
        rdata = rrset.rdatas[0]
        if isinstance(rdata, DNAME) and (
            address := find_address(rdata.target, candidate.zone.origin)
        ):
            yield make_finding(
                "CN012",
                rrset.mark,
                f"{rrset.owner} DNAME {rdata.target}: {address} is an IP address; names below"
                " would be rewritten to nowhere.",
                "write the name of a domain",
                owner=rrset.owner,
            )


def check_absence(candidate: Candidate, world: World) -> Iterator[Finding]:
    """SR002: a target of "." says that there is no such service, and nothing else."""
    for rrset in visible_rrsets(candidate.zone, rtypes.SRV):
        marked = list(zip(rrset.rdatas, rrset.marks, strict=True))
        for rdata, mark in marked:
            if not isinstance(rdata, SRV) or rdata.target != ROOT:
                continue
            others = tuple((m, f"SRV {r.text}") for r, m in marked if r is not rdata)
            if others:
                yield make_finding(
                    "SR002",
                    mark,
                    f'{rrset.owner} has an SRV with target ".", which says "no such service",'
                    " beside others.",
                    "delete it, or all the others",
                    owner=rrset.owner,
                    related=others,
                )
            elif rdata.port or rdata.weight:
                yield make_finding(
                    "SR002",
                    mark,
                    f'{rrset.owner} has an SRV with target "." and a port or a weight, which'
                    " mean"
                    " nothing there.",
                    "write priority 0, weight 0, port 0",
                    level=Level.WARNING,
                    owner=rrset.owner,
                )


def _check_target(
    candidate: Candidate, world: World, owner: Name, srv: SRV, mark: Mark
) -> Iterator[Finding]:
    zone = candidate.zone
    what = f"{owner} SRV {srv.text}"
    found = world.look_up(srv.target)
    also = frozenset({found.zone.origin} - {zone.origin}) if found.zone else frozenset[Name]()
    if found.verdict is Verdict.HOST:
        return
    if address := find_address(srv.target, zone.origin):
        yield make_finding(
            "CN012",
            mark,
            f"{what}: {address} is an IP address, but an SRV names a host; clients find none.",
            "name a host that has the address",
            owner=owner,
        )
    elif found.verdict in (Verdict.ALIAS, Verdict.REWRITTEN):
        yield make_finding(
            "CN009",
            mark,
            f"{what}: {srv.target} is an alias of {found.aliases[0].rdatas[0].text}; an SRV"
            " must name a host with an address of its own, and clients may not follow.",
            "name the host itself, or replace the alias by A and AAAA records",
            owner=owner,
            related=((found.aliases[0].mark, f"{srv.target} is an alias"),),
            also=also,
        )
    elif found.verdict in (Verdict.MISSING, Verdict.BARE):
        guess = closest_host(found.zone or zone, srv.target)
        yield make_finding(
            "SR001",
            mark,
            f"{what}: {srv.target} has no address; clients that are sent there fail.",
            f"add an A or AAAA record for {srv.target}"
            + (f", or write {guess}" if guess else ""),
            owner=owner,
            also=also,
        )
