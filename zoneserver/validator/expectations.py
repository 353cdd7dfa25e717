"""Names that seem to take mail, by what else they publish, and the route that is missing."""

from collections.abc import Iterator

from zoneserver.engine.answer import Outcome
from zoneserver.engine.solve import solve
from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA, TXT
from zoneserver.records.rrset import RRset
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
        if node is not None and (spf := _spf(node)) and _authorises(spf[0]):
            yield make_finding(
                "MX009",
                route.hops[0].mark,
                f"{route.owner} takes no mail (null MX), but its SPF authorises senders: mail"
                " from it may be refused, because its bounces have nowhere to go.",
                'write "v=spf1 -all", or a real MX',
                owner=route.owner,
                related=((spf[1], f"TXT {spf[0]}"),),
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
    for node in _mail_domains(zone):
        address = node.find(rtypes.A) or node.find(rtypes.AAAA)
        if address is None or node.find(rtypes.MX) or node.cover is not None or node.is_cut:
            continue
        if node.owner in world.unreadable:
            continue
        sign = _sign_of_mail(zone, node)
        if sign is None and node is not zone.apex:
            continue
        host = address.rdatas[0].text
        yield make_finding(
            "MX025",
            address.mark,
            f"{node.owner} has no MX, so mail for user@{str(node.owner).rstrip('.')} goes to"
            f" {host}, the host of the name itself.",
            'add an MX, or "MX 0 ." if it takes no mail',
            level=Level.WARNING if sign else Level.HINT,
            owner=node.owner,
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
        return "does not exist" if domain not in world.unreadable else ""
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


def _mail_domains(zone: Zone) -> Iterator[Node]:
    """The names that might be domains of mailboxes: the apex, and what has mail policy.

    A mail host that publishes SPF for its own greeting is no such name.
    """
    yield zone.apex
    owners: dict[Name, None] = {}
    for node in zone.nodes.values():
        labels = node.owner.labels
        if labels and labels[0].lower() == b"_dmarc":
            owners.setdefault(node.owner.parent)
        elif len(labels) > 1 and labels[1].lower() == b"_domainkey":
            owners.setdefault(node.owner.parent.parent)
    for owner in owners:
        node_or_none = zone.find(owner)
        if node_or_none is not None and owner != zone.origin:
            yield node_or_none


def _sign_of_mail(zone: Zone, node: Node) -> tuple[Mark, str] | None:
    """A record that declares that the name does mail."""
    spf = _spf(node)
    if spf and _authorises(spf[0]):
        return spf[1], f"TXT {spf[0]}"
    dmarc = _policy(zone, node.owner, b"_dmarc")
    if dmarc is not None:
        for text, mark in _texts(dmarc):
            if text.lower().startswith("v=dmarc1") and "rua=" in text.lower():
                return mark, "DMARC reports are asked for"
    keys = _policy(zone, node.owner, b"_domainkey")
    if keys is not None:
        for selector in zone.nodes.values():
            txt = selector.find(rtypes.TXT)
            if txt and selector.owner.parent == keys.owner:
                return txt.mark, "a DKIM key"
    return None


def _policy(zone: Zone, owner: Name, label: bytes) -> Node | None:
    try:
        return zone.find(owner.prefixed(label))
    except NameSyntaxError:
        return None


def _spf(node: Node) -> tuple[str, Mark] | None:
    """The SPF text of a node, and where it stands."""
    for text, mark in _texts(node):
        if text.lower() == "v=spf1" or text.lower().startswith("v=spf1 "):
            return text, mark
    return None


def _authorises(spf: str) -> bool:
    """Whether an SPF text lets anybody send; `v=spf1 -all` does not (RFC 7208 10.1.2)."""
    return spf.lower().split() != ["v=spf1", "-all"]


def _texts(node: Node) -> Iterator[tuple[str, Mark]]:
    txt: RRset | None = node.find(rtypes.TXT)
    if txt is not None:
        for rdata, mark in zip(txt.rdatas, txt.marks, strict=True):
            if isinstance(rdata, TXT):
                yield rdata.joined.decode("utf-8", "replace"), mark
