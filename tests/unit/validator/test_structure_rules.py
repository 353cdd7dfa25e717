"""The rules on aliases, delegations, SOA, addresses and RRsets: breaks and near misses."""

import pytest

from tests.unit.validator.judging import (
    BASE,
    assert_broken,
    assert_near_miss,
    codes,
    described,
    judge_zones,
)

BREAKS = [
    ("AD001", "error", "x A 192.0.2.999"),
    ("AD001", "error", "x A host"),
    ("AD001", "error", "x AAAA 192.0.2.1"),
    ("AD002", "warning", "x AAAA ::ffff:192.0.2.1"),
    ("AD002", "warning", "x AAAA 2002:c000:201::1"),
    ("AD002", "warning", "x AAAA fd00::1"),
    ("AD002", "warning", "x AAAA fe80::1"),
    ("CN001", "error", "x CNAME www\nx MX 10 mail"),
    ("CN001", "error", "x CNAME www\nX TXT y"),
    ("CN002", "error", "@ CNAME www"),
    ("CN003", "error", "x CNAME www\nx CNAME mail"),
    ("CN004", "error", "x CNAME x"),
    ("CN004", "error", "x CNAME y\ny CNAME x"),
    ("CN005", "hint", "x CNAME y\ny CNAME www"),
    ("CN005", "warning", "".join(f"c{n} CNAME c{n + 1}\n" for n in range(7)) + "c7 CNAME www"),
    ("CN006", "warning", "x CNAME nosuch"),
    ("CN006", "warning", "x CNAME y\ny CNAME nosuch"),
    ("CN007", "error", "old DNAME new\nx.old A 192.0.2.9\nnew A 192.0.2.9"),
    ("CN008", "error", "old DNAME new\nold DNAME newer"),
    ("CN008", "error", "old DNAME new\nold CNAME www"),
    ("CN008", "error", "old DNAME new\nold NS ns.example.net."),
    ("CN009", "error", "_imaps._tcp SRV 0 0 993 x\nx CNAME mail"),
    ("CN009", "error", "_imaps._tcp SRV 0 0 993 x.old\nold DNAME new"),
    ("CN012", "error", "_imaps._tcp SRV 0 0 993 192.0.2.25"),
    ("CN012", "error", "x CNAME 192.0.2.80"),
    ("CN012", "error", "x CNAME 192.0.2.80."),
    ("CN012", "error", "x DNAME 192.0.2.80."),
    ("SR001", "error", "_imaps._tcp SRV 0 0 993 nosuch"),
    ("SR001", "error", "_imaps._tcp SRV 0 0 993 text\ntext TXT x"),
    ("SR002", "error", "_imaps._tcp SRV 0 0 0 .\n_imaps._tcp SRV 0 0 993 mail"),
    ("SR002", "warning", "_imaps._tcp SRV 0 0 993 ."),
    ("NS002", "error", "@ SOA ns1 hostmaster 2 7200 1800 1209600 3600"),
    ("NS004", "error", "@ NS x\nx CNAME ns1"),
    ("NS004", "error", "sub NS x\nsub NS ns1\nx CNAME ns1"),
    ("NS005", "error", "@ NS 192.0.2.53"),
    ("NS005", "error", "@ NS 192.0.2.53."),
    ("NS006", "error", "@ NS ns3"),
    ("NS006", "error", "sub NS nosuch\nsub NS ns1"),
    ("NS007", "error", "sub NS ns.sub\nsub NS ns1"),
    ("NS009", "error", "www.example.net. A 192.0.2.9"),
    ("NS010", "warning", "sub NS ns1\nsub NS ns2\nx.sub A 192.0.2.9"),
    ("NS010", "warning", "sub NS ns1\nsub NS ns2\nsub MX 10 mail"),
    ("NS013", "error", "sub SOA ns1 hostmaster 1 7200 1800 1209600 3600"),
    ("NS014", "error", "sub DS 1 13 2 " + "00" * 32),
    ("NS014", "error", "@ DS 1 13 2 " + "00" * 32),
    ("SY001", "error", "x" * 64 + " A 192.0.2.9"),
    ("SY001", "error", "a..b A 192.0.2.9"),
    ("SY002", "error", ".".join(["x" * 60] * 4) + " A 192.0.2.9"),
    ("SY003", "error", "x\\999 A 192.0.2.9"),
    ("SY003", "error", 'x TXT "never closed'),
    ("SY003", "error", "@ MX 20 mail extra"),
    ("SY003", "error", "x TYPE15 \\# 3 000a"),
    ("SY004", "error", "x 4294967296 A 192.0.2.9"),
    ("SY005", "warning", "x 60 A 192.0.2.8\nX 90 A 192.0.2.9"),
    ("SY006", "warning", "x A 192.0.2.9\nX A 192.0.2.9"),
    ("SY007", "error", "x ANY 192.0.2.9"),
    ("SY007", "error", "x MXX 10 mail"),
    ("SY007", "error", "x CH TXT y"),
    ("SY011", "warning", "x.*.y A 192.0.2.9"),
    ("SY012", "warning", "x_y A 192.0.2.9"),
]

