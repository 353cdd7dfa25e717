"""From files to zones that were read, for the server and for `check`."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial

from zoneserver.findings import Finding, Mark, make_finding
from zoneserver.mail.expand import expand
from zoneserver.mail.tlsa import publish_keys
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.lines import read_lines
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.source import Defaults, Kind, ZoneSource
from zoneserver.zonefile.yaml_zone import read_yaml_zone


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


def load(
    files: Sequence[ZoneFiles],
    defaults: Defaults,
    number: Callable[[ZoneSource], ZoneSource] | None = None,
    note: Callable[[ZoneFiles, int], None] | None = None,
) -> Loaded:
    """Read and build zones; `number` gives each source its serial.

    `note` hears of each zone that has been read, and of its records.
    """
    candidates: list[Candidate] = []
    findings: list[Finding] = []
    texts: dict[str, bytes] = {}
    unread = {each.origin for each in files if each.findings and each.origin}
    for each in files:
        if each.findings or each.origin is None:
            findings += each.findings
            continue
        source = read_source(each, each.origin, defaults)
        if each.kind.is_foreign and (damage := list(_damage(source))):
            findings += damage
            unread.add(source.origin)
            continue
        source = number(source) if number else source
        candidates.append(Candidate(source, build_zone(source)))
        texts |= {**each.files, **each.include.files}
        if note:
            note(each, len(source.records))
    return Loaded(tuple(candidates), frozenset(unread), tuple(findings), texts)


def _damage(copy: ZoneSource) -> Iterator[Finding]:
    """Why a copy is not what was written: part of another server's zone is worse than none."""
    fix = "delete it and restart the server: it is then fetched anew"
    found = [each for each in copy.findings if each.blocks]
    yield from (
        replace(each, reason=f"the copy is damaged: {each.reason}", fix=fix) for each in found
    )
    if not found and not any(record.rtype == rtypes.SOA for record in copy.records):
        mark = copy.records[0].mark if copy.records else Mark(str(copy.origin), 1, 1)
        reason = "the copy is damaged: it has no SOA"
        yield make_finding("SY009", mark, reason, fix, origin=copy.origin, owner=copy.origin)


def read_source(files: ZoneFiles, origin: Name, defaults: Defaults) -> ZoneSource:
    """The records and findings of one zone's files, with what its directives stand for."""
    if files.is_master:
        ((file, octets),) = files.files.items()
        if files.kind.is_foreign:
            return replace(read_lines(file, octets, origin), kind=files.kind)
        source = read_master_zone(file, octets, origin, files.include)
        return replace(source, kind=files.kind, auto_serial=files.kind is Kind.PRODUCED)
    include = partial(files.include, also=defaults.certificates)
    source = read_yaml_zone(origin, files.files, include, defaults)
    return publish_keys(expand(source))


def judge_loaded(
    loaded: Loaded, today: date, asked: Collection[str] = ()
) -> tuple[Finding, ...]:
    """Every finding about what was read, as it stands in the files.

    `asked` are the codes of rules that are off by default and shall be judged too.
    """
    return (*loaded.findings, *judge_all(loaded.candidates, today, asked))
