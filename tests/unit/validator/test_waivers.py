"""Waivers: what they lift, what they cannot lift, and when they run out."""

from dataclasses import replace
from datetime import date

import pytest

from tests.unit.validator.judging import BASE, TODAY, no_include
from zoneserver.findings import Finding, Mark
from zoneserver.names import Name
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.source import Waiver

ORIGIN = Name.parse("example.com.")
HERE = Mark("example.com.yaml", 3, 5)


def judge_waived(lines: str, *waivers: Waiver) -> tuple[Finding, ...]:
    """The findings of the base zone with some lines more, under waivers."""
    source = read_master_zone("f", (BASE + lines).encode(), ORIGIN, no_include)
    source = replace(source, waivers=waivers)
    return judge_all([Candidate(source, build_zone(source))], TODAY)


def waive(code: str, owner: str | None = None, until: date | None = None) -> Waiver:
    """A waiver at the top of the file."""
    return Waiver(code, Name.parse(owner) if owner else None, "we know", until, HERE)


@pytest.mark.parametrize(
    "waiver", [waive("MX004"), waive("MX004", "example.com."), waive("MX004", until=TODAY)]
)
def test_waiver_lifts_an_error(waiver: Waiver) -> None:
    """A waived error is still reported, with the reason, and does not block."""
    (found,) = (
        each for each in judge_waived("@ MX 20 nosuch\n", waiver) if each.code == "MX004"
    )

    assert (found.waived, found.blocks) == ("we know", False)


def test_waiver_of_another_owner_lifts_nothing() -> None:
    """A waiver holds for its owner name only, and says that it is of no use."""
    found = judge_waived("@ MX 20 nosuch\n", waive("MX004", "www.example.com."))

    assert [(each.code, each.blocks) for each in found if each.level > 0] == [
        ("WV001", False),
        ("MX004", True),
    ]


def test_expired_waiver() -> None:
    """After its day the finding is back and tells of the waiver."""
    waiver = waive("MX004", until=date(2026, 5, 31))
    (found,) = (
        each for each in judge_waived("@ MX 20 nosuch\n", waiver) if each.code == "MX004"
    )

    assert found.blocks
    assert "ran out on 2026-05-31" in found.reason


def test_alias_cannot_be_waived() -> None:
    """MX001 stands, whatever the file says."""
    found = judge_waived("@ MX 20 alias\nalias CNAME mail\n", waive("MX001"))

    assert [each.blocks for each in found if each.code == "MX001"] == [True]


def test_what_could_not_be_read_cannot_be_waived() -> None:
    """The record is not in the zone, so to let that pass would lose it without a word."""
    found = judge_waived("www A 192.0.2.999\n", waive("AD001"))

    assert [each.blocks for each in found if each.code == "AD001"] == [True]
