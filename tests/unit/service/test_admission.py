"""What is admitted: at the start, at a reload, and where zones depend on one another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from zoneserver.names import Name
from zoneserver.service.admission import Admission, Changes, admit
from zoneserver.service.files import Includer
from zoneserver.service.folder import ZoneFiles
from zoneserver.service.loading import Loaded, judge_loaded, load
from zoneserver.service.standing import InMemory, Standing, Version
from zoneserver.zonefile.source import Defaults

TODAY = date(2026, 11, 23)
APEX = "'': [{type: NS, values: [ns.example.org., ns.example.net.]}, %s]\n"
A, B, C = (Name.parse(f"{letter}.example.") for letter in "abc")


def zone(apex: str, *lines: str) -> str:
    """A zone file: an apex with NS and a record, and further lines."""
    return APEX % apex + "".join(f"{line}\n" for line in lines)


def mx(exchange: str, preference: int = 10) -> str:
    """An MX at the apex."""
    return f"{{type: MX, value: {{exchange: {exchange}, preference: {preference}}}}}"


HOST = "mail: {type: A, value: 192.0.2.25}"
ALIAS = "mail: {type: CNAME, value: www.example.org.}"
TEXT = "{type: TXT, value: some text}"


def loaded(texts: Mapping[Name, str], *unread: Name) -> Loaded:
    """Zones as read from files with these texts; some whose file cannot be read."""
    files = []
    for origin, text in texts.items():
        path = Path(f"zones/{origin}yaml")
        include = Includer(path.parent, path.parent)
        files.append(ZoneFiles(path, origin, include, {str(path): text.encode()}))
    for origin in unread:
        path = Path(f"zones/{origin}yaml")
        lost = ZoneFiles(path, origin, Includer(path.parent, path.parent))
        files.append(lost.with_finding("the file cannot be read"))
    return load(files, Defaults())


@dataclass(frozen=True)
class Served:
    """What is served after one reading of the files, and how that came about."""

    admission: Admission
    standing: Mapping[Name, Version]
    keeper: Standing

    @property
    def kept(self) -> frozenset[Name]:
        """The zones that kept their versions."""
        return self.admission.kept

    @property
    def refused(self) -> frozenset[Name]:
        """The zones that have none."""
        return self.admission.refused


def serve(standing: Standing, read: Loaded, today: date = TODAY) -> Served:
    """Put what may be served of what was read into service."""
    versions = tuple(map(InMemory.of, read.candidates))
    origins = {version.origin for version in versions} | read.unread
    gone = frozenset(each.origin for each in standing if each.origin not in origins)
    changes = Changes(versions, read.unread, gone, read.findings)
    admission = admit(changes, today, standing)
    standing.update(admission.versions, admission.judgements, admission.gone)
    return Served(admission, {each.origin: each for each in standing}, standing)


def start(texts: Mapping[Name, str], *unread: Name) -> Served:
    """What the server serves first."""
    return serve(Standing(), loaded(texts, *unread))


def reload(before: Served, texts: Mapping[Name, str], *unread: Name) -> Served:
    """What it serves after these files were read."""
    return serve(before.keeper, loaded(texts, *unread))


def codes(served: Served) -> list[str]:
    """The rules of the findings that block."""
    return [finding.code for finding in served.admission.findings if finding.blocks]


def route(served: Served, origin: Name) -> str:
    """The MX at an apex as it is served: preference and exchange."""
    rrset = served.standing[origin].zone.apex.find(15)
    return rrset.rdatas[0].text if rrset else ""


def test_bad_zone_is_refused_and_the_others_are_served() -> None:
    """At the start there is no version to keep."""
    admission = start(
        {A: zone(mx("mail.a.example."), ALIAS), B: zone(mx("mail.b.example."), HOST)}
    )

    assert admission.refused == {A}
    assert set(admission.standing) == {B}
    assert codes(admission) == ["MX001"]


def test_zone_that_another_ones_error_names_is_served_at_the_start() -> None:
    """The mistake is in B, which names an alias; A is fine by itself."""
    admission = start({A: zone(TEXT, ALIAS), B: zone(mx("mail.a.example."))})

    assert admission.refused == {B}
    assert set(admission.standing) == {A}


GOOD = {
    A: zone(mx("mail.a.example."), HOST),
    B: zone(mx("mail.a.example."), HOST),
    C: zone(mx("mail.c.example."), HOST),
}


def test_reload_takes_what_is_good() -> None:
    """The bad zone keeps its version, the others change."""
    before = start(GOOD)
    after = reload(
        before,
        {
            **GOOD,
            A: zone(mx("mail.a.example.", 5), HOST),
            C: zone(mx("mail.c.example."), ALIAS),
        },
    )

    assert (route(after, A), route(after, C)) == ("5 mail.a.example.", "10 mail.c.example.")
    assert after.kept == {C}
    assert after.standing[C] is before.standing[C]
    assert not after.refused


def test_edit_that_breaks_another_zone() -> None:
    """Both zones that the error names keep their versions."""
    before = start(GOOD)
    after = reload(before, {**GOOD, A: zone(mx("mail.c.example.", 5), ALIAS)})

    assert after.kept == {A, B}
    assert route(after, A) == "10 mail.a.example."
    assert codes(after) == ["MX001"]


def test_step_back_of_one_zone_makes_another_step_back() -> None:
    """A's new MX needs a host that only B's new version has, and that one is bad."""
    before = start(GOOD)
    after = reload(
        before,
        {
            A: zone(mx("new.b.example."), HOST),
            B: zone(mx("mail.b.example."), ALIAS, "new: {type: A, value: 192.0.2.26}"),
            C: zone(mx("mail.c.example.", 5), HOST),
        },
    )

    assert after.kept == {A, B}
    assert route(after, A) == "10 mail.a.example."
    assert route(after, C) == "5 mail.c.example."
    assert codes(after) == ["MX001", "MX004"]


def test_newcomer_that_breaks_a_served_zone_is_refused() -> None:
    """B has sent its mail to a host outside; now A claims that host and makes it an alias."""
    pointing = {B: zone(mx("mail.a.example."), HOST)}
    before = start(pointing)
    after = reload(before, {**pointing, A: zone(TEXT, ALIAS)})

    assert after.refused == {A}
    assert route(after, B) == "10 mail.a.example."


def test_newcomer_that_is_bad_touches_nobody() -> None:
    """It is refused, the others go on."""
    before = start({B: GOOD[B]})
    after = reload(before, {B: zone(mx("mail.b.example.", 5), HOST), A: zone(mx("192.0.2.1."))})

    assert after.refused == {A}
    assert route(after, B) == "5 mail.b.example."


def test_zone_whose_file_cannot_be_read_keeps_its_version() -> None:
    """And is judged with the others all the same."""
    before = start(GOOD)
    after = reload(before, {B: GOOD[B], C: GOOD[C]}, A)

    assert after.kept == {A}
    assert route(after, A) == "10 mail.a.example."
    assert codes(after) == ["SY009"]


def test_zone_whose_file_was_never_readable_is_refused() -> None:
    """It is answered SERVFAIL, not REFUSED."""
    admission = start({B: GOOD[B]}, A)

    assert admission.refused == {A}


def test_zone_whose_file_is_gone_is_gone() -> None:
    """Nothing is kept of it."""
    after = reload(start(GOOD), {B: GOOD[B], C: GOOD[C]})

    assert set(after.standing) == {B, C}
    assert not after.kept | after.refused


def test_refused_zone_that_is_mended_is_served() -> None:
    """A later version without the error stands."""
    before = start({**GOOD, A: zone(mx("mail.a.example."), ALIAS), B: zone(TEXT)})
    after = reload(before, {**GOOD, B: zone(TEXT)})

    assert before.refused == {A}
    assert route(after, A) == "10 mail.a.example."
    assert not after.refused


def test_waiver_that_runs_out_does_not_take_a_served_zone_away() -> None:
    """It blocks a new version; the one that is served stays."""
    waived = zone(mx("gone.a.example."), HOST) + (
        "$allow: [{rule: MX004, owner: '', reason: moving, until: 2026-11-23}]\n"
    )
    before = start({A: waived})
    assert not before.refused, before.admission.findings
    after = serve(before.keeper, loaded({A: waived}), date(2026, 11, 24))

    assert after.kept == {A}
    assert codes(after) == ["MX004"]


@pytest.mark.parametrize(
    "texts",
    [
        GOOD,
        {A: zone(mx("mail.a.example."), ALIAS)},
        {A: zone(TEXT, ALIAS), B: zone(mx("mail.a.example."))},
        {A: "", B: "- a", C: zone(mx("1.2.3.4"))},
    ],
)
def test_check_and_server_agree(texts: Mapping[Name, str]) -> None:
    """What `check` finds is what the server finds, and an error is a refused zone."""
    found = judge_loaded(loaded(texts), TODAY)
    admission = start(texts).admission

    assert admission.findings == found
    assert admission.refused == {each.origin for each in found if each.blocks}
