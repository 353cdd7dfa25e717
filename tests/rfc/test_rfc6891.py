"""RFC 6891: what an OPT must look like, and what follows from it."""

import dns.message
import pytest

from tests import octets as o
from tests.zones_text import TCP, UDP, zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.zone.zoneset import ZoneSet

ZONES = ZoneSet([zone("www A 192.0.2.80")])

ROWS = [
    ("6.1.1: one is enough", o.message(o.opt()), "NOERROR"),
    ("6.1.1: more than one", o.message(o.opt(), o.opt()), "FORMERR"),
    ("6.1.1: three", o.message(o.opt(), o.opt(), o.opt()), "FORMERR"),
    ("6.1.1: in the answer section", o.message(answer=[o.opt()]), "FORMERR"),
    ("6.1.1: in the authority section", o.message(authority=[o.opt()]), "FORMERR"),
    ("6.1.1: before another record", o.message(o.opt(), o.record(o.A, bytes(4))), "NOERROR"),
    ("6.1.1: after another record", o.message(o.record(o.A, bytes(4)), o.opt()), "NOERROR"),
    ("6.1.2: the owner is the root", o.message(o.opt(owner=b"\x01x\0")), "FORMERR"),
    ("6.1.2: and no pointer", o.message(o.opt(owner=o.POINTER_TO_QNAME)), "FORMERR"),
    ("6.1.2: an option", o.message(o.opt(o.option(65001, b"x"))), "NOERROR"),
    ("6.1.2: two of a kind", o.message(o.opt(*[o.option(65001)] * 2)), "NOERROR"),
    ("6.1.2: an option cut in its head", o.message(o.opt(b"\0\3\0")), "FORMERR"),
    (
        "6.1.2: an option cut in its data",
        o.message(o.opt(o.option(3, b"x", length=2))),
        "FORMERR",
    ),
    ("6.1.2: an option too short", o.message(o.opt(o.option(3, b"xyz", length=2))), "FORMERR"),
    ("6.1.2: RDLENGTH beyond the message", o.message(o.opt(length=1)), "FORMERR"),
    ("6.1.3: version 1", o.message(o.opt(version=1)), "BADVERS"),
    ("6.1.3: version 255", o.message(o.opt(version=255)), "BADVERS"),
    ("6.1.4: all flags", o.message(o.opt(flags=0xFFFF)), "NOERROR"),
    ("6.2.3: a payload of 0", o.message(o.opt(payload=0)), "NOERROR"),
    ("6.2.3: a payload of 65535", o.message(o.opt(payload=65535)), "NOERROR"),
    ("7: without", o.message(), "NOERROR"),
]


@pytest.mark.parametrize("transport", [UDP, TCP], ids=["udp", "tcp"])
@pytest.mark.parametrize(
    ("message", "rcode"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS]
)
def test_opt(message: bytes, rcode: str, transport: Transport) -> None:
    """Acceptance 13: a sound OPT is answered with an OPT, a bad one with FORMERR and none."""
    octets = respond(ZONES, message, transport)
    assert octets is not None
    reply = dns.message.from_wire(octets)
    assert rcode == reply.rcode().name
    has_opt = o.u16(o.OPT) in message and rcode != "FORMERR"
    assert (0 if has_opt else -1) == reply.edns
    assert has_opt or rcode == "NOERROR" or len(octets) == 12
