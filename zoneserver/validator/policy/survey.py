"""One walk over a zone that gathers what the rules on mail policy look at."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from zoneserver.engine.answer import Outcome
from zoneserver.engine.solve import solve
from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.validator.expectations import mailless
from zoneserver.validator.policy.texts import Kind, PolicyText, read_texts
from zoneserver.validator.world import Candidate, World, visible_rrsets
from zoneserver.zone.zone import Zone

_MAX_HOPS = 16
_GATHERED = frozenset({rtypes.TXT, rtypes.SPF, rtypes.TLSA, rtypes.CAA, rtypes.MX})
_SMTP_PREFIX = b"\x03_25\x04_tcp"
_PARTS_OF_SMTP_PREFIX = (b"\x04_tcp", _SMTP_PREFIX)


@dataclass(frozen=True, slots=True)
class Survey:
    """A zone, all our zones, and the zone's RRsets by type, as far as they concern mail policy.

    `texts` are its policy texts, `wildcards` the RRsets by which a wildcard answers TXT.
    It `is_signed`, or will be.
    `keys` are the TLSA RRsets for SMTP of its hosts, and of all hosts that its MX records
    name (RFC 7672 2.2.3).
    """

    zone: Zone
    world: World
    rrsets: Mapping[int, list[RRset]]
    texts: tuple[PolicyText, ...]
    wildcards: tuple[RRset, ...]
    keys: Mapping[Name, RRset]
    is_signed: bool = False
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


def survey_zone(candidate: Candidate, world: World) -> Survey:
    """Gather what the zone answers with: nothing below a cut or a DNAME."""
    zone = candidate.zone
    rrsets: dict[int, list[RRset]] = {rtype: [] for rtype in _GATHERED}
    wildcards: list[RRset] = []
    delegates_keys = False  # to a child zone
    for node in zone.nodes.values():
        if node.is_cut and node.owner.key.startswith(_PARTS_OF_SMTP_PREFIX):
            delegates_keys = True
        if node.cover is not None or node.is_cut:
            continue
        for rrset in node.rrsets:
            if rrset.rtype in _GATHERED:
                rrsets[rrset.rtype].append(rrset)
        if node.owner.is_wildcard:
            wildcards += filter(None, (node.find(rtypes.TXT), node.find(rtypes.CNAME)))
    texts = tuple(text for rrset in rrsets[rtypes.TXT] for text in read_texts(rrset))
    keys = {
        rrset.owner.parent.parent: rrset
        for rrset in rrsets[rtypes.TLSA]
        if is_for_smtp(rrset.owner)
    }
    keys |= _find_keys(zone, world, everywhere=delegates_keys)
    is_signed = zone.apex.find(rtypes.DNSKEY) is not None or bool(candidate.source.dnssec)
    return Survey(zone, world, rrsets, texts, tuple(wildcards), keys, is_signed)


def _find_keys(zone: Zone, world: World, *, everywhere: bool) -> dict[Name, RRset]:
    """The TLSA RRsets of exchangers in other zones of ours, or wherever one may have them."""
    hosts = dict.fromkeys(
        hop.target.name
        for route in world.routes(zone)
        for hop in route.hops
        if everywhere or hop.target.zone is not zone
    )
    return {host: keys for host in hosts if (keys := _ask_keys(world, host)) is not None}


def _ask_keys(world: World, host: Name) -> RRset | None:
    owner = find_below(host, b"_25", b"_tcp")
    holder = world.zone_of(owner) if owner else None
    node = holder.find(owner) if holder and owner else None
    is_seen = node is not None and not node.is_cut and node.cover is None
    return node.find(rtypes.TLSA) if node and is_seen else None


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
            return UNKNOWN if world.is_unreadable(name) else Reply(known=True)
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


def exchange_targets(zone: Zone) -> frozenset[Name]:
    """Every name that an MX of a zone leads to."""
    return _targets(zone, rtypes.MX)


def alias_targets(zone: Zone) -> frozenset[Name]:
    """Every name that a CNAME of a zone leads to."""
    return _targets(zone, rtypes.CNAME)


def find_below(domain: Name, *labels: bytes) -> Name | None:
    """The name with labels in front; None where it would be too long to exist."""
    try:
        return domain.prefixed(*labels)
    except NameSyntaxError:
        return None


def is_for_smtp(owner: Name) -> bool:
    """Whether a TLSA record at this name is for mail between servers."""
    return owner.key.startswith(_SMTP_PREFIX)


def _targets(zone: Zone, rtype: int) -> frozenset[Name]:
    return frozenset(
        target
        for rrset in visible_rrsets(zone, rtype)
        for rdata in rrset.rdatas
        if (target := rdata.points_to)
    )
