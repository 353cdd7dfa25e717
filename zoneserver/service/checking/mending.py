"""Fixes applied to zone files in memory: each is kept only if judging says that it helps."""

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import groupby
from pathlib import Path

from zoneserver.findings import Finding
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.service.disk.loading import judge_loaded, load
from zoneserver.validator.fixes import Fix, Judged, accepts, propose
from zoneserver.zonefile.edit import EditError, apply_edits
from zoneserver.zonefile.source import Defaults


@dataclass(frozen=True, slots=True)
class Change:
    """A file that is to be written: where it may be, what it holds, what it will hold."""

    path: Path
    root: Path
    old: bytes
    new: bytes


@dataclass(frozen=True, slots=True)
class Mended:
    """What came of it: the changed files, the fixes, and what there is to say afterwards.

    `texts` are all files as they would be.
    """

    changes: tuple[Change, ...]
    fixes: tuple[Fix, ...]
    findings: tuple[Finding, ...]
    texts: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class _Draft:
    """The zones with some fixes: the files, and what is found in them."""

    texts: Mapping[str, bytes]
    judged: Judged
    fixes: tuple[Fix, ...] = field(default=())


def mend(files: Sequence[ZoneFiles], defaults: Defaults, today: date) -> Mended:
    """Fix what can be fixed in the zones that are written in YAML, until nothing is left.

    Nothing is written to disk.
    """
    mender = _Mender(files, defaults, today)
    first = mender.judge({})
    draft = first
    fixes: list[Fix] = []
    while (better := mender.improve(draft)).fixes:
        fixes += better.fixes
        draft = better
    changes = tuple(
        Change(Path(name), root, first.texts[name], draft.texts[name])
        for name, root in mender.roots.items()
        if draft.texts[name] != first.texts[name]
    )
    return Mended(changes, tuple(fixes), draft.judged.findings, draft.texts)


class _Mender:
    """Tries fixes on the files of one set of zones.

    `roots` has each file that may be changed, with the folder that it must not leave.
    """

    def __init__(self, files: Sequence[ZoneFiles], defaults: Defaults, today: date) -> None:
        self._files = files
        self._defaults = defaults
        self._today = today
        self.roots: dict[str, Path] = {}

    def judge(self, texts: Mapping[str, bytes], fixes: tuple[Fix, ...] = ()) -> _Draft:
        """The zones with these files, and all others as they are."""
        zones = [_with_texts(zone, texts) for zone in self._files]
        loaded = load(zones, self._defaults)
        judged = Judged(loaded.candidates, judge_loaded(loaded, self._today))
        if not self.roots:
            self.roots = dict(_changeable(zones))
        return _Draft(loaded.texts, judged, fixes)

    def improve(self, draft: _Draft) -> _Draft:
        """The draft with every fix that can be kept; without fixes if there is none."""
        texts = {name: draft.texts[name] for name in self.roots if name in draft.texts}
        start = replace(draft, fixes=())
        return self._sift(draft, start, propose(draft.judged, texts))

    def _sift(self, base: _Draft, best: _Draft, fixes: Sequence[Fix]) -> _Draft:
        """The best draft with as many more of the fixes as may be kept.

        Good ones are found by halves, as there are few bad ones.
        """
        if not fixes:
            return best
        draft = self._try(base, (*best.fixes, *fixes))
        if draft is not None:
            return draft
        if len(fixes) == 1:
            return best
        middle = len(fixes) // 2
        best = self._sift(base, best, fixes[:middle])
        return self._sift(base, best, fixes[middle:])

    def _try(self, base: _Draft, fixes: tuple[Fix, ...]) -> _Draft | None:
        """The draft with exactly these fixes, if they can all be kept."""
        texts = dict(base.texts)
        by_file = sorted(fixes, key=lambda fix: fix.edit.file)
        try:
            for file, group in groupby(by_file, key=lambda fix: fix.edit.file):
                texts[file] = apply_edits(file, texts[file], [fix.edit for fix in group])
        except EditError:
            return None
        draft = self.judge(texts, fixes)
        return draft if accepts(base.judged, draft.judged, fixes) else None


def _with_texts(zone: ZoneFiles, texts: Mapping[str, bytes]) -> ZoneFiles:
    """A zone that takes its files from `texts`, as far as they are there."""
    files = {name: texts.get(name, octets) for name, octets in zone.files.items()}
    return replace(zone, files=files, include=zone.include.knowing(texts))


def _changeable(zones: Sequence[ZoneFiles]) -> Iterator[tuple[str, Path]]:
    """The YAML files that were read, with the folder of their zone.

    A file that goes by two names is left out: it would be changed twice.
    """
    roots = {
        name: zone.include.root
        for zone in zones
        if not zone.is_master
        for name in (*zone.files, *zone.include.files)
    }
    real = {name: os.path.realpath(name) for name in roots}
    names = Counter(real.values())
    yield from ((name, root) for name, root in roots.items() if names[real[name]] == 1)
