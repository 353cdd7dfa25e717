"""Policy texts as such: characters that hide them, and wildcards that answer for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.validator.policy.table import assert_broken, assert_clean, judge_lines, levels
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records.rdata import TXT
from zoneserver.records.rrset import Record, RRset
from zoneserver.validator.policy.checks import check_policies
from zoneserver.validator.policy.texts import Kind, find_place, read_texts
from zoneserver.validator.world import Candidate, World
from zoneserver.zone.build import build_zone
from zoneserver.zone.zoneset import ZoneSet
from zoneserver.zonefile.source import ZoneSource

# code, level, lines added to the base zone
BREAKS = [
    ("TX004", "error", '@ TXT "\u201cv=spf1 mx -all\u201d"'),
    ("TX004", "error", '@ TXT "\ufeffv=spf1 mx -all"'),
    ("TX004", "error", '@ TXT "\u200bv=spf1 mx -all"'),
    ("TX004", "error", '@ TXT "v=spf1\u00a0mx -all"'),
    ("TX004", "error", '@ TXT "v\u200b=spf1 mx -all"'),
    ("TX004", "error", r'@ TXT "\"v=spf1 mx -all\""'),
    ("TX004", "error", '@ TXT " v=spf1 mx -all"'),
    ("TX004", "error", r'@ TXT "\147v=spf1 mx -all\148"'),
    ("TX004", "error", '_dmarc TXT "\u201cv=DMARC1; p=reject\u201d"'),
    ("TX004", "error", '_dmarc TXT "v=DMARC1\u037e p=reject"'),
    ("TX004", "error", 's1._domainkey TXT "\u2018v=DKIM1; p="'),
    ("TX004", "error", '_smtp._tls TXT "\u00a0v=TLSRPTv1; rua=mailto:a@example.com"'),
    ("TX004", "error", 'mta-sts A 203.0.113.9\n_mta-sts TXT " v=STSv1; id=1"'),
    ("TX004", "warning", '@ TXT "v=spf1 mx \u2013all"'),
    ("TX004", "warning", '_dmarc TXT "v=DMARC1;\u00a0p=reject"'),
    ("TX004", "warning", '_dmarc TXT "v=DMARC1; p=reject\u200b"'),
    ("TX005", "warning", "* TXT hello"),
    ("TX005", "warning", '* TXT "v=spf1 -all"\n_dmarc TXT "v=DMARC1; p=reject"'),
    ("TX005", "warning", "* CNAME www\nwww TXT hello"),
    ("TX005", "warning", "* CNAME www.example.net."),
    ("TX005", "hint", "* CNAME www"),
    ("TX005", "warning", "sub MX 10 mail\n*.sub TXT hello"),
    ("TX005", "warning", "*.sub MX 10 mail\n*.sub TXT hello"),
]

# lines that come close and are right
NEAR_MISSES = [
    '@ TXT "v=spf1 mx -all"\n@ TXT "\u201chello\u201d"',
    'www TXT "v = \u201cvelocity\u201d"',
    '_dmarc TXT " v=DMARC1; p=reject"',
    '_dmarc TXT "v=DMARC1; p=reject; rua=mailto:dmarc@example.com"',
    "* A 203.0.113.80",
    "*.hosts TXT hello",
    "*._report._dmarc TXT v=DMARC1",
    "*._domainkey CNAME keys.example.net.",
    (
        '* TXT hello\n_dmarc TXT "v=DMARC1; p=reject"\n_domainkey TXT hello\n_tls TXT hello\n'
        "_mta-sts TXT hello"
    ),
]


@pytest.mark.parametrize(("code", "level", "lines"), BREAKS)
def test_rule_is_broken(code: str, level: str, lines: str) -> None:
    """A zone that breaks a rule gets a finding of its code, at its level."""
    assert_broken(code, level, lines)


@pytest.mark.parametrize("lines", NEAR_MISSES)
def test_near_miss_is_no_finding(lines: str) -> None:
    """A zone that only looks as if it broke a rule gets nothing worse than a hint."""
    assert_clean(lines)


def test_character_is_named() -> None:
    """TX004 says which character it is, and what receivers do not see for it."""
    lines = '@ TXT "\u201cv=spf1 mx -all\u201d"'
    (found,) = (each for each in judge_lines(lines) if each.code == "TX004")

    assert "U+201C (a typographic quotation mark)" in found.reason
    assert "no SPF" in found.reason


def test_hidden_text_is_told_once() -> None:
    """What receivers do not see is not judged as what they would not understand."""
    found = judge_lines('_dmarc TXT "\u201cv=DMARC1; p=rejct\u201d"')

    assert [each.code for each in found if each.level > 0] == ["TX004"]
    assert levels(found, "DM003") == []


@pytest.mark.parametrize(
    ("owner", "place"),
    [
        ("_dmarc.example.com.", Kind.DMARC),
        ("_DMARC.example.com.", Kind.DMARC),
        ("x._dmarc.example.com.", None),
        ("s1._domainkey.example.com.", Kind.DKIM),
        ("2024.s1._domainkey.example.com.", Kind.DKIM),
        ("_domainkey.example.com.", None),
        ("_mta-sts.example.com.", Kind.MTA_STS),
        ("_smtp._tls.example.com.", Kind.TLSRPT),
        ("_tls._smtp.example.com.", None),
        ("default._bimi.example.com.", Kind.BIMI),
        ("_bimi.example.com.", None),
        ("example.com.", None),
        (".", None),
    ],
)
def test_place(owner: str, place: Kind | None) -> None:
    """What a name is asked for shows in its first labels, in any case."""
    assert find_place(Name.parse(owner)) is place


@pytest.mark.parametrize(
    ("text", "kind", "seen"),
    [
        ("v=spf1", Kind.SPF, True),
        ("V=SPF1 -ALL", Kind.SPF, True),
        ("v=spf10 -all", Kind.SPF, False),
        ("v=DMARC1", Kind.DMARC, True),
        ("V = DMARC1 ; p=none", Kind.DMARC, True),
        ("v=dmarc1; p=none", Kind.DMARC, False),
        ("v=STSv1; id=1", Kind.MTA_STS, True),
        ("v=STSv1", Kind.MTA_STS, False),
        ("v=TLSRPTv1;rua=mailto:a@b", Kind.TLSRPT, True),
        ("v=BIMI1; l=", Kind.BIMI, True),
        ("k=rsa; p=", Kind.DKIM, True),
        ("p=x; k = ed25519", Kind.DKIM, True),
    ],
)
def test_kind(text: str, kind: Kind, seen: bool) -> None:  # noqa: FBT001
    """What a text means to be, and whether receivers see it."""
    rrset = RRset(
        Name.parse("example.com."), 16, 60, (TXT.split(text.encode()),), (Mark("f", 1, 1),)
    )

    assert [(each.kind, each.seen) for each in read_texts(rrset)] == [(kind, seen)]


PLACES = ["@", "_dmarc", "s._domainkey", "_mta-sts", "_smtp._tls", "default._bimi", "*", "www"]
PIECES = st.sampled_from(
    [
        "v=spf1",
        "v=DMARC1",
        "v=DKIM1",
        "v=STSv1",
        "v=TLSRPTv1",
        "v=BIMI1",
        ";",
        " ",
        "=",
        ":",
        ",",
        "p",
        "p=reject",
        "rua=mailto:",
        "a@example.com",
        "include:example.com",
        "redirect=www.example.com",
        "exists:%{",
        "}",
        "mx",
        "all",
        "ip4:",
        "k=rsa",
        "id=",
        "l=https://",
        "\u201c",
        "\u00e9",
        "!10m",
        "%",
    ]
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(PLACES),
            st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=12).map("".join),
        ),
        max_size=6,
    )
)
def test_any_text_at_any_place(rows: list[tuple[str, str]]) -> None:
    """Whatever people write, every finding is about a record that stands in the zone."""
    origin = Name.parse("example.com.")
    records = tuple(
        Record(Name.parse(owner, origin), 16, 60, TXT.split(text.encode()), Mark("f", n, 1))
        for n, (owner, text) in enumerate(rows, 1)
    )
    source = ZoneSource(origin, records)
    zone = build_zone(source)
    found = check_policies(Candidate(source, zone), World(ZoneSet([zone]), own=zone))

    assert {each.mark for each in found} <= {record.mark for record in records}
