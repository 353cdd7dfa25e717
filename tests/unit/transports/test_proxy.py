"""PROXY headers: what is believed, from whom, and what becomes of everything else."""

import asyncio
import socket
from dataclasses import replace
from ipaddress import ip_address
from random import Random

import pytest

from tests.unit.transports.streams import QUICK, connected, framed, in_loop, query, serving
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.latency import Latency
from zoneserver.transports.listen import bind
from zoneserver.transports.proxy import MOST_OCTETS, Header, decode_header, measure_header
from zoneserver.transports.udp import UdpCounters, UdpServer

SIGNATURE = bytes.fromhex("0d0a0d0a000d0a515549540a")
LOOPBACK = ip_address("127.0.0.1").packed
CLIENT = ip_address("192.0.2.7").packed


def header(body: bytes = b"", *, command: int = 0x21, family: int = 0x11) -> bytes:
    """A header as section 2.2 of the PROXY protocol draws it."""
    return SIGNATURE + bytes((command, family)) + len(body).to_bytes(2, "big") + body


def addresses(source: str = "192.0.2.7", target: str = "192.0.2.53", port: int = 4096) -> bytes:
    """Its addresses and ports."""
    packed = ip_address(source).packed + ip_address(target).packed
    return packed + port.to_bytes(2, "big") + b"\0\x35"


def _tlv(octets: int) -> bytes:
    """A TLV of so many octets."""
    return b"\x04" + (octets - 3).to_bytes(2, "big") + bytes(octets - 3)


IPV6 = addresses("2001:db8::7", "2001:db8::53")
MAPPED = addresses("::ffff:192.0.2.7", "::ffff:192.0.2.53")
TLV = b"\x04\0\3abc"

ROWS = {
    "TCP over IPv4": (header(addresses()), Header(28, CLIENT, 4096)),
    "UDP over IPv4": (header(addresses(), family=0x12), Header(28, CLIENT, 4096)),
    "TCP over IPv6": (header(IPV6, family=0x21), Header(52, IPV6[:16], 4096)),
    "UDP over IPv6": (header(IPV6, family=0x22), Header(52, IPV6[:16], 4096)),
    "IPv4 written as IPv6": (header(MAPPED, family=0x21), Header(52, CLIENT, 4096)),
    "TLVs": (header(addresses() + TLV * 2), Header(40, CLIENT, 4096)),
    "an empty TLV": (header(addresses() + b"\x04\0\0"), Header(31, CLIENT, 4096)),
    "octets behind": (header(addresses()) + b"query", Header(28, CLIENT, 4096)),
    "the proxy itself": (header(command=0x20, family=0), Header(16)),
    "the proxy itself, with addresses": (header(addresses(), command=0x20), Header(28)),
    "unspecified": (header(family=0), Header(16)),
    "as long as may be": (header(addresses() + _tlv(MOST_OCTETS - 28)),
                          Header(MOST_OCTETS, CLIENT, 4096)),
    "longer": (header(addresses() + _tlv(MOST_OCTETS - 27)), None),
    "65,535 octets": (header(bytes(65_535)), None),
    "no signature": (b"\0" + header(addresses())[1:], None),
    "version 1": (b"PROXY TCP4 192.0.2.7 192.0.2.53 4096 53\r\n", None),
    "version 3": (header(addresses(), command=0x31), None),
    "an unknown command": (header(addresses(), command=0x22), None),
    "Unix sockets": (header(bytes(216), family=0x31), None),
    "an unknown family": (header(addresses(), family=0x41), None),
    "an unknown protocol": (header(addresses(), family=0x13), None),
    "addresses cut": (header(addresses()[:-1]), None),
    "IPv4 addresses for IPv6": (header(addresses(), family=0x21), None),
    "a TLV cut in its value": (header(addresses() + TLV[:-1]), None),
    "a TLV cut in its length": (header(addresses() + b"\x04\0"), None),
    "nothing": (b"", None),
}  # fmt: skip


@pytest.mark.parametrize(("octets", "expected"), ROWS.values(), ids=ROWS)
def test_headers(octets: bytes, expected: Header | None) -> None:
    """What each says; None where it may not be believed."""
    assert expected == decode_header(octets)


@pytest.mark.parametrize("whole", [header(addresses() + TLV), header(command=0x20, family=0)])
def test_cut_headers(whole: bytes) -> None:
    """Octet by octet: more is waited for, and nothing is believed before all is there."""
    for end in range(len(whole)):
        assert measure_header(whole[:end]) > end
        assert decode_header(whole[:end]) is None
    assert decode_header(whole)


def test_mutants() -> None:
    """Whatever comes, it is a header within its octets, or none."""
    rng = Random(853)
    sound = [octets for octets, expected in ROWS.values() if expected]
    believed = 0
    for _ in range(20_000):
        octets = bytearray(rng.choice(sound)[:200])
        for _ in range(rng.randrange(4)):
            octets[rng.randrange(len(octets))] = rng.choice((0, 1, 0x11, 0x7F, 0xFF))
        del octets[rng.randrange(len(octets) * 4) :]
        found = decode_header(octets)
        assert 0 <= measure_header(octets) <= MOST_OCTETS
        if found:
            believed += 1
            assert found.octets <= len(octets)
            assert len(found.address) in {0, 4, 16}
    assert 1000 < believed < 19_000


