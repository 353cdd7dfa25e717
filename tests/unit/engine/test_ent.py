"""Empty non-terminals: names that exist only because names below them do."""

import pytest

from tests.zones_text import ANSWER, NEGATIVE, NODATA, NXDOMAIN, Case, check, zone

ZONE = zone("""
    a.b.c       A      192.0.2.1
    _25._tcp.mx TLSA   3 0 0 00
    *.w.x       A      192.0.2.2
    deep.cut    NS     ns.test.
""")

CASES = [
    Case("a.b.c A", ANSWER, "a.b.c A 192.0.2.1"),
    Case("b.c A", NODATA, authority=NEGATIVE),
    Case("c A", NODATA, authority=NEGATIVE),
    Case("c ANY", NODATA, authority=NEGATIVE),
    Case("c NS", NODATA, authority=NEGATIVE),
    Case("C A", NODATA, authority=NEGATIVE),
    Case("x.b.c A", NXDOMAIN, authority=NEGATIVE),
    Case("x.c A", NXDOMAIN, authority=NEGATIVE),
    Case("mx MX", NODATA, authority=NEGATIVE),
    Case("_tcp.mx TLSA", NODATA, authority=NEGATIVE),
    Case("w.x A", NODATA, authority=NEGATIVE),
    Case("x A", NODATA, authority=NEGATIVE),
    Case("cut A", NODATA, authority=NEGATIVE),
    # Nothing above the data: an equal ending in octets is no ancestor.
    Case("xc A", NXDOMAIN, authority=NEGATIVE),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_empty_non_terminal(case: Case) -> None:
    """A name with names below it exists, so it is NODATA and never NXDOMAIN (RFC 8020 2)."""
    check(ZONE, case)
