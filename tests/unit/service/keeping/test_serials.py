"""Serials: when they rise, and what survives."""

import stat
from dataclasses import replace
from pathlib import Path

import pytest

from zoneserver.findings import Level, Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import NS, SOA, TXT
from zoneserver.records.rrset import Record
from zoneserver.service.keeping.serials import (
    FILE,
    MOST_LINES,
    Serials,
    StateError,
    digest,
    next_serial,
)
from zoneserver.transfer.serial import is_newer
from zoneserver.zonefile.source import ZoneSource

ORIGIN = Name.parse("Example.com.")
MARK = Mark("zones/example.com.yaml", 3, 5)
NOW = 1_700_000_000.5


def source(*texts: str, serial: int = 0, auto: bool = True) -> ZoneSource:
    """A zone with an SOA, an NS and some TXT records."""
    mname = Name.parse("ns1.example.com.")
    soa = SOA(mname, mname, serial, 1, 2, 3, 4)
    records = (
        Record(ORIGIN, rtypes.SOA, 60, soa, MARK),
        Record(ORIGIN, rtypes.NS, 60, NS(mname), MARK),
        *(Record(ORIGIN, rtypes.TXT, 60, TXT((text.encode(),)), MARK) for text in texts),
    )
    return ZoneSource(ORIGIN, records, auto_serial=auto)


def serial_of(numbered: ZoneSource) -> int:
    """The serial in the SOA."""
    return next(each.rdata.serial for each in numbered.records if isinstance(each.rdata, SOA))


@pytest.mark.parametrize(
    ("serial", "other", "newer"),
    [
        (1, 0, True),
        (0, 0, False),
        (0, 1, False),
        (2**31 - 1, 0, True),
        (2**31, 0, False),
        (0, 2**32 - 1, True),
        (2**32 - 1, 0, False),
        (5, 2**32 - 5, True),
    ],
)
def test_comparison(serial: int, other: int, newer: bool) -> None:  # noqa: FBT001 - a row
    """RFC 1982 3.2, with the wrap."""
    assert is_newer(serial, other) is newer


@pytest.mark.parametrize(
    ("last", "now", "following"),
    [
        (0, 1_700_000_000, 1_700_000_000),
        (1_700_000_000, 1_700_000_000, 1_700_000_001),
        (2026112301, 1_700_000_000, 2026112302),
        (2**32 - 1, 100, 100),
        (2**32 - 1, 2**32 - 1, 0),
        (100, 2**32 + 101, 101),
    ],
)
def test_next_serial_always_rises(last: int, now: int, following: int) -> None:
    """The clock where that is a rise, one more where it is not."""
    assert next_serial(last, now) == following
    assert is_newer(following, last)


def test_serial_rises_when_and_only_when_the_content_changes() -> None:
    """The same content keeps its serial, whatever the clock says."""
    serials = Serials(None)
    seen = []
    for texts, now in [("a", NOW), ("a", NOW + 10), ("b", NOW + 20), ("a", NOW + 20)]:
        seen.append(serial_of(serials.number(source(*texts), now)))
        serials.keep([ORIGIN])

    start = int(NOW)
    assert seen == [start, start, start + 20, start + 21]


def test_version_that_was_not_served_leaves_no_trace() -> None:
    """A zone that was refused may change without a new serial."""
    serials = Serials(None)
    first = serial_of(serials.number(source("a"), NOW))
    serials.keep([ORIGIN])
    serials.number(source("broken"), NOW + 10)
    serials.keep([])

    assert serial_of(serials.number(source("a"), NOW + 20)) == first


def test_order_and_serial_are_no_content() -> None:
    """TTL and case of a name are."""
    assert digest(source("a", "b", serial=1)) == digest(source("b", "a", serial=2))
    assert digest(source("a")) != digest(source("a", "b"))
    assert digest(source("ab")) != digest(source("a", "b"))
    longer = replace(
        source("a"), records=tuple(each._replace(ttl=61) for each in source("a").records)
    )
    assert digest(longer) != digest(source("a"))


def test_serials_survive_a_restart(tmp_path: Path) -> None:
    """In a file that only its owner reads."""
    folder = tmp_path / "state" / "deep"
    serials = Serials.load(folder)
    first = serial_of(serials.number(source("a"), NOW))
    serials.keep([ORIGIN])
    again = Serials.load(folder)

    assert serial_of(again.number(source("a"), NOW + 99)) == first
    assert serial_of(again.number(source("b"), NOW - 99)) == first + 1
    assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [each.name for each in folder.iterdir()] == [FILE]


def test_zone_that_comes_back_goes_on(tmp_path: Path) -> None:
    """A zone that was gone for a while does not start again."""
    serials = Serials.load(tmp_path)
    first = serial_of(serials.number(source("a"), NOW + 1000))
    serials.keep([ORIGIN])
    serials.keep([])

    assert serial_of(Serials.load(tmp_path).number(source("b"), NOW)) == first + 1


