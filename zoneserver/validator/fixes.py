"""Rewrites of zone files that are safe: where a finding leaves one thing to mean.

A fix is proposed from what all zones say. Whether it is kept is decided by reading and
judging what the file says with it: see `accepts`.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Finding, Mark
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX, TXT, Rdata
from zoneserver.records.rrset import Record
from zoneserver.validator.readings import complete
from zoneserver.validator.world import Candidate, Verdict, World, world_of
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.edit import Edit
from zoneserver.zonefile.nodes import NodeError, Scalar, show
from zoneserver.zonefile.pieces import Page, Piece
from zoneserver.zonefile.removal import remove_item
from zoneserver.zonefile.texts import read_text
from zoneserver.zonefile.values import keys_of

_PREFERENCE = frozenset(key for key, name in keys_of(rtypes.MX).items() if name == "preference")
_ALIASES = frozenset({Verdict.ALIAS, Verdict.REWRITTEN})
_BLOCK_HEADER = re.compile(r"[|>][1-9]?(?=[ \t]*(?:#[^\n]*)?\r?\n)")


@dataclass(frozen=True, slots=True)
class Judged:
    """Zones, and every finding about them."""

    candidates: tuple[Candidate, ...]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Fix:
    """An edit that lifts a finding; `what` says in words what changes.

    `loses` are the rdatas that are no longer written. `gains` is what records have that were
    not read before: their rdata, a name that they point to, a text.
    """

    finding: Finding
    edit: Edit
    what: str
    loses: tuple[Rdata, ...] = ()
    gains: tuple[Rdata | Name | bytes, ...] = ()

    def brings(self, rdata: Rdata) -> bool:
        """Whether the fix may be why this rdata is there."""
        text = rdata.joined if isinstance(rdata, TXT) else None
        return any(each in (rdata, text, *rdata.values) for each in self.gains)


@dataclass(frozen=True, slots=True)
class _Case:
    """A finding, and what is needed to think about it.

    `piece` is the text that it points to, `records` are those that are read from there:
    several, where it has an anchor.
    """

    finding: Finding
    zone: Zone
    world: World
    page: Page
    piece: Piece | None
    records: tuple[Record, ...]

    @property
    def mxs(self) -> tuple[MX, ...]:
        """The rdatas of the records that are MX."""
        rdatas = (record.rdata for record in self.records)
        return tuple(rdata for rdata in rdatas if isinstance(rdata, MX))


def propose(judged: Judged, texts: Mapping[str, bytes]) -> list[Fix]:
    """The fixes that may be right, at most one at each place of the files in `texts`."""
    world = world_of(judged.candidates)
    fixes: dict[tuple[str, int], Fix] = {}
    for case in _cases(judged, world, texts):
        if fix := _FIXERS[case.finding.code](case):
            fixes.setdefault((fix.edit.file, fix.edit.at), fix)
    return list(fixes.values())


def _cases(judged: Judged, world: World, texts: Mapping[str, bytes]) -> Iterator[_Case]:
    """The findings that a fix may be known for."""
    findings = [
        finding
        for finding in judged.findings
        if finding.code in _FIXERS and not finding.waived and finding.mark.file in texts
    ]
    records: dict[Mark, list[Record]] = {finding.mark: [] for finding in findings}
    for candidate in judged.candidates:
        for record in candidate.source.records:
            if record.mark in records:
                records[record.mark].append(record)
    files = {mark.file for mark in records}
    pages = {file: Page(file, texts[file], records.keys()) for file in files}
    for finding in findings:
        zone = world.zones.find(finding.origin or ROOT)
        page, mark = pages[finding.mark.file], finding.mark
        if isinstance(zone, Zone):
            piece = page.find_scalar(mark)
            yield _Case(finding, zone, world, page, piece, tuple(records[mark]))


def _follow_alias(case: _Case) -> Fix | None:
    """MX001, MX003: the exchanger becomes the host that the alias leads to."""
    end = _end_of(case.mxs[0].exchange, case.world) if case.mxs else None
    return _redirect(case, end) if end else None


def _end_of(name: Name, world: World) -> Name | None:
    """The host with an address that an alias of ours leads to, through all our zones."""
    seen: set[Name] = set()
    target = world.look_up(name)
    while target.verdict in _ALIASES and target.name not in seen:
        seen.add(target.name)
        next_name = target.aliases[-1].rdatas[0].points_to
        if next_name is None or any(len(rrset.rdatas) > 1 for rrset in target.aliases):
            return None
        target = world.look_up(next_name)
    return target.name if target.verdict is Verdict.HOST else None


def _redirect(case: _Case, exchange: Name) -> Fix | None:
    """The fix that gives an MX another exchanger."""
    if case.piece is None or not all(_spells(case.piece, mx.exchange) for mx in case.mxs):
        return None
    new = tuple(MX(mx.preference, exchange) for mx in case.mxs)
    return _rewrite(case, case.piece, str(exchange), case.mxs, new)


def _rewrite(
    case: _Case,
    piece: Piece,
    text: str,
    loses: tuple[Rdata, ...],
    gains: tuple[Rdata | Name, ...],
) -> Fix | None:
    edit = case.page.rewrite(piece, text)
    what = f"{show(piece.text or '')} becomes {show(text)}"
    return Fix(case.finding, edit, what, loses, gains) if edit else None


def _spells(piece: Piece, name: Name) -> bool:
    """Whether a text is this name in full."""
    try:
        return Name.parse(piece.text or "") == name
    except NameSyntaxError:
        return False


def _zero_preference(case: _Case) -> Fix | None:
    """MX008: a null MX has preference 0. Beside other MX it is open which are meant."""
    piece = case.page.find_sibling(case.finding.mark, _PREFERENCE)
    node = case.zone.find(case.finding.owner) if case.finding.owner else None
    rrset = node.find(rtypes.MX) if node else None
    if rrset is None or any(each.points_to != ROOT for each in rrset.rdatas):
        return None
    if piece is None or any(piece.text != str(mx.preference) for mx in case.mxs):
        return None
    return _rewrite(case, piece, "0", case.mxs, (MX(0, ROOT),))


def _add_dot(case: _Case) -> Fix | None:
    """MX020, SY013: a target gets its final dot, in the reading that there is."""
    if case.mxs:
        return _undouble(case)
    if case.piece is None or not case.piece.text:
        return None
    text = complete(case.piece.text, case.zone, case.world)
    return _rewrite(case, case.piece, text, (), (Name.parse(text),)) if text else None


def _undouble(case: _Case) -> Fix | None:
    """MX020: an exchanger with the origin twice loses one, if that makes it a host of ours."""
    exchange, origin = case.mxs[0].exchange, case.zone.origin
    if not exchange.is_below(origin):
        return None
    count = len(exchange.labels) - len(origin.labels)
    name = Name.from_labels(exchange.labels[:count])
    sound = name.is_below(origin) and case.world.look_up(name).verdict is Verdict.HOST
    return _redirect(case, name) if sound else None


def _delete_repeat(case: _Case) -> Fix | None:
    """MX011, SY006: the record that is there already goes."""
    mark = case.finding.mark
    edit = remove_item(case.page, mark)
    if (
        not case.records
        or edit is None
        or any(mark == each for each, _ in case.finding.related)
    ):
        return None  # the first one stands in the same place, by an alias
    rdatas = tuple(record.rdata for record in case.records)
    what = f"the second {rtypes.mnemonic(rdatas[0].rtype)} {show(rdatas[0].text)} goes"
    return Fix(case.finding, edit, what, rdatas)


def _strip_newline(case: _Case) -> Fix | None:
    """SY008: a TXT of one line, written as a block, loses the line end behind it."""
    piece = case.piece
    if piece is None or not piece.text or not piece.is_block_text:
        return None
    header = _BLOCK_HEADER.match(case.page.text, piece.start)
    try:
        meant = Scalar(case.page.file, 0, 0, piece.text.rstrip("\n"), plain=False)
        text = read_text(meant, rtypes.TXT).joined
    except NodeError:
        return None
    if header is None:
        return None
    edit = Edit(case.page.file, header.start(), header[0], f"{header[0]}-")
    what = f"{show(edit.old)} becomes {show(edit.new)}, so that the text has no line end"
    return Fix(case.finding, edit, what, gains=(text,))


_FIXERS: dict[str, Callable[[_Case], Fix | None]] = {
    "MX001": _follow_alias,
    "MX003": _follow_alias,
    "MX008": _zero_preference,
    "MX011": _delete_repeat,
    "MX020": _add_dot,
    "SY006": _delete_repeat,
    "SY008": _strip_newline,
    "SY013": _add_dot,
}


def accepts(before: Judged, after: Judged, fixes: Sequence[Fix]) -> bool:
    """Whether fixes do what they are for, and nothing else.

    Their findings are gone, there is no new error, and all records but theirs are the same.
    """
    found, left = _count(before.findings), _count(after.findings)
    for kind, count in _count(fix.finding for fix in fixes).items():
        if left[kind] > found[kind] - count:
            return False
    errors, remaining = (
        _count(each for each in judged.findings if each.blocks) for judged in (before, after)
    )
    return not remaining - errors and _keeps_records(before, after, fixes)


def _count(findings: Iterable[Finding]) -> Counter[tuple[object, ...]]:
    """How often each rule is broken at each name, wherever that is written now."""
    return Counter((each.code, each.origin, each.owner) for each in findings)


def _keeps_records(before: Judged, after: Judged, fixes: Sequence[Fix]) -> bool:
    """Whether each difference between the records is what one of the fixes is about."""
    old, new = _records(before), _records(after)
    for key in new - old:
        if not any(fix.brings(key[-1]) for fix in fixes):
            return False
    for key in old - new:
        takers = [fix for fix in fixes if key[-1] in fix.loses]
        # What is only deleted must be there once more.
        if not takers or (new[key] == 0 and not any(fix.gains for fix in takers)):
            return False
    return True


def _records(judged: Judged) -> Counter[tuple[Name, Name, int, int, Rdata]]:
    """Every record that a file writes, with its zone.

    What the configuration adds stands nowhere, so that it is marked with the first place of
    a file. It follows from the rest, as an SOA does.
    """
    return Counter(
        (candidate.source.origin, each.owner, each.rtype, each.ttl, each.rdata)
        for candidate in judged.candidates
        for each in candidate.source.records
        if each.rtype != rtypes.SOA and each.mark[1:] != (1, 1)
    )
