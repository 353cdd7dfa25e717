"""The SOA and NS that a zone must have, and the zones that are delegated from it."""

import ipaddress
from collections.abc import Iterator

from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.validator.hostnames import find_address
from zoneserver.validator.suggest import closest_host
from zoneserver.validator.world import Candidate, Target, Verdict, World
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone


def check_apex(candidate: Candidate, world: World) -> Iterator[Finding]:
    """NS003: the zone names its own nameservers."""
    origin = candidate.zone.origin
    servers = candidate.zone.apex.find(rtypes.NS)
    if servers is None and origin not in candidate.source.unreadable:
        yield make_finding(
            "NS003",
            candidate.start,
            f"{origin} has no NS at its apex; resolvers drop the zone, and its mail bounces.",
            "name at least two nameservers at the apex",
            owner=origin,
        )


def check_nameservers(candidate: Candidate, world: World) -> Iterator[Finding]:
    """NS004-NS008: where each NS points, at the apex and at every delegation."""
    zone = candidate.zone
    for node in zone.nodes.values():
        ns = node.find(rtypes.NS)
        if ns is None or node.cover is not None:
            continue
        for rdata, mark in zip(ns.rdatas, ns.marks, strict=True):
            if rdata.points_to is not None:
                yield from _check_nameserver(zone, world, node, rdata.points_to, mark)
    apex = zone.apex.find(rtypes.NS)
    if apex is not None:
        yield from _check_redundancy(apex, world)


def check_below_cuts(candidate: Candidate, world: World) -> Iterator[Finding]:
    """NS010: data at or below a zone cut that is no glue, and so never answered."""
    zone = candidate.zone
    cuts = [node for node in zone.nodes.values() if node.is_cut and node.cover is None]
    servers = {
        rdata.points_to
        for node in zone.nodes.values()
        if (ns := node.find(rtypes.NS))
        for rdata in ns.rdatas
    }
    for node in _at_or_below(zone, cuts):
        cut = node if node.is_cut and node.cover is None else node.cover
        for rrset in node.rrsets:
            if cut is None or rrset.rtype in (rtypes.NSEC, rtypes.RRSIG):
                continue
            if node is cut and rrset.rtype in (rtypes.NS, rtypes.DS):
                continue
            if rrset.rtype in (rtypes.A, rtypes.AAAA) and node.owner in servers:
                continue
            kind = rtypes.mnemonic(rrset.rtype)
            lost = "; mail is not routed by it" if rrset.rtype == rtypes.MX else ""
            yield make_finding(
                "NS010",
                rrset.mark,
                f"{node.owner} {kind} is hidden by the delegation of {cut.owner}: only the"
                f" child zone's servers can answer it{lost}.",
                f"move it to the zone {cut.owner}, or delete the delegation",
                owner=node.owner,
                related=(
                    ((ns.mark, f"NS of {cut.owner}"),) if (ns := cut.find(rtypes.NS)) else ()
                ),
            )


def check_ds(candidate: Candidate, world: World) -> Iterator[Finding]:
    """NS014: a DS belongs beside the NS of a delegation."""
    for node in candidate.zone.nodes.values():
        ds = node.find(rtypes.DS)
        if ds is None or (node.is_cut and node.owner != candidate.zone.origin):
            continue
        place = "the apex" if node.owner == candidate.zone.origin else "a name without NS"
        yield make_finding(
            "NS014",
            ds.mark,
            f"{node.owner} has a DS at {place}: it vouches for a child zone that is not there.",
            "add the delegation's NS, or delete the DS",
            owner=node.owner,
        )


def _check_nameserver(
    zone: Zone, world: World, node: Node, target: Name, mark: Mark
) -> Iterator[Finding]:
    """One NS of the apex or of a delegation."""
    owner = node.owner
    whose = "the zone" if owner == zone.origin else f"the delegated zone {owner}"
    if address := find_address(target, zone.origin):
        reason = (
            f"{address} is an IP address, but an NS names a host; no resolver finds {whose}."
        )
        fix = f"write the server's name, and give it the address with an A record: {address}"
        yield make_finding("NS005", mark, f"{owner} NS {target}: {reason}", fix, owner=owner)
        return
    found = world.look_up(target)
    also = frozenset({found.zone.origin} - {zone.origin}) if found.zone else frozenset[Name]()
    if found.verdict in (Verdict.ALIAS, Verdict.REWRITTEN):
        yield make_finding(
            "NS004",
            mark,
            f"{owner} NS {target}: {target} is an alias of {found.aliases[0].rdatas[0].text};"
            f" resolvers need an address and may fail to reach {whose}.",
            "name the host itself, or replace the alias by A and AAAA records",
            owner=owner,
            related=((found.aliases[0].mark, f"{target} is an alias"),),
            also=also,
        )
    elif found.verdict in (Verdict.MISSING, Verdict.BARE):
        guess = closest_host(found.zone or zone, target)
        yield make_finding(
            "NS006",
            mark,
            f"{owner} NS {target}: {target} has no address; resolvers cannot ask it for"
            f" {whose}.",
            f"add an A or AAAA record for {target}" + (f", or write {guess}" if guess else ""),
            owner=owner,
            also=also,
        )
    elif node.is_cut and owner != zone.origin and target.is_below(owner):
        yield from _check_glue(zone, found, node, target, mark)


def _check_glue(
    zone: Zone, found: Target, cut: Node, target: Name, mark: Mark
) -> Iterator[Finding]:
    """A server inside the zone it serves is found by its glue alone (RFC 9471 2.1)."""
    glue = zone.find(target)
    if glue is None or not (glue.find(rtypes.A) or glue.find(rtypes.AAAA)):
        yield make_finding(
            "NS007",
            mark,
            f"{cut.owner} NS {target}: the server is inside the zone it serves, and there is no"
            f" address for it here; nobody can reach {cut.owner}, and its mail bounces.",
            f"add an A or AAAA record for {target} in this file",
            owner=cut.owner,
        )


def _check_redundancy(ns: RRset, world: World) -> Iterator[Finding]:
    """NS008: more than one server, on more than one network (RFC 2182 5)."""
    if len(ns.rdatas) == 1:
        yield make_finding(
            "NS008",
            ns.mark,
            f"{ns.owner} has one nameserver; while it is down the zone is gone, and mail"
            " waits.",
            "name a second one on another network",
            owner=ns.owner,
        )
        return
    targets = [world.look_up(rdata.points_to) for rdata in ns.rdatas if rdata.points_to]
    networks = {
        str(ipaddress.ip_network((address.wire, 24), strict=False))
        for target in targets
        for address in target.address_rdatas
        if len(address.wire) == 4
    }
    on_ipv4 = all(any(rrset.rtype == rtypes.A for rrset in each.addresses) for each in targets)
    if len(networks) == 1 and on_ipv4:
        yield make_finding(
            "NS008",
            ns.mark,
            f"all nameservers of {ns.owner} are in {next(iter(networks))}: one cut line takes"
            " them all.",
            "put one on another network",
            level=Level.HINT,
            owner=ns.owner,
        )


def _at_or_below(zone: Zone, cuts: list[Node]) -> Iterator[Node]:
    """The nodes that a zone cut hides, the cuts included."""
    if cuts:
        for node in zone.nodes.values():
            if (node.cover is not None and node.cover.is_cut) or (
                node.is_cut and not node.cover
            ):
                yield node
