"""Zones in presentation format, judged: what the tables of this folder are made of."""

from collections.abc import Collection
from datetime import date

from zoneserver.findings import Finding, Level
from zoneserver.names import Name
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.master import read_master_zone

TODAY = date(2026, 6, 1)

# A zone with nothing to say about it, to which a table adds a few lines.
BASE = """\
$ORIGIN example.com.
$TTL 3600
@ SOA ns1 hostmaster 1 7200 1800 1209600 3600
@ NS ns1
@ NS ns2
@ MX 10 mail
ns1 A 192.0.2.1
ns2 A 198.51.100.2
mail A 192.0.2.25
www A 192.0.2.80
"""


def judge_zones(
    *texts: str, today: date = TODAY, asked: Collection[str] = ()
) -> tuple[Finding, ...]:
    """All findings of several zones that are served together; each names its $ORIGIN first."""
    candidates = []
    for text in texts:
        origin = Name.parse(text.split()[1])
        source = read_master_zone(f"{origin}zone", text.encode(), origin, no_include)
        candidates.append(Candidate(source, build_zone(source)))
    return judge_all(candidates, today, asked)


def no_include(path: str) -> bytes:
    """There is nothing to include in these tables."""
    raise FileNotFoundError(path)


def codes(findings: tuple[Finding, ...]) -> set[str]:
    """The codes of all findings that are more than hints."""
    return {finding.code for finding in findings if finding.level > 0}


def described(findings: tuple[Finding, ...], code: str) -> list[str]:
    """`level file:line` of every finding with a code."""
    return [
        f"{each.level} {each.mark.file}:{each.mark.line}"
        for each in findings
        if each.code == code
    ]


def assert_broken(code: str, level: str, lines: str) -> None:
    """The base zone with these lines gets a finding of a code, at a level."""
    found = judge_zones(BASE + lines + "\n")
    assert level in [str(each.level) for each in found if each.code == code]


def assert_near_miss(code: str, lines: str) -> None:
    """The base zone with these lines gets nothing worse than a hint."""
    found = judge_zones(BASE + lines + "\n")
    assert {each.level for each in found if each.code == code} <= {Level.HINT}
    assert codes(found) == set()
