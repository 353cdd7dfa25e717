"""RFC 8020: NXDOMAIN means that there is nothing below the name either."""

import pytest

from tests.zones_text import ANSWER, NEGATIVE, NODATA, NXDOMAIN, Case, check, zone

ZONE = zone("""
    a.b.c.d          A    192.0.2.1
    _dmarc.mail      TXT  "v=DMARC1; p=reject"
    x.*.w            A    192.0.2.2
""")


@pytest.mark.parametrize(
    "case",
    [
        # 2: on the way down to data every name exists.
        Case("d A", NODATA, authority=NEGATIVE),
        Case("c.d A", NODATA, authority=NEGATIVE),
        Case("b.c.d A", NODATA, authority=NEGATIVE),
        Case("a.b.c.d A", ANSWER, "a.b.c.d A 192.0.2.1"),
        Case("mail MX", NODATA, authority=NEGATIVE),
        Case("w A", NODATA, authority=NEGATIVE),
        # Where one does not, neither does any below.
        Case("x.d A", NXDOMAIN, authority=NEGATIVE),
        Case("y.x.d A", NXDOMAIN, authority=NEGATIVE),
        Case("a.x.c.d A", NXDOMAIN, authority=NEGATIVE),
        Case("x.a.b.c.d A", NXDOMAIN, authority=NEGATIVE),
    ],
    ids=str,
)
def test_nxdomain_means_nothing_below(case: Case) -> None:
    """A name with something below it is NODATA; a resolver may trust NXDOMAIN for the rest."""
    check(ZONE, case)
