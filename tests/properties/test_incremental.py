"""Judging only what a change may touch finds what judging everything finds."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.crossing import EDITS, FIRST_DAY, Edit, read, without_far_lines
from zoneserver.findings import Finding
from zoneserver.names import Name
from zoneserver.service.admission import Admission, Changes, admit, judge_versions
from zoneserver.service.standing import InMemory, Standing, Trial, Version
from zoneserver.validator.judge import Judgement, judge, judge_all
from zoneserver.validator.references import References, references_of
from zoneserver.validator.world import Candidate, world_of
from zoneserver.zone.build import build_zone
from zoneserver.zone.zone import Zone


class Stored:
    """A version whose zone is looked up in, but not walked: it is another one, and huge."""

    def __init__(self, stored: Candidate) -> None:
        self._stored = stored
        self.origin: Name = stored.zone.origin
        self.references: References = references_of(stored.zone, stored.source.unreadable)
        self.zone: Zone = build_zone(stored.source)

    def candidate(self) -> Candidate:
        """The whole of it."""
        return self._stored


Findings = Mapping[Name, tuple[Finding, ...]]


def _findings(judgements: Iterable[Judgement]) -> dict[Name, tuple[Finding, ...]]:
    return {each.origin: tuple(map(without_far_lines, each.findings)) for each in judgements}


def _from_scratch(standing: Iterable[Version], day: date) -> Findings:
    candidates = [version.candidate() for version in standing]
    world = world_of(candidates)
    return _findings(judge(candidates, world.zones, world.pointers, day))


def _days(edits: Iterable[Edit]) -> Iterator[tuple[Edit, date]]:
    day = FIRST_DAY
    for edit in edits:
        yield edit, day
        day += timedelta(days=edit.days)


@given(EDITS)
@settings(max_examples=150)
def test_what_is_not_judged_again_would_be_found_the_same(edits: list[Edit]) -> None:
    """Whatever is put in place of what, good or bad, judged one by one or all together."""
    standing, found = Standing(), dict[Name, tuple[Finding, ...]]()
    for edit, day in _days(edits):
        version = Stored(read(edit, day)) if edit.lines else None
        trial = Trial(standing)
        todo = trial.put({edit.origin: version}) | standing.overdue(day)
        versions = [each for origin in todo if (each := trial.get(origin))]
        judgements = judge_versions(versions, trial, trial.pointers, day)
        standing.update(
            [version] if version else [], judgements, [] if version else [edit.origin]
        )
        found.pop(edit.origin, None)
        found |= _findings(judgements)

        assert _from_scratch(standing, day) == found


@given(EDITS)
@settings(max_examples=100)
def test_admission_of_changes_is_admission_of_all(edits: list[Edit]) -> None:
    """What is served is the same, whether the changed files are judged or all there are."""
    files: dict[Name, Version] = {}
    few, many = Standing(), Standing()
    found: dict[Name, tuple[Finding, ...]] = {}
    for edit, day in _days(edits):
        if edit.lines:
            files[edit.origin] = InMemory.of(read(edit, day))
        else:
            files.pop(edit.origin, None)
        changed = [each for origin, each in files.items() if few.get(origin) is not each]
        admission = _renew(few, changed, files, day)
        # A version that is written as the one that stands does not change it.
        every = [InMemory.of(each.candidate()) for each in files.values()]
        of_all = _renew(many, every, files, day)
        found = {origin: found[origin] for origin in found if origin in few}
        found |= _findings(admission.judgements)

        assert [each.candidate() for each in _sorted(many)] == [
            each.candidate() for each in _sorted(few)
        ]
        assert of_all.refused == admission.refused
        assert _from_scratch(few, day) == found


def _renew(
    standing: Standing, versions: Iterable[Version], files: Mapping[Name, Version], day: date
) -> Admission:
    gone = frozenset(each.origin for each in standing if each.origin not in files)
    admission = admit(Changes(tuple(versions), gone=gone), day, standing)
    standing.update(admission.versions, admission.judgements, admission.gone)
    return admission


def _sorted(standing: Standing) -> list[Version]:
    return sorted(standing, key=lambda version: version.origin.canonical())


@given(EDITS, st.integers(min_value=0))
@settings(max_examples=60)
def test_work_can_be_shared_out(edits: list[Edit], parts: int) -> None:
    """The judgements of two halves of the zones are those of all of them."""
    files = {edit.origin: read(edit, FIRST_DAY) for edit in edits if edit.lines}
    candidates = list(files.values())
    halves = (
        [each for n, each in enumerate(candidates) if parts >> n & 1],
        [each for n, each in enumerate(candidates) if not parts >> n & 1],
    )
    world = world_of(candidates)
    expected = {
        each.origin: each for each in judge(candidates, world.zones, world.pointers, FIRST_DAY)
    }
    shared = {
        each.origin: each
        for half in halves
        for each in judge(half, world.zones, world.pointers, FIRST_DAY)
    }

    assert expected == shared
    assert judge_all(candidates, FIRST_DAY) == tuple(
        finding for each in candidates for finding in shared[each.zone.origin].findings
    )
