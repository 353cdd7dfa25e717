"""What the tables of this folder share: a zone, lines added to it, the findings."""

from tests.unit.validator.judging import BASE, codes, judge_zones
from zoneserver.findings import Finding

OTHER = """\
$ORIGIN example.net.
$TTL 3600
@ SOA ns1.example.com. hostmaster.example.com. 1 7200 1800 1209600 3600
@ NS ns1.example.com.
@ NS ns2.example.com.
@ MX 10 mail.example.com.
"""


def judge_lines(lines: str, *others: str) -> tuple[Finding, ...]:
    """The findings of the base zone with some lines more, served with other zones."""
    return judge_zones(f"{BASE}{lines}\n", *others)


def levels(findings: tuple[Finding, ...], code: str) -> list[str]:
    """The levels of all findings of a code."""
    return [str(each.level) for each in findings if each.code == code]


def assert_broken(code: str, level: str, lines: str) -> None:
    """A zone that breaks a rule gets a finding of its code, at its level and no worse."""
    found = levels(judge_lines(lines), code)

    assert level in found
    assert level == "error" or "error" not in found


def assert_clean(lines: str) -> None:
    """A zone that is right has nothing but hints, of any code."""
    assert codes(judge_lines(lines)) == set()


def txt(owner: str, text: str) -> str:
    """A TXT record with its text in quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'{owner} TXT "{escaped}"'
