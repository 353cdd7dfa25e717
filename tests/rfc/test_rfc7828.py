"""RFC 7828: for how long a connection may be idle, told to those who ask over one."""

from dataclasses import replace

import dns.edns
import dns.message
import pytest

from tests import octets as o
from tests.zones_text import TCP, UDP, zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.zone.zoneset import ZoneSet

ZONES = ZoneSet([zone("www A 192.0.2.80")])
STREAM = replace(TCP, keepalive=100)  # 10 s
ASKED = o.option(o.KEEPALIVE)

ROWS = [
    ("3.3.2: asked over TCP", STREAM, (ASKED,), [100]),
    ("3.3.2: asked twice, told once", STREAM, (ASKED, ASKED), [100]),
    ("3.3.2: not asked", STREAM, (o.option(o.NSID),), []),
    ("3.3.1: asked over UDP", replace(UDP, keepalive=100), (ASKED,), []),
    ("3.2.1: a value in a query", STREAM, (o.option(o.KEEPALIVE, b"\0\1"),), []),
    ("3.1: a value of 3 octets", STREAM, (o.option(o.KEEPALIVE, b"abc"),), []),
    ("a server that has no such limit", TCP, (ASKED,), []),
]


@pytest.mark.parametrize(
    ("transport", "options", "told"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_keepalive(transport: Transport, options: tuple[bytes, ...], told: list[int]) -> None:
    """The option, in units of 100 ms, and an answer in any case."""
    octets = respond(ZONES, o.message(o.opt(*options)), transport)
    assert octets is not None
    reply = dns.message.from_wire(octets)
    assert 1 == len(reply.answer)
    assert told == [
        int.from_bytes(each.to_wire() or b"", "big")
        for each in reply.options
        if each.otype == dns.edns.OptionType(o.KEEPALIVE)
    ]
