"""Asking a server whether it answers."""

import asyncio
import socket
from collections.abc import Callable

import dns.message
import dns.opcode
import pytest

from zoneserver.engine.respond import Transport, respond
from zoneserver.transports.ask import is_answering, is_reply, make_question
from zoneserver.transports.endpoint import Endpoint
from zoneserver.zone.zoneset import ZoneSet


def test_question_is_answered_without_zones() -> None:
    """It asks for a cookie alone, and others can read it."""
    question = make_question()
    answer = respond(ZoneSet([]), question, Transport(cookie=lambda sent: sent + bytes(8)))
    parsed = dns.message.from_wire(question)

    assert (parsed.opcode(), parsed.question) == (dns.opcode.QUERY, [])
    assert [int(option.otype) for option in parsed.options] == [10]
    assert answer
    assert is_reply(question, answer)


def _flip(octets: bytes, at: int) -> bytes:
    return octets[:at] + bytes([octets[at] ^ 0x80]) + octets[at + 1 :]


@pytest.mark.parametrize(
    "spoil", [lambda reply: _flip(reply, 0), lambda reply: _flip(reply, 2), lambda _: b""]
)
def test_what_is_no_reply(spoil: Callable[[bytes], bytes]) -> None:
    """Another id, no QR, nothing."""
    question = make_question()
    reply = _flip(question, 2)

    assert is_reply(question, reply)
    assert not is_reply(question, spoil(reply))


async def _answer_stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    length = await reader.readexactly(2)
    writer.write(length + _flip(await reader.readexactly(int.from_bytes(length)), 2))
    writer.close()


async def _answer_datagram(udp: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    question, address = await loop.sock_recvfrom(udp, 512)
    await loop.sock_sendto(udp, _flip(question, 2), address)


@pytest.mark.parametrize("speaks", [{"UDP"}, {"TCP"}, {"UDP", "TCP"}, set()], ids=str)
def test_either_transport_will_do(speaks: set[str]) -> None:
    """In a flood a datagram may be lost."""

    async def ask() -> bool:
        server = await asyncio.start_server(_answer_stream, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.setblocking(False)
            udp.bind(("127.0.0.1", port if "UDP" in speaks else 0))
            answering = asyncio.create_task(_answer_datagram(udp))
            if "TCP" not in speaks:
                server.close()
            answered = await is_answering(Endpoint("0.0.0.0", port), 5)
            answering.cancel()
        server.close()
        await server.wait_closed()
        return answered

    assert asyncio.run(ask()) is bool(speaks)
