"""RFC 4343: names are compared without regard to the case of A to Z, and of nothing else."""

import pytest

from tests import octets as o
from tests.zones_text import ANSWER, NEGATIVE, NXDOMAIN, TCP, UDP, Case, ask, check, zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.names import Name
from zoneserver.zone.zoneset import ZoneSet

ZONE = zone(r"""
    FooBar        A      192.0.2.1
    alias         CNAME  FOOBAR
    *.Wild        A      192.0.2.2
    \195\132      A      192.0.2.3
    \226\132\170  A      192.0.2.4
    a[b           A      192.0.2.5
    Cut           NS     NS.cut
    ns.CUT        A      192.0.2.53
    OLD           DNAME  New
    x.NEW         A      192.0.2.6
""")


@pytest.mark.parametrize("transport", [UDP, TCP], ids=["udp", "tcp"])
@pytest.mark.parametrize("qname", ["foobar.example", "FOOBAR.EXAMPLE", "fOoBaR.eXaMpLe"])
def test_case_of_the_query_comes_back(qname: str, transport: Transport) -> None:
    """Acceptance 15: the question comes back as it was (4.1), its owner as a pointer to it."""
    asked = o.question(qname)
    octets = respond(ZoneSet([ZONE]), o.message(asked=asked), transport)
    assert octets is not None
    address = o.record(o.A, bytes((192, 0, 2, 1)), owner=o.POINTER_TO_QNAME, ttl=3600)
    assert asked + address == octets[12:]


@pytest.mark.parametrize(
    "case",
    [
        Case("ALIAS A", ANSWER, "ALIAS CNAME FOOBAR\nFOOBAR A 192.0.2.1"),
        Case("a.WILD A", ANSWER, "a.WILD A 192.0.2.2"),
        # 2.1, 3: octets over 127 have no case here. These are Ä and ä in UTF-8.
        Case(r"\195\132 A", ANSWER, r"\195\132 A 192.0.2.3"),
        Case(r"\195\164 A", NXDOMAIN, authority=NEGATIVE),
        # The Kelvin sign is no K.
        Case(r"\226\132\170 A", ANSWER, r"\226\132\170 A 192.0.2.4"),
        Case("k A", NXDOMAIN, authority=NEGATIVE),
        # Nor are [ and { a pair, though 0x20 is all that lies between them.
        Case("a{b A", NXDOMAIN, authority=NEGATIVE),
        Case("A[B A", ANSWER, "A[B A 192.0.2.5"),
    ],
    ids=str,
)
def test_comparison(case: Case) -> None:
    """3: A to Z and a to z are the same; every other octet is itself."""
    check(ZONE, case)


def test_referral_and_dname_without_case() -> None:
    """Cuts, glue and redirections are found in any case."""
    (glue,) = ask(ZONE, "www.cUt A").additional
    assert "ns.cut.example. 3600 a 192.0.2.53" == glue.lower()
    assert "x.new.example. 3600 a 192.0.2.6" == ask(ZONE, "x.old A").answer[-1].lower()


@pytest.mark.parametrize("octet", range(256))
def test_folding_of_every_octet(octet: int) -> None:
    """3.1: exactly the 26 letters have a partner."""
    one = Name.from_labels([bytes((octet,))])
    partners = [other for other in range(256) if one == Name.from_labels([bytes((other,))])]
    letter = chr(octet).isascii() and chr(octet).isalpha()
    assert ([octet & ~0x20, octet | 0x20] if letter else [octet]) == partners
