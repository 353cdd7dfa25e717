"""Zone cuts: at and below one, the child's servers are to be asked (RFC 1034 4.3.2, 3b)."""

import dns.flags
import pytest

from tests.zones_text import (
    ANSWER,
    NEGATIVE,
    NODATA,
    NXDOMAIN,
    REFERRAL,
    Case,
    ask,
    check,
    expect,
    zone,
)

ZONE = zone("""
    sub            NS    ns.other.test.
    sub            NS    ns.test.
    sub            DS    1 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    sub            TXT   "belongs to the child"
    www.sub        A     192.0.2.1
    *.sub          A     192.0.2.2
    deeper.sub     NS    ns.deeper.test.
    alias          CNAME www.sub
    unsigned       NS    ns.test.
    a.b.unsigned   A     192.0.2.3
    deep.cut       NS    ns.test.
""")
SUB = "sub NS ns.other.test.\nsub NS ns.test."
UNSIGNED = "unsigned NS ns.test."

CASES = [
    Case("sub A", REFERRAL, authority=SUB),
    Case("sub NS", REFERRAL, authority=SUB),
    Case("sub TXT", REFERRAL, authority=SUB),
    Case("sub SOA", REFERRAL, authority=SUB),
    Case("sub ANY", REFERRAL, authority=SUB),
    Case("www.sub A", REFERRAL, authority=SUB),
    Case("www.sub DS", REFERRAL, authority=SUB),
    Case("nothing.sub A", REFERRAL, authority=SUB),
    Case("*.sub A", REFERRAL, authority=SUB),
    Case("a.b.c.sub MX", REFERRAL, authority=SUB),
    Case("unsigned A", REFERRAL, authority=UNSIGNED),
    Case("b.unsigned A", REFERRAL, authority=UNSIGNED),
    Case("x.a.b.unsigned A", REFERRAL, authority=UNSIGNED),
    Case("alias A", REFERRAL, "alias CNAME www.sub", SUB),
    Case("alias CNAME", ANSWER, "alias CNAME www.sub"),
    # The topmost cut is the one that counts: what is below it is not ours.
    Case("deeper.sub A", REFERRAL, authority=SUB),
    Case("x.deeper.sub DS", REFERRAL, authority=SUB),
    # The name above a cut exists, and is ours.
    Case("cut A", NODATA, authority=NEGATIVE),
    Case("x.cut A", NXDOMAIN, authority=NEGATIVE),
    Case("x.deep.cut A", REFERRAL, authority="deep.cut NS ns.test."),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_delegation(case: Case) -> None:
    """A referral has the NS of the cut in authority, no answer of ours and no AA."""
    check(ZONE, case)


def test_alias_into_delegation() -> None:
    """AA speaks of the first owner in the answer, which is our alias (RFC 1035 4.1.1)."""
    expected = expect(
        "NOERROR", Case("alias A", REFERRAL, "alias CNAME www.sub", SUB), aa=True, zone=ZONE
    )
    assert expected == ask(ZONE, "alias A")


def test_recursion_is_not_offered() -> None:
    """A query that desires recursion gets the same referral."""
    assert ask(ZONE, "www.sub A") == ask(ZONE, "www.sub A", flags=dns.flags.RD)
