"""CNAME and DNAME: what may stand beside or below them, and where they lead."""

from collections.abc import Iterator

from zoneserver.findings import Finding, Level, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.validator.hostnames import find_address
from zoneserver.validator.world import Candidate, Verdict, World, visible_rrsets
from zoneserver.zone.node import Node

# What DNSSEC puts beside a CNAME (RFC 4034 3 and 4; RFC 2181 10.1).
_MAY_ACCOMPANY = frozenset({rtypes.RRSIG, rtypes.NSEC, rtypes.CNAME})
_LONG_CHAIN = 8
_MAX_FOLLOWED = 32


def check_company(candidate: Candidate, world: World) -> Iterator[Finding]:
    """CN001-CN003, CN008: a CNAME and a DNAME stand alone, and once."""
    origin = candidate.zone.origin
    for node in candidate.zone.nodes.values():
        cname, dname = node.find(rtypes.CNAME), node.find(rtypes.DNAME)
        if cname is not None and node.owner == origin:
            yield make_finding(
                "CN002",
                cname.mark,
                f"{origin} has a CNAME: it would hide the zone's SOA, NS and MX, and all its"
                " mail would be lost.",
                "write A and AAAA records with the addresses of "
                f"{cname.rdatas[0].text} instead",
                owner=origin,
            )
        elif cname is not None:
            yield from _check_cname(node, cname)
        if dname is not None:
            yield from _check_dname(node, dname, origin)


def check_chains(candidate: Candidate, world: World) -> Iterator[Finding]:
    """CN004-CN006, CN012: where a CNAME leads in the end."""
    origin = candidate.zone.origin
    looping: set[Name] = set()
    for cname in visible_rrsets(candidate.zone, rtypes.CNAME):
        target = cname.rdatas[0].points_to
        if target is None:
            continue
        if address := find_address(target, origin):
            if world.look_up(target).verdict is not Verdict.HOST:
                yield make_finding(
                    "CN012",
                    cname.mark,
                    f"{cname.owner} CNAME {target}: {address} is an IP address, but a CNAME"
                    " names a host; nobody finds the name.",
                    f"write an A or AAAA record with {address}",
                    owner=cname.owner,
                )
            continue
        yield from _check_chain(cname, world, looping)


def check_dnames(candidate: Candidate, world: World) -> Iterator[Finding]:
    """CN007: names below a DNAME are rewritten, so their data is never answered."""
    hashed: list[Finding] = []
    for node in candidate.zone.nodes.values():
        cover = node.cover
        if cover is None or cover.is_cut or not node.rrsets:
            continue
        dname = cover.find(rtypes.DNAME)
        if dname is None:
            continue
        reason = (
            f"{node.owner} is below the DNAME of {cover.owner}, which rewrites it: its"
            f" {_types(node.rrsets)} would never be answered."
        )
        fix = "delete it, or the DNAME"
        if node.is_hashed:
            reason = (
                f"the NSEC3 of {candidate.zone.origin} are below the DNAME of {cover.owner}:"
                " some secondaries take no such zone."
            )
            fix = "prove by NSEC: leave nsec3 out of $dnssec"
        finding = make_finding(
            "CN007",
            node.rrsets[0].mark,
            reason,
            fix,
            owner=node.owner,
            related=((dname.mark, f"DNAME {dname.rdatas[0].text}"),),
        )
        if node.is_hashed:
            hashed.append(finding)
        else:
            yield finding
    yield from hashed[:1]  # they are below it all, and for one reason


def _check_cname(node: Node, cname: RRset) -> Iterator[Finding]:
    others = [each for each in node.rrsets if each.rtype not in _MAY_ACCOMPANY]
    # A DNAME beside a CNAME has a rule of its own, CN008.
    others = [each for each in others if each.rtype != rtypes.DNAME]
    if others:
        has_mail = any(each.rtype == rtypes.MX for each in others)
        lost = (
            f"mail for {node.owner} would be lost" if has_mail else "only one of them can stand"
        )
        yield make_finding(
            "CN001",
            cname.mark,
            f"{node.owner} has a CNAME and {_types(others)}: {lost}.",
            "replace the CNAME by A and AAAA records, or move the rest to"
            f" {cname.rdatas[0].text}",
            owner=node.owner,
            related=tuple((each.mark, rtypes.mnemonic(each.rtype)) for each in others),
        )
    if len(cname.rdatas) > 1:
        yield make_finding(
            "CN003",
            cname.marks[1],
            f"{node.owner} has {len(cname.rdatas)} CNAMEs; an alias has one canonical name.",
            "keep one, or write A and AAAA records",
            owner=node.owner,
            related=((cname.mark, f"CNAME {cname.rdatas[0].text}"),),
        )


def _check_dname(node: Node, dname: RRset, origin: Name) -> Iterator[Finding]:
    clashes = [
        each
        for each in node.rrsets
        if each.rtype == rtypes.CNAME or (each.rtype == rtypes.NS and node.owner != origin)
    ]
    if len(dname.rdatas) > 1 or clashes:
        beside = _types(clashes) if clashes else "another DNAME"
        yield make_finding(
            "CN008",
            dname.mark,
            f"{node.owner} has a DNAME beside {beside}: resolvers disagree on what it says.",
            "keep one of them",
            owner=node.owner,
            related=tuple((each.mark, rtypes.mnemonic(each.rtype)) for each in clashes),
        )


def _check_chain(cname: RRset, world: World, looping: set[Name]) -> Iterator[Finding]:
    """Follow one CNAME through all our zones to its end."""
    path = [cname.owner]
    name = cname.rdatas[0].points_to
    while name is not None and name not in path and len(path) < _MAX_FOLLOWED:
        path.append(name)
        name = world.look_up(name).next_hop
    if name is not None and name in path:
        # Every member of a loop sees it; one finding is enough.
        if cname.owner == name and name not in looping:
            looping |= set(path)
            yield make_finding(
                "CN004",
                cname.mark,
                f"{' -> '.join(str(hop) for hop in [*path, name])}: a CNAME loop; none of these"
                " names can be resolved.",
                "let one of them end at a host with an address",
                owner=cname.owner,
            )
        return
    yield from _check_end(cname, path, world)


def _check_end(cname: RRset, path: list[Name], world: World) -> Iterator[Finding]:
    hops = len(path) - 1
    end = world.look_up(path[-1])
    if end.verdict is Verdict.MISSING:
        yield make_finding(
            "CN006",
            cname.mark,
            f"{cname.owner} leads to {end.name}, which does not exist; nobody reaches it.",
            f"add {end.name}, or correct the CNAME",
            owner=cname.owner,
        )
    if hops > 1:
        yield make_finding(
            "CN005",
            cname.mark,
            f"{' -> '.join(str(hop) for hop in path)}: {hops} aliases in a row; each costs a"
            " look-up, and some clients give up.",
            f"write CNAME {end.name}",
            level=Level.WARNING if hops >= _LONG_CHAIN else Level.HINT,
            owner=cname.owner,
        )


def _types(rrsets: list[RRset] | tuple[RRset, ...]) -> str:
    return ", ".join(rtypes.mnemonic(rrset.rtype) for rrset in rrsets)