@in_loop
async def test_client_is_who_the_proxy_says() -> None:
    """On a connection the header comes once, in pieces if it must; then all is as ever."""
    seen = []

    def answer(message: bytes, address: bytes) -> bytes:
        seen.append(address)
        return message

    async with (
        serving(answer=answer, proxies={LOOPBACK}) as server,
        connected(server.port) as client,
        connected(server.port) as alive,
    ):
        for octet in header(addresses() + TLV):
            client.send(bytes((octet,)))
            await asyncio.sleep(0)
        assert await client.ask(query(1)) == query(1)
        assert await client.ask(query(2)) == query(2)
        alive.send(header(command=0x20, family=0) + framed(query(3)))
        assert await alive.receive() == query(3)

    assert [CLIENT, CLIENT, LOOPBACK] == seen


@in_loop
@pytest.mark.parametrize(
    "octets",
    [framed(query()), header(addresses()[:-1]) + framed(query()), b"\r\n\r\n\0\r\nQUIT\r\n"],
    ids=["none", "malformed", "almost"],
)
async def test_proxy_without_a_header_is_closed(octets: bytes) -> None:
    """At once, and counted."""
    patient = replace(QUICK, first_octet=30.0)
    async with (
        serving(patient, proxies={LOOPBACK}) as server,
        connected(server.port) as client,
    ):
        client.send(octets)
        assert await client.rest() == b""

    assert 1 == server.counters.refused


@in_loop
async def test_header_has_the_time_of_a_first_octet() -> None:
    """A proxy that says half of it is closed as any silent client."""
    async with serving(proxies={LOOPBACK}) as server, connected(server.port) as client:
        client.send(header(addresses())[:-1])
        assert await client.rest() == b""

    assert 1 == server.counters.expired


@in_loop
async def test_headers_of_others_are_refused() -> None:
    """Who is no proxy cannot say that somebody else asks."""
    async with (
        serving(proxies={CLIENT}) as server,
        connected(server.port) as client,
        connected(server.port) as other,
    ):
        client.send(header(addresses()) + framed(query()))
        assert await client.rest() == b""
        assert await other.ask(query()) == query()


@in_loop
async def test_quota_is_that_of_the_client() -> None:
    """A proxy may have any number of connections, each of its clients no more than others."""
    limits = replace(QUICK, per_source=1, first_octet=30.0, idle=30.0)
    async with (
        serving(limits, proxies={LOOPBACK}) as server,
        connected(server.port) as silent,
        connected(server.port) as first,
        connected(server.port) as second,
        connected(server.port) as other,
    ):
        first.send(header(addresses()) + framed(query(1)))
        assert await first.receive() == query(1)
        other.send(header(addresses("192.0.2.8")) + framed(query(2)))
        assert await other.receive() == query(2)
        second.send(header(addresses(port=4097)) + framed(query(3)))
        assert await second.receive() == query(3)
        assert await first.rest() == b""
        assert await other.ask(query(4)) == query(4)
        silent.send(header(addresses("192.0.2.9")) + framed(query(5)))
        assert await silent.receive() == query(5)

    assert [1, 4] == [server.counters.evicted_by_source, server.counters.accepted]


def _exchange(
    *datagrams: bytes, proxies: set[bytes]
) -> tuple[list[bytes], list[bytes], UdpCounters]:
    """What comes back, who was answered, and what was counted."""
    seen: list[bytes] = []

    def answer(message: bytes, address: bytes) -> bytes | None:
        if len(message) < 10:
            return None
        seen.append(address)
        return message.upper()

    async def run() -> list[bytes]:
        bound, counters_of = bind(Endpoint("127.0.0.1", 0)), counters
        server = UdpServer(bound.udp, answer, counters_of, Latency(), proxies)
        bound.tcp.close()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.bind(("127.0.0.1", 0))
            for each in datagrams:
                client.sendto(each, ("127.0.0.1", bound.endpoint.port))
            server.start()
            server.stop()
            client.setblocking(False)
            return [client.recv(512) for _ in seen]

    counters = UdpCounters()
    return asyncio.run(run()), seen, counters


def test_datagrams_from_a_proxy() -> None:
    """Each has a header; the answer has none, and the id of the query."""
    answers, seen, counters = _exchange(
        header(addresses(), family=0x12) + b"iddatagram one",
        header(command=0x20, family=0) + b"iEdatagram two",
        b"iFdatagram without",
        header(addresses()[:-1]) + b"iGmalformed",
        header(addresses()) + b"i",
        header(addresses()),
        header(IPV6 + TLV, family=0x22) + b"iHdatagram six",
        proxies={LOOPBACK},
    )
    assert [b"idDATAGRAM ONE", b"iEDATAGRAM TWO", b"iHDATAGRAM SIX"] == answers
    assert [CLIENT, LOOPBACK, IPV6[:16]] == seen
    assert [3, 4] == [counters.answered, counters.refused]


def test_ports_of_clients_are_as_odd_as_any() -> None:
    """A client on port 19 is not answered, whoever brings its query."""
    answers, _, counters = _exchange(
        header(addresses(port=19)) + b"iddatagram", proxies={LOOPBACK}
    )
    assert [] == answers
    assert 1 == counters.dropped_ports


def test_datagrams_from_others_have_no_header() -> None:
    """Theirs is a part of the message, for whoever answers to judge."""
    answers, seen, _ = _exchange(header(addresses()) + b"iddatagram", proxies={CLIENT})
    assert [LOOPBACK] == seen
    assert [
        (header(addresses())[:2] + header(addresses())[2:].upper() + b"IDDATAGRAM")
    ] == answers
