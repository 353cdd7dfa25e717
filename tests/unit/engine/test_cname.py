"""Aliases: how far they are followed, and what is sent when they end badly."""

import pytest

from tests.zones_text import (
    ANSWER,
    NEGATIVE,
    NODATA,
    NXDOMAIN,
    PARTIAL,
    REFERRAL,
    Case,
    check,
    zone,
)

ZONE = zone("""
    www          A      192.0.2.80
    www          AAAA   2001:db8::80
    one          CNAME  www
    two          CNAME  one
    out          CNAME  www.test.
    above        CNAME  org.
    gone         CNAME  nothing
    ent          CNAME  ent.data
    x.ent.data   A      192.0.2.1
    self         CNAME  self
    ping         CNAME  pong
    pong         CNAME  ping
    apex         CNAME  @
    sub          NS     ns.sub
    ns.sub       A      192.0.2.53
    cut          CNAME  sub
    glue         CNAME  ns.sub
    wild         CNAME  x.y.w
    *.w          A      192.0.2.2
    CaSe         CNAME  WWW
    mail         MX     10 one
    mail         MX     20 www
""")
MANY = zone(
    "\n".join(f"c{i} CNAME c{i + 1}" for i in range(20)) + "\nc20 A 192.0.2.1"
    "\nend CNAME c13\nlast CNAME c12"
)
WWW = "www A 192.0.2.80"

CASES = [
    Case("one A", ANSWER, f"one CNAME www\n{WWW}"),
    Case("one AAAA", ANSWER, "one CNAME www\nwww AAAA 2001:db8::80"),
    Case("one CNAME", ANSWER, "one CNAME www"),
    Case("one ANY", ANSWER, "one CNAME www"),
    Case("one MX", NODATA, "one CNAME www", NEGATIVE),
    Case("x.one A", NXDOMAIN, authority=NEGATIVE),
    Case("two A", ANSWER, f"two CNAME one\none CNAME www\n{WWW}"),
    Case("two CNAME", ANSWER, "two CNAME one"),
    Case("out A", PARTIAL, "out CNAME www.test."),
    Case("above A", PARTIAL, "above CNAME org."),
    Case("gone A", NXDOMAIN, "gone CNAME nothing", NEGATIVE),
    Case("ent A", NODATA, "ent CNAME ent.data", NEGATIVE),
    Case("apex SOA", ANSWER,
         "apex CNAME @\n@ SOA ns.test. hostmaster.test. 1 7200 1800 1209600 300"),
    Case("cut A", REFERRAL, "cut CNAME sub", "sub NS ns.sub", "ns.sub A 192.0.2.53"),
    Case("glue A", REFERRAL, "glue CNAME ns.sub", "sub NS ns.sub", "ns.sub A 192.0.2.53"),
    # DS is the one type that the parent's side of a cut answers.
    Case("cut DS", NODATA, "cut CNAME sub", NEGATIVE),
    Case("wild A", ANSWER, "wild CNAME x.y.w\nx.y.w A 192.0.2.2"),
    Case("case CNAME", ANSWER, "case CNAME WWW"),
    # A circle: every alias in it, each once.
    Case("self A", PARTIAL, "self CNAME self"),
    Case("ping A", PARTIAL, "ping CNAME pong\npong CNAME ping"),
    Case("ping CNAME", ANSWER, "ping CNAME pong"),
    # An alias as an exchange gets no address: no sender may use it (RFC 2181 10.3).
    Case("mail MX", ANSWER, "mail MX 10 one\nmail MX 20 www",
         additional="www A 192.0.2.80\nwww AAAA 2001:db8::80"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_cname(case: Case) -> None:
    """An alias is followed within the zone, and the answer starts with it."""
    check(ZONE, case)


def _chain(first: int, last: int) -> str:
    return "\n".join(f"c{i} CNAME c{i + 1}" for i in range(first, last))


@pytest.mark.parametrize(
    "case",
    [
        Case("c12 A", ANSWER, f"{_chain(12, 20)}\nc20 A 192.0.2.1"),
        Case("end A", ANSWER, f"end CNAME c13\n{_chain(13, 20)}\nc20 A 192.0.2.1"),
        Case("last A", PARTIAL, f"last CNAME c12\n{_chain(12, 19)}"),
        Case("c11 A", PARTIAL, _chain(11, 19)),
        Case("c0 A", PARTIAL, _chain(0, 8)),
    ],
    ids=str,
)
def test_chain(case: Case) -> None:
    """Eight aliases are followed; then comes what there is, for the asker to go on."""
    check(MANY, case)
