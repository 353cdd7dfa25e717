"""RFC 2308: negative answers carry the SOA, with the time they may be kept."""

import pytest

from tests.zones_text import ANSWER, NODATA, NXDOMAIN, REFERRAL, Case, ask, check, zone

# 2.1 shows these in two zones of one server; an alias of ours stays in one.
ZONE = zone(
    """
    @            SOA    ns1.xx hostmaster.ns1.xx 1997102000 1800 900 604800 1200
    @            NS     ns1.xx
    an.example   CNAME  tripple.xx
    ns1.xx       A      127.0.0.2
    other.xx     TXT    "exists"
    to.example   CNAME  other.xx
    away.example CNAME  child.xx
    child.xx     NS     ns1.xx
    """,
    ".",
    apex="",
)
SOA = "@ 1200 SOA ns1.xx hostmaster.ns1.xx 1997102000 1800 900 604800 1200"

CASES = [
    # 2.1: the RCODE speaks of the last name, the answer has the alias that led there.
    Case("an.example A", NXDOMAIN, "an.example CNAME tripple.xx", SOA),
    Case("tripple.xx A", NXDOMAIN, authority=SOA),
    # 2.2: NOERROR, nothing in the answer beyond the alias, no NS in authority.
    Case("other.xx A", NODATA, authority=SOA),
    Case("to.example A", NODATA, "to.example CNAME other.xx", SOA),
    Case("example A", NODATA, authority=SOA),
    # 2.2: a referral has NS, no SOA and no AA, which tells it from NODATA.
    Case("child.xx A", REFERRAL, authority="child.xx NS ns1.xx",
         additional="ns1.xx A 127.0.0.2"),
    Case("away.example A", REFERRAL, "away.example CNAME child.xx", "child.xx NS ns1.xx",
         "ns1.xx A 127.0.0.2"),
    # A positive answer has no SOA beside it.
    Case("other.xx TXT", ANSWER, 'other.xx TXT "exists"'),
    Case("an.example CNAME", ANSWER, "an.example CNAME tripple.xx"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_negative_answers(case: Case) -> None:
    """2.1 and 2.2: name error and no data, with and without an alias in front."""
    check(ZONE, case)


@pytest.mark.parametrize("question", ["tripple.xx A", "an.example A", "other.xx MX"])
def test_ttl_of_the_soa(question: str) -> None:
    """3 and 5: the lesser of the SOA's minimum and its own TTL."""
    (soa,) = ask(ZONE, question).authority
    assert "1200" == soa.split()[1]


def test_soa_asked_for_keeps_its_ttl() -> None:
    """3: that holds in a negative answer only."""
    (soa,) = ask(ZONE, "@ SOA").answer
    assert "3600" == soa.split()[1]
