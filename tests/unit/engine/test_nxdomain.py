"""NXDOMAIN: the name does not exist, with any type (RFC 2308 2.1)."""

import pytest

from tests.zones_text import ANSWER, NEGATIVE, NXDOMAIN, Case, check, zone

ZONE = zone(r"""
    www        A      192.0.2.80
    *.wild     A      192.0.2.81
    x.y.wild   A      192.0.2.82
    gone       CNAME  nowhere
    esc\.dot   A      192.0.2.83
    n\000l     A      192.0.2.84
    \255\254   A      192.0.2.85
""")

CASES = [
    Case("nope A", NXDOMAIN, authority=NEGATIVE),
    Case("nope ANY", NXDOMAIN, authority=NEGATIVE),
    Case("nope DS", NXDOMAIN, authority=NEGATIVE),
    Case("nope NS", NXDOMAIN, authority=NEGATIVE),
    Case("nope TYPE65535", NXDOMAIN, authority=NEGATIVE),
    Case("a.b.c.d.e.f A", NXDOMAIN, authority=NEGATIVE),
    Case("x.www A", NXDOMAIN, authority=NEGATIVE),
    Case("* A", NXDOMAIN, authority=NEGATIVE),
    Case("wwww A", NXDOMAIN, authority=NEGATIVE),
    Case("ww A", NXDOMAIN, authority=NEGATIVE),
    Case("z.y.wild A", NXDOMAIN, authority=NEGATIVE),
    Case("gone A", NXDOMAIN, "gone CNAME nowhere", NEGATIVE),
    # A label is octets: a dot in one is none between two.
    Case(r"esc\.dot A", ANSWER, r"esc\.dot A 192.0.2.83"),
    Case("esc.dot A", NXDOMAIN, authority=NEGATIVE),
    Case(r"n\000l A", ANSWER, r"n\000l A 192.0.2.84"),
    Case("n A", NXDOMAIN, authority=NEGATIVE),
    Case(r"\255\254 A", ANSWER, r"\255\254 A 192.0.2.85"),
    Case(r"\255 A", NXDOMAIN, authority=NEGATIVE),
    Case(r"\013\010\027[31m A", NXDOMAIN, authority=NEGATIVE),
    Case(r"..\/ A".replace("..", r"\.\."), NXDOMAIN, authority=NEGATIVE),
    Case(r"\" A", NXDOMAIN, authority=NEGATIVE),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nxdomain(case: Case) -> None:
    """RCODE 3, AA, and the SOA in authority."""
    check(ZONE, case)