NEAR_MISSES = [
    ("AD001", "x AAAA 2001:db8::1"),
    ("CN001", "x CNAME www\ny.x TXT y"),
    ("CN004", "x CNAME y\ny CNAME www"),
    ("CN006", "x CNAME www.example.net."),
    ("CN006", "x CNAME y.hosts\n*.hosts A 192.0.2.9"),
    ("CN007", "old DNAME new\nold A 192.0.2.9\nnew A 192.0.2.9"),
    ("CN009", "_imaps._tcp SRV 0 0 993 mail"),
    ("SR001", "_imaps._tcp SRV 0 0 993 mail.example.net."),
    ("SR002", "_imaps._tcp SRV 0 0 0 ."),
    ("NS006", "sub NS ns.example.net.\nsub NS ns.example.org."),
    ("NS007", "sub NS ns.sub\nsub NS ns1\nns.sub A 192.0.2.53"),
    ("NS010", "sub NS ns.sub\nsub NS ns1\nns.sub A 192.0.2.53"),
    ("NS014", "sub NS ns1\nsub NS ns2\nsub DS 1 13 2 " + "00" * 32),
    ("SY003", "x TYPE15 \\# 3 000000"),
    ("SY004", "x 2147483 A 192.0.2.9"),
    ("SY005", "x 60 A 192.0.2.8\nx 90 AAAA 2001:db8::9"),
    ("SY006", "x A 192.0.2.9\nX A 192.0.2.10"),
    ("SY011", "*.y A 192.0.2.9"),
    ("SY012", "_x._tcp TXT y"),
]


@pytest.mark.parametrize(("code", "level", "lines"), BREAKS)
def test_rule_is_broken(code: str, level: str, lines: str) -> None:
    """Acceptance 55: a zone that breaks a rule gets a finding of its code, at its level."""
    assert_broken(code, level, lines)


@pytest.mark.parametrize(("code", "lines"), NEAR_MISSES)
def test_near_miss_is_no_finding(code: str, lines: str) -> None:
    """Acceptance 55: a zone that only looks as if it broke a rule gets nothing worse than a
    hint.
    """
    assert_near_miss(code, lines)


@pytest.mark.parametrize(
    ("code", "old", "new"),
    [
        ("NS001", "@ SOA ns1 hostmaster 1 7200 1800 1209600 3600\n", ""),
        ("NS003", "@ NS ns1\n@ NS ns2\n", ""),
        ("NS008", "@ NS ns2\n", ""),
        ("NS011", "7200 1800 1209600", "7200 7200 1209600"),
        ("NS011", "7200 1800 1209600", "7200 1800 9000"),
        ("NS011", "7200 1800 1209600", "7200 1800 86400"),
        ("NS011", "1209600 3600", "1209600 604800"),
        ("NS012", "hostmaster 1", "hostmaster@example.com. 1"),
    ],
)
def test_rule_on_the_apex_is_broken(code: str, old: str, new: str) -> None:
    """The rules on SOA and NS, broken by a change to the base zone."""
    assert code in codes(judge_zones(BASE.replace(old, new)))


@pytest.mark.parametrize(
    "rname", ["hostmaster@example.com.", "hostmaster\\@example.com.", "a@b@example.com."]
)
def test_mailbox_with_an_at_sign_is_one_finding(rname: str) -> None:
    """NS012: by the reader or by the validator, as it is written, never by both."""
    zone = BASE.replace("hostmaster 1", f"{rname} 1")

    assert len(described(judge_zones(zone), "NS012")) == 1


@pytest.mark.parametrize(
    ("serial", "found"),
    [
        ("2026060101", set()),
        ("2026060201", set()),  # it is tomorrow already, east of here
        ("2026060301", {"NS016"}),
        ("2099123199", {"NS016"}),
        ("2099130101", set()),  # no day, so no date
        ("4000000000", set()),
        ("1780272000", set()),  # seconds since 1970
    ],
)
def test_serial_of_a_day_to_come(serial: str, found: set[str]) -> None:
    """NS016: a serial in the form YYYYMMDDnn of a day after tomorrow; today is 2026-06-01."""
    assert codes(judge_zones(BASE.replace("hostmaster 1", f"hostmaster {serial}"))) == found


REVERSE = """\
$ORIGIN 2.0.192.in-addr.arpa.
$TTL 3600
@ SOA ns1.example.com. hostmaster.example.com. 1 7200 1800 1209600 3600
@ NS ns1.example.com.
@ NS ns2.example.com.
"""


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", ["hint example.com.zone:9"]),
        ("25 PTR www.example.com.\n", ["warning example.com.zone:9"]),
        ("25 PTR mail.example.com.\n", []),
        ("25 PTR www.example.com.\n25 PTR mail.example.com.\n", []),
    ],
)
def test_reverse_name_of_an_exchanger(lines: str, expected: list[str]) -> None:
    """AD003: the PTR of an MX host's address, where the reverse zone is ours."""
    assert described(judge_zones(BASE, REVERSE + lines), "AD003") == expected


def test_one_finding_for_a_loop() -> None:
    """A loop of three is reported once, and its feeders are not called loops."""
    lines = "a CNAME b\nb CNAME c\nc CNAME a\nfeeder CNAME a\n"

    assert len(described(judge_zones(BASE + lines), "CN004")) == 1


def test_loop_across_zones() -> None:
    """A loop that leaves the zone and comes back is found."""
    other = REVERSE + "back CNAME loop.example.com.\n"
    found = judge_zones(BASE + "loop CNAME back.2.0.192.in-addr.arpa.\n", other)

    assert codes(found) == {"CN004"}
