"""A zone whose keys are rolled over, and every cache that there may be, on a clock of its own.

A validator has a DS set, a DNSKEY set and records with their signatures, each from some time
ago: as old as its TTL, fetched from a server that was behind by the propagation at most. In
whatever way these come together, there has to be a chain.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import NamedTuple, TypeVar

from zoneserver.dnssec.life import Life
from zoneserver.dnssec.lifecycle import Facts, advance, create, see
from zoneserver.dnssec.parent import ParentDs
from zoneserver.dnssec.policy import Policy
from zoneserver.dnssec.rolls import Use
from zoneserver.names import Name

ORIGIN = Name.parse("example.com.")
NOW = 1_800_000_000
FOREVER = 1 << 40


class Version(NamedTuple):
    """A version of the zone that was served from a time on; without uses it is not signed."""

    start: int
    uses: tuple[Use, ...]
    ttl: int
    key_ttl: int

    @property
    def shown(self) -> frozenset[int]:
        """The tags of its DNSKEY set."""
        return frozenset(use.key.tag for use in self.uses if use.duty.publishes)

    @property
    def trusted(self) -> frozenset[int]:
        """The tags of the keys that sign that set."""
        return frozenset(use.key.tag for use in self.uses if use.signs_keys)

    @property
    def signing(self) -> frozenset[int]:
        """The tags of the keys that sign its records."""
        return frozenset(use.key.tag for use in self.uses if use.signs_zone)

    @property
    def submitted(self) -> frozenset[int]:
        """The tags of the keys that CDS names."""
        return frozenset(use.key.tag for use in self.uses if use.duty.submits)

    @property
    def leaves(self) -> bool:
        """Whether CDS asks for no DS."""
        return any(use.duty.leaves for use in self.uses)


class DsSet(NamedTuple):
    """The tags that the parent had from a time on."""

    start: int
    tags: frozenset[int]


Kept = TypeVar("Kept", Version, DsSet)


@dataclass
class World:
    """A zone and its parent. The zone was served unsigned for long.

    Its secondaries are behind by `lag` seconds at most, the DS has a TTL of `ds_ttl`.
    """

    policy: Policy
    ttl: int
    now: int = NOW
    lag: int = 0
    ds_ttl: int = 0
    life: Life | None = None
    due: int | None = NOW
    algorithms: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.versions = [Version(0, (), self.ttl, 0)]
        self.lag = self.lag or self.policy.propagation
        self.ds_ttl = self.ds_ttl or self.policy.ds_ttl
        self.parent = [DsSet(0, frozenset())]

    def look(self, *, is_refused: bool = False) -> None:
        """The builder looks at the zone; if it `is_refused`, nothing new is served."""
        served = self.versions[-1]
        words = frozenset(use.word for use in served.uses)
        facts = Facts(max(self.ttl, served.ttl), words)
        self.life, self.due = advance(
            self.life or create(self.policy, self.now), self.policy, facts, self.now
        )
        self.algorithms |= {key.tag: key.key.algorithm for key in self.life.keys}
        version = Version(self.now, self.life.uses, self.ttl, self.policy.key_ttl)
        if not is_refused and version[1:] != served[1:]:
            self.versions.append(version)

    def wait(self, seconds: int | None = None) -> None:
        """Let time pass: until something is due, or so long."""
        self.now = (
            max(self.now, self.due or self.now) if seconds is None else self.now + seconds
        )

    def adopt(self) -> None:
        """The parent does what CDS asks for."""
        version = self.versions[-1]
        if version.submitted or version.leaves:
            self.parent.append(DsSet(self.now, version.submitted))

    def unsign(self) -> None:
        """Serve the zone without signatures, if nobody looks for any."""
        if self.life is not None and self.life.may_go:
            self.versions.append(Version(self.now, (), self.ttl, 0))

    def ask(self) -> None:
        """Somebody looks at the parent."""
        if self.life is not None:
            tags, keys = self.parent[-1].tags, self.life.keys
            records = frozenset(key.key.ds(ORIGIN) for key in keys if key.tag in tags)
            self.life = see(self.life, ORIGIN, ParentDs(records, self.ds_ttl, self.now))

    def broken(self) -> Iterator[str]:
        """Every combination of what caches may have that has no chain."""
        instants = {each.start for each in self.versions} | {each.start for each in self.parent}
        for instant in sorted(instants - {0}):
            sets = self._kept(self.parent, instant, lambda _: self.ds_ttl)
            keys = self._kept(self.versions, instant, lambda each: each.key_ttl)
            data = self._kept(self.versions, instant, lambda each: each.ttl)
            for ds, shown, records in product(sets, keys, data):
                if why := self._judge(ds.tags, shown, records):
                    yield f"{instant - NOW}: {why}: {ds} {shown} {records}"

    def _kept(
        self, history: Sequence[Kept], instant: int, ttl: Callable[[Kept], int]
    ) -> list[Kept]:
        """What of a history caches may have at an instant."""
        ends = [*(each.start for each in history[1:]), FOREVER]
        return [
            each
            for each, end in zip(history, ends, strict=True)
            if each.start <= instant < end + ttl(each) + self.lag
        ]

    def _judge(self, ds: frozenset[int], keys: Version, data: Version) -> str:
        """What is wrong with one combination, in the eyes of the strictest (RFC 4035 2.2)."""
        if not ds:
            return ""
        trusted, signing = ds & keys.trusted, keys.shown & data.signing
        if not trusted:
            return "no key that the parent vouches for"
        if self._kinds(ds) - self._kinds(trusted):
            return "no key of an algorithm in the DS set"
        if not signing:
            return "no signature of a key"
        if self._kinds(keys.shown) - self._kinds(signing):
            return "no signature of an algorithm in the DNSKEY set"
        return ""

    def _kinds(self, tags: frozenset[int]) -> set[int]:
        return {self.algorithms[tag] for tag in tags}
