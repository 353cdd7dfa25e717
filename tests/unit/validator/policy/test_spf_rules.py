"""Every SPF rule with zones that break it, and near misses that do not."""

import pytest

from tests.unit.validator.judging import BASE, codes, judge_zones
from tests.unit.validator.policy.table import (
    OTHER,
    assert_broken,
    assert_clean,
    judge_lines,
    levels,
    txt,
)

CHAIN = [txt(f"s{n}", f"v=spf1 include:s{n + 1}.example.com -all") for n in range(1, 11)]
END = txt("s11", "v=spf1 ip4:192.0.2.0/24 -all")
ELEVEN = "\n".join([txt("@", "v=spf1 include:s1.example.com -all"), *CHAIN, END])
TEN_ENDS = [f"include:s11.example.com a:h{n}.example.com" for n in range(5)]
HOSTS = "\n".join(f"h{n} A 203.0.113.{n}" for n in range(12))
HOST_TERMS = [f"a:h{n}.example.com" for n in range(12)]
# 255 octets, where the text is cut whatever word that breaks.
FULL_STRING = ("v=spf1 " + "ip4:192.0.2.25 " * 20)[: 255 - 25] + " include:x.example.net-ex"
CUT_AT_255 = f'@ TXT "{FULL_STRING}" "-all.example.net -all"'
MANY_MX = "\n".join(f"many MX {n} mx{n}.example.net." for n in range(1, 12))


def spf(*terms: str) -> str:
    """A dozen hosts, and a record that names senders by these terms."""
    return f"{HOSTS}\n" + txt("@", " ".join(["v=spf1", *terms, "-all"]))


