"""What the rules look at: a candidate, and what all our zones together say of a name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from typing import Protocol, TypeVar, cast

from zoneserver.engine.answer import Answer, Outcome
from zoneserver.engine.solve import find_addresses, solve
from zoneserver.findings import Mark
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import AAAA, MX, A
from zoneserver.records.rrset import RRset
from zoneserver.validator.references import Pointers, references_of
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet
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


class Zones(Protocol):
    """All our zones, to look names up in."""

    def find(self, name: Name, /) -> Zone | RefusedZone | None:
        """The zone whose origin is the longest at or above a name."""


@dataclass(frozen=True, slots=True)
class World:
    """What all our zones say, as it concerns one of them.

    `zones` are never walked: only `own`, the zone that is judged, may be. Without `own`,
    names are looked up on nobody's behalf. What the others say of names of `own` is in
    `pointers`. `today` is the day of the judgement. Worlds over the same zones may have
    `foreign` in common: the verdicts on names of others, by wire form. The zones `to_sign`
    have no signatures yet, and will have some when they are served.
    """

    zones: Zones
    pointers: Pointers = field(default_factory=Pointers)
    today: date = date.max
    own: Zone | None = None
    foreign: dict[bytes, Target] = field(default_factory=dict)
    to_sign: frozenset[Name] = frozenset()
    _targets: dict[bytes, Target] = field(default_factory=dict)
    _routes: dict[Name, tuple[Route, ...]] = field(default_factory=dict)
    _indexes: dict[Callable[[Zone], object], object] = field(default_factory=dict)
    _consulted: set[Name] = field(default_factory=set)
    _days: list[date] = field(default_factory=list)

    @property
    def consulted(self) -> frozenset[Name]:
        """The names that were looked up so far and are not `own`'s alone to answer for."""
        return frozenset(self._consulted)

    def holds_until(self, day: date) -> None:
        """Note that something that was found, or not, is to be looked at again after a day."""
        self._days.append(day)

    @property
    def days(self) -> Sequence[date]:
        """All such days."""
        return tuple(self._days)

    def zone_of(self, name: Name) -> Zone | None:
        """The zone of ours that has the say about a name."""
        zone = self._find(name)
        if self.own is not None and (zone is not self.own or _is_delegated(name, self.own)):
            self._consulted.add(name)
        return zone

    def is_unreadable(self, name: Name) -> bool:
        """Whether a record of a name is written, but in a way that could not be read."""
        self.zone_of(name)
        return name in self.pointers.unreadable

    def is_alias_target(self, name: Name) -> bool:
        """Whether an alias in any other zone of ours leads to a name."""
        self.zone_of(name)
        return name in self.pointers.aliases

    def index(self, make: Callable[[Zone], Index]) -> Index:
        """What `make` gathers from our own zone, at the first call."""
        assert self.own is not None
        if make not in self._indexes:
            self._indexes[make] = make(self.own)
        return cast("Index", self._indexes[make])

    def look_up(self, name: Name) -> Target:
        """What a sender is told about a host: the order is that of the catalogue."""
        known = self._targets.get(name.key)
        if known is None:
            known = self._targets[name.key] = self._judge(name)
            if known.zone is not self.own or known.verdict is Verdict.DELEGATED:
                self._consulted.add(name)
        return known

    def routes(self, zone: Zone) -> tuple[Route, ...]:
        """The route of every name of a zone that has an MX."""
        known = self._routes.get(zone.origin)
        if known is None:
            found = visible_rrsets(zone, rtypes.MX)
            known = self._routes[zone.origin] = tuple(self._route(rrset) for rrset in found)
        return known

    def exchangers(self, zone: Zone) -> Mapping[Name, set[Name]]:
        """The hosts of our own zone that take mail, with the origins of the zones they serve.

        Hosts that only other zones name come last.
        """
        hosts: dict[Name, set[Name]] = {}
        for route in self.routes(zone):
            for hop in route.hops:
                if hop.target.zone is zone:
                    hosts.setdefault(hop.target.name, set()).add(zone.origin)
        for name in self.pointers.exchanges.below(zone.origin):
            if self._find(name) is zone:
                node = zone.find(name)
                host = node.owner if node else name
                hosts.setdefault(host, set()).update(self.pointers.exchanges.origins(name))
        return hosts

    def _find(self, name: Name) -> Zone | None:
        zone, own = self.zones.find(name), self.own
        if zone is None or zone is own:
            return zone
        if own is not None and zone.origin == own.origin:
            return own  # the version that is judged, where another one stands for it
        return zone if isinstance(zone, Zone) else None

    def _route(self, rrset: RRset) -> Route:
        hops = [
            Hop(rdata, mark, self.look_up(rdata.exchange))
            for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True)
            if isinstance(rdata, MX)
        ]
        hops.sort(key=_preference)
        return Route(rrset, tuple(hops))

    def _judge(self, name: Name) -> Target:
        zone = self._find(name)
        if zone is None:
            return Target(name, Verdict.FOREIGN)
        if zone is self.own:
            return self._ask(name, zone)
        known = self.foreign.get(name.wire)
        if known is None:
            known = self.foreign[name.wire] = self._ask(name, zone)
        return known

    def _ask(self, name: Name, zone: Zone) -> Target:
        if addresses := find_addresses(zone, name):
            return Target(name, Verdict.HOST, zone, (), addresses)
        reply = solve(zone, name, rtypes.A)
        verdict = _verdict(reply)
        if verdict in (Verdict.MISSING, Verdict.BARE) and self.is_unreadable(name):
            verdict = Verdict.UNREADABLE
        aliases = tuple(rrset for rrset in reply.answer if rrset.rtype in _ALIASES)
        return Target(name, verdict, zone, aliases)


def world_of(candidates: Iterable[Candidate], unread: Iterable[Name] = ()) -> World:
    """The world that has these zones and no others; `unread` are zones that are not known."""
    pointers, zones, to_sign = Pointers(), [], set()
    for each in candidates:
        zones.append(each.zone)
        if each.source.dnssec is not None:
            to_sign.add(each.zone.origin)
        pointers.put(each.zone.origin, references_of(each.zone, each.source.unreadable))
    every = ZoneSet([*zones, *map(RefusedZone, unread)])
    return World(every, pointers, to_sign=frozenset(to_sign))


def _is_delegated(name: Name, zone: Zone) -> bool:
    """Whether a name is at or below a zone cut, so that another zone of ours may have it."""
    node = zone.closest(name)
    return node.is_cut or (node.cover is not None and node.cover.is_cut)


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
