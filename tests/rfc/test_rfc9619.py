"""RFC 9619: a query has one question."""

import pytest

from tests import octets as o
from tests.zones_text import TCP, UDP, zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.zone.zoneset import ZoneSet

ZONES = ZoneSet([zone("www A 192.0.2.80")])


@pytest.mark.parametrize("transport", [UDP, TCP], ids=["udp", "tcp"])
@pytest.mark.parametrize("opcode", [o.QUERY, o.NOTIFY])
@pytest.mark.parametrize("count", [0, 2, 3, 300, 65535])
def test_any_other_number(count: int, opcode: int, transport: Transport) -> None:
    """4: FORMERR; a header alone, for there is no one question to repeat."""
    asked = o.question() * min(count, 300)
    message = o.message(asked=asked, opcode=opcode, flags=o.RD, counts=(count, 0, 0, 0))
    expected = o.header(flags=o.QR | o.RD, opcode=opcode, rcode=1, counts=(0, 0, 0, 0))
    assert expected == respond(ZONES, message, transport)


@pytest.mark.parametrize("transport", [UDP, TCP], ids=["udp", "tcp"])
def test_one(transport: Transport) -> None:
    """4: and one is answered."""
    octets = respond(ZONES, o.message(), transport)
    assert octets is not None
    assert (0, 1) == (octets[3] & 0x0F, int.from_bytes(octets[4:6], "big"))
