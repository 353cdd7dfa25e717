"""The look-ups that a receiver makes for an SPF record, as far as our zones tell.

The worst case is walked: a sender that nothing matches before the end. Includes and
redirects are followed from zone to zone.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from zoneserver.findings import Mark
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.validator.policy.spf import Mechanism, Term, parse_spf, read_domain
from zoneserver.validator.policy.spf_macros import expand
from zoneserver.validator.policy.survey import ask, seen_texts
from zoneserver.validator.policy.texts import Kind, PolicyText
from zoneserver.validator.world import Verdict, World

MAX_LOOKUPS = 10  # RFC 7208 4.6.4
MAX_VOID = 2  # RFC 7208 4.6.4
MAX_EXCHANGERS = 10  # RFC 7208 4.6.4, for each mx
# From here on, a record outside our zones is likely to fill the rest.
NEARLY_FULL = 8

# Records that include one another twice would be walked for ever.
_MAX_STEPS = 100
_ABSENT = (Verdict.MISSING, Verdict.BARE)


class Step(NamedTuple):
    """One look-up: its number in the count, how deep in the tree, the term, where it stands."""

    number: int
    depth: int
    term: Term
    mark: Mark


@dataclass(slots=True)
class Walk:
    """What a walk found.

    `void` are the look-ups that find nothing, `absent` the includes and redirects without a
    record to go on with, `crowded` each mx with too many hosts. `loops` are the circles of
    records that lead back to their start. `complete` is false where a record outside our
    zones has the say. `visited` are the names of the records that were included.
    """

    steps: list[Step] = field(default_factory=list)
    void: list[Step] = field(default_factory=list)
    absent: list[Step] = field(default_factory=list)
    crowded: list[Step] = field(default_factory=list)
    loops: list[tuple[Name, ...]] = field(default_factory=list)
    visited: set[Name] = field(default_factory=set)
    complete: bool = True

    @property
    def count(self) -> int:
        """How many look-ups there are at least."""
        return len(self.steps)

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing to say about the walk."""
        faults = self.void or self.absent or self.crowded or self.loops
        return not faults and self.count < NEARLY_FULL


def walk_spf(world: World, start: PolicyText) -> Walk:
    """Follow every term of a record that costs a look-up."""
    walk = Walk()
    _enter(world, walk, start, (start.owner,))
    return walk


def find_spf(world: World, name: Name) -> tuple[PolicyText, ...] | None:
    """The SPF records of a name; None where a zone that is not ours has the say."""
    return seen_texts(world, name, Kind.SPF)


def find_target(term: Term, domain: Name) -> Name | None:
    """The name that a term asks about; None where it depends on the mail."""
    text = term.domain if isinstance(term, Mechanism) else term.value
    if not text:
        return domain
    expanded = expand(text, str(domain))
    return read_domain(expanded) if expanded is not None else None


def _enter(world: World, walk: Walk, text: PolicyText, path: tuple[Name, ...]) -> None:
    """Walk the terms of one record; `path` are the names of those that led here."""
    walk.visited.update(path[1:])
    for term in parse_spf(text.text).lookups:
        if walk.count >= _MAX_STEPS:
            return
        step = Step(walk.count + 1, len(path) - 1, term, text.mark)
        walk.steps.append(step)
        target = find_target(term, path[-1])
        if target is None:
            walk.complete = walk.complete and term.name not in ("include", "redirect")
        elif term.name in ("include", "redirect"):
            _follow(world, walk, step, (*path, target))
        elif _is_void(world, walk, step, target):
            walk.void.append(step)


def _follow(world: World, walk: Walk, step: Step, path: tuple[Name, ...]) -> None:
    """Go on with the record that an include or redirect names."""
    target = path[-1]
    if target in path[:-1]:
        walk.loops.append(path[path.index(target) : -1])
        return
    texts = find_spf(world, target)
    if texts is None:
        walk.complete = False
    elif texts:
        _enter(world, walk, texts[0], path)
    else:
        walk.absent.append(step)
        if ask(world, target, rtypes.TXT).is_void:
            walk.void.append(step)


def _is_void(world: World, walk: Walk, step: Step, target: Name) -> bool:
    """Whether the look-up is known to find nothing."""
    match step.term.name:
        case "a" | "exists":
            return world.look_up(target).verdict in _ABSENT
        case "mx":
            reply = ask(world, target, rtypes.MX)
            hosts = reply.rrset.rdatas if reply.rrset else ()
            if len(hosts) > MAX_EXCHANGERS:
                walk.crowded.append(step)
            return reply.is_void or [host.points_to for host in hosts] == [ROOT]
    return False
