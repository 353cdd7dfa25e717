"""EDNS: what the OPT of a query asks for, and what ours says (RFC 6891)."""

import dns.edns
import dns.flags
import dns.message
import pytest

from tests import octets as o
from tests.zones_text import TCP, UDP, zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.zone.zoneset import ZoneSet

ZONES = ZoneSet([zone("www A 192.0.2.80")])
NAMED = Transport(nsid=b"ns1.example")
NAMED_TCP = Transport(stream=True, nsid=b"ns1.example")


def _respond(message: bytes, transport: Transport = UDP) -> dns.message.Message:
    octets = respond(ZONES, message, transport)
    assert octets is not None
    return dns.message.from_wire(octets)


@pytest.mark.parametrize("transport", [UDP, TCP], ids=["udp", "tcp"])
def test_opt_for_opt(transport: Transport) -> None:
    """An OPT is answered with one, and only then; it names our own size (RFC 6891 6.2.3)."""
    with_opt, without = (
        _respond(o.message(o.opt(payload=4096)), transport),
        _respond(o.message()),
    )
    assert (with_opt.edns, with_opt.payload, with_opt.options) == (0, 1232, ())
    assert without.edns == -1


def test_configured_size() -> None:
    """The size in our OPT is the one we keep to."""
    assert _respond(o.message(o.opt()), Transport(max_payload=1400)).payload == 1400


@pytest.mark.parametrize("flags", [0, 0x8000, 0xFFFF, 0x7FFF])
def test_do_is_copied(flags: int) -> None:
    """DO comes back as it was sent (RFC 3225 3); the other flags are zero (RFC 6891 6.1.4)."""
    assert flags & 0x8000 == _respond(o.message(o.opt(flags=flags))).ednsflags


@pytest.mark.parametrize("version", [1, 2, 100, 255])
def test_badvers(version: int) -> None:
    """BADVERS with our own version, and no answer (RFC 6891 6.1.3)."""
    reply = _respond(o.message(o.opt(version=version, flags=0x8000)))
    assert (reply.rcode().name, reply.edns, reply.answer) == ("BADVERS", 0, [])
    assert reply.ednsflags & 0xFFFF == dns.flags.DO


def test_options_of_another_version() -> None:
    """BADVERS, whatever follows: its form is that version's own affair."""
    reply = _respond(o.message(o.opt(o.option(o.COOKIE, b"short"), b"\0\1", version=1)), NAMED)
    assert (reply.rcode().name, reply.options) == ("BADVERS", ())


@pytest.mark.parametrize(
    "options",
    [
        (o.option(65001, b"unknown"),),
        (o.option(o.NSID),),
        (o.option(o.COOKIE, b"8 octets"),),
        (o.option(o.ECS, b"\0\1\x18\0\xc0\0\2"),),
        (o.option(o.ECS, b"\0\1\x20\0\xc0"),),
        (o.option(o.ECS),),
        (o.option(o.KEEPALIVE, b"abc"),),
        (o.option(o.KEY_TAG, b"odd"),),
        (o.option(o.PADDING, bytes(300)),),
        tuple(o.option(code) for code in range(64, 128)),
    ],
)
def test_options_are_ignored(options: tuple[bytes, ...]) -> None:
    """An option that we do not act on changes nothing (RFC 6891 6.1.2)."""
    assert _respond(o.message(o.opt())) == _respond(o.message(o.opt(*options)))


@pytest.mark.parametrize("transport", [NAMED, NAMED_TCP], ids=["udp", "tcp"])
@pytest.mark.parametrize("count", [1, 2, 10])
def test_nsid(transport: Transport, count: int) -> None:
    """Our identifier to those who ask, once (RFC 5001 2.1)."""
    reply = _respond(o.message(o.opt(*[o.option(o.NSID)] * count)), transport)
    assert [dns.edns.NSIDOption(b"ns1.example")] == list(reply.options)


@pytest.mark.parametrize(
    ("message", "transport"),
    [
        (o.message(o.opt(o.option(o.COOKIE, b"8 octets"))), NAMED),
        (o.message(o.opt()), NAMED),
        (o.message(o.opt(o.option(o.NSID))), UDP),
    ],
)
def test_no_nsid(message: bytes, transport: Transport) -> None:
    """Not to those who do not ask, and not where none is set."""
    assert _respond(message, transport).options == ()


def test_nsid_beside_a_reason() -> None:
    """Both options of ours stand in one OPT."""
    asked = o.question("www.elsewhere")
    reply = _respond(o.message(o.opt(o.option(o.NSID)), asked=asked), NAMED)
    assert [int(option.otype) for option in reply.options] == [3, 15]


def test_upper_bits_of_the_rcode_are_ignored() -> None:
    """A query has no RCODE, and so no upper bits of one."""
    assert _respond(o.message(o.opt())) == _respond(o.message(o.opt(rcode=255)))


@pytest.mark.parametrize(
    ("where", "rcode"),
    [("answer", "FORMERR"), ("authority", "FORMERR"), ("additional", "NOERROR")],
)
def test_section_of_the_opt(where: str, rcode: str) -> None:
    """An OPT belongs into the additional section (RFC 6891 6.1.1)."""
    messages = {
        "answer": o.message(answer=[o.opt()]),
        "authority": o.message(authority=[o.opt()]),
        "additional": o.message(o.opt()),
    }
    assert rcode == _respond(messages[where]).rcode().name
