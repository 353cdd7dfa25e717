"""RFC 8482: QTYPE=ANY over UDP is answered with one RRset."""

import pytest

from tests.zones_text import TCP, UDP, ask, query, zone
from zoneserver.engine.respond import respond
from zoneserver.zone.zoneset import ZoneSet

ZONE = zone("""
    host   A      192.0.2.1
    host   A      192.0.2.2
    host   AAAA   2001:db8::1
    host   MX     10 mx
    host   TXT    "a text that is longer than the others, which is why it would be of use"
    mx     A      192.0.2.25
    one    TXT    "one"
    alias  CNAME  host
""")


@pytest.mark.parametrize(
    ("question", "types"),
    [("host ANY", {"MX"}), ("one ANY", {"TXT"}), ("alias ANY", {"CNAME"}), ("@ ANY", {"NS"})],
)
def test_one_rrset(question: str, types: set[str]) -> None:
    """4.1: one RRset that the name has, whole and real, never an empty answer."""
    reply = ask(ZONE, question, UDP)
    assert types == {line.split()[2] for line in reply.answer}
    assert set(reply.answer) == set(ask(ZONE, question.replace("ANY", types.pop()), UDP).answer)
    assert reply.aa


def test_all_over_tcp() -> None:
    """4.4: over TCP nobody's address is forged, so all of it may go."""
    assert 5 == len(ask(ZONE, "host ANY", TCP).answer)


@pytest.mark.parametrize("question", ["host ANY", "@ ANY", "one ANY", "alias ANY"])
def test_any_amplifies_least(question: str) -> None:
    """Acceptance 40: RFC 8482 2: ANY is no better a lever than the smallest type alone."""
    types = {line.split()[2] for line in ask(ZONE, question).answer}
    assert _octets(question) <= min(_octets(question.replace("ANY", rtype)) for rtype in types)


def _octets(question: str) -> int:
    octets = respond(ZoneSet([ZONE]), query(question).to_wire(), UDP)
    assert octets is not None
    return len(octets)
