"""RFC 7505: the null MX says that a name takes no mail."""

from tests import octets as o
from tests.zones_text import ANSWER, NEGATIVE, NODATA, TCP, Case, check, zone
from zoneserver.engine.respond import respond
from zoneserver.zone.zoneset import ZoneSet

ZONE = zone("""
    @      MX  0 .
    @      A   192.0.2.1
    nomail MX  0 .
    *.park MX  0 .
""")


def test_null_mx() -> None:
    """3: preference 0 and the root; there is no host whose address could help."""
    check(ZONE, Case("@ MX", ANSWER, "@ MX 0 ."))
    check(ZONE, Case("nomail MX", ANSWER, "nomail MX 0 ."))
    check(ZONE, Case("any.park MX", ANSWER, "any.park MX 0 ."))
    check(ZONE, Case("nomail A", NODATA, authority=NEGATIVE))


def test_octets() -> None:
    """3: three octets of rdata, all zero."""
    octets = respond(ZoneSet([ZONE]), o.message(asked=o.question("nomail.example", 15)), TCP)
    assert octets is not None
    assert octets.endswith(o.record(15, bytes(3), owner=o.POINTER_TO_QNAME, ttl=3600))


def test_root_zone() -> None:
    """In a root zone `.` is still no host, even if the root had an address."""
    served = zone("x MX 0 .\n@ A 192.0.2.1", ".")
    check(served, Case("x MX", ANSWER, "x MX 0 ."))
