"""The apex: SOA, NS and their addresses, and what else may stand there."""

import pytest

from tests.zones_text import ANSWER, NEGATIVE, NODATA, Case, check, zone

ZONE = zone(
    """
    @    SOA  ns1 hostmaster 7 7200 1800 1209600 300
    @    NS   ns1
    @    NS   ns.test.
    @    MX   10 mx
    @    A    192.0.2.1
    ns1  A    192.0.2.53
    ns1  AAAA 2001:db8::53
    mx   A    192.0.2.25
    """,
    apex="",
)
BARE = zone("www A 192.0.2.80")
SOA = "@ 300 SOA ns1 hostmaster 7 7200 1800 1209600 300"

CASES = [
    Case("@ SOA", ANSWER, "@ SOA ns1 hostmaster 7 7200 1800 1209600 300"),
    Case(
        "@ NS",
        ANSWER,
        """
        @ NS ns1
        @ NS ns.test.
        """,
        additional="""
        ns1 A    192.0.2.53
        ns1 AAAA 2001:db8::53
        """,
    ),
    Case("@ MX", ANSWER, "@ MX 10 mx", additional="mx A 192.0.2.25"),
    Case("@ A", ANSWER, "@ A 192.0.2.1"),
    Case("@ AAAA", NODATA, authority=SOA),
    Case("@ DS", NODATA, authority=SOA),
    Case("@ CNAME", NODATA, authority=SOA),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_apex(case: Case) -> None:
    """The apex answers for itself; its NS are no zone cut."""
    check(ZONE, case)


def test_apex_without_addresses() -> None:
    """A zone need not have a host at its apex."""
    check(BARE, Case("@ A", NODATA, authority=NEGATIVE))


ROOT = zone(
    "a.root A 192.0.2.1\ntest NS a.root.", ".", apex="@ SOA . . 1 2 3 4 5\n@ NS a.root."
)


@pytest.mark.parametrize(
    "case",
    [
        Case("@ NS", ANSWER, "@ NS a.root.", additional="a.root A 192.0.2.1"),
        Case("a.root A", ANSWER, "a.root A 192.0.2.1"),
        Case("root A", NODATA, authority="@ 5 SOA . . 1 2 3 4 5"),
    ],
    ids=str,
)
def test_root(case: Case) -> None:
    """The root zone is a zone like any other."""
    check(ROOT, case)
