"""Rollovers: what the old keys and the new ones do in each stage, and what ends it.

Each stage lasts until nothing of what was served before is in any cache, or until the parent
has done its part; whatever caches hold meanwhile, they find a chain to it.
"""

from dataclasses import dataclass
from enum import Enum, StrEnum
from typing import NamedTuple

from zoneserver.dnssec.keys import SigningKey
from zoneserver.dnssec.policy import Role


class Kind(StrEnum):
    """What is replaced, and how.

    FIRST replaces nothing: a zone is signed that was not. ZSK is done by publishing the new
    key beforehand (RFC 6781 4.1.1.1), KSK by two keys that sign the keys (4.1.2), CSK by the
    one and the other. ALL replaces every key, with another algorithm or other roles, in the
    conservative way (4.1.4). LAST replaces nothing either: the zone is to be signed no longer.
    """

    FIRST = "first"
    ZSK = "zsk"
    KSK = "ksk"
    CSK = "csk"
    ALL = "all"
    LAST = "last"


class Stage(StrEnum):
    """How far a rollover is."""

    SIGNING = "signing"  # new signatures are added
    PUBLISHING = "publishing"  # the new key is shown
    RETIRING = "retiring"  # the new key signs, the old one is still shown
    SUBMITTING = "submitting"  # the parent is asked for the new DS
    SPREADING = "spreading"  # the parent has it
    WITHDRAWING = "withdrawing"  # the old key is shown no longer, its signatures stay
    RELEASED = "released"  # nobody looks for signatures any more


class Wait(Enum):
    """What ends a stage: nothing older is in any cache, of the zone, its keys, its DS.

    PARENT ends when the parent has the new DS, and the old one no longer; OWNER when the zone
    is signed no longer.
    """

    ZONE = "zone"
    KEYS = "keys"
    PARENT = "parent"
    DS = "ds"
    OWNER = "owner"


_LETTERS = "pscd"


class Duty(NamedTuple):
    """What a key does.

    It `publishes` itself as a DNSKEY, and then signs the set of these if it is an entry. It
    `signs` the zone, or as a KSK what the parent reads there. It `submits` itself: CDS and
    CDNSKEY name it (RFC 7344). Or it `leaves`: they ask the parent for no DS (RFC 8078 4).
    """

    publishes: bool
    signs: bool
    submits: bool
    leaves: bool

    @classmethod
    def of(cls, letters: str) -> "Duty":
        """The duty that has these letters: p, s, c, d."""
        return cls(*(letter in letters for letter in _LETTERS))

    @property
    def letters(self) -> str:
        """The same for a file, and to compare."""
        return "".join(letter for letter, has in zip(_LETTERS, self, strict=True) if has)


class Use(NamedTuple):
    """A key, and what it does."""

    key: SigningKey
    role: Role
    duty: Duty

    @property
    def word(self) -> str:
        """What tells it from the same key doing something else."""
        return f"{self.key.tag}:{self.duty.letters}"

    @property
    def signs_zone(self) -> bool:
        """Whether it signs what is no key."""
        return self.duty.signs and self.role.signs_zone

    @property
    def signs_keys(self) -> bool:
        """Whether it signs the DNSKEY set."""
        return self.duty.publishes and self.role.is_entry

    @property
    def signs_requests(self) -> bool:
        """Whether it signs what the parent reads (RFC 7344 4.1)."""
        return self.role.is_entry and (self.duty.publishes or self.duty.signs)


class Step(NamedTuple):
    """One stage of a rollover: what old keys do, what new ones do, and what ends it."""

    stage: Stage
    old: Duty
    new: Duty
    wait: Wait


def _step(stage: Stage, old: str, new: str, wait: Wait) -> Step:
    return Step(stage, Duty.of(old), Duty.of(new), wait)


ACTIVE = Duty.of("psc")
# What ends the last stage ends the rollover; the old keys go then.
STEPS: dict[Kind, tuple[Step, ...]] = {
    Kind.FIRST: (
        _step(Stage.SIGNING, "", "ps", Wait.ZONE),
        _step(Stage.SUBMITTING, "", "psc", Wait.PARENT),
    ),
    Kind.ZSK: (
        _step(Stage.PUBLISHING, "ps", "p", Wait.KEYS),
        _step(Stage.RETIRING, "p", "ps", Wait.ZONE),
    ),
    Kind.KSK: (
        _step(Stage.PUBLISHING, "psc", "ps", Wait.KEYS),
        _step(Stage.SUBMITTING, "ps", "psc", Wait.PARENT),
        _step(Stage.SPREADING, "ps", "psc", Wait.DS),
    ),
    Kind.CSK: (
        _step(Stage.PUBLISHING, "psc", "p", Wait.KEYS),
        _step(Stage.RETIRING, "pc", "ps", Wait.ZONE),
        _step(Stage.SUBMITTING, "p", "psc", Wait.PARENT),
        _step(Stage.SPREADING, "p", "psc", Wait.DS),
    ),
    Kind.ALL: (
        _step(Stage.SIGNING, "psc", "s", Wait.ZONE),
        _step(Stage.PUBLISHING, "psc", "ps", Wait.KEYS),
        _step(Stage.SUBMITTING, "ps", "psc", Wait.PARENT),
        _step(Stage.SPREADING, "ps", "psc", Wait.DS),
        _step(Stage.WITHDRAWING, "s", "psc", Wait.KEYS),
    ),
    Kind.LAST: (
        _step(Stage.SUBMITTING, "psd", "", Wait.PARENT),
        _step(Stage.SPREADING, "psd", "", Wait.DS),
        _step(Stage.RELEASED, "ps", "", Wait.OWNER),
    ),
}


@dataclass(frozen=True, slots=True)
class ZoneKey:
    """A key of a zone. It was `made` then, and is `active` since; 0: not yet, or nobody knows.

    Both are in seconds since 1970. It is active when it is the one that does its work.
    """

    key: SigningKey
    role: Role
    made: int = 0
    active: int = 0

    @property
    def tag(self) -> int:
        """The number that the zone knows it by; no other key of the zone has the same."""
        return self.key.tag


@dataclass(frozen=True, slots=True)
class Roll:
    """A rollover that is under way. The keys are named by their tags.

    `since` is when its stage began, `until` when that ends if nothing happens; 0: nobody has
    worked it out yet, or the parent decides. `ttl` is that of the DS at the parent, once it
    was seen. `times` are when the stages before began.
    """

    kind: Kind
    old: tuple[int, ...]
    new: tuple[int, ...]
    stage: Stage
    since: int
    until: int = 0
    ttl: int = 0
    times: tuple[tuple[Stage, int], ...] = ()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All its stages."""
        return STEPS[self.kind]

    @property
    def step(self) -> Step:
        """What is done in its stage."""
        return next(each for each in self.steps if each.stage is self.stage)

    @property
    def following(self) -> Step | None:
        """The step after this one; None: there is none."""
        return next(iter(self.steps[self.steps.index(self.step) + 1 :]), None)

    @property
    def waits_for_parent(self) -> bool:
        """Whether the parent has to do something."""
        return self.step.wait is Wait.PARENT

    @property
    def is_endless(self) -> bool:
        """Whether its stage ends only when somebody does something."""
        return self.step.wait in {Wait.PARENT, Wait.OWNER}

    def enter(self, stage: Stage, now: int, ttl: int = 0) -> "Roll":
        """The rollover in another stage."""
        times = (*self.times, (self.stage, self.since))
        return Roll(self.kind, self.old, self.new, stage, now, 0, ttl, times)