# code, level, lines added to the base zone
BREAKS = [
    ("SP001", "error", '@ TXT "v=spf1 mx -all"\n@ TXT "v=spf1 a ~all"'),
    ("SP001", "error", '@ TXT "v=spf1 mx -all"\n@ TXT "V=SPF1 mx -all"'),
    ("SP001", "error", '@ TXT "v=spf1 mx -all"\n@ TXT "v=spf1 " "mx -all"'),
    ("SP002", "error", ELEVEN),
    ("SP002", "error", spf(*HOST_TERMS[:11])),
    ("SP002", "error", END + "\n" + spf(*TEN_ENDS, "mx")),
    (
        "SP002",
        "warning",
        spf(*HOST_TERMS[:7], "include:x.example.net"),
    ),
    ("SP002", "error", f'{MANY_MX}\nmany TXT "v=spf1 mx -all"'),
    ("SP003", "error", '@ TXT "v=spf1 ipv4:192.0.2.1 -all"'),
    ("SP003", "error", '@ TXT "v=spf1 ip4:192.0.2.0/33 -all"'),
    ("SP003", "error", '@ TXT "v=spf1 exists:%{x}.example.com -all"'),
    ("SP003", "error", '@ TXT "v=spf1mx -all"'),
    ("SP003", "error", '@ TXT "v=spf1" "mx -all"'),
    ("SP003", "error", '@ TXT "v=spf1; mx -all"'),
    ("SP003", "error", '@ TXT "v=spf2 mx -all"'),
    ("SP003", "error", '@ TXT "v=spf1 include:x.example.net" "-all"'),
    ("SP003", "error", '@ TXT "v=spf1 ip4:192.0.2.1" "include:x.example.net -all"'),
    ("SP003", "warning", '@ TXT "v=spf10"\n@ TXT "v=spf1 mx -all"'),
    ("SP003", "warning", '@ TXT "v=spf1 include=x.example.net mx -all"'),
    ("SP004", "error", '@ SPF "v=spf1 mx -all"'),
    ("SP004", "warning", '@ SPF "v=spf1 mx -all"\n@ TXT "v=spf1 mx -all"'),
    ("SP004", "error", '@ SPF "v=spf1 mx -all"\n@ TXT "hello"'),
    ("SP005", "warning", '@ TXT "v=spf1 mx +all"'),
    ("SP005", "warning", '@ TXT "v=spf1 all"'),
    ("SP005", "warning", '@ TXT "v=spf1 mx ?all"'),
    ("SP005", "warning", '@ TXT "v=spf1 mx"'),
    ("SP005", "warning", '@ TXT "v=spf1"'),
    ("SP005", "warning", '@ TXT "v=spf1 redirect=_spf.example.com"\n_spf TXT "v=spf1 mx"'),
    ("SP005", "warning", '_spf TXT "v=spf1 +all"'),
    (
        "SP005",
        "warning",
        '@ TXT "v=spf1 include:sub.example.com -all"\nsub TXT "v=spf1 mx"\nsub MX 10 mail',
    ),
    ("SP006", "warning", '@ TXT "v=spf1 ptr -all"'),
    ("SP006", "warning", '@ TXT "v=spf1 ptr:example.com -all"'),
    ("SP006", "warning", '@ TXT "v=spf1 mx exists:%{p}.example.com -all"'),
    ("SP007", "warning", '@ TXT "v=spf1 a:nosuch.example.com mx -all"'),
    ("SP007", "warning", '@ TXT "v=spf1 mx:www.example.com mx -all"'),
    ("SP007", "warning", '@ TXT "v=spf1 a:text.example.com mx -all"\ntext TXT hello'),
    (
        "SP007",
        "warning",
        '@ TXT "v=spf1 exists:a.example.com exists:b.example.com exists:c.example.com mx ~all"',
    ),
    ("SP007", "error", '@ TXT "v=spf1 include:nosuch.example.com mx -all"'),
    ("SP007", "error", '@ TXT "v=spf1 include:www.example.com mx -all"'),
    ("SP007", "error", '@ TXT "v=spf1 redirect=nosuch.example.com"'),
    ("SP007", "error", '@ TXT "v=spf1 include:_spf.%{d} mx -all"'),
    ("SP008", "warning", '@ TXT "v=spf1 -all mx"'),
    ("SP008", "warning", '@ TXT "v=spf1 mx -all redirect=_spf.example.net"'),
    ("SP010", "error", '@ TXT "v=spf1 include:example.com -all"'),
    ("SP010", "error", '@ TXT "v=spf1 redirect=EXAMPLE.com"'),
    (
        "SP010",
        "error",
        '@ TXT "v=spf1 include:b.example.com -all"\nb TXT "v=spf1 redirect=example.com"',
    ),
    (
        "SP010",
        "error",
        (
            '@ TXT "v=spf1 include:b.example.com -all"\n'
            'b TXT "v=spf1 include:c.example.com -all"\n'
            'c TXT "v=spf1 include:b.example.com -all"'
        ),
    ),
    ("SP012", "hint", '@ TXT "v=spf1 ip4:203.0.113.0/24 -all"'),
    ("SP012", "hint", '@ TXT "v=spf1 a:www.example.com -all"'),
    (
        "SP012",
        "hint",
        (
            '@ TXT "v=spf1 include:_spf.example.com -all"\n_spf TXT "v=spf1 a:www.example.com '
            '?all"'
        ),
    ),
    ("SP012", "hint", '@ TXT "v=spf1 -ip4:192.0.2.25 ip4:192.0.2.0/24 -all"'),
]

