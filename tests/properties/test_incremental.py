"""Judging only what a change may touch finds what judging everything finds."""

from collections.abc import Iterable, Mapping
from datetime import date

import pytest

from tests.effort import examples
from tests.properties.crossing import FIRST_DAY, Edit, Folder, read, without_far_lines
from zoneserver.findings import Finding
from zoneserver.names import Name
from zoneserver.service.keeping.admission import Admission, Changes, admit, judge_versions
from zoneserver.service.keeping.standing import InMemory, Standing, Trial, Version
from zoneserver.validator.judge import Judgement, judge, judge_all
from zoneserver.validator.references import References, references_of
from zoneserver.validator.world import Candidate, world_of
from zoneserver.zone.build import build_zone
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import Kind


class Stored:
    """A version that others look names up in by another zone than the one it is judged by."""

    def __init__(self, stored: Candidate) -> None:
        self._stored = stored
        self.origin: Name = stored.zone.origin
        self.kind: Kind = stored.source.kind
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


@pytest.mark.parametrize("seed", range(examples(30)))
def test_what_is_not_judged_again_would_be_found_the_same(seed: int) -> None:
    """Whatever is put in place of what, be it good or bad."""
    standing, found = Standing(), dict[Name, tuple[Finding, ...]]()
    for edit in Folder(seed, 0.25 if seed % 2 else 0.1).edits(60):
        version = Stored(read(edit)) if edit.lines is not None else None
        trial = Trial(standing)
        todo = trial.put({edit.origin: version}) | standing.overdue(edit.day)
        versions = [each for origin in todo if (each := trial.get(origin))]
        judgements = judge_versions(versions, trial, trial.pointers, edit.day)
        if version is None:
            standing.update(gone=[edit.origin])
            found.pop(edit.origin, None)
        standing.update([version] if version else [], judgements)
        found |= _findings(judgements)

        assert _from_scratch(standing, edit.day) == found, edit


@pytest.mark.parametrize("seed", range(examples(12)))
def test_admission_of_changes_is_admission_of_all(seed: int) -> None:
    """What is served is the same, whether changed files are judged or all that there are."""
    files: dict[Name, Version] = {}
    few, many = Standing(), Standing()
    found: dict[Name, tuple[Finding, ...]] = {}
    for edit in Folder(seed, 0.03).edits(60):
        if edit.lines is None:
            files.pop(edit.origin, None)
        else:
            files[edit.origin] = InMemory.of(read(edit))
        changed = [each for origin, each in files.items() if few.get(origin) is not each]
        admission = _renew(few, changed, files, edit)
        # To the server, a version that is read again is a new one.
        every = [InMemory.of(each.candidate()) for each in files.values()]
        of_all = _renew(many, every, files, edit)
        found = {origin: found[origin] for origin in found if origin in few}
        found |= _findings(admission.judgements)

        assert _sorted(many) == _sorted(few), edit
        assert of_all.refused == admission.refused
        assert _from_scratch(few, edit.day) == found


def _renew(
    standing: Standing, versions: Iterable[Version], files: Mapping[Name, Version], edit: Edit
) -> Admission:
    gone = frozenset(each.origin for each in standing if each.origin not in files)
    admission = admit(Changes(tuple(versions), gone=gone), edit.day, standing)
    standing.update(admission.versions, admission.judgements, admission.gone)
    return admission


def _sorted(standing: Standing) -> list[Candidate]:
    versions = sorted(standing, key=lambda version: version.origin.canonical())
    return [version.candidate() for version in versions]


@pytest.mark.parametrize("seed", range(examples(8)))
def test_work_can_be_shared_out(seed: int) -> None:
    """The judgements of two halves of the zones are those of all of them."""
    candidates = [read(edit) for edit in Folder(seed, 0.2).edits(0)]
    world = world_of(candidates)
    whole = judge(candidates, world.zones, world.pointers, FIRST_DAY)
    halves = [
        judge(half, world.zones, world.pointers, FIRST_DAY)
        for half in (candidates[1::2], candidates[::2])
    ]
    shared = {each.origin: each for half in halves for each in half}

    assert {each.origin: each for each in whole} == shared
    assert judge_all(candidates, FIRST_DAY) == tuple(
        finding for each in candidates for finding in shared[each.zone.origin].findings
    )
