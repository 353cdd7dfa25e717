"""What is admitted: at the start, at a reload, and where zones depend on one another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from zoneserver.names import Name
from zoneserver.service.disk.files import Includer
from zoneserver.service.disk.folder import ZoneFiles
from zoneserver.service.disk.loading import Loaded, judge_loaded, load
from zoneserver.service.keeping.admission import Admission, Changes, admit, judge_versions
from zoneserver.service.keeping.standing import InMemory, Standing, Version
from zoneserver.validator.judge import Judgement
from zoneserver.validator.references import Pointers
from zoneserver.validator.world import Zones
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


ADDRESS = "{type: A, value: 192.0.2.25}"
HOST = f"mail: {ADDRESS}"
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


class Bench:
    """A judge who remembers what was brought before it."""

    def __init__(self) -> None:
        self.judged: list[set[Name]] = []

    def judge(
        self, versions: Sequence[Version], zones: Zones, pointers: Pointers, today: date
    ) -> tuple[Judgement, ...]:
        """The judgements of this process."""
        self.judged.append({version.origin for version in versions})
        return judge_versions(versions, zones, pointers, today)


def edit(
    before: Served, texts: Mapping[Name, str], today: date = TODAY
) -> tuple[Admission, list[set[Name]]]:
    """What is admitted where only these files differ, and who was judged in each round."""
    bench = Bench()
    versions = tuple(map(InMemory.of, loaded(texts).candidates))
    admission = admit(Changes(versions), today, before.keeper, bench.judge)
    before.keeper.update(admission.versions, admission.judgements, admission.gone)
    return admission, bench.judged


CROSSED = {
    A: zone(mx("mail.b.example."), HOST),
    B: zone(mx("mail.b.example."), HOST, "www: {type: A, value: 192.0.2.80}"),
    C: zone(mx("mail.c.example."), HOST),
}


@pytest.mark.parametrize(
    ("origin", "text", "judged"),
    [
        (C, zone(mx("mail.c.example.", 5), HOST), [{C}]),
        (A, zone(mx("mail.b.example.", 5), HOST), [{A}]),
        (B, zone(mx("mail.b.example."), HOST, "www: {type: A, value: 192.0.2.81}"), [{B}]),
        (B, "# a line moves all others\n" + CROSSED[B], [{B}]),
        (B, zone(mx("mail.b.example."), "mail: {type: A, value: 192.0.2.26}"), [{A, B}]),
        (B, zone(mx("192.0.2.1."), HOST), [{B}, {B}]),
        (B, zone(TEXT, ALIAS), [{A, B}, {A, B}]),
        (C, zone(mx("mail.b.example."), HOST), [{C}]),
        (A, zone(TEXT, HOST), [{A, B}]),
    ],
)
def test_only_what_a_change_touches_is_judged(
    origin: Name, text: str, judged: list[set[Name]]
) -> None:
    """The zone itself, and those that are told something else by it, or looked up by it.

    A points to B, and it is the only one: whether it does is what a rule may ask in B.
    """
    assert judged == edit(start(CROSSED), {origin: text})[1]


def test_nothing_changed() -> None:
    """Nothing is judged."""
    admission, judged = edit(start(CROSSED), {})

    assert (admission, judged) == (Admission(), [set()])


def test_admission_changes_nothing_by_itself() -> None:
    """What stands is what `update` has put there."""
    before = start(GOOD)
    versions = tuple(
        map(
            InMemory.of,
            loaded({A: zone(TEXT, "mail: {type: A, value: 192.0.2.26}")}).candidates,
        )
    )
    admission = admit(Changes(versions, gone=frozenset({C})), TODAY, before.keeper)

    assert [each.origin for each in admission.versions] == [A]
    assert admission.gone == {C}
    assert {each.origin: each for each in before.keeper} == before.standing
    assert B in {each.origin for each in admission.judgements}
    users = before.keeper.pointers.exchanges.origins(Name.parse("mail.a.example."))
    assert list(users) == [B]


WAIVER = "$allow: [{rule: MX004, owner: '', reason: moving, until: 2026-11-23}]\n"


def test_waiver_that_runs_out_is_noticed_without_a_change() -> None:
    """The zone is judged again on the next day, and stays."""
    before = start({A: zone(mx("gone.b.example."), HOST) + WAIVER, B: zone(TEXT, HOST)})
    admission, judged = edit(before, {}, date(2026, 11, 24))

    assert judged == [{A}]
    assert [each.code for each in admission.findings if each.blocks] == ["MX004"]
    assert A in before.keeper
    assert edit(before, {}, date(2026, 11, 25))[1] == [set()]


def test_error_that_stands_keeps_the_zones_it_names_from_changing() -> None:
    """Its zone need not be judged again for that; B could mend it, and does not."""
    day = date(2026, 11, 24)
    before = start({A: zone(mx("gone.b.example."), HOST) + WAIVER, B: zone(TEXT, HOST)})
    edit(before, {}, day)
    worse, judged = edit(before, {B: zone(TEXT, HOST, "newsletters: " + ADDRESS)}, day)
    mended, _ = edit(before, {B: zone(TEXT, "gone: " + ADDRESS)}, day)

    assert (set(worse.kept), judged) == ({B}, [{B}, {B}])
    assert [each.code for each in worse.findings if each.blocks] == ["MX004"]
    assert [each.origin for each in mended.versions] == [B]


def test_first_zone_of_addresses_concerns_everybody() -> None:
    """Nobody has asked for the names of addresses before; after that, who uses them."""
    reverse = Name.parse("2.0.192.in-addr.arpa.")
    before = start(CROSSED)
    _, first = edit(before, {reverse: zone(TEXT)})
    _, then = edit(before, {reverse: zone(TEXT, "'25': {type: PTR, value: mail.b.example.}")})

    assert first == [{A, B, C, reverse}]
    assert then == [{B, C, reverse}]