# lines that come close and are right, by the rule they come close to
NEAR_MISSES = [
    ("SP001", '@ TXT "v=spf1 mx -all"\n@ TXT "hello"\nwww TXT "v=spf1 a -all"'),
    ("SP001", '@ TXT "v=spf1 mx -all"\n@ TXT "spf2.0/pra mx -all"'),
    ("SP002", "\n".join([txt("@", "v=spf1 include:s2.example.com -all"), *CHAIN[1:], END])),
    ("SP002", spf(*HOST_TERMS[:10])),
    ("SP002", spf(*HOST_TERMS[:10], "exp=e.example.com")),
    (
        "SP002",
        spf(*HOST_TERMS[:6], "include:x.example.net"),
    ),
    (
        "SP003",
        '@ TXT "v=spf1 mx a:www.example.com/28 ip6:2001:db8::/32 x=y exp=e.example.com ~all"',
    ),
    ("SP003", '@ TXT "v=spf1 ip4:192.0.2.25 " "include:x.example.net -all"'),
    ("SP003", '@ TXT "v=spf1 ip4:192.0.2.2" "5 -all"'),
    ("SP003", CUT_AT_255),
    ("SP004", '@ TXT "v=spf1 mx -all"'),
    ("SP005", '@ TXT "v=spf1 mx ~all"'),
    (
        "SP005",
        '@ TXT "v=spf1 redirect=_spf.example.com"\n_spf TXT "v=spf1 mx:example.com -all"',
    ),
    ("SP005", '@ TXT "v=spf1 include:_spf.example.com -all"\n_spf TXT "v=spf1 ip4:192.0.2.25"'),
    (
        "SP005",
        '@ TXT "v=spf1 include:part.example.com -all"\npart TXT "v=spf1 ip4:192.0.2.25 ?all"',
    ),
    ("SP005", '_spf TXT "v=spf1 ip4:192.0.2.25 ?all"'),
    ("SP006", '@ TXT "v=spf1 mx:example.com a:ptr.example.net -all"'),
    ("SP007", '@ TXT "v=spf1 a mx -all"'),
    ("SP007", 'www TXT "v=spf1 a mx -all"'),
    ("SP007", '@ TXT "v=spf1 mx a:nosuch.example.net include:nosuch.example.net -all"'),
    ("SP007", '@ TXT "v=spf1 mx a:x.hosts.example.com -all"\n*.hosts A 203.0.113.9'),
    ("SP007", '@ TXT "v=spf1 mx a:alias.example.com -all"\nalias CNAME www'),
    ("SP007", '@ TXT "v=spf1 mx include:s.example.com -all"\ns CNAME s.example.net.'),
    (
        "SP007",
        (
            '@ TXT "v=spf1 mx include:s.sub.example.com -all"\nsub NS ns.example.net.\nsub NS '
            "ns.example.org."
        ),
    ),
    ("SP007", '@ TXT "v=spf1 mx exists:%{i}.nosuch.example.com -all"'),
    ("SP008", '@ TXT "v=spf1 mx -all exp=explain.example.com"'),
    ("SP008", '@ TXT "v=spf1 mx redirect=_spf.example.net"'),
    (
        "SP010",
        (
            '@ TXT "v=spf1 include:a.example.com include:b.example.com -all"\n'
            'a TXT "v=spf1 include:b.example.com -all"\nb TXT "v=spf1 mx:example.com -all"'
        ),
    ),
]

# Records that cover the exchanger 192.0.2.25, or of which nobody knows.
COVERED = [
    "v=spf1 mx -all",
    "v=spf1 ip4:192.0.2.24/31 -all",
    "v=spf1 a:mail.example.com ~all",
    "v=spf1 a:www.example.com/24 -all",
    "v=spf1 mx:example.com -all",
    "v=spf1 include:_spf.example.net -all",
    "v=spf1 exists:%{i}.example.org -all",
    "v=spf1 redirect=_spf.example.net",
    "v=spf1 -include:_spf.example.net ip4:192.0.2.25 -all",
    "v=spf1 -all",
    "v=spf1 +all",
]


@pytest.mark.parametrize(("code", "level", "lines"), BREAKS)
def test_rule_is_broken(code: str, level: str, lines: str) -> None:
    """A zone that breaks a rule gets a finding of its code, at its level."""
    assert_broken(code, level, lines)


@pytest.mark.parametrize("lines", [lines for _, lines in NEAR_MISSES])
def test_near_miss_is_no_finding(lines: str) -> None:
    """A zone that only looks as if it broke a rule gets nothing worse than a hint."""
    assert_clean(lines)


