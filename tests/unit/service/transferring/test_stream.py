"""A connection of the courier: every wait of it ends, and nothing piles up."""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable

import pytest

from zoneserver.service.transferring.stream import Stream

Use = Callable[[Stream, socket.socket], Awaitable[None]]


def run(use: Use, received: bytes = b"") -> None:
    """Have something done with a connection over TCP and its other end."""

    async def work() -> None:
        with socket.create_server(("127.0.0.1", 0)) as listener:
            client = socket.create_connection(listener.getsockname())
            ours, _ = listener.accept()
        ours.setblocking(False)
        client.settimeout(5)
        stream = Stream(ours, received)
        with client:
            try:
                await use(stream, client)
            finally:
                ours.close()

    asyncio.run(asyncio.wait_for(work(), 20))


async def write_for_ever(stream: Stream) -> None:
    """Until that ends with an error."""
    while True:
        await stream.write(bytes(65_535), 0.2)


def read_all(client: socket.socket) -> None:
    """To the end."""
    while client.recv(1 << 20):
        pass


def test_messages_in_pieces() -> None:
    """What was read before comes first; a message may come octet by octet."""

    async def use(stream: Stream, client: socket.socket) -> None:
        assert await stream.read(1) == b"one"
        client.sendall(b"\0\5th")
        reading = asyncio.create_task(stream.read(5))
        await asyncio.sleep(0)
        client.sendall(b"ree\0\4four")
        assert await reading == b"three"
        assert await stream.read(1) == b"four"
        client.shutdown(socket.SHUT_WR)
        assert await stream.read(1) is None

    run(use, b"\0\3one")


def test_what_is_no_dns() -> None:
    """It is the end of it."""

    async def use(stream: Stream, client: socket.socket) -> None:
        client.sendall(b"GET / HTTP/1.1\r\nHost: example\r\n")
        while await stream.read(5) is not None:
            pass
        client.sendall(b"more")

    run(use)


def test_silence() -> None:
    """Who says nothing is waited for only so long."""

    async def use(stream: Stream, client: socket.socket) -> None:
        client.sendall(b"\0\5th")
        with pytest.raises(TimeoutError):
            await stream.read(0.05)

    run(use)


def test_who_does_not_listen() -> None:
    """Writing ends in time, and closing it is a reset: what was not taken is lost."""

    async def use(stream: Stream, client: socket.socket) -> None:
        start = time.monotonic()
        with pytest.raises(TimeoutError):
            await write_for_ever(stream)
        with pytest.raises(TimeoutError):
            await stream.settle(0.2)
        assert time.monotonic() - start < 5
        stream.close()
        with pytest.raises(ConnectionResetError):
            read_all(client)

    run(use)


def test_settles() -> None:
    """Once the other side has taken all of it, the wait is over, and it ends in peace."""

    async def use(stream: Stream, client: socket.socket) -> None:
        await stream.write(b"answer", 1)
        await stream.settle(5)
        stream.close()
        assert client.recv(99) == b"\0\6answer"
        assert client.recv(99) == b""

    run(use)
