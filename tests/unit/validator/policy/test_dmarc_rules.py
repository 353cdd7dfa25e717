"""Every DMARC rule with zones that break it, and near misses that do not."""

import pytest

from tests.unit.validator.policy.table import (
    OTHER,
    assert_broken,
    assert_clean,
    judge_lines,
    levels,
    txt,
)

# code, level, lines added to the base zone
BREAKS = [
    ("DM001", "error", '@ TXT "v=DMARC1; p=reject"'),
    ("DM001", "error", 'www TXT "v=DMARC1; p=reject"'),
    ("DM001", "error", 'dmarc TXT "v=DMARC1; p=reject"'),
    ("DM001", "error", '_dmarc.example.com TXT "v=DMARC1; p=reject"'),
    ("DM001", "error", '_dmarc.sub.example.com TXT "v=DMARC1; p=reject"'),
    ("DM001", "error", '_dmark TXT "v=DMARC1; p=reject"'),
    (
        "DM002",
        "error",
        (
            '_dmarc TXT "v=DMARC1; p=none; rua=mailto:a@example.com"\n'
            '_dmarc TXT "v=DMARC1; p=reject"'
        ),
    ),
    ("DM003", "error", "_dmarc TXT v=DMARC1; p=reject; rua=mailto:dmarc@example.com"),
    ("DM003", "error", '_dmarc TXT "v=DMARC1;"'),
    ("DM003", "error", '_dmarc TXT "p=reject; v=DMARC1"'),
    ("DM003", "error", '_dmarc TXT "p=reject"'),
    ("DM003", "error", '_dmarc TXT "v=dmarc1; p=reject"'),
    ("DM003", "error", '_dmarc TXT "DMARC1; p=reject"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1 p=reject"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC2; p=reject"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1, p=reject"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=rejct"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p="'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=reject; sp=block"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=reject; np=nil"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=reject; adkim=strict"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=reject; aspf=x"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=reject; fo=2"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=reject; fo=1,d"'),
    ("DM003", "warning", '_dmarc TXT "v=DMARC1; p=reject; fo=0:1:d:s"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=reject; t=yes"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=reject; psd=1"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; p=none; p=reject"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; reject"'),
    ("DM003", "error", '_dmarc TXT "v=DMARC1; sp=reject"'),
    (
        "DM003",
        "error",
        '_dmarc TXT "v=DMARC1; p=none; rua=mailto:a@example.com; mailto:b@example.com"',
    ),
    ("DM003", "warning", '_dmarc TXT "v=DMARC1; rua=mailto:dmarc@example.com"'),
    ("DM003", "warning", '_dmarc TXT "v=DMARC1; p=reject; rau=mailto:dmarc@example.com"'),
    ("DM003", "error", 'example.net._report._dmarc TXT "v=dmarc1"'),
    ("DM004", "hint", '_dmarc TXT "v=DMARC1; p=none"'),
    ("DM004", "hint", '_dmarc TXT "v=DMARC1; p=NONE; ruf=mailto:dmarc@example.com"'),
    ("DM005", "hint", '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:r@reports.example.net"'),
    ("DM005", "hint", '_dmarc TXT "v=DMARC1; p=reject; ruf=mailto:r@reports.example.net"'),
    ("DM006", "hint", '_dmarc TXT "v=DMARC1; p=reject; pct=50"'),
    ("DM006", "hint", '_dmarc TXT "v=DMARC1; p=reject; rf=afrf; ri=86400"'),
    ("DM006", "hint", '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:r@example.com!10m"'),
    ("DM007", "error", '_dmarc TXT "v=DMARC1; p=reject; rua=dmarc@example.com"'),
    (
        "DM007",
        "error",
        '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:a@example.com,b@example.com"',
    ),
    ("DM007", "error", '_dmarc TXT "v=DMARC1; p=reject; ruf=mailto:dmarc"'),
    ("DM007", "error", '_dmarc TXT "v=DMARC1; p=reject; ruf=mailto:@example.com"'),
    ("DM007", "error", '_dmarc TXT "v=DMARC1; p=reject; rua="'),
    ("DM007", "warning", '_dmarc TXT "v=DMARC1; p=reject; rua=https://example.com/dmarc"'),
    (
        "DM010",
        "warning",
        '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:r@quiet.example.com"\nquiet MX 0 .',
    ),
    ("DM010", "warning", '_dmarc TXT "v=DMARC1; p=reject; ruf=mailto:r@nosuch.example.com"'),
    ("DM010", "warning", '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:r@nosuch.example.com"'),
    ("DM010", "warning", '@ CAA 0 iodef "mailto:r@nosuch.example.com"'),
]

# lines that come close and are right
NEAR_MISSES = [
    '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"',
    '_dmarc TXT "v=DMARC1;p=reject;"',
    '_dmarc TXT "v = DMARC1 ; p = Reject ; sp=None;np=QUARANTINE ; adkim=S; aspf=r"',
    '_dmarc TXT "v=DMARC1; sp=reject; p=quarantine; t=y; psd=n"',
    '_dmarc TXT "v=DMARC1; p=reject; fo=1:d:s; ruf=mailto:dmarc@example.com"',
    '_dmarc TXT "v=DMARC1; p=reject; fo=d:0; ruf=mailto:dmarc@example.com"',
    '_dmarc TXT "v=DMARC1; p=rej" "ect"',
    '_dmarc TXT "v=DMARC1; p=reject"\n_dmarc TXT "some-verification=123"',
    (
        '_dmarc TXT "v=DMARC1; p=reject"\n_dmarc.sub TXT "v=DMARC1; p=none; '
        'rua=mailto:a@example.com"'
    ),
    (
        '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:a@example.com, mailto:b@sub.example.com"\n'
        "sub MX 1 mail"
    ),
    '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc%2Breports@example.com?subject=x"',
    '_dmarc.sub TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"',
    '_dmarc CNAME policies\npolicies TXT "v=DMARC1; p=reject"',
    'example.net._report._dmarc TXT "v=DMARC1"',
    '*._report._dmarc TXT "v=DMARC1;"',
    'customer.example._dmarc.hosted TXT "v=DMARC1; p=reject"',
    'www TXT "DMARC is explained at https://example.com/?v=DMARC1"',
    'sub NS ns.example.net.\nsub NS ns.example.org.\n_dmarc.sub TXT "v=DMARC1; p=rejct"',
]


@pytest.mark.parametrize(("code", "level", "lines"), BREAKS)
def test_rule_is_broken(code: str, level: str, lines: str) -> None:
    """A zone that breaks a rule gets a finding of its code, at its level."""
    assert_broken(code, level, lines)


@pytest.mark.parametrize("lines", NEAR_MISSES)
def test_near_miss_is_no_finding(lines: str) -> None:
    """A zone that only looks as if it broke a rule gets nothing worse than a hint."""
    found = judge_lines(lines)

    assert {each.code for each in found if each.level > 0} <= {"NS010"}


def test_policy_with_reports_at_home_needs_no_consent() -> None:
    """DM005: neither the domain itself, nor one above or below, is another organisation."""
    text = "v=DMARC1; p=reject; rua=mailto:a@example.com,mailto:b@mail.example.com"

    assert levels(judge_lines(txt("_dmarc", text)), "DM005") == []
    assert levels(judge_lines(txt("_dmarc.www", text)), "DM005") == []


REPORTS_ELSEWHERE = txt("_dmarc", "v=DMARC1; p=reject; rua=mailto:dmarc@example.net")


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ("", ["error"]),
        ('example.com._report._dmarc TXT "v=DMARC1"', []),
        ('example.com._report._dmarc TXT "v=DMARC1; rua=mailto:other@example.net"', []),
        ('*._report._dmarc TXT "v=DMARC1"', []),
        ('example.org._report._dmarc TXT "v=DMARC1"', ["error"]),
        ("example.com._report._dmarc TXT hello", ["error"]),
        ("_dmarc NS ns.example.org.\n_dmarc NS ns2.example.org.", ["hint"]),
        ("example.com._report._dmarc CNAME consent.example.org.", ["hint"]),
    ],
)
def test_consent_of_another_zone_of_ours(lines: str, found: list[str]) -> None:
    """DM005 is an error where we serve the other domain, and it does not agree."""
    findings = judge_lines(REPORTS_ELSEWHERE, f"{OTHER}{lines}\n")
    mine = [each for each in findings if each.code == "DM005"]

    assert [str(each.level) for each in mine] == found
    assert all({str(name) for name in each.also} == {"example.net."} for each in mine)


