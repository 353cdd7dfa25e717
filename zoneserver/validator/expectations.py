"""Names that seem to take mail, by what else they publish, and the route that is missing."""

from collections.abc import Iterator

from zoneserver.engine.answer import Outcome
from zoneserver.engine.solve import solve
from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA
from zoneserver.validator.policy.texts import Kind, PolicyText, read_texts
from zoneserver.validator.world import Candidate, Verdict, World
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

# RFC 6186 3.3 and RFC 8314 5.1: how a mail client finds its servers.
_CLIENT_SERVICES = {"_submissions._tcp": 465, "_imaps._tcp": 993}


def check_null_routes(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX009: a name that takes no mail, and yet sends some (RFC 7505 4.2)."""
    for route in world.routes(candidate.zone):
        if not route.is_null:
            continue
        node = candidate.zone.find(route.owner)
        if node is not None and (spf := _spf(node)) and _authorises(spf):
            yield make_finding(
                "MX009",
                route.hops[0].mark,
                f"{route.owner} takes no mail (null MX), but its SPF authorises senders: mail"
                " from it may be refused, because its bounces have nowhere to go.",
                'write "v=spf1 -all", or a real MX',
                owner=route.owner,
                related=((spf.mark, f"TXT {spf.text}"),),
            )
        elif node is not None and not (node.find(rtypes.A) or node.find(rtypes.AAAA)):
            yield make_finding(
                "MX009",
                route.hops[0].mark,
                f"{route.owner} has a null MX and no address: mail for it fails without that,"
                " too.",
                "nothing; it states the intent",
                level=Level.HINT,
                owner=route.owner,
            )


def check_missing_routes(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX025: mail for a name goes to the web host, for want of an MX (RFC 5321 5.1)."""
    zone = candidate.zone
    for owner, policy in _mail_domains(zone).items():
        node = zone.find(owner)
        if node is None or node.cover is not None or node.is_cut or world.is_unreadable(owner):
            continue
        address = node.find(rtypes.A) or node.find(rtypes.AAAA)
        if address is None or node.find(rtypes.MX):
            continue
        spf = _spf(node)
        sign = (spf.mark, f"TXT {spf.text}") if spf and _authorises(spf) else policy
        if sign is None and node is not zone.apex:
            continue
        host = address.rdatas[0].text
        yield make_finding(
            "MX025",
            address.mark,
            f"{owner} has no MX, so mail for user@{str(owner).rstrip('.')} goes to {host}, the"
            " host of the name itself.",
            'add an MX, or "MX 0 ." if it takes no mail',
            level=Level.WARNING if sign else Level.HINT,
            owner=owner,
            related=(sign,) if sign else (),
        )


def check_postmaster(candidate: Candidate, world: World) -> Iterator[Finding]:
    """NS018: the mailbox of the SOA is the one that people write to when all else fails."""
    soa = candidate.zone.soa
    if soa is None or not isinstance(soa.rdatas[0], SOA):
        return
    rname = soa.rdatas[0].rname
    # A mailbox that nobody wrote is one that nobody relies on.
    if len(rname.labels) < 2 or candidate.source.default_rname:
        return
    fault = mailless(rname.parent, world)
    if fault:
        yield make_finding(
            "NS018",
            soa.mark,
            f"the SOA names the mailbox {rname}, but {rname.parent} {fault}: nobody can report"
            " a fault of this zone.",
            "name a mailbox that is read",
            owner=soa.owner,
        )


def check_client_settings(candidate: Candidate, world: World) -> Iterator[Finding]:
    """SR003: records by which mail clients find submission and IMAP by themselves."""
    zone = candidate.zone
    for route in world.routes(candidate.zone):
        if route.owner != zone.origin or route.is_null:
            continue
        missing = [service for service in _CLIENT_SERVICES if not _offers(zone, service)]
        if missing:
            yield make_finding(
                "SR003",
                route.hops[0].mark,
                f"{zone.origin} has no SRV at {' and '.join(missing)}: mail clients must guess"
                " the names of its servers.",
                f"{missing[0]} SRV 0 1 {_CLIENT_SERVICES[missing[0]]} <host>.",
                owner=route.owner,
            )


def _offers(zone: Zone, service: str) -> bool:
    try:
        owner = Name.parse(service, zone.origin)
    except NameSyntaxError:
        return True  # there is no room for such a name
    return solve(zone, owner, rtypes.SRV).outcome is Outcome.ANSWER


def mailless(domain: Name, world: World) -> str:
    """Why a domain of ours takes no mail, in a few words; empty where it does."""
    zone = world.zone_of(domain)
    if zone is None:
        return ""
    reply = solve(zone, domain, rtypes.MX)
    if reply.outcome is Outcome.NXDOMAIN:
        return "does not exist" if not world.is_unreadable(domain) else ""
    if reply.outcome is Outcome.ANSWER:
        targets = [rdata.points_to for rdata in reply.answer[-1].rdatas]
        if ROOT in targets:
            return "takes no mail (null MX)"
        bad = (Verdict.ALIAS, Verdict.REWRITTEN, Verdict.MISSING, Verdict.BARE)
        if all(target and world.look_up(target).verdict in bad for target in targets):
            return "has no MX that works"
    if reply.outcome is Outcome.NODATA and world.look_up(domain).verdict is Verdict.BARE:
        return "has neither an MX nor an address"
    return ""


def _mail_domains(zone: Zone) -> dict[Name, tuple[Mark, str] | None]:
    """The names that might be domains of mailboxes, with a policy that says so, if any.

    They are the apex and what has mail policy. A mail host that publishes SPF for its own
    greeting is no such name.
    """
    domains: dict[Name, tuple[Mark, str] | None] = {zone.origin: None}
    for node in zone.nodes.values():
        domain, sign = None, None
        if node.owner.key.startswith(b"\x06_dmarc"):
            domain = node.owner.parent
            for text in _texts(node):
                if text.kind is Kind.DMARC and text.seen and "rua=" in text.text.lower():
                    sign = text.mark, "DMARC reports are asked for"
        elif b"\x0a_domainkey" in node.owner.key:
            keys = node.owner.parent
            if keys.key.startswith(b"\x0a_domainkey"):
                domain = keys.parent
                if txt := node.find(rtypes.TXT):
                    sign = txt.mark, "a DKIM key"
        if domain is not None:
            domains[domain] = domains.get(domain) or sign
    return domains


def _spf(node: Node) -> PolicyText | None:
    """The SPF of a node, as receivers take it."""
    return next((text for text in _texts(node) if text.kind is Kind.SPF and text.seen), None)


def _authorises(spf: PolicyText) -> bool:
    """Whether an SPF lets anybody send; `v=spf1 -all` does not (RFC 7208 10.1.2)."""
    return spf.text.lower().split() != ["v=spf1", "-all"]


def _texts(node: Node) -> Iterator[PolicyText]:
    txt = node.find(rtypes.TXT)
    return read_texts(txt) if txt else iter(())
