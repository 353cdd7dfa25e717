"""Signatures of zones that come signed: there, in time, and of what they stand beside."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, NamedTuple

from zoneserver.dnssec.nsec import signed_types
from zoneserver.dnssec.public import PublicKey, Signature
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.validator.secure.zone_keys import by_tag, is_presigned, read_keys
from zoneserver.validator.world import Candidate, World
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

if TYPE_CHECKING:
    from zoneserver.dnssec.verify import Verifier

SOON_DAYS = 3  # that are left to make new signatures
MOST_VERIFIED = 10_000  # sets of one zone; each takes as long as some hundred looks at it
_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_PROOFS = frozenset({rtypes.NSEC, rtypes.NSEC3})
_EFFECT = "resolvers that validate take it for forged, and senders behind them defer mail"
_FIX = "sign it anew and import it whole (zoneserver import); or let us sign it: $dnssec: true"


def check_signatures(candidate: Candidate, world: World) -> Iterator[Finding]:
    """DN004-DN006: every set of records has a signature that holds."""
    if not is_presigned(candidate):
        return
    jury = _Jury(candidate.zone, world.today, is_thorough=not candidate.source.kind.is_foreign)
    for rrset, signatures in _signed_sets(candidate.zone):
        jury.hear(rrset, signatures)
    yield from jury.findings()
    world.holds_until(jury.until)


class _Case(NamedTuple):
    """A set, where to look, and when its last signature runs out."""

    rrset: RRset
    mark: Mark
    time: int = 0

    def __str__(self) -> str:
        return f"{self.rrset.owner} {rtypes.mnemonic(self.rrset.rtype)}"

    @property
    def day(self) -> date:
        """The day of that time."""
        return datetime.fromtimestamp(self.time, tz=UTC).date()


@dataclass
class _Jury:
    """Hears sets one by one. Of the many that may be wrong for one reason, one is shown."""

    zone: Zone
    today: date
    is_thorough: bool
    unsigned: list[_Case] = field(default_factory=list)
    past: list[_Case] = field(default_factory=list)
    ending: list[_Case] = field(default_factory=list)
    wrong: list[_Case] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._keys = by_tag(read_keys(self.zone))
        self._start = (self.today.toordinal() - _EPOCH) * _DAY
        self._first_end: int | None = None
        self._verifier = _make_verifier() if self.is_thorough else None
        self._is_any_signed = False
        self._verified = 0

    def hear(self, rrset: RRset, records: tuple[RRset, ...]) -> None:
        """Judge a set by the RRSIGs that cover it."""
        self._is_any_signed |= bool(records)
        read = (Signature.of(rdata, self._start) for each in records for rdata in each.rdatas)
        ours = [each for each in read if each and self._is_ours(each)]
        if not ours:
            self.unsigned.append(_Case(rrset, rrset.mark))
            return
        end = self._start + _DAY
        valid = [s for s in ours if s.inception < end and s.expiration >= self._start]
        if not valid:
            last = max(each.expiration for each in ours)
            self.past.append(_Case(rrset, records[0].mark, last))
        elif not self._verify(rrset, valid):
            self.wrong.append(_Case(rrset, rrset.mark))
        else:
            self._note_end(_Case(rrset, records[0].mark, max(s.expiration for s in valid)))

    @property
    def until(self) -> date:
        """The last day on which the judgement holds."""
        if self._first_end is None or self.past or self.ending:
            return self.today
        days = self._first_end // _DAY - SOON_DAYS - 1
        return max(self.today, date.fromordinal(_EPOCH + days))

    def findings(self) -> Iterator[Finding]:
        """What is wrong, each once."""
        if self.past:
            yield self._find("DN004", self.past, f"{_describe_past(self.past, self._start)}")
        if self.ending:
            first = min(self.ending, key=lambda each: each.time)
            text = f"the signature of {first} runs out on {first.day}"
            yield self._find("DN004", [first, *self.ending], text, Level.WARNING)
        if self.unsigned and not self._is_any_signed:
            text = f"{self.zone.origin} has a DNSKEY, and nothing of it is signed"
            yield self._find("DN005", self.unsigned[:1], text, Level.HINT)
        elif self.unsigned:
            text = f"{self.unsigned[0]} has no signature by a key of the zone"
            yield self._find("DN005", self.unsigned, text)
        if self.wrong:
            text = f"the signature of {self.wrong[0]} is not of what stands here"
            yield self._find("DN006", self.wrong, text)

    def _find(
        self, code: str, cases: list[_Case], text: str, level: Level | None = None
    ) -> Finding:
        case, more = cases[0], len({id(each.rrset) for each in cases}) - 1
        others = f", and so it is with {more} more" if more else ""
        effect = _EFFECT if level is None else f"from then on {_EFFECT}"
        if code == "DN005" and level is not None:
            effect = "nobody trusts it, and senders ignore its TLSA"
        reason = f"{text}{others}; {effect}."
        return make_finding(code, case.mark, reason, _FIX, level=level, owner=case.rrset.owner)

    def _is_ours(self, signature: Signature) -> bool:
        """Whether it says that it was made by a key of the zone."""
        return signature.signer == self.zone.origin and bool(self._named(signature))

    def _named(self, signature: Signature) -> list[PublicKey]:
        return self._keys.get((signature.tag, signature.algorithm), [])

    def _verify(self, rrset: RRset, signatures: list[Signature]) -> bool:
        """Whether one of the signatures is right, as far as that is looked at."""
        if self._verifier is None or self._verified >= MOST_VERIFIED:
            return True
        self._verified += 1
        verify = self._verifier.verify
        return any(verify(key, rrset, each) for each in signatures for key in self._named(each))

    def _note_end(self, case: _Case) -> None:
        if case.time < self._start + (SOON_DAYS + 1) * _DAY:
            self.ending.append(case)
        if self._first_end is None or case.time < self._first_end:
            self._first_end = case.time


def _signed_sets(zone: Zone) -> Iterator[tuple[RRset, tuple[RRset, ...]]]:
    """The sets that have to be signed (RFC 4035 2.2), each with the RRSIGs that cover it."""
    for node in zone.nodes.values():
        if node.cover is not None:
            continue
        signed = signed_types(node) - {rtypes.RRSIG}
        for rrset in node.rrsets:
            if rrset.rtype in signed or rrset.rtype in _PROOFS:
                yield rrset, _covering(node, rrset.rtype)


def _covering(node: Node, rtype: int) -> tuple[RRset, ...]:
    covered = rtype.to_bytes(2, "big")
    return tuple(s for s in node.find_all(rtypes.RRSIG) if s.rdatas[0].wire[:2] == covered)


def _describe_past(cases: list[_Case], start: int) -> str:
    case = cases[0]
    if case.time >= start:
        return f"the signature of {case} does not hold yet"
    return f"the signature of {case} has run out on {case.day}"


def _make_verifier() -> "Verifier":
    # It brings a large library with it, and hardly any zone comes signed.
    from zoneserver.dnssec.verify import Verifier  # noqa: PLC0415

    return Verifier()
