"""MTA-STS, TLS-RPT and TLSA: zones that break a rule, and near misses that do not."""

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

SHA256, SHA512 = "ab" * 32, "cd" * 64
SIGNED = "@ DNSKEY 257 3 13 " + "A" * 86 + "=="
REPORTS = txt("_smtp._tls", "v=TLSRPTv1; rua=mailto:tls@example.com")
HOST = "mta-sts A 203.0.113.80"
STS = f'{HOST}\n{REPORTS}\n_mta-sts TXT "v=STSv1; id=20240101"'
DANE = f"{SIGNED}\n{REPORTS}\n_25._tcp.mail TLSA 3 1 1 {SHA256}"

# code, level, lines added to the base zone
BREAKS = [
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "id=20240101; v=STSv1"'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=stsv1; id=20240101"'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=STSv1 id=20240101"'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=STSv2; id=20240101"'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "STSv1; id=20240101"'),
    ("ST001", "error", f"{HOST}\n_mta-sts TXT v=STSv1; id=20240101"),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=STSv1;"'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=STSv1; id="'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=STSv1; id=2024-01-01"'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=STSv1; id = 20240101"'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=STSv1; id={"1" * 33}"'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=STSv1; ID=20240101"'),
    ("ST001", "error", f'{HOST}\n_mta-sts TXT "v=STSv1; id=1; enforce"'),
    ("ST001", "error", f'{HOST}\n@ TXT "v=STSv1; id=20240101"'),
    ("ST001", "error", f'{HOST}\nmta-sts TXT "v=STSv1; id=20240101"'),
    ("ST002", "error", f'{STS}\n_mta-sts TXT "v=STSv1; id=20240102"'),
    ("ST003", "error", '_mta-sts TXT "v=STSv1; id=20240101"'),
    ("ST003", "error", 'mta-sts TXT hello\n_mta-sts TXT "v=STSv1; id=20240101"'),
    ("ST003", "error", 'mta-sts CNAME nosuch\n_mta-sts TXT "v=STSv1; id=20240101"'),
    ("ST005", "hint", f'{HOST}\n_mta-sts TXT "v=STSv1; id=20240101"'),
    ("ST005", "hint", DANE.replace(REPORTS, "")),
    ("TR001", "error", '_smtp._tls TXT "v=TLSRPTv1; rua=tls@example.com"'),
    ("TR001", "error", '_smtp._tls TXT "rua=mailto:tls@example.com; v=TLSRPTv1"'),
    ("TR001", "error", '_smtp._tls TXT "v=tlsrptv1; rua=mailto:tls@example.com"'),
    ("TR001", "error", '_smtp._tls TXT "v=TLSRPTv1 rua=mailto:tls@example.com"'),
    ("TR001", "error", "_smtp._tls TXT v=TLSRPTv1; rua=mailto:tls@example.com"),
    ("TR001", "error", '_smtp._tls TXT "v=TLSRPTv1;"'),
    ("TR001", "error", '_smtp._tls TXT "v=TLSRPTv1; rua="'),
    ("TR001", "error", '_smtp._tls TXT "v=TLSRPTv1; rua=http://example.com/tls"'),
    ("TR001", "error", '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:tls"'),
    (
        "TR001",
        "error",
        '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:a@example.com; mailto:b@example.com"',
    ),
    ("TR001", "error", f'{REPORTS}\n_smtp._tls TXT "v=TLSRPTv1; rua=https://example.com/"'),
    ("TR002", "error", '_tls._smtp TXT "v=TLSRPTv1; rua=mailto:tls@example.com"'),
    ("TR002", "error", '_tls TXT "v=TLSRPTv1; rua=mailto:tls@example.com"'),
    ("TR002", "error", '@ TXT "v=TLSRPTv1; rua=mailto:tls@example.com"'),
    ("TR002", "error", '_smtp._tls.example.com TXT "v=TLSRPTv1; rua=mailto:tls@example.com"'),
    ("TL001", "warning", f"_25._tcp.mail TLSA 3 1 1 {SHA256}"),
    ("TL002", "warning", f"_25._tcp.nosuch TLSA 3 1 1 {SHA256}"),
    ("TL002", "warning", f"{SIGNED}\n_25._tcp.www TLSA 3 1 1 {SHA256}"),
    ("TL003", "error", "_25._tcp.mail TLSA 3 1 1 " + "ab" * 20),
    ("TL003", "error", f"_25._tcp.mail TLSA 3 1 2 {SHA256}"),
    ("TL003", "error", f"_25._tcp.mail TLSA 3 1 0 {SHA256}"),
    ("TL003", "error", f"_443._tcp.www TLSA 1 0 1 {SHA512}"),
    ("TL003", "warning", f"_25._tcp.mail TLSA 4 1 1 {SHA256}"),
    ("TL003", "warning", f"_25._tcp.mail TLSA 3 2 1 {SHA256}"),
    ("TL003", "warning", f"_25._tcp.mail TLSA 3 1 3 {SHA256}"),
    ("TL004", "warning", f"_25._tcp.mail TLSA 0 0 1 {SHA256}"),
    ("TL004", "warning", f"_25._tcp.mail TLSA 1 1 1 {SHA256}"),
    ("TL005", "hint", f"{DANE}\n@ MX 20 backup\nbackup A 203.0.113.25"),
    ("TL006", "warning", f"{SIGNED}\n_25._tcp TLSA 3 1 1 {SHA256}"),
]

