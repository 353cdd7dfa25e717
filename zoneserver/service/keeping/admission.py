"""Which versions of zones may be served: the judgement of what changes.

The zones that are served are always ones that were judged together. Judged again are only
those that a change may touch.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from zoneserver.findings import Finding
from zoneserver.names import Name
from zoneserver.service.keeping.standing import Standing, Trial, Version
from zoneserver.validator.guard import find_losses, guard
from zoneserver.validator.judge import Judgement, judge
from zoneserver.validator.references import Pointers
from zoneserver.validator.world import Zones
from zoneserver.zonefile.source import Kind

# How versions are judged as some among all zones. Another way than `judge_versions` may
# share the work out: the judgements of disjoint sets of versions are those of all of them.
Judge = Callable[[Sequence[Version], Zones, Pointers, date], Iterable[Judgement]]


@dataclass(frozen=True, slots=True)
class Changes:
    """What the files have that does not stand.

    `versions` are also those that were not admitted before: another change may have mended
    what kept them. `unread` are zones whose files could not be read at all, for the reason
    in `findings`; `gone` are those whose files are no longer there.
    """

    versions: tuple[Version, ...] = ()
    unread: frozenset[Name] = frozenset()
    gone: frozenset[Name] = frozenset()
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Admission:
    """What may be served from now on, and what the judgement found.

    `versions` are the new ones. `judgements` are theirs, and those of zones that stand and
    were judged again. `gone` are zones that are served no longer, `kept` those that keep the
    version they have, because of an error in a new one; `refused` those of which there is
    no version without an error.
    """

    versions: tuple[Version, ...] = ()
    judgements: tuple[Judgement, ...] = ()
    gone: frozenset[Name] = frozenset()
    findings: tuple[Finding, ...] = ()
    kept: frozenset[Name] = frozenset()
    refused: frozenset[Name] = frozenset()


def judge_versions(
    versions: Sequence[Version], zones: Zones, pointers: Pointers, today: date
) -> tuple[Judgement, ...]:
    """A judgement of each version, in this process."""
    return judge((each.candidate() for each in versions), zones, pointers, today)


def admit(
    changes: Changes,
    today: date,
    standing: Standing,
    judge: Judge = judge_versions,
    forces: Callable[[Name], bool] = lambda _: True,
) -> Admission:
    """The versions that may be served in place of those that stand, which are left alone.

    Zones with an error step back to the version that stands, with every other zone that
    the error names, or are refused where there is none. What that touches is judged again,
    until nothing more has to step back. The guard holds zones against their older versions,
    but for those that somebody `forces` in. Neither is for zones that come from elsewhere: we
    answer as their owner does.
    """
    court = _Court(standing, today, judge)
    new = {version.origin: version for version in changes.versions}
    court.hear({**new, **dict.fromkeys(changes.gone)}, standing.overdue(today))
    court.guard(version for version in changes.versions if not forces(version.origin))
    findings = dict.fromkeys((*changes.findings, *court.findings(new)))
    while back := court.step_back():
        court.hear({origin: standing.get(origin) for origin in back})
        # The other findings of an older version are about lines that are no longer there.
        findings |= dict.fromkeys(each for each in court.findings(new) if each.blocks)
    admitted = tuple(each for each in new.values() if court.trial.get(each.origin) is each)
    read = new.keys() | changes.unread
    refused = frozenset(origin for origin in read if court.trial.get(origin) is None)
    return Admission(
        admitted,
        tuple(court.judgements.values()),
        frozenset(origin for origin in changes.gone if origin in standing),
        tuple(findings),
        kept=frozenset(read - refused - {each.origin for each in admitted}),
        refused=refused,
    )


@dataclass(frozen=True, slots=True)
class _Court:
    """A trial, with the judgements of the zones that it has touched."""

    standing: Standing
    today: date
    judge: Judge
    trial: Trial = field(init=False)
    judgements: dict[Name, Judgement] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "trial", Trial(self.standing))

    def hear(
        self, changes: Mapping[Name, Version | None], others: Collection[Name] = ()
    ) -> None:
        """Put versions on trial, and judge what that touches, and others."""
        todo = self.trial.put(changes) | set(others)
        for origin in changes:
            self.judgements.pop(origin, None)
        order = [*changes, *sorted(todo - changes.keys(), key=Name.canonical)]
        versions = [
            version
            for origin in order
            if origin in todo and (version := self.trial.get(origin)) is not None
        ]
        made = tuple(self.judge(versions, self.trial, self.trial.pointers, self.today))
        self.trial.note(made)
        self.judgements.update((each.origin, each) for each in made)

    def guard(self, new: Iterable[Version]) -> None:
        """Hold versions against those that stand in their place."""
        for version in new:
            old, judgement = self.standing.get(version.origin), self.judgements[version.origin]
            if old is None or {old.kind, version.kind} != {Kind.PRIMARY}:
                continue
            if any(each.blocks for each in judgement.findings):
                continue
            lost = find_losses(old.zone, version.zone, self.trial)
            if lost:
                found = guard(lost, version.candidate().source, self.today)
                findings = (*judgement.findings, *found)
                self.judgements[version.origin] = replace(judgement, findings=findings)

    def errors(self) -> list[Finding]:
        """All findings that block, those of versions that stand included."""
        made = [each for judgement in self.judgements.values() for each in judgement.findings]
        stood = [
            each
            for origin, errors in self.standing.errors.items()
            if origin not in self.judgements and self.trial.get(origin)
            for each in errors
        ]
        return [each for each in (*made, *stood) if each.blocks]

    def findings(self, new: Collection[Name]) -> list[Finding]:
        """What was found, with the errors of versions that stand and name a new one."""
        made = [each for judgement in self.judgements.values() for each in judgement.findings]
        return made + [each for each in self.errors() if not each.also.isdisjoint(new)]

    def step_back(self) -> set[Name]:
        """The zones that must not be served in the version on trial; empty: all may."""
        errors = self.errors()
        named = {name for each in errors for name in (each.origin, *each.also) if name}
        newer = {name for name in named if name in self.standing and self.trial.is_new(name)}
        if newer := set(filter(self._is_ours, newer)):
            return newer
        back: set[Name] = set()
        for each in errors:
            if each.origin and each.origin not in self.standing:
                back.add(each.origin)
            else:  # a version that stands stays: the newcomers that break it have to go
                back |= {name for name in each.also if name not in self.standing}
        return set(filter(self._is_ours, back))

    def _is_ours(self, origin: Name) -> bool:
        """Whether there is a version that somebody here has written."""
        version = self.trial.get(origin)
        return version is not None and not version.kind.is_foreign