def test_nothing_is_written_when_nothing_changed(tmp_path: Path) -> None:
    """A reload without changes does not touch the disk."""
    serials = Serials.load(tmp_path)
    serials.number(source("a"), NOW)
    serials.keep([ORIGIN])
    (tmp_path / FILE).unlink()
    serials.number(source("a"), NOW)
    serials.keep([ORIGIN])

    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize(
    "text",
    [
        "\n", "{}\n", "a. 1\n", "a. x 0a\n", "a. 4294967296 0a\n", "a. -1 0a\n", "a. 1 \n",
        "a. 1 0a 2\n", "a. 1 0a\n\nb. 1 0a\n", "\udcff\n",
    ],
)  # fmt: skip
def test_damaged_state_is_said(tmp_path: Path, text: str) -> None:
    """Never a traceback."""
    (tmp_path / FILE).write_text(text, errors="surrogateescape")

    with pytest.raises(StateError, match=FILE):
        Serials.load(tmp_path)


def test_state_that_cannot_be_written_is_kept_in_memory(tmp_path: Path) -> None:
    """The serials of this run go on as they should."""
    (tmp_path / "state").write_text("a file, where a folder is due")
    serials = Serials(tmp_path / "state")
    first = serial_of(serials.number(source("a"), NOW))
    with pytest.raises(StateError, match="cannot be written"):
        serials.keep([ORIGIN])

    assert serial_of(serials.number(source("b"), NOW)) == first + 1


@pytest.mark.parametrize(
    ("before", "after", "warned"),
    [(5, 6, False), (5, 5, True), (5, 4, True), (5, 2**31 + 6, True)],
)
def test_serial_of_the_author_that_does_not_rise(
    before: int,
    after: int,
    warned: bool,  # noqa: FBT001 - a row
) -> None:
    """It is served as written, with a warning where secondaries would not notice."""
    serials = Serials(None)
    serials.number(source("a", serial=before, auto=False), NOW)
    serials.keep([ORIGIN])
    numbered = serials.number(source("b", serial=after, auto=False), NOW)

    assert serial_of(numbered) == after
    found = [(each.code, each.level, each.mark) for each in numbered.findings]
    assert found == [("NS016", Level.WARNING, MARK)] * warned


def test_unchanged_zone_with_its_own_serial_is_fine() -> None:
    """No content changed, no serial has to."""
    serials = Serials(None)
    for _ in range(2):
        numbered = serials.number(source("a", serial=5, auto=False), NOW)
        serials.keep([ORIGIN])
        assert numbered.findings == ()


def test_automatic_serial_follows_the_authors(tmp_path: Path) -> None:
    """Leaving the serial out does not make it go back."""
    serials = Serials.load(tmp_path)
    serials.number(source("a", serial=2026112301, auto=False), NOW)
    serials.keep([ORIGIN])

    assert serial_of(serials.number(source("b"), NOW)) == 2026112302


def test_zone_without_soa_is_left_alone() -> None:
    """The validator refuses it; nothing here does."""
    bare = ZoneSource(ORIGIN, (), auto_serial=True)

    assert Serials(None).number(bare, NOW) is bare


def test_file_is_readable_by_people(tmp_path: Path) -> None:
    """Origin, serial, digest."""
    serials = Serials.load(tmp_path)
    serials.number(source("a"), NOW)
    serials.keep([ORIGIN])

    assert (tmp_path / FILE).read_text() == f"example.com. {int(NOW)} {digest(source('a'))}\n"


def test_line_that_a_crash_has_cut_is_passed_over(tmp_path: Path) -> None:
    """What was written before it counts, and the next write mends the file."""
    (tmp_path / FILE).write_text("example.com. 7 0a\nexample.net. 9")
    serials = Serials.load(tmp_path)
    numbered = serials.number(source("a"), NOW)
    serials.keep([ORIGIN])

    assert serial_of(numbered) == int(NOW)
    assert (tmp_path / FILE).read_text() == f"example.com. {int(NOW)} {digest(source('a'))}\n"


def test_file_does_not_grow_for_ever(tmp_path: Path) -> None:
    """It holds one line for each zone, and some that have been overtaken."""
    serials = Serials.load(tmp_path)
    for number in range(3 * MOST_LINES):
        serials.number(source(f"v{number}"), NOW + number)
        serials.keep([ORIGIN])
    again = Serials.load(tmp_path)

    assert len((tmp_path / FILE).read_text().splitlines()) <= MOST_LINES + 1
    assert serial_of(again.number(source(f"v{3 * MOST_LINES - 1}"), NOW)) == int(
        NOW + 3 * MOST_LINES - 1
    )
