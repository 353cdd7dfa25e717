"""A TCP server in this event loop, and clients that behave as badly as the tests ask."""

import asyncio
import socket
from collections.abc import AsyncIterator, Callable, Container, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import wraps

from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.limits import TcpCounters, TcpLimits
from zoneserver.transports.listen import bind
from zoneserver.transports.tcp import TcpServer
from zoneserver.transports.terms import Answer
from zoneserver.transports.tls import Tls

# Short enough for tests, long enough for a busy machine.
QUICK = TcpLimits(first_octet=0.6, message=0.4, idle=1.0, stall=0.6)
LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}


def in_loop(test: Callable[..., Coroutine[None, None, None]]) -> Callable[..., None]:
    """Run a test in an event loop of its own."""

    @wraps(test)
    def run(*args: object, **kwargs: object) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


def echo(message: bytes, _: bytes) -> bytes | None:
    """An answer that shows its query; none to a message shorter than a header."""
    return message if len(message) >= 12 else None


def query(number: int = 0, octets: int = 20) -> bytes:
    """A message that can pass for a query: a header with one question, and padding."""
    return number.to_bytes(2, "big") + b"\0\0\0\1" + bytes(octets - 6)


def framed(*messages: bytes) -> bytes:
    """Messages as a stream carries them."""
    return b"".join(len(message).to_bytes(2, "big") + message for message in messages)


@dataclass
class Running:
    """A server that listens, and what it counts."""

    server: TcpServer
    port: int
    counters: TcpCounters
    loop_errors: list[str] = field(default_factory=list)


@asynccontextmanager
async def serving(
    limits: TcpLimits = QUICK,
    answer: Answer = echo,
    address: str = "127.0.0.1",
    tls: Tls | None = None,
    proxies: Container[bytes] = (),
) -> AsyncIterator[Running]:
    """Listen while the block runs; an error that asyncio reports fails the test."""
    counters = TcpCounters()
    server = TcpServer(counters, limits, proxies)
    sockets = bind(Endpoint(address, 0))
    sockets.udp.close()
    running = Running(server, sockets.endpoint.port, counters)
    asyncio.get_running_loop().set_exception_handler(
        lambda _, context: running.loop_errors.append(str(context))
    )
    await server.listen(sockets.tcp, answer, tls)
    try:
        yield running
    finally:
        await server.stop(1.0)
    assert running.loop_errors == []


class Client:
    """One connection. Every wait ends after a few seconds."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, octets: bytes) -> None:
        """Send without waiting for anything."""
        self.writer.write(octets)

    async def receive(self) -> bytes:
        """The next message."""
        async with asyncio.timeout(5):
            length = int.from_bytes(await self.reader.readexactly(2), "big")
            return await self.reader.readexactly(length)

    async def ask(self, message: bytes) -> bytes:
        """Send one message and receive one."""
        self.send(framed(message))
        return await self.receive()

    async def rest(self, seconds: float = 5) -> bytes:
        """All that still comes before the server closes."""
        async with asyncio.timeout(seconds):
            try:
                return await self.reader.read()
            except ConnectionResetError:
                return b""

    async def close(self) -> None:
        """Leave."""
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


@asynccontextmanager
async def connected(
    port: int, *, source: str = "", address: str = "127.0.0.1", receive_buffer: int = 0
) -> AsyncIterator[Client]:
    """A client from a chosen source address, with a chosen appetite."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    stream = socket.socket(family, socket.SOCK_STREAM)
    stream.setblocking(False)
    if receive_buffer:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    if source:
        stream.bind((source, 0))
    await asyncio.get_running_loop().sock_connect(stream, (address, port))
    client = Client(*await asyncio.open_connection(sock=stream, limit=2048))
    try:
        yield client
    finally:
        await client.close()
