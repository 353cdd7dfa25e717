"""RFC 8914: the reason of an error, in an option of the OPT."""

import dns.edns
import dns.message
import pytest

from tests import octets as o
from tests.zones_text import TCP, UDP, zone
from zoneserver.engine.respond import Transport, respond, servfail
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

ZONES = ZoneSet([zone("www A 192.0.2.80"), RefusedZone(zone("", "broken.").origin)])

# Section 4 numbers them: 0 other, 18 prohibited, 20 not authoritative, 21 not supported,
# 24 invalid data.
ROWS = [
    (o.question("www.elsewhere"), "REFUSED", 20),
    (o.question("www.broken"), "SERVFAIL", 24),
    (o.question("www.example", qclass=o.CH), "REFUSED", 21),
    (o.question("example", o.IXFR), "REFUSED", 18),
    (o.question("www.example"), "NOERROR", None),
    (o.question("nope.example"), "NXDOMAIN", None),
]


@pytest.mark.parametrize("transport", [UDP, TCP], ids=["udp", "tcp"])
@pytest.mark.parametrize(("asked", "rcode", "code"), ROWS)
def test_reason(asked: bytes, rcode: str, code: int | None, transport: Transport) -> None:
    """2: at most one INFO-CODE with a few words of UTF-8, beside the RCODE and never for it."""
    octets = respond(ZONES, o.message(o.opt(), asked=asked), transport)
    assert octets is not None
    reply = dns.message.from_wire(octets)
    assert rcode == reply.rcode().name
    assert ([] if code is None else [code]) == _codes(reply)


def _codes(reply: dns.message.Message) -> list[int]:
    options = [option for option in reply.options if isinstance(option, dns.edns.EDEOption)]
    assert all(option.text is None or len(option.text) < 40 for option in options)
    return [int(option.code) for option in options]


@pytest.mark.parametrize(("asked", "rcode", "code"), ROWS)
def test_no_option_without_opt(asked: bytes, rcode: str, code: int | None) -> None:
    """3: an option needs an OPT, and an OPT needs to be asked for."""
    octets = respond(ZONES, o.message(asked=asked), UDP)
    assert octets is not None
    reply = dns.message.from_wire(octets)
    assert (rcode, -1, ()) == (reply.rcode().name, reply.edns, reply.options)
    assert code is None or 12 + len(asked) == len(octets)


def test_failure_of_ours() -> None:
    """4.1: what went wrong is nothing that we could name."""
    octets = servfail(o.message(o.opt()), UDP)
    assert octets is not None
    reply = dns.message.from_wire(octets)
    assert ("SERVFAIL", [0]) == (reply.rcode().name, _codes(reply))
