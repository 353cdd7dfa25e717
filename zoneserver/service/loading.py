"""From files to the zones that may be served: one way for the server and for `check`.

The set of zones that is served is always one that was judged as a whole.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from zoneserver.findings import Finding
from zoneserver.mail.expand import expand
from zoneserver.names import Name
from zoneserver.service.folder import ZoneFiles
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.source import Defaults, ZoneSource
from zoneserver.zonefile.yaml_zone import read_yaml_zone

# The version of each zone that is served, by origin.
Standing = Mapping[Name, Candidate]


@dataclass(frozen=True, slots=True)
class Loaded:
    """Everything that was read, before any judgement.

    `unread` are zones whose files could not be read at all, for the reason in `findings`.
    `texts` are all files by the name they have in marks.
    """

    candidates: tuple[Candidate, ...]
    unread: frozenset[Name]
    findings: tuple[Finding, ...]
    texts: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Admission:
    """What may be served, and what the judgement found.

    `kept` are the zones that keep the version they have, because of an error in a new one;
    `refused` those of which there is no version without an error.
    """

    standing: Standing
    findings: tuple[Finding, ...]
    kept: frozenset[Name] = frozenset()
    refused: frozenset[Name] = frozenset()

    @property
    def zones(self) -> ZoneSet:
        """The zones to answer from."""
        return ZoneSet(
            [
                *(candidate.zone for candidate in self.standing.values()),
                *(RefusedZone(origin) for origin in self.refused),
            ]
        )


def load(
    files: Sequence[ZoneFiles],
    defaults: Defaults,
    number: Callable[[ZoneSource], ZoneSource] | None = None,
) -> Loaded:
    """Read and build zones; `number` gives each source its serial."""
    candidates: list[Candidate] = []
    findings: list[Finding] = []
    texts: dict[str, bytes] = {}
    for each in files:
        if each.findings or each.origin is None:
            findings += each.findings
            continue
        source = read_source(each, each.origin, defaults)
        source = number(source) if number else source
        candidates.append(Candidate(source, build_zone(source)))
        texts |= {**each.files, **each.include.files}
    unread = frozenset(each.origin for each in files if each.findings and each.origin)
    return Loaded(tuple(candidates), unread, tuple(findings), texts)


def read_source(files: ZoneFiles, origin: Name, defaults: Defaults) -> ZoneSource:
    """The records and findings of one zone's files, with what its directives stand for."""
    if files.is_master:
        ((file, octets),) = files.files.items()
        return read_master_zone(file, octets, origin, files.include)
    return expand(read_yaml_zone(origin, files.files, files.include, defaults))


def judge_loaded(
    loaded: Loaded, today: date, asked: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Every finding about what was read, as it stands in the files.

    `asked` are the codes of rules that are off by default and shall be judged too.
    """
    return (*loaded.findings, *judge_all(loaded.candidates, today, asked))


def admit(loaded: Loaded, today: date, served: Standing = MappingProxyType({})) -> Admission:
    """The zones that may be served in place of those that are `served`.

    Zones with an error step back to the version that is served, with every other zone that
    the error names, or are refused where there is none. The rest is judged again, until
    nothing more has to step back.
    """
    standing = {candidate.zone.origin: candidate for candidate in loaded.candidates}
    origins = standing.keys() | loaded.unread
    standing |= {origin: served[origin] for origin in loaded.unread if origin in served}
    found = judge_all(tuple(standing.values()), today)
    findings = dict.fromkeys((*loaded.findings, *found))
    while back := _step_back(found, standing, served):
        for origin in back:
            del standing[origin]
        standing |= {origin: served[origin] for origin in back if origin in served}
        found = judge_all(tuple(standing.values()), today)
        # The other findings of an older version are about lines that are no longer there.
        findings |= dict.fromkeys(finding for finding in found if finding.blocks)
    known = origins & served.keys()
    return Admission(
        standing,
        tuple(findings),
        kept=frozenset(name for name in known if standing.get(name) is served[name]),
        refused=frozenset(origins - standing.keys()),
    )


def _step_back(found: Iterable[Finding], standing: Standing, served: Standing) -> set[Name]:
    """The zones that must not be served in the version that stands; empty: all may."""
    blocking = [(finding.origin, finding.also) for finding in found if finding.blocks]
    named = frozenset().union(*({origin, *also} for origin, also in blocking if origin))
    newer = {
        name
        for name in named & served.keys() & standing.keys()
        if standing[name] is not served[name]
    }
    if newer:
        return newer
    back: set[Name] = set()
    for origin, also in blocking:
        if origin and origin not in served:
            back.add(origin)
        else:  # a version that is served stays: the newcomers that break it have to go
            back |= also - served.keys()
    return back & standing.keys()
