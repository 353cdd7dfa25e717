"""Where the mail of a name goes, all its exchangers taken together."""

import ipaddress
from collections.abc import Iterator

from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.validator.known import provider_of
from zoneserver.validator.world import Candidate, Hop, Route, Verdict, World, visible_rrsets

_MIN_TTL, _MAX_TTL = 60, 2 * 86400  # seconds
_MAX_EXCHANGERS = 10  # RFC 7208 4.6.4: SPF's mx gives up beyond
_MUCH_SHORTER = 10  # times

_ARPA = Name.parse("arpa.")


def check_order(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX015-MX017: MX records that say nothing, or the reverse of what was meant."""
    zone = candidate.zone
    apex_has_mx = zone.apex.find(rtypes.MX) is not None
    for route in world.routes(candidate.zone):
        if route.is_null:
            continue
        first = route.hops[0]
        if len(route.hops) == 1 and first.mx.exchange == route.owner:
            yield _about(
                route,
                first,
                "MX015",
                "the same as no MX at all (senders then try the name itself); harmless",
                "nothing; it states the intent",
            )
        if not apex_has_mx and any(hop.mx.exchange == zone.origin for hop in route.hops):
            yield _about(
                route,
                first,
                "MX016",
                f"this routes mail for user@{_bare(route.owner)} to {zone.origin}, and leaves"
                f" {zone.origin} itself without an MX; it looks written backwards",
                f"for user@{_bare(zone.origin)}, write at {zone.origin}: MX 10 {route.owner}",
            )
        yield from _check_own_last(zone.origin, route)


def check_redundancy(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX019, MX032: several exchangers that are one machine, or two providers."""
    judged: set[frozenset[bytes]] = set()
    for route in world.routes(candidate.zone):
        # Many names share one set of exchangers; what it lacks is said once.
        exchangers = frozenset(hop.mx.exchange.key for hop in route.hops)
        if len(exchangers) < 2 or exchangers in judged:
            continue
        judged.add(exchangers)
        hops = list({hop.mx.exchange.key: hop for hop in route.hops}.values())
        foreign = [hop for hop in hops if hop.target.verdict is Verdict.FOREIGN]
        providers = {name for hop in foreign if (name := provider_of(hop.mx.exchange))}
        if len(providers) > 1:
            yield _about(
                route,
                hops[-1],
                "MX032",
                f"the exchangers belong to {' and '.join(sorted(providers))}: part of the mail"
                " lands in the other provider's mailboxes",
                "keep the exchangers of one provider",
            )
        if all(hop.target.verdict is Verdict.HOST for hop in hops):
            yield from _check_shared(route, hops)


def check_fallback(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX018: a single MX. Off by default, because one good MX is a fine set-up."""
    for route in world.routes(candidate.zone):
        if len(route.hops) == 1 and not route.is_null:
            yield _about(
                route,
                route.hops[0],
                "MX018",
                f"while {route.hops[0].mx.exchange} is down, mail waits with its senders, for"
                " some days at most",
                "nothing, if it may wait; else add a second MX on another network",
            )


def check_times(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX027: TTLs that cost look-ups, or that keep a mistake for days."""
    for route in world.routes(candidate.zone):
        ttl = route.rrset.ttl
        if not _MIN_TTL <= ttl <= _MAX_TTL:
            yield _about(route, route.hops[0], "MX027", *_ttl_advice(f"the TTL {ttl}", ttl))
        for hop in route.hops:
            for addresses in hop.target.addresses:
                if not _MIN_TTL <= addresses.ttl <= _MAX_TTL:
                    what = f"{hop.target.name} has an address with TTL {addresses.ttl}"
                    yield _about(route, hop, "MX027", *_ttl_advice(what, addresses.ttl))
                elif addresses.ttl * _MUCH_SHORTER < ttl:
                    yield _about(
                        route,
                        hop,
                        "MX027",
                        f"the address of {hop.target.name} has TTL {addresses.ttl}, the MX"
                        f" {ttl}",
                        "give both the same TTL",
                        level=Level.HINT,
                    )


def check_size(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX028, MX030: too many exchangers; exchangers where nobody has a mailbox."""
    for route in world.routes(candidate.zone):
        if len(route.hops) > _MAX_EXCHANGERS:
            yield _about(
                route,
                route.hops[_MAX_EXCHANGERS],
                "MX028",
                f"{len(route.hops)} exchangers; common senders try about five, and SPF's mx"
                f" fails beyond {_MAX_EXCHANGERS}",
                "keep the few that matter",
            )
        if not route.is_null and (len(route.owner.labels) == 1 or route.owner.is_below(_ARPA)):
            yield _about(
                route, route.hops[0], "MX030", f"nobody mails to {route.owner}", "delete the MX"
            )


def check_reach(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX023: a target outside all our zones cannot be judged without asking."""
    told = {ROOT}
    for route in world.routes(candidate.zone):
        for hop in route.hops:
            if hop.target.verdict is Verdict.FOREIGN and hop.mx.exchange not in told:
                told.add(hop.mx.exchange)
                yield _about(
                    route,
                    hop,
                    "MX023",
                    f"{hop.mx.exchange} is outside the zones served here; it was not checked",
                    "check it with: zoneserver check --online",
                )


def check_wildcards(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX024: a wildcard MX does not cover the names that exist (RFC 4592 2.2.1)."""
    zone = candidate.zone
    servers = {
        rdata.points_to
        for rtype in (rtypes.MX, rtypes.NS)
        for rrset in visible_rrsets(zone, rtype)
        for rdata in rrset.rdatas
    }
    for route in world.routes(candidate.zone):
        if not route.owner.is_wildcard:
            continue
        above = route.owner.parent
        missed = sorted(
            (
                node.owner
                for node in zone.nodes.values()
                if node.owner.is_below(above)
                and node.owner not in (above, *servers)
                and not node.owner.is_wildcard
                and node.cover is None
                and not node.is_cut
                and not node.find(rtypes.MX)
                and (node.find(rtypes.A) or node.find(rtypes.AAAA))
            ),
            key=Name.canonical,
        )
        if missed:
            names = ", ".join(str(name) for name in missed[:5])
            more = f" and {len(missed) - 5} more" if len(missed) > 5 else ""
            yield _about(
                route,
                route.hops[0],
                "MX024",
                f"it does not cover {names}{more}: a wildcard speaks only for names that do not"
                " exist, so their mail goes to the hosts themselves",
                'repeat the MX there, or write "MX 0 ." where no mail is taken',
            )


def _check_own_last(origin: Name, route: Route) -> Iterator[Finding]:
    """MX017: one's own host behind somebody else's."""
    first = route.hops[0]
    if len(route.hops) == 1 or first.mx.exchange.is_below(origin):
        return
    for hop in route.hops:
        if hop.mx.preference > first.mx.preference and hop.mx.exchange.is_below(origin):
            itself = hop.mx.exchange == route.owner
            yield _about(
                route,
                hop,
                "MX017",
                f"senders try {first.mx.exchange} first, because its preference"
                f" {first.mx.preference} is lower; your own {hop.mx.exchange} is the fallback",
                "if yours is the real one, give it the lowest number: yours 5, the backup 10",
                level=Level.WARNING if itself else Level.HINT,
                related=((first.mark, f"MX {first.mx.text}"),),
            )
            return


def _check_shared(route: Route, hops: list[Hop]) -> Iterator[Finding]:
    """MX019: exchangers that go down together."""
    sets = [{rdata.address for rdata in hop.target.address_rdatas} for hop in hops]
    everything = set().union(*sets)
    # One network is a /24 of IPv4, or a /48 of IPv6; several addresses may share it.
    networks = {octets[: 3 if len(octets) == 4 else 6] for octets in everything}
    same = all(each == everything for each in sets)
    if not same and (len(networks) > 1 or max(map(len, everything)) > 4):
        return
    names = " and ".join(str(hop.mx.exchange) for hop in hops)
    if same:
        address = ipaddress.ip_address(min(everything, key=len))
        yield _about(
            route,
            hops[-1],
            "MX019",
            f"{names} are both {address}: no redundancy, one machine under two names",
            "put the backup on another machine in another network, or delete it",
        )
        return
    network = ipaddress.ip_network((min(everything), 24), strict=False)
    yield _about(
        route,
        hops[-1],
        "MX019",
        f"{names} are all in {network}: one cut line takes them all",
        "put the backup in another network",
        level=Level.HINT,
    )


def _about(
    route: Route,
    hop: Hop,
    code: str,
    reason: str,
    fix: str,
    *,
    level: Level | None = None,
    related: tuple[tuple[Mark, str], ...] = (),
) -> Finding:
    return make_finding(
        code,
        hop.mark,
        f"{route.owner} MX {hop.mx.text}: {reason}.",
        fix,
        level=level,
        owner=route.owner,
        related=related,
    )


def _ttl_advice(what: str, ttl: int) -> tuple[str, str]:
    if ttl < _MIN_TTL:
        return f"{what} is under a minute: every message costs a look-up", "write 3600"
    return f"{what} is over two days: a move takes that long to be seen", "write 3600 to 86400"


def _bare(name: Name) -> str:
    return str(name).rstrip(".")
