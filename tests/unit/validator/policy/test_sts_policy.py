"""The policy file of MTA-STS: how it is read, and whom it admits."""

import pytest

from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records.rdata import MX
from zoneserver.records.rrset import RRset
from zoneserver.validator.policy.sts_policy import check_policy, parse_policy

DOMAIN = Name.parse("example.com.")
AT = Mark("example.com.yaml", 10, 3)

# The example of RFC 8461 3.2.
POLICY = (
    "version: STSv1\nmode: enforce\nmx: mail.example.com\nmx: *.example.net\n"
    "mx: backupmx.example.com\nmax_age: 604800\n"
)


def mx(*hosts: str) -> RRset:
    """An MX RRset that names hosts, each on a line of its own."""
    rdatas = tuple(MX(10 * n, Name.parse(host)) for n, host in enumerate(hosts, 1))
    marks = tuple(Mark("example.com.yaml", n, 1) for n in range(1, len(hosts) + 1))
    return RRset(DOMAIN, 15, 3600, rdatas, marks)


@pytest.mark.parametrize("text", [POLICY, POLICY.replace("\n", "\r\n"), POLICY.rstrip("\n")])
def test_example_of_the_rfc(text: str) -> None:
    """RFC 8461 3.2: the policy is sound, with either line ending."""
    policy = parse_policy(text)

    assert policy.faults == ()
    assert policy.mode == "enforce"
    assert policy.patterns == ("mail.example.com", "*.example.net", "backupmx.example.com")


@pytest.mark.parametrize(
    ("host", "admitted"),
    [
        ("mail.example.com.", True),
        ("MAIL.Example.COM.", True),
        ("mx.example.net.", True),
        ("example.net.", False),
        ("a.mx.example.net.", False),
        ("mail2.example.com.", False),
        ("notmail.example.com.", False),
        (".", False),
    ],
)
def test_whom_a_policy_admits(host: str, admitted: bool) -> None:  # noqa: FBT001
    """RFC 8461 4.1: the asterisk stands for exactly one label."""
    assert parse_policy(POLICY).admits(Name.parse(host)) is admitted


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("version: STSv1\n", ""),
        ("STSv1", "STSv2"),
        ("mode: enforce\n", ""),
        ("enforce", "Enforce"),
        ("max_age: 604800\n", ""),
        ("604800", "31557601"),
        ("604800", "a week"),
        ("604800", "-1"),
        ("mx: mail.example.com\nmx: *.example.net\nmx: backupmx.example.com\n", ""),
        ("mx: *.example.net", "mx: mail.*.net"),
        ("mx: *.example.net", "mx: *"),
        ("mx: *.example.net", "mx:"),
        ("mx: *.example.net", "mx: .example.net"),
        ("mx: *.example.net", "mx: mail@example.net"),
        ("mode: enforce", "mode enforce"),
        ("mode: enforce\n", "mode: enforce\n\n"),
    ],
)
def test_fault_of_a_policy(old: str, new: str) -> None:
    """A policy that senders cannot read is an error."""
    text = POLICY.replace(old, new)
    found = list(check_policy(text, AT, DOMAIN, None))

    assert text != POLICY
    assert {(each.code, str(each.level)) for each in found} == {("ST004", "error")}


@pytest.mark.parametrize(
    "text",
    [
        POLICY + "x-extension: yes\n",
        POLICY + "mode: none\n",
        "version:STSv1\nmode:none\nmax_age:86400",
        POLICY.replace("mode: enforce", "mode:   enforce  "),
    ],
)
def test_sound_policies(text: str) -> None:
    """Extensions, a second mode (the first counts), no mx with mode none, blanks."""
    assert parse_policy(text).faults == ()


@pytest.mark.parametrize(
    ("mode", "found"), [("enforce", ["error"]), ("testing", ["warning"]), ("none", [])]
)
def test_exchanger_left_out(mode: str, found: list[str]) -> None:
    """ST004: an MX that the policy does not admit, weighed by what senders do about it."""
    text = POLICY.replace("enforce", mode)
    findings = list(
        check_policy(text, AT, DOMAIN, mx("mail.example.com.", "mail2.example.com."))
    )

    assert [str(each.level) for each in findings] == found
    assert all("mail2.example.com." in each.reason for each in findings)
    assert all(each.related[0][0].line == 2 for each in findings)


def test_every_exchanger_admitted() -> None:
    """Nothing is said where all MX hosts match, nor of a null MX."""
    hosts = ("mail.example.com.", "mx1.example.net.")

    assert list(check_policy(POLICY, AT, DOMAIN, mx(*hosts))) == []
    assert list(check_policy(POLICY, AT, DOMAIN, mx("."))) == []


def test_fault_is_marked_at_its_line() -> None:
    """The mark counts from where the text of the policy begins."""
    (found,) = check_policy(POLICY.replace("*.example.net", "*"), AT, DOMAIN, None)

    assert found.mark == Mark("example.com.yaml", 13, 3)
