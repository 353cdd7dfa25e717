"""What another zone's name says, compared before and after a change."""

import pytest

from tests.unit.validator.judging import BASE, no_include
from zoneserver.names import Name
from zoneserver.validator.answers import Answers
from zoneserver.zone.build import build_zone
from zoneserver.zone.zoneset import ZoneSet
from zoneserver.zonefile.master import read_master_zone

ORIGIN = Name.parse("example.com.")
KEY, OTHER_KEY = ("TLSA 3 1 1 " + digit * 64 for digit in "ab")


def said(lines: str, name: str) -> object:
    """What the base zone with these lines says of a name."""
    source = read_master_zone("f", f"{BASE}{lines}\n".encode(), ORIGIN, no_include)
    return Answers(ZoneSet([build_zone(source)])).of(Name.parse(name, ORIGIN))


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("", "x A 192.0.2.1", "x"),
        ("x A 192.0.2.1", "x 60 A 192.0.2.1", "x"),
        ("x A 192.0.2.1", "x A 192.0.2.1\nx A 192.0.2.2", "x"),
        ("* A 192.0.2.1", "* A 192.0.2.2", "x"),
        ("* AAAA 2001:db8::1", "* AAAA 2001:db8::2", "x"),
        ("* MX 10 mail", "* MX 10 www", "x"),
        ("* TXT one", "* TXT two", "x"),
        ("* PTR mail", "* PTR www", "x"),
        (f"*.mail {KEY}", f"*.mail {OTHER_KEY}", "_25._tcp.mail"),
        (f"k CNAME keys\nkeys {KEY}", f"k CNAME keys\nkeys {OTHER_KEY}", "k"),
        ("x CNAME www\n", "x CNAME mail", "x"),
        ("x CNAME y\ny A 192.0.2.1", "x CNAME y\ny A 192.0.2.2", "x"),
        ("d DNAME example.net.", "d DNAME example.org.", "x.d"),
        ("", "x.y A 192.0.2.1", "y"),
        ("", "sub NS ns1", "x.sub"),
        # A rule tells of the address below a zone cut, which nobody is answered.
        ("sub NS ns1", "sub NS ns1\nmail.sub A 192.0.2.1", "mail.sub"),
        # What a rule proposes in place of a host that is not there.
        ("", "newsletters A 192.0.2.1", "newsletter"),
    ],
)
def test_differs(before: str, after: str, name: str) -> None:
    """A rule may find something else."""
    assert said(before, name) != said(after, name)


@pytest.mark.parametrize(
    ("before", "after", "name"),
    [
        ("", "newsletters A 192.0.2.1", "x"),
        ("x A 192.0.2.1", "; a line more\nx A 192.0.2.1", "x"),
        ("_dmark TXT x", "_dmarc TXT x\n_dmarks A 192.0.2.1", "_dmarcs"),
        ("mail TXT x", "mail TXT x\nnewsletter A 192.0.2.1", "www"),
    ],
)
def test_is_the_same(before: str, after: str, name: str) -> None:
    """Whoever asked for the name need not be judged again."""
    assert said(before, name) == said(after, name)


def test_of_no_zone() -> None:
    """Nothing is said of it."""
    assert Answers(ZoneSet([])).of(ORIGIN) is None
