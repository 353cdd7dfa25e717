"""The path of mail to one address: who is asked, what is found, and what breaks it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from zoneserver.findings import Finding, Level
from zoneserver.mail.address import MailAddress, parse_address
from zoneserver.mail.hosts import Certificate, HostAddress, find_addresses, find_certificate
from zoneserver.mail.policies import Policy, find_policies
from zoneserver.mail.route import Exchanger, Fate, Route, Router
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.validator.ranges import judge_address
from zoneserver.validator.world import World
from zoneserver.zone.zone import Zone

# Rules that are told once for a host, at the first domain that uses it.
_TOLD_ONCE = frozenset({"MX021", "MX022", "MX023", "MX029"})

# Rules that say nothing of the way of mail: delegation, SOA, services, CAA, waivers.
_OTHER_MATTERS = ("NS", "SR", "CA", "WV")


@dataclass(frozen=True, slots=True)
class Stop:
    """One host on the path: as an exchanger, with what is known of it and against it."""

    exchanger: Exchanger
    addresses: tuple[HostAddress, ...]
    certificate: Certificate | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class DeliveryPath:
    """What a sender does with mail to an address.

    There is no `route` to an address literal: no DNS is asked. `findings` concern the
    domain, those of one host are at its stop. `unfit` are zones on the path with an error,
    which the server does not load.
    """

    address: MailAddress
    route: Route | None = None
    stops: tuple[Stop, ...] = ()
    policies: tuple[Policy, ...] = ()
    findings: tuple[Finding, ...] = ()
    unfit: tuple[Name, ...] = ()

    @property
    def fate(self) -> Fate:
        """What becomes of the mail, as far as that can be known without asking anybody."""
        if self.route is not None:
            return self.route.fate
        judged = judge_address(self.address.literal.packed) if self.address.literal else None
        return Fate.BOUNCED if judged and judged[0] is Level.ERROR else Fate.UNKNOWN


def explain(world: World, findings: Sequence[Finding], address: str) -> DeliveryPath:
    """The path of mail to `user@domain`, to a domain or to a host (RFC 5321 5.1).

    `findings` are those of the zones in `world`. Raises NameSyntaxError for a text that is
    no address.
    """
    wanted = parse_address(address)
    if wanted.domain is None:
        return DeliveryPath(wanted)
    route = _forgive(Router(world).find(wanted.domain), findings)
    policies = find_policies(world, wanted.domain)
    owners = _owners(route, policies)
    charges = _Charges(world, findings, owners)
    stops = tuple(_stop(world, route, exchanger, charges) for exchanger in route.exchangers)
    told = {finding for stop in stops for finding in stop.findings}
    return DeliveryPath(
        wanted,
        route,
        stops,
        policies,
        tuple(finding for finding in charges.of_domain() if finding not in told),
        _unfit(route, findings),
    )


class _Charges:
    """Sorts findings by what they are about: this domain, or one of its hosts."""

    def __init__(self, world: World, findings: Iterable[Finding], owners: set[Name]) -> None:
        self._findings = [
            finding for finding in findings if not finding.code.startswith(_OTHER_MATTERS)
        ]
        self._owners = owners
        self._world = world

    def of_domain(self) -> list[Finding]:
        """What concerns the mail of the domain at one of the names it goes by."""
        return [finding for finding in self._findings if finding.owner in self._owners]

    def of_host(self, exchanger: Exchanger, certificate: Certificate | None) -> list[Finding]:
        """What concerns a host: by its MX here, by its own name, or told elsewhere once."""
        host = exchanger.target.name
        names = {host, certificate.owner if certificate else host} - self._owners
        found = [
            finding
            for finding in self._findings
            if finding.owner in names
            or (finding.mark == exchanger.mark and finding.owner in self._owners)
        ]
        codes = {finding.code for finding in found}
        for finding in self._findings:
            once = finding.code in _TOLD_ONCE and finding.code not in codes
            if once and self._exchange(finding) == host:
                found.append(finding)
                codes.add(finding.code)
        return found

    def _exchange(self, finding: Finding) -> Name | None:
        """The host that the MX names which a finding marks."""
        owner = finding.owner
        zone = self._world.zones.find(finding.origin) if finding.origin else None
        node = zone.find(owner) if owner and isinstance(zone, Zone) else None
        rrset = node.find(rtypes.MX) if node else None
        marked = zip(rrset.marks, rrset.rdatas, strict=True) if rrset else ()
        return next((rdata.points_to for mark, rdata in marked if mark == finding.mark), None)


def _stop(world: World, route: Route, exchanger: Exchanger, charges: _Charges) -> Stop:
    host = exchanger.target
    zones = [zone for zone in (route.reply.zone, host.zone) if zone is not None]
    certificate = find_certificate(world, host.name, zones)
    findings = charges.of_host(exchanger, certificate)
    return Stop(exchanger, find_addresses(world, exchanger), certificate, tuple(findings))


def _forgive(route: Route, findings: Iterable[Finding]) -> Route:
    """The route without the faults that a waiver lifts."""
    waived = {(finding.mark, finding.code) for finding in findings if finding.waived}
    exchangers = (
        each.without(frozenset(code for mark, code in waived if mark == each.mark))
        for each in route.exchangers
    )
    return replace(route, exchangers=tuple(exchangers))


def _owners(route: Route, policies: Iterable[Policy]) -> set[Name]:
    """The names whose findings concern the domain's mail: its own, aliases, policies."""
    owners = {route.domain, route.reply.name, *(rrset.owner for rrset in route.reply.aliases)}
    if route.reply.wildcard:
        owners.add(route.reply.wildcard)
    return owners | {policy.owner for policy in policies}


def _unfit(route: Route, findings: Iterable[Finding]) -> tuple[Name, ...]:
    """The zones on the path that an error keeps from being loaded."""
    zones = [route.reply.zone, *(each.target.zone for each in route.exchangers)]
    origins = dict.fromkeys(zone.origin for zone in zones if zone is not None)
    blocked = {name for each in findings if each.blocks for name in (each.origin, *each.also)}
    return tuple(origin for origin in origins if origin in blocked)