def test_consent_is_offered() -> None:
    """DM005 prints the record that the other domain has to add."""
    (found,) = (each for each in judge_lines(REPORTS_ELSEWHERE) if each.code == "DM005")

    assert 'example.com._report._dmarc.example.net. TXT "v=DMARC1"' in found.fix


def test_domains_of_one_organisation() -> None:
    """DM005: siblings below a domain of ours with a DMARC record belong together."""
    parent = '_dmarc TXT "v=DMARC1; p=reject"\na NS ns1\na NS ns2\nb NS ns1\nb NS ns2'
    a = OTHER.replace("example.net.", "a.example.com.")
    b = OTHER.replace("example.net.", "b.example.com.")
    a += txt("_dmarc", "v=DMARC1; p=reject; rua=mailto:dmarc@b.example.com") + "\n"

    assert levels(judge_lines(parent, a, b), "DM005") == []
    assert levels(judge_lines(parent.partition("\n")[2], a, b), "DM005") == ["error"]


def test_mailbox_in_another_zone_of_ours() -> None:
    """DM010 names the zone that takes no mail."""
    other = OTHER.replace("MX 10 mail.example.com.", "MX 0 .")
    (found,) = (each for each in judge_lines(REPORTS_ELSEWHERE, other) if each.code == "DM010")

    assert {str(name) for name in found.also} == {"example.net."}


@pytest.mark.parametrize(
    ("lines", "fix"),
    [
        ('_dmarc TXT "v=DMARC1; p=rejct"', "p=reject"),
        ('_dmarc TXT "v=DMARC1; p=reject; rua=a@example.com"', "rua=mailto:a@example.com"),
        ('@ TXT "v=DMARC1; p=reject"', "move it to _dmarc.example.com."),
        ('dmarc TXT "v=DMARC1; p=reject"', "move it to _dmarc.example.com."),
        ('www TXT "v=DMARC1; p=reject"', "move it to _dmarc.www.example.com."),
        ('_dmarc.example.com TXT "v=DMARC1; p=reject"', "write _dmarc.example.com. with"),
        ('_dmarc TXT "v=DMARC1; p=reject; rau=mailto:a@example.com"', "rua"),
    ],
)
def test_fix_names_the_right_text(lines: str, fix: str) -> None:
    """The fix is what the writer most likely meant."""
    assert any(fix in each.fix for each in judge_lines(lines) if each.code.startswith("DM"))


def test_right_zone_is_clean() -> None:
    """A usual record has nothing to say about it, hints included."""
    lines = txt("_dmarc", "v=DMARC1; p=reject; rua=mailto:dmarc@example.com")
    assert_clean(lines)

    assert not [each for each in judge_lines(lines) if each.code.startswith("DM")]