# lines that come close and are right
NEAR_MISSES = [
    STS,
    STS.replace("id=20240101", "id=a; x.y=1/2;"),
    STS.replace("; id=20240101", f" ;\tid={'z' * 32} ;".replace("\t", " ")),
    STS.replace(HOST, "mta-sts AAAA 2001:db8::80"),
    STS.replace(HOST, "mta-sts CNAME www"),
    STS.replace(HOST, "mta-sts CNAME sts.example.net."),
    STS.replace(HOST, "* A 203.0.113.80"),
    STS.replace(HOST, "mta-sts NS ns.example.net.\nmta-sts NS ns.example.org."),
    f"{STS}\n_mta-sts TXT hello",
    f'{HOST}\n{REPORTS}\n_mta-sts CNAME policy\npolicy TXT "v=STSv1; id=1"',
    REPORTS,
    '_smtp._tls TXT "v=TLSRPTv1;rua=mailto:a@example.com, https://example.com/x ; x=y;"',
    '_smtp._tls CNAME reports\nreports TXT "v=TLSRPTv1; rua=mailto:a@example.com"',
    f"{REPORTS}\n_smtp._tls.www {REPORTS.partition(' ')[2]}",
    DANE,
    DANE.replace("3 1 1 ", "2 0 1 "),
    DANE.replace(f"3 1 1 {SHA256}", f"3 1 2 {SHA512}"),
    DANE.replace(f"3 1 1 {SHA256}", "3 0 0 30820001"),
    DANE.replace("3 1 1 ", "255 255 255 "),
    f"{DANE}\n@ MX 20 mx.example.net.",
    f"{DANE}\n@ MX 20 backup\nbackup A 203.0.113.25\n_25._tcp.backup CNAME _25._tcp.mail",
    f"_443._tcp.www TLSA 1 1 1 {SHA256}",
    f"{SIGNED}\n{REPORTS}\nsub MX 10 sub\nsub A 203.0.113.9\n_25._tcp.sub TLSA 3 1 1 {SHA256}\n"
    + txt("_smtp._tls.sub", "v=TLSRPTv1; rua=mailto:tls@example.com"),
]


@pytest.mark.parametrize(("code", "level", "lines"), BREAKS)
def test_rule_is_broken(code: str, level: str, lines: str) -> None:
    """A zone that breaks a rule gets a finding of its code, at its level."""
    assert_broken(code, level, lines)


@pytest.mark.parametrize("lines", NEAR_MISSES)
def test_near_miss_is_no_finding(lines: str) -> None:
    """A zone that only looks as if it broke a rule gets nothing worse than a hint."""
    assert_clean(lines)


@pytest.mark.parametrize("lines", [STS, REPORTS, DANE])
def test_complete_set_up_has_no_hint(lines: str) -> None:
    """ST005, TL005: nothing is missing."""
    found = [each.code for each in judge_lines(lines) if each.code[:2] in ("ST", "TR", "TL")]

    assert found == []


def test_host_in_an_unsigned_policy_zone() -> None:
    """TL001: the MX must be signed, too; the zone of the MX is told."""
    found = judge_zones(f"{BASE}{DANE}\n", OTHER)
    (told,) = (each for each in found if each.code == "TL001")

    assert str(told.origin) == "example.net."
    assert [mark.file for mark, _ in told.related] == ["example.com.zone"]


def test_host_of_another_zones_mx() -> None:
    """TL002: an MX of any of our zones makes a host one."""
    lines = f"{SIGNED}\nmx2 A 203.0.113.25\n_25._tcp.mx2 TLSA 3 1 1 {SHA256}"
    other = OTHER.replace("mail.example.com.", "mx2.example.com.") + f"{SIGNED}\n"

    assert codes(judge_lines(lines)) == {"TL002"}
    assert codes(judge_lines(lines, other)) == set()


def test_domain_and_host_at_once() -> None:
    """TL006 says where the record belongs."""
    lines = f"{SIGNED}\n_25._tcp TLSA 3 1 1 {SHA256}"
    (found,) = (each for each in judge_lines(lines) if each.code == "TL006")

    assert found.fix == "move it to _25._tcp.mail.example.com."
    assert levels(judge_lines(lines), "TL002") == []


@pytest.mark.parametrize(
    ("lines", "fix"),
    [
        ('_tls._smtp TXT "v=TLSRPTv1; rua=mailto:a@example.com"', "_smtp._tls.example.com."),
        ('_tls TXT "v=TLSRPTv1; rua=mailto:a@example.com"', "_smtp._tls.example.com."),
        (
            '_tls._smtp.www TXT "v=TLSRPTv1; rua=mailto:a@example.com"',
            "_smtp._tls.www.example.",
        ),
        ('_smtp._tls TXT "v=TLSRPTv1; rua=a@example.com"', "rua=mailto:a@example.com"),
        ('mta-sts TXT "v=STSv1; id=1"', "move it to _mta-sts.example.com."),
        ('www TXT "v=STSv1; id=1"', "move it to _mta-sts.www.example.com."),
    ],
)
def test_fix_names_the_right_text(lines: str, fix: str) -> None:
    """The fix is what the writer most likely meant."""
    assert any(fix in each.fix for each in judge_lines(lines) if each.level > 0)
