"""Truncation: what happens to an answer that its way back has no room for (RFC 2181 9)."""

import dns.edns
import dns.flags
import dns.message
import pytest

from tests import octets as o
from tests.zones_text import TCP, UDP, zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.zone.zoneset import ZoneSet

# A TXT RRset of n records, each of about 100 octets on the wire.
SIZES = [1, 2, 3, 4, 5, 6, 8, 10, 11, 12, 13, 20, 40]
ZONES = ZoneSet([
    zone(
        "\n".join(
            f't{size} TXT "{number:02d}{"x" * 85}"' for size in SIZES for number in range(size)
        )
        + "\n"
        + "\n".join(f'huge TXT "{number:03d}{"y" * 250}"' for number in range(300))
        + "\n"
        + "\n".join(f"cut NS {'n' * 60}{i}.test." for i in range(20))
        + "\nalias CNAME t40"
    )
])  # fmt: skip


def _respond(message: bytes, transport: Transport = UDP) -> tuple[bytes, dns.message.Message]:
    octets = respond(ZONES, message, transport)
    assert octets is not None
    return octets, dns.message.from_wire(octets)


# EDNS payload of the query (None: no EDNS), our own maximum, the limit that follows.
LIMITS = [
    (None, 1232, 512),
    (0, 1232, 512),
    (100, 1232, 512),
    (511, 1232, 512),
    (512, 1232, 512),
    (513, 1232, 513),
    (1231, 1232, 1231),
    (1232, 1232, 1232),
    (4096, 1232, 1232),
    (65535, 1232, 1232),
    (4096, 4096, 4096),
    (1232, 512, 512),
    (4096, 100, 512),
]


@pytest.mark.parametrize(("payload", "ours", "limit"), LIMITS)
def test_udp_limit(payload: int | None, ours: int, limit: int) -> None:
    """No answer is longer than both sides allow, nor cut when it would have fitted."""
    for size in SIZES:
        asked = o.question(f"t{size}.example", o.TXT)
        edns = () if payload is None else (o.opt(payload=payload),)
        message = o.message(*edns, asked=asked)
        octets, reply = _respond(message, Transport(max_payload=ours))
        whole = len(_respond(message, TCP)[0])
        assert len(octets) <= limit
        assert (whole > limit) == bool(reply.flags & dns.flags.TC)
        assert (0 if whole > limit else size) == sum(map(len, reply.answer))


@pytest.mark.parametrize("name", ["t40.example", "alias.example", "x.cut.example"])
def test_truncated_answer(name: str) -> None:
    """Nothing of the sections, but the question and our OPT (RFC 6891 7)."""
    asked = o.question(name, o.TXT)
    octets, reply = _respond(o.message(o.opt(payload=512, flags=0x8000), asked=asked))
    assert dns.flags.TC & reply.flags
    assert reply.rcode().name == "NOERROR"
    assert (reply.answer, reply.authority, reply.additional) == ([], [], [])
    assert asked == octets[12 : 12 + len(asked)]
    assert (reply.edns, reply.payload, reply.ednsflags) == (0, 1232, dns.flags.DO)
    assert 12 + len(asked) + 11 == len(octets)


def test_aa_of_a_truncated_answer() -> None:
    """AA says whose answer it would have been."""
    assert _respond(o.message(asked=o.question("t40.example", o.TXT)))[1].flags & dns.flags.AA
    cut = _respond(o.message(asked=o.question("x.cut.example", o.TXT)))[1].flags
    assert (cut & dns.flags.TC, cut & dns.flags.AA) == (dns.flags.TC, 0)


def test_the_same_over_tcp() -> None:
    """Over TCP all of it comes."""
    reply = _respond(o.message(asked=o.question("t40.example", o.TXT)), TCP)[1]
    assert (sum(map(len, reply.answer)), reply.flags & dns.flags.TC) == (40, 0)


def test_more_than_tcp_can_carry() -> None:
    """An RRset over 65,535 octets has no answer but TC, and breaks nothing."""
    for edns in ((), (o.opt(o.option(o.NSID)),)):
        octets, reply = _respond(
            o.message(*edns, asked=o.question("huge.example", o.TXT)),
            Transport(stream=True, nsid=b"ns1"),
        )
        assert reply.flags & dns.flags.TC
        assert len(octets) < 100


EXACT = ZoneSet([
    zone("\n".join(f"{'x' * 30}{n} TXT {'t' * 200} {'t' * n}" for n in range(180, 255)))
])  # fmt: skip


@pytest.mark.parametrize("payload", [None, 512, 513, 530])
def test_udp_limit_to_the_octet(payload: int | None) -> None:
    """As many octets as agreed on still go, one more does not."""
    edns = () if payload is None else (o.opt(payload=payload),)
    sizes = set()
    for size in range(180, 255):
        message = o.message(*edns, asked=o.question(f"{'x' * 30}{size}.example", o.TXT))
        whole, short = (respond(EXACT, message, transport) for transport in (TCP, UDP))
        assert whole is not None
        assert short is not None
        sizes.add(len(whole))
        truncated = bool(dns.message.from_wire(short).flags & dns.flags.TC)
        assert (len(whole) > (payload or 512)) == truncated
    assert {payload or 512, (payload or 512) + 1} <= sizes


@pytest.mark.parametrize("last", range(205, 225))
def test_tcp_limit_to_the_octet(last: int) -> None:
    """65,535 octets are a message, 65,536 are not."""
    strings = [f"{number:03d}{'y' * 240}" for number in range(255)] + ["z" * last]
    served = ZoneSet([zone("\n".join(f"x TXT {string}" for string in strings))])
    asked = o.question("x.example", o.TXT)
    expected = 12 + len(asked) + sum(12 + 1 + len(string) for string in strings)
    octets = respond(served, o.message(asked=asked), TCP)
    assert octets is not None
    truncated = bool(dns.message.from_wire(octets).flags & dns.flags.TC)
    assert (expected > 65535) == truncated
    assert truncated or expected == len(octets)


def test_negative_answer_always_fits() -> None:
    """The longest names leave room for the SOA of an ordinary zone in 512 octets."""
    qname = (
        b"".join(b"\x3f" + b"q" * 63 for _ in range(3))
        + b"\x34"
        + b"q" * 52
        + o.wire("example")
    )
    assert len(qname) == 254
    reply = _respond(o.message(asked=o.question(qname)))[1]
    assert (
        reply.rcode().name, len(reply.authority), reply.flags & dns.flags.TC
    ) == ("NXDOMAIN", 1, 0)  # fmt: skip
