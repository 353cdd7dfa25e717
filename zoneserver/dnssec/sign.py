"""What makes a zone a signed one: a function of the zone, the keys and the time.

Nothing is drawn by lot, so whoever signs the same zone twice within one period gets the same
octets, and after an edit only the signatures of what changed are others.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import NamedTuple

from zoneserver.dnssec.keys import NO_CDNSKEY, NO_CDS, SigningKey
from zoneserver.dnssec.nsec import make_nsecs, signed_types
from zoneserver.dnssec.nsec3 import NSEC3PARAM, make_nsec3s
from zoneserver.dnssec.rolls import Use
from zoneserver.dnssec.rrsig import Span, sign_rrset
from zoneserver.dnssec.zonemd import digest_zone, make_placeholder
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA, Opaque, Rdata
from zoneserver.records.rrset import Record, RRset
from zoneserver.zone.build import make_rrset
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

PERIOD = 302_400  # seconds, half a week: how long signatures are used before new ones are made
VALIDITY = 14 * 86_400  # seconds: how long they hold at least, from the start of their period
JITTER = 86_400  # seconds: and at most so much longer, so that not all run out at once
SKEW = 3_600  # seconds that a validator's clock may be behind
# What the parent reads is signed by keys that it vouches for (RFC 7344 4.1).
_REQUESTS = frozenset({rtypes.CDS, rtypes.CDNSKEY})
_SIGNED_LAST = frozenset({rtypes.ZONEMD})

Sign = Callable[[RRset], Sequence[Opaque]]
SignAll = Callable[[Sign, Sequence[RRset]], Iterable[Sequence[Opaque]]]


def _find_nothing(_: RRset) -> Sequence[bytes]:
    return ()


class Ways(NamedTuple):
    """How signatures come about.

    `find` has the RRSIGs over a set that there are already, by keys of today; each that would
    be made again is taken. `sign_all` signs many sets, as `map` does.
    """

    find: Callable[[RRset], Sequence[bytes]] = _find_nothing
    sign_all: SignAll = map


_PLAIN = Ways()


@dataclass(frozen=True, slots=True)
class Plan:
    """How a zone is signed: with which keys, for which period, and how absence is proven.

    `key_ttl` is the TTL of the keys, in seconds.
    """

    uses: tuple[Use, ...]
    period: int
    nsec3: bool = False
    opt_out: bool = False
    key_ttl: int = 3_600

    @property
    def keys(self) -> tuple[SigningKey, ...]:
        """All keys, whatever they do."""
        return tuple(use.key for use in self.uses)


def find_period(origin: Name, now: int) -> int:
    """The number of the period that a zone is in; those of other zones begin at other times."""
    return (now + _spread(origin.key, PERIOD)) // PERIOD


def find_span(origin: Name, period: int) -> tuple[int, int]:
    """When a period of a zone begins, and when the next one does."""
    start = period * PERIOD - _spread(origin.key, PERIOD)
    return start, start + PERIOD


def sign_zone(
    zone: Zone, plan: Plan, mark: Mark, zonemd: Mark | None = None, ways: Ways = _PLAIN
) -> Iterator[Record]:
    """What a zone needs beside its records: keys, signatures, and proofs of absence.

    `mark` is where they were asked for, `zonemd` where a digest of the zone was.
    """
    placeholder = make_placeholder(zone, zonemd) if zonemd else None
    if placeholder is None:
        yield from _sign(zone, plan, mark, ways)
        return
    # The proofs tell of the digest, and the digest of all but its own signature.
    apex = replace(zone.apex, rrsets=(*zone.apex.rrsets, placeholder))
    with_place = replace(zone, nodes={**zone.nodes, zone.origin.key: apex})
    made = list(_sign(with_place, plan, mark, ways))
    yield from made
    record = digest_zone(zone, made, placeholder)
    yield record
    last = make_rrset([record])
    yield from _signatures(last, _Signer(zone.origin, plan, ways).sign(last))


def _sign(zone: Zone, plan: Plan, mark: Mark, ways: Ways) -> Iterator[Record]:
    key_sets = tuple(_make_key_sets(zone, plan, mark))
    apex = replace(zone.apex, rrsets=(*zone.apex.rrsets, *key_sets))
    nodes = {**zone.nodes, zone.origin.key: apex}
    visible = sorted(
        (node for node in nodes.values() if node.cover is None),
        key=lambda node: node.owner.canonical(),
    )
    proofs = (
        make_nsec3s(zone.origin, visible, opt_out=plan.opt_out)
        if plan.nsec3
        else make_nsecs(visible)
    )
    ttl = _negative_ttl(zone)
    proving = [RRset(owner, rdata.rtype, ttl, (rdata,), (mark,)) for owner, rdata in proofs]
    for rrset in (*key_sets, *proving):
        yield from _records(rrset)
    rrsets = [*_find_signed(visible), *proving]
    made = ways.sign_all(_Signer(zone.origin, plan, ways).sign, rrsets)
    for rrset, rdatas in zip(rrsets, made, strict=True):
        yield from _signatures(rrset, rdatas)


def _find_signed(nodes: Iterable[Node]) -> Iterator[RRset]:
    """The sets of names that are ours to sign, and are there before they are signed."""
    for node in nodes:
        types = signed_types(node) - _SIGNED_LAST
        yield from (rrset for rrset in node.rrsets if rrset.rtype in types)


def _records(rrset: RRset) -> Iterator[Record]:
    for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
        yield Record(rrset.owner, rrset.rtype, rrset.ttl, rdata, mark)


def _signatures(rrset: RRset, rdatas: Iterable[Opaque]) -> Iterator[Record]:
    """The signatures of a set, with its TTL (RFC 4034 3)."""
    for rdata in rdatas:
        yield Record(rrset.owner, rtypes.RRSIG, rrset.ttl, rdata, rrset.mark)


def _make_key_sets(zone: Zone, plan: Plan, mark: Mark) -> Iterator[RRset]:
    """What the apex says of the keys and of the proofs."""
    submitted = [use.key for use in plan.uses if use.duty.submits]
    leaves = any(use.duty.leaves for use in plan.uses)
    sets: Mapping[int, Sequence[Rdata]] = {
        rtypes.DNSKEY: [use.key.dnskey for use in plan.uses if use.duty.publishes],
        rtypes.CDS: [NO_CDS] if leaves else [key.cds(zone.origin) for key in submitted],
        rtypes.CDNSKEY: [NO_CDNSKEY] if leaves else [key.cdnskey for key in submitted],
        rtypes.NSEC3PARAM: [NSEC3PARAM] if plan.nsec3 else [],
    }
    for rtype, rdatas in sets.items():
        if rdatas:
            ttl = 0 if rtype == rtypes.NSEC3PARAM else plan.key_ttl
            yield RRset(zone.origin, rtype, ttl, tuple(rdatas), (mark,) * len(rdatas))


def _negative_ttl(zone: Zone) -> int:
    """How long a proof of absence may be kept (RFC 9077 3)."""
    soa = zone.soa
    if soa is None or not isinstance(soa.rdatas[0], SOA):
        return 0
    return min(soa.ttl, soa.rdatas[0].minimum)


class _Signer:
    """Signs what belongs to one zone."""

    def __init__(self, origin: Name, plan: Plan, ways: Ways) -> None:
        self._origin, self._find = origin, ways.find
        self._start, _ = find_span(origin, plan.period)
        self._of_keys = [use.key for use in plan.uses if use.signs_keys]
        self._of_requests = [use.key for use in plan.uses if use.signs_requests]
        self._of_zone = [use.key for use in plan.uses if use.signs_zone]

    def sign(self, rrset: RRset) -> Sequence[Opaque]:
        """The signatures of a set."""
        keys = self._find_keys(rrset.rtype)
        return sign_rrset(rrset, keys, self._origin, self._span(rrset), self._find(rrset))

    def _find_keys(self, rtype: int) -> Sequence[SigningKey]:
        """The keys that sign a type of records."""
        if rtype == rtypes.DNSKEY:
            return self._of_keys
        return self._of_requests if rtype in _REQUESTS else self._of_zone

    def _span(self, rrset: RRset) -> Span:
        """From before the period until long after it, for each name a bit longer or shorter."""
        end = self._start + VALIDITY + _spread(rrset.owner.key, JITTER)
        return Span(self._start - SKEW, end)


def _spread(key: bytes, most: int) -> int:
    """A number below `most` that is the same for a name every time."""
    return int.from_bytes(blake2b(key, digest_size=8).digest(), "big") % most
