"""What is no question to a zone of ours: refusals, and what their headers say."""

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import pytest

from tests import octets as o
from tests.zones_text import TCP, UDP, zone
from zoneserver.engine.respond import Transport, respond, servfail
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

ZONES = ZoneSet(
    [zone("www A 192.0.2.80"), RefusedZone(zone("", "broken.").origin), zone("", "sub.broken.")]
)
BOTH = pytest.mark.parametrize("transport", [UDP, TCP], ids=["udp", "tcp"])


def _respond(message: bytes, transport: Transport) -> dns.message.Message:
    octets = respond(ZONES, message, transport)
    assert octets is not None
    return dns.message.from_wire(octets)


# Question, over UDP, over TCP, EDE code of the latter (RFC 8914 4).
REFUSALS = [
    (o.question("www.example"), "NOERROR", "NOERROR", None),
    (o.question("www.elsewhere"), "REFUSED", "REFUSED", 20),
    (o.question(""), "REFUSED", "REFUSED", 20),
    (o.question("", o.NS), "REFUSED", "REFUSED", 20),
    (o.question("www.broken"), "SERVFAIL", "SERVFAIL", 24),
    (o.question("www.sub.broken"), "NXDOMAIN", "NXDOMAIN", None),
    (o.question("example", o.AXFR), "NOTIMP", "REFUSED", 18),
    (o.question("example", o.IXFR), "REFUSED", "REFUSED", 18),
    (o.question("www.example", o.AXFR), "NOTIMP", "REFUSED", 18),
    (o.question("elsewhere", o.AXFR), "REFUSED", "REFUSED", 20),
    (o.question("broken", o.AXFR), "NOTIMP", "REFUSED", 18),
    (o.question("www.example", o.A, 0), "REFUSED", "REFUSED", 21),
    (o.question("www.example", o.A, 2), "REFUSED", "REFUSED", 21),
    (o.question("www.example", o.A, o.CH), "REFUSED", "REFUSED", 21),
    (o.question("www.example", o.A, 4), "REFUSED", "REFUSED", 21),
    (o.question("www.example", o.A, o.NONE), "REFUSED", "REFUSED", 21),
    (o.question("www.example", o.A, 256), "REFUSED", "REFUSED", 21),
    (o.question("www.example", o.A, 65535), "REFUSED", "REFUSED", 21),
    (o.question("www.example", o.A, o.ANY_CLASS), "NOERROR", "NOERROR", None),
    (o.question("version.bind", o.TXT, o.CH), "REFUSED", "REFUSED", 21),
    (o.question("version.server", o.TXT, o.CH), "REFUSED", "REFUSED", 21),
    (o.question("hostname.bind", o.TXT, o.CH), "REFUSED", "REFUSED", 21),
    (o.question("id.server", o.TXT, o.CH), "REFUSED", "REFUSED", 21),
    (o.question("authors.bind", o.TXT, o.CH), "REFUSED", "REFUSED", 21),
]


@pytest.mark.parametrize(("asked", "udp", "tcp", "code"), REFUSALS)
def test_refusals(asked: bytes, udp: str, tcp: str, code: int | None) -> None:
    """The RCODE over each transport, the question repeated, and why (RFC 8914)."""
    for transport, rcode in ((UDP, udp), (TCP, tcp)):
        octets = respond(ZONES, o.message(o.opt(), asked=asked), transport)
        assert octets is not None
        assert asked == octets[12 : 12 + len(asked)]
        assert rcode == dns.rcode.to_text(dns.message.from_wire(octets).rcode())
    told = list(_respond(o.message(o.opt(), asked=asked), TCP).options)
    errors = [option.code for option in told if isinstance(option, dns.edns.EDEOption)]
    assert ([] if code is None else [code]) == errors


@BOTH
def test_no_reason_without_edns(transport: Transport) -> None:
    """Whoever sends no OPT gets none (RFC 6891 7)."""
    reply = _respond(o.message(asked=o.question("www.elsewhere")), transport)
    assert (reply.edns, len(reply.additional)) == (-1, 0)


@BOTH
@pytest.mark.parametrize("opcode", [1, 2, 3, *range(5, 16)])
def test_other_opcodes(opcode: int, transport: Transport) -> None:
    """NOTIMP, the header alone: what the rest would mean is not known (RFC 8906 3.1.4)."""
    for rest in (o.question(), b"", bytes(500)):
        message = o.header(opcode=opcode, flags=o.RD | o.AA | o.CD) + rest
        expected = o.header(
            flags=o.QR | o.RD, opcode=opcode, rcode=dns.rcode.NOTIMP, counts=(0, 0, 0, 0)
        )
        assert expected == respond(ZONES, message, transport)


@BOTH
@pytest.mark.parametrize(
    ("asked", "rcode"),
    [
        (o.question("example", o.SOA), "REFUSED"),
        (o.question("www.example", o.SOA), "REFUSED"),
        (o.question("broken", o.SOA), "REFUSED"),
        (o.question("elsewhere", o.SOA), "NOTAUTH"),
        (o.question("example", o.SOA, o.CH), "REFUSED"),
    ],
)
def test_notify(asked: bytes, rcode: str, transport: Transport) -> None:
    """No zone of ours has a primary, so nobody may notify us (RFC 1996 3.10)."""
    soa = o.record(o.SOA, b"\0\0" + bytes(20), owner=o.POINTER_TO_QNAME)
    message = o.message(asked=asked, opcode=o.NOTIFY, flags=o.AA, answer=[soa])
    reply = _respond(message, transport)
    assert (rcode, 4, False) == (
        dns.rcode.to_text(reply.rcode()), reply.opcode(), bool(reply.flags & dns.flags.AA)
    )  # fmt: skip


@BOTH
def test_class_any(transport: Transport) -> None:
    """Answered, but nobody is an authority for all classes (RFC 1035 3.2.5)."""
    reply = _respond(o.message(asked=o.question(qclass=o.ANY_CLASS)), transport)
    assert [rrset.to_text() for rrset in reply.answer] == ["www.example. 3600 IN A 192.0.2.80"]
    assert not reply.flags & dns.flags.AA


@BOTH
def test_badvers_comes_first(transport: Transport) -> None:
    """What a query of an unknown EDNS version means is not known either (RFC 6891 6.1.3)."""
    for asked in (o.question(), o.question("www.elsewhere"), o.question("example", o.AXFR)):
        reply = _respond(o.message(o.opt(version=1), asked=asked), transport)
        assert (dns.rcode.to_text(reply.rcode()), reply.edns) == ("BADVERS", 0)


@BOTH
@pytest.mark.parametrize(
    ("message", "rcode"),
    [
        (o.message(o.opt()), "SERVFAIL"),
        (o.message(), "SERVFAIL"),
        (o.message(counts=(2, 0, 0, 0)), "FORMERR"),
        (o.message(opcode=o.UPDATE), "NOTIMP"),
    ],
)
def test_servfail(message: bytes, rcode: str, transport: Transport) -> None:
    """The answer to a query that we failed on is well-formed, and an error it had stays."""
    octets = servfail(message, transport)
    assert octets is not None
    reply = dns.message.from_wire(octets)
    assert (rcode, o.MESSAGE_ID) == (dns.rcode.to_text(reply.rcode()), reply.id)
    assert not reply.answer


@BOTH
@pytest.mark.parametrize("message", [b"", bytes(11), o.message(flags=o.QR)])
def test_servfail_is_silent(message: bytes, transport: Transport) -> None:
    """What deserves silence gets it, even when we fail."""
    assert servfail(message, transport) is None
