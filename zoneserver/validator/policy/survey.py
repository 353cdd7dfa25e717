"""One walk over a zone that gathers what the rules on mail policy look at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from zoneserver.engine.answer import Outcome
from zoneserver.engine.solve import solve
from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Finding
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.validator.expectations import mailless
from zoneserver.validator.policy.texts import Kind, PolicyText, read_texts
from zoneserver.validator.world import World
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet

_MAX_HOPS = 16
_GATHERED = frozenset({rtypes.TXT, rtypes.SPF, rtypes.TLSA, rtypes.CAA, rtypes.MX})
_SMTP_PREFIX = b"\x03_25\x04_tcp"


@dataclass(frozen=True, slots=True)
class Survey:
    """A zone, all our zones, and the zone's RRsets by type, as far as they concern mail policy.

    `texts` are its policy texts, `wildcards` the RRsets by which a wildcard answers TXT.
    """

    zone: Zone
    world: World
    rrsets: Mapping[int, list[RRset]]
    texts: tuple[PolicyText, ...]
    wildcards: tuple[RRset, ...]
    _mailboxes: dict[Name, str] = field(default_factory=dict)

    def mailbox_fault(self, domain: Name) -> str:
        """Why a domain of ours takes no mail; empty where it does, as far as known."""
        if domain not in self._mailboxes:
            self._mailboxes[domain] = mailless(domain, self.world)
        return self._mailboxes[domain]

    def of_kind(self, kind: Kind) -> Iterator[PolicyText]:
        """The texts that people take for that policy, whether or not receivers do."""
        return (text for text in self.texts if text.kind is kind and not text.hidden)

    def seen(self, kind: Kind) -> Iterator[PolicyText]:
        """The texts that receivers take for that policy, wherever they stand."""
        return (text for text in self.texts if text.kind is kind and text.seen)

    def at_place(self, kind: Kind) -> dict[Name, list[PolicyText]]:
        """The texts at the names where that policy is looked up, by name."""
        found: dict[Name, list[PolicyText]] = {}
        for text in self.texts:
            if text.place is kind:
                found.setdefault(text.owner, []).append(text)
        return found


Rule = Callable[[Survey], Iterator[Finding]]


def survey_zone(zone: Zone, world: World) -> Survey:
    """Gather what the zone answers with: nothing below a cut or a DNAME."""
    rrsets: dict[int, list[RRset]] = {rtype: [] for rtype in _GATHERED}
    wildcards: list[RRset] = []
    for node in zone.nodes.values():
        if node.cover is not None or node.is_cut:
            continue
        for rrset in node.rrsets:
            if rrset.rtype in _GATHERED:
                rrsets[rrset.rtype].append(rrset)
        if node.owner.is_wildcard:
            wildcards += filter(None, (node.find(rtypes.TXT), node.find(rtypes.CNAME)))
    texts = tuple(text for rrset in rrsets[rtypes.TXT] for text in read_texts(rrset))
    return Survey(zone, world, rrsets, texts, tuple(wildcards))


@dataclass(frozen=True, slots=True)
class Reply:
    """What our zones answer to a question; not `known` where other zones would have to."""

    known: bool
    rrset: RRset | None = None

    @property
    def is_void(self) -> bool:
        """Whether the answer is known, and is that there is nothing (RFC 7208 4.6.4)."""
        return self.known and self.rrset is None


UNKNOWN = Reply(known=False)


def ask(world: World, name: Name, rtype: int) -> Reply:
    """Ask our zones for an RRset, along aliases from zone to zone."""
    for _ in range(_MAX_HOPS):
        zone = world.zone_of(name)
        if zone is None:
            return UNKNOWN
        answer = solve(zone, name, rtype)
        if answer.outcome is Outcome.ANSWER:
            return Reply(known=True, rrset=answer.answer[-1])
        if answer.answer:
            name = answer.answer[-1].rdatas[0].points_to or name
        if answer.outcome in (Outcome.NODATA, Outcome.NXDOMAIN):
            return UNKNOWN if name in world.unreadable else Reply(known=True)
        if answer.outcome is not Outcome.PARTIAL:
            return UNKNOWN
    return UNKNOWN


def ask_texts(world: World, name: Name) -> tuple[PolicyText, ...] | None:
    """The policy texts that our zones answer for a name; None where others would have to."""
    reply = ask(world, name, rtypes.TXT)
    if not reply.known:
        return None
    return tuple(read_texts(reply.rrset)) if reply.rrset else ()


def seen_texts(world: World, name: Name, kind: Kind) -> tuple[PolicyText, ...] | None:
    """Those of them that receivers take for a policy of that kind."""
    texts = ask_texts(world, name)
    return None if texts is None else tuple(t for t in texts if t.kind is kind and t.seen)


def smtp_keys(zones: ZoneSet) -> dict[Name, RRset]:
    """The TLSA RRsets for SMTP in all our zones, by host (RFC 7672 2.2.3)."""
    return {
        _host(rrset.owner): rrset
        for rrset in _visible(zones, rtypes.TLSA)
        if rrset.owner.key.startswith(_SMTP_PREFIX)
    }


def exchangers(zones: ZoneSet) -> frozenset[Name]:
    """Every host that an MX of any of our zones names."""
    return frozenset(
        target
        for rrset in _visible(zones, rtypes.MX)
        for rdata in rrset.rdatas
        if (target := rdata.points_to) and target != ROOT
    )


def alias_targets(zones: ZoneSet) -> frozenset[Name]:
    """Every name that a CNAME of any of our zones leads to."""
    return frozenset(
        target
        for rrset in _visible(zones, rtypes.CNAME)
        for rdata in rrset.rdatas
        if (target := rdata.points_to)
    )


def find_below(domain: Name, *labels: bytes) -> Name | None:
    """The name with labels in front; None where it would be too long to exist."""
    try:
        return domain.prefixed(*labels)
    except NameSyntaxError:
        return None


def is_for_smtp(owner: Name) -> bool:
    """Whether a TLSA record at this name is for mail between servers."""
    return owner.key.startswith(_SMTP_PREFIX)


def _host(owner: Name) -> Name:
    return owner.parent.parent


def _visible(zones: ZoneSet, rtype: int) -> Iterator[RRset]:
    for zone in zones:
        if isinstance(zone, Zone):
            for node in zone.nodes.values():
                if node.cover is None and not node.is_cut and (rrset := node.find(rtype)):
                    yield rrset
