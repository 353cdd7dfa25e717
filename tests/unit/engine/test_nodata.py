"""NODATA: the name exists, the type does not (RFC 2308 2.2)."""

import pytest

from tests.zones_text import ANSWER, NEGATIVE, NODATA, NXDOMAIN, Case, check, zone

ZONE = zone(r"""
    www      A           192.0.2.80
    www      TYPE65280   \# 4 0a000001
    sub      NS          ns.test.
    signed   NS          ns.test.
    signed   DS          1 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
""")

# Types that a zone cannot hold, or that mean something in other places only.
UNUSUAL = ["TYPE0", "OPT", "TKEY", "TSIG", "MAILB", "MAILA", "TYPE128", "TYPE65535", "RRSIG"]

CASES = [
    Case("www AAAA", NODATA, authority=NEGATIVE),
    Case("www MX", NODATA, authority=NEGATIVE),
    Case("www NS", NODATA, authority=NEGATIVE),
    Case("www SOA", NODATA, authority=NEGATIVE),
    Case("www CNAME", NODATA, authority=NEGATIVE),
    Case("www DS", NODATA, authority=NEGATIVE),
    Case("www TYPE65281", NODATA, authority=NEGATIVE),
    Case("www TYPE65280", ANSWER, r"www TYPE65280 \# 4 0a000001"),
    Case("sub DS", NODATA, authority=NEGATIVE),
    *(Case(f"www {rtype}", NODATA, authority=NEGATIVE) for rtype in UNUSUAL),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_nodata(case: Case) -> None:
    """NOERROR, nothing in the answer, and the SOA in authority, whatever the type asked."""
    check(ZONE, case)


@pytest.mark.parametrize(
    ("soa_ttl", "minimum", "negative"),
    [
        (3600, 300, 300),  # the minimum
        (60, 300, 60),  # the SOA's own TTL, if that is less (RFC 2308 3)
        (86400, 86400, 3600),  # our cap
        (0, 300, 0),
        (300, 0, 0),
    ],
)
def test_negative_ttl(soa_ttl: int, minimum: int, negative: int) -> None:
    """A negative answer is kept for the least of SOA TTL, SOA minimum and an hour."""
    soa = f"SOA ns.test. hostmaster.test. 1 7200 1800 1209600 {minimum}"
    served = zone("www A 192.0.2.1", apex=f"@ {soa_ttl} {soa}\n@ NS ns.test.")
    check(served, Case("www MX", NODATA, authority=f"@ {negative} {soa}"))
    check(served, Case("@ SOA", ANSWER, f"@ {soa_ttl} {soa}"))


def test_zone_without_soa() -> None:
    """Such a zone is never served, but the validator asks it all the same."""
    candidate = zone("www A 192.0.2.1", apex="")
    check(candidate, Case("www MX", NODATA))
    check(candidate, Case("nope A", NXDOMAIN))
