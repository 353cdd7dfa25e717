"""What the rules look at: the candidates, and what all our zones together say of a name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import TypeVar, cast

from zoneserver.engine.answer import Answer, Outcome
from zoneserver.engine.solve import find_addresses, solve
from zoneserver.findings import Mark
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import AAAA, MX, A
from zoneserver.records.rrset import RRset
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet
from zoneserver.zonefile.source import ZoneSource


@dataclass(frozen=True, slots=True)
class Candidate:
    """One zone that wants to be served: as written, and as built."""

    source: ZoneSource
    zone: Zone

    @property
    def start(self) -> Mark:
        """Where a finding about the zone as a whole points: the top of its first file."""
        marks = [record.mark for record in self.source.records[:1]]
        marks += [finding.mark for finding in self.source.findings[:1]]
        return Mark(marks[0].file if marks else str(self.zone.origin), 1, 1)


Index = TypeVar("Index")

_ALIASES = frozenset({rtypes.CNAME, rtypes.DNAME})


class Verdict(Enum):
    """What a host name turns out to be when a sender of mail looks it up."""

    FOREIGN = "outside every zone of ours"
    DELEGATED = "below a zone cut"
    ALIAS = "a CNAME"
    REWRITTEN = "below a DNAME"
    HOST = "a host with an address"
    BARE = "there, without an address"
    MISSING = "not there"
    UNREADABLE = "written, but in a way that could not be read"


@dataclass(frozen=True, slots=True)
class Target:
    """The verdict on a name, the zone that gave it, and what that zone says.

    `aliases` are the CNAMEs and DNAMEs that it follows, in order.
    """

    name: Name
    verdict: Verdict
    zone: Zone | None = None
    aliases: tuple[RRset, ...] = ()
    addresses: tuple[RRset, ...] = ()

    @property
    def next_hop(self) -> Name | None:
        """The name that an alias leads to, one hop on."""
        hop = next((rrset for rrset in self.aliases if rrset.rtype == rtypes.CNAME), None)
        return hop.rdatas[0].points_to if hop else None

    @property
    def address_rdatas(self) -> tuple[A | AAAA, ...]:
        """Every address of the host."""
        return tuple(
            rdata
            for rrset in self.addresses
            for rdata in rrset.rdatas
            if isinstance(rdata, A | AAAA)
        )


@dataclass(frozen=True, slots=True)
class Hop:
    """One exchanger of a route."""

    mx: MX
    mark: Mark
    target: Target


def _preference(hop: Hop) -> int:
    return hop.mx.preference


@dataclass(frozen=True, slots=True)
class Route:
    """The exchangers of one name in the order that senders try them (RFC 5321 5.1)."""

    rrset: RRset
    hops: tuple[Hop, ...]

    @property
    def owner(self) -> Name:
        """The name whose mail it is."""
        return self.rrset.owner

    @property
    def is_null(self) -> bool:
        """Whether it says that no mail is taken (RFC 7505 3)."""
        first = self.hops[0].mx.exchange  # the rest is looked at for a root only
        return first == ROOT and all(hop.mx.exchange == ROOT for hop in self.hops)


@dataclass(frozen=True, slots=True)
class World:
    """All candidates at once, so that a rule sees from one zone into another.

    `today` is the day of the judgement.
    """

    zones: ZoneSet
    unreadable: frozenset[Name]
    today: date = date.max
    _targets: dict[bytes, Target] = field(default_factory=dict)
    _routes: dict[Name, tuple[Route, ...]] = field(default_factory=dict)
    _exchangers: dict[Name, dict[Name, set[Name]]] = field(default_factory=dict)
    _indexes: dict[Callable[[ZoneSet], object], object] = field(default_factory=dict)

    def zone_of(self, name: Name) -> Zone | None:
        """The zone of ours that has the say about a name."""
        zone = self.zones.find(name)
        return zone if isinstance(zone, Zone) else None

    def index(self, make: Callable[[ZoneSet], Index]) -> Index:
        """What `make` gathers from all our zones, at the first call."""
        if make not in self._indexes:
            self._indexes[make] = make(self.zones)
        return cast("Index", self._indexes[make])

    def look_up(self, name: Name) -> Target:
        """What a sender is told about a host: the order is that of the catalogue."""
        known = self._targets.get(name.key)
        if known is None:
            known = self._targets[name.key] = self._judge(name)
        return known

    def routes(self, zone: Zone) -> tuple[Route, ...]:
        """The route of every name of a zone that has an MX."""
        known = self._routes.get(zone.origin)
        if known is None:
            found = visible_rrsets(zone, rtypes.MX)
            known = self._routes[zone.origin] = tuple(self._route(rrset) for rrset in found)
        return known

    def exchangers(self, zone: Zone) -> Mapping[Name, set[Name]]:
        """The hosts of a zone that take mail, each with the origins of the zones they serve."""
        if not self._exchangers:
            for each in self.zones:
                for route in self.routes(each) if isinstance(each, Zone) else ():
                    for hop in route.hops:
                        if hop.target.zone is not None:
                            hosts = self._exchangers.setdefault(hop.target.zone.origin, {})
                            hosts.setdefault(hop.target.name, set()).add(each.origin)
        return self._exchangers.get(zone.origin, {})

    def _route(self, rrset: RRset) -> Route:
        hops = [
            Hop(rdata, mark, self.look_up(rdata.exchange))
            for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True)
            if isinstance(rdata, MX)
        ]
        hops.sort(key=_preference)
        return Route(rrset, tuple(hops))

    def _judge(self, name: Name) -> Target:
        zone = self.zone_of(name)
        if zone is None:
            return Target(name, Verdict.FOREIGN)
        if addresses := find_addresses(zone, name):
            return Target(name, Verdict.HOST, zone, (), addresses)
        reply = solve(zone, name, rtypes.A)
        verdict = _verdict(reply)
        if name in self.unreadable and verdict in (Verdict.MISSING, Verdict.BARE):
            verdict = Verdict.UNREADABLE
        aliases = tuple(rrset for rrset in reply.answer if rrset.rtype in _ALIASES)
        return Target(name, verdict, zone, aliases)


def _verdict(reply: Answer) -> Verdict:
    """What a name without an address is."""
    if reply.answer:
        is_cname = reply.answer[0].rtype == rtypes.CNAME
        return Verdict.ALIAS if is_cname else Verdict.REWRITTEN
    if reply.outcome is Outcome.REFERRAL:
        return Verdict.DELEGATED
    return Verdict.MISSING if reply.outcome is Outcome.NXDOMAIN else Verdict.BARE


def visible_rrsets(zone: Zone, rtype: int) -> list[RRset]:
    """The RRsets of a type that the zone answers with: nothing below a cut or a DNAME."""
    return [
        rrset
        for node in zone.nodes.values()
        if node.cover is None and not node.is_cut and (rrset := node.find(rtype))
    ]