@pytest.mark.parametrize("text", COVERED)
def test_exchanger_is_covered(text: str) -> None:
    """SP012: no hint where the exchanger may send, where nobody may, or where nobody knows."""
    assert levels(judge_lines(txt("@", text)), "SP012") == []


def test_merged_record() -> None:
    """SP001 prints one record that can stand in the place of both."""
    lines = '@ TXT "v=spf1 mx a -all"\n@ TXT "v=spf1 a ip4:203.0.113.1 ~all"'
    (found,) = (each for each in judge_lines(lines) if each.code == "SP001")

    assert '"v=spf1 mx a ip4:203.0.113.1 -all"' in found.fix
    assert [str(mark) for mark, _ in found.related] == ["example.com.zone:11:7"]


def test_tree_of_lookups() -> None:
    """SP002 shows each look-up with the running count, at the record that asks for it."""
    first = txt("@", "v=spf1 mx include:s2.example.com include:s11.example.com -all")
    lines = "\n".join([first, *CHAIN[1:], END])
    (found,) = (each for each in judge_lines(lines) if each.code == "SP002")
    tree = [(mark.line, text) for mark, text in found.related]

    assert tree[:3] == [
        (11, "1 mx"),
        (11, "2 include:s2.example.com"),
        (12, "  3 include:s3.example.com"),
    ]
    assert tree[-1] == (11, "12 include:s11.example.com")
    assert "12 look-ups" in found.reason


def test_lookups_are_told_once() -> None:
    """Of records that include one another only the topmost is blamed for the sum."""
    first = txt("@", "v=spf1 include:s0.example.com -all")
    second = txt("s0", "v=spf1 include:s1.example.com -all")
    lines = "\n".join([first, second, *CHAIN, END])
    found = [each for each in judge_lines(lines) if each.code == "SP002"]

    assert [str(each.owner) for each in found] == ["example.com."]


def test_lookups_through_another_zone() -> None:
    """The records of all our zones count, and the other zone is named."""
    other = OTHER + "\n".join(
        f'p{n} TXT "v=spf1 include:p{n + 1}.example.net -all"' for n in range(12)
    )
    found = judge_lines(txt("@", "v=spf1 include:p0.example.net -all"), f"{other}\n")
    mine = [
        each for each in found if each.code == "SP002" and str(each.origin) == "example.com."
    ]

    assert [str(name) for name in mine[0].also] == ["example.net."]


def test_include_of_another_zone_without_record() -> None:
    """SP007: an include of a name of ours, in any zone, that has no SPF record."""
    found = judge_lines(txt("@", "v=spf1 mx include:example.net -all"), OTHER)

    assert levels(found, "SP007") == ["error"]


def test_loop_is_told_once() -> None:
    """SP010 names the whole circle, at one of its records."""
    lines = (
        'a TXT "v=spf1 include:b.example.com -all"\nb TXT "v=spf1 include:c.example.com -all"\n'
        'c TXT "v=spf1 include:a.example.com -all"'
    )
    (found,) = (each for each in judge_lines(lines) if each.code == "SP010")

    assert (
        "a.example.com. -> b.example.com. -> c.example.com. -> a.example.com." in found.reason
    )


def test_records_that_include_one_another_many_times() -> None:
    """A tree with billions of leaves is cut off, and judged at once."""
    tree = [
        txt(f"t{n}", f"v=spf1 {f'include:t{n + 1}.example.com ' * 8}-all") for n in range(12)
    ]
    lines = "\n".join(
        [*tree, txt("t12", "v=spf1 -all"), txt("@", "v=spf1 include:t0.example.com ~all")]
    )

    assert "error" in levels(judge_lines(lines), "SP002")


def test_unreadable_target_is_not_missing() -> None:
    """A host whose record could not be read is not told to be missing as well."""
    found = judge_lines('@ TXT "v=spf1 mx a:host.example.com -all"\nhost A 192.0.2.999')

    assert levels(found, "SP007") == []


def test_zone_without_spf_is_clean() -> None:
    """Nobody has to publish SPF."""
    assert codes(judge_zones(BASE)) == set()
