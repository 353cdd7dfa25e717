"""Connections that another process takes over: what it gets, and what is left of them here."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from tests.unit.transports.streams import Client, connected, framed, in_loop, query, serving
from tests.unit.transports.test_tls import encrypted, tls_of, trusting
from zoneserver.transports.limits import TcpLimits
from zoneserver.transports.relay import MOST_UNREAD
from zoneserver.transports.terms import Leave

AWAY = query(0xAAAA)  # the message that another process answers
PATIENT = TcpLimits()
BOTH = pytest.mark.parametrize("tls", [False, True], ids=["tcp", "tls"])


@dataclass
class Taker:
    """Takes one connection over, or does not."""

    willing: bool = True
    received: bytes = b""
    taken: asyncio.Future[socket.socket] = field(default_factory=asyncio.Future)

    def answer(self, message: bytes, _: bytes) -> bytes | Leave | None:
        """An echo, or this one."""
        return Leave(self.take) if message == AWAY else message

    def take(self, descriptor: int, received: bytes) -> bool:
        """As another process would get it."""
        if self.willing:
            connection = socket.socket(fileno=os.dup(descriptor))
            connection.setblocking(False)
            self.received = received
            self.taken.set_result(connection)
        return self.willing


@asynccontextmanager
async def handing_over(taker: Taker, *, tls: bool) -> AsyncIterator[Client]:
    """A client of a server of which some connections go to the taker."""
    context = tls_of() if tls else None
    async with serving(PATIENT, taker.answer, tls=context) as running:
        ends = encrypted(running.port, trusting()) if tls else connected(running.port)
        async with asyncio.timeout(10), ends as client:
            yield client
        assert not running.server._connections


@BOTH
@in_loop
async def test_answers_before_come_first(*, tls: bool) -> None:
    """What was asked before is answered here; what comes behind is for who takes over."""
    taker, loop = Taker(), asyncio.get_running_loop()
    async with handing_over(taker, tls=tls) as client:
        client.writer.write(framed(query(1), query(2), AWAY, query(3)))
        connection = await taker.taken
        with connection:
            assert taker.received == framed(query(3))
            await loop.sock_sendall(connection, framed(b"from elsewhere"))
            expected = framed(query(1), query(2), b"from elsewhere")
            assert await client.reader.readexactly(len(expected)) == expected
            client.writer.write(framed(query(4)))
            assert await loop.sock_recv(connection, 99) == framed(query(4))
        assert await client.reader.read() == b""


@BOTH
@in_loop
async def test_nobody_takes_it(*, tls: bool) -> None:
    """It is closed: there is nobody who would answer."""
    taker = Taker(willing=False)
    async with handing_over(taker, tls=tls) as client:
        client.writer.write(framed(query(1), AWAY))
        assert await client.reader.readexactly(22) == framed(query(1))
        assert await client.reader.read() == b""


@BOTH
@in_loop
async def test_client_goes(*, tls: bool) -> None:
    """Who has taken over hears of it."""
    taker, loop = Taker(), asyncio.get_running_loop()
    async with handing_over(taker, tls=tls) as client:
        client.writer.write(framed(AWAY))
        connection = await taker.taken
        client.writer.close()
        with connection:
            assert await loop.sock_recv(connection, 99) == b""


@in_loop
async def test_much_back_and_forth_over_tls() -> None:
    """Octets pass as they are, however many, as fast as they are read."""
    taker, loop = Taker(), asyncio.get_running_loop()
    sent = os.urandom(3 << 20)
    async with handing_over(taker, tls=True) as client:
        client.writer.write(framed(AWAY))
        connection = await taker.taken
        with connection:
            sending = asyncio.create_task(loop.sock_sendall(connection, sent))
            received = bytearray()
            while len(received) < len(sent):
                received += await client.reader.read(1 << 16)
            await sending
            assert received == sent
            client.writer.write(bytes(200_000))
            count = 0
            while count < 200_000:
                count += len(await loop.sock_recv(connection, 1 << 16))


@in_loop
async def test_client_that_says_more_than_is_read() -> None:
    """Over TLS what nobody reads would pile up here: it is cut off."""
    taker = Taker()
    async with handing_over(taker, tls=True) as client:
        client.writer.write(framed(AWAY))
        with await taker.taken:
            client.writer.write(bytes(8 << 20))
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await client.reader.readexactly(MOST_UNREAD)
