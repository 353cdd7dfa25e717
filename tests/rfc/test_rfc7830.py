"""RFC 7830 and RFC 8467: answers whose length does not tell what was asked."""

from dataclasses import replace

import dns.edns
import dns.message
import pytest

from tests import octets as o
from tests.zones_text import TCP, UDP, zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.zone.zoneset import ZoneSet

TLS = replace(TCP, keepalive=100, encrypted=True)
PADDED = o.option(o.PADDING, bytes(77))
BLOCK = 468  # RFC 8467 4.1
MOST = 65_535


ZONES = ZoneSet([zone("www A 192.0.2.80\n" + "big TXT " + "x " * 500)])


def ask(
    transport: Transport, *options: bytes, name: str = "www.example"
) -> dns.message.Message:
    """The answer to a question with these options."""
    message = o.message(o.opt(*options), asked=o.question(name, o.TXT))
    octets = respond(ZONES, message, transport)
    assert octets is not None
    reply = dns.message.from_wire(octets)
    assert octets == reply.wire
    return reply


def padding(reply: dns.message.Message) -> list[bytes]:
    """The octets of each padding option in it."""
    code = dns.edns.OptionType(o.PADDING)
    return [each.to_wire() or b"" for each in reply.options if each.otype == code]


@pytest.mark.parametrize("name", ["www.example", "big.example", "gone.example", "other.test"])
def test_padded_answers_fill_blocks(name: str) -> None:
    """RFC 7830 4 and RFC 8467 4.1: zeroes up to a multiple of 468 octets, last of all."""
    reply = ask(TLS, PADDED, o.option(o.KEEPALIVE), o.option(o.NSID), name=name)
    assert reply.wire is not None
    assert 0 == len(reply.wire) % BLOCK
    assert [0] == [sum(octets) for octets in padding(reply)]
    assert dns.edns.OptionType(o.PADDING) == reply.options[-1].otype


@pytest.mark.parametrize(
    ("transport", "options"),
    [(TLS, ()), (TLS, (o.option(o.NSID),)), (TCP, (PADDED,)), (UDP, (PADDED,))],
    ids=["not asked", "another option", "TCP", "UDP"],
)
def test_others_are_not_padded(transport: Transport, options: tuple[bytes, ...]) -> None:
    """RFC 7830 6: padding is for those who ask, and where nobody else can read."""
    assert [] == padding(ask(transport, *options))


def test_without_edns_there_is_no_padding() -> None:
    """RFC 7830 4: it would need an OPT that was not asked for."""
    octets = respond(ZONES, o.message(), TLS)
    assert octets is not None
    assert -1 == dns.message.from_wire(octets).edns


@pytest.mark.parametrize(
    ("left", "padded"), [(0, None), (3, None), (4, 0), (5, 1), (14, 10), (20, 1)]
)
def test_padding_never_costs_an_answer(left: int, padded: int | None) -> None:
    """Where a message has no room for its last block, it has less padding, or none.

    65,520 octets are 140 blocks, and 65,535 the most that a message may have.
    """
    fixed = 12 + len(o.question("big.example", 65280)) + 12 + 11  # header, record, OPT
    rdata = bytes(MOST - left - fixed).hex()
    zones = ZoneSet([zone(f"big TYPE65280 \\# {len(rdata) // 2} {rdata}")])
    message = o.message(o.opt(PADDED), asked=o.question("big.example", 65280))
    octets = respond(zones, message, TLS)
    assert octets is not None
    reply = dns.message.from_wire(octets)
    assert 1 == len(reply.answer)
    assert ([] if padded is None else [bytes(padded)]) == padding(reply)
    assert MOST - left + (0 if padded is None else 4 + padded) == len(octets)
