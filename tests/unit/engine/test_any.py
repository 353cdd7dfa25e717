"""ANY: all RRsets over TCP, the smallest alone over UDP (RFC 8482 4.1)."""

import pytest

from tests.zones_text import (
    ANSWER,
    NEGATIVE,
    NODATA,
    NXDOMAIN,
    REFERRAL,
    TCP,
    UDP,
    Case,
    ask,
    check,
    expect,
    zone,
)
from zoneserver.engine.respond import Transport

ZONE = zone("""
    www        A      192.0.2.80
    www        AAAA   2001:db8::80
    www        MX     10 mx
    mx         A      192.0.2.25
    alias      CNAME  www
    *.wild     TXT    "a long text that does not go first"
    *.wild     A      192.0.2.81
    a.ent      A      192.0.2.82
    moved      DNAME  new
    x.new      TXT    "a text longer than the four octets of an address"
    x.new      A      192.0.2.83
    mail       MX     10 mx
    cut        NS     ns.test.
    cut        DS     1 8 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
""")

OVER_TCP = [
    Case("www ANY", ANSWER, "www A 192.0.2.80\nwww AAAA 2001:db8::80\nwww MX 10 mx",
         additional="mx A 192.0.2.25"),
    Case("alias ANY", ANSWER, "alias CNAME www"),
    Case("ent ANY", NODATA, authority=NEGATIVE),
    Case("nope ANY", NXDOMAIN, authority=NEGATIVE),
    Case("cut ANY", REFERRAL, authority="cut NS ns.test."),
]  # fmt: skip


@pytest.mark.parametrize("case", OVER_TCP, ids=str)
def test_any_over_tcp(case: Case) -> None:
    """Every RRset that the name has, in the order of the zone."""
    check(ZONE, case)


OVER_UDP = [
    ("NOERROR", Case("www ANY", ANSWER, "www A 192.0.2.80")),
    ("NOERROR", Case("x.wild ANY", ANSWER, "x.wild A 192.0.2.81")),
    ("NOERROR", Case("@ ANY", ANSWER, "@ NS ns.test.")),
    ("NOERROR", Case("alias ANY", ANSWER, "alias CNAME www")),
    # What is useful is left out as well, or ANY would be worth more than the type itself.
    ("NOERROR", Case("mail ANY", ANSWER, "mail MX 10 mx")),
    # The aliases that lead to the name stay: without them the answer is to another question.
    ("NOERROR", Case("x.moved ANY", ANSWER,
                     "moved DNAME new\nx.moved CNAME x.new\nx.new A 192.0.2.83")),
    ("NOERROR", Case("ent ANY", NODATA, authority=NEGATIVE)),
    ("NXDOMAIN", Case("nope ANY", NXDOMAIN, authority=NEGATIVE)),
]  # fmt: skip


@pytest.mark.parametrize(("rcode", "case"), OVER_UDP, ids=str)
def test_any_over_udp(rcode: str, case: Case) -> None:
    """One RRset, the smallest, and nothing in additional."""
    assert expect(rcode, case, aa=True, zone=ZONE) == ask(ZONE, case.question, UDP)


@pytest.mark.parametrize("transport", [UDP, TCP], ids=["udp", "tcp"])
def test_types_beside_any(transport: Transport) -> None:
    """A question for one type is answered the same over both."""
    case = Case("www MX", ANSWER, "www MX 10 mx", additional="mx A 192.0.2.25")
    expected = expect("NOERROR", case, aa=True, zone=ZONE)
    assert expected == ask(ZONE, case.question, transport)
