"""A primary for these tests, which answers as it is told: rightly, wrongly, slowly, or not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

import dns.message
import dns.rdatatype

from tests.unit.transfer.answers import answer, soa
from zoneserver.transfer.settings import Peer
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.framing import LENGTH_OCTETS, frame


@dataclass(slots=True)
class Asked:
    """One query, and the way back."""

    message: dns.message.Message
    octets: bytes
    writer: asyncio.StreamWriter

    @property
    def qtype(self) -> str:
        """What is asked for."""
        return dns.rdatatype.to_text(self.message.question[0].rdtype)

    async def send(self, *messages: bytes) -> None:
        """Answer with messages, whose ids and questions are made to fit."""
        for message in messages:
            await self.send_raw(frame(self.octets[:2] + message[2:]))

    async def send_raw(self, octets: bytes) -> None:
        """Answer with anything."""
        self.writer.write(octets)
        await self.writer.drain()
        await asyncio.sleep(0)  # the kernel takes very much before there is a need to wait


Script = Callable[[Asked], Awaitable[None]]


@dataclass(slots=True)
class Primary:
    """One that listens on loopback. It notes the types that it is asked for."""

    script: Script
    port: int = 0
    asked: list[str] = field(default_factory=list)
    open: int = 0  # connections now
    most_open: int = 0

    @property
    def peer(self) -> Peer:
        """Where it is."""
        return Peer(Endpoint("127.0.0.1", self.port))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer all that comes over one connection."""
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        # To be ended, too, is an end; to asyncio it would be a mistake of ours.
        with suppress(asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            while True:
                head = await reader.readexactly(LENGTH_OCTETS)
                octets = await reader.readexactly(int.from_bytes(head, "big"))
                message = dns.message.from_wire(octets, keyring=False)
                asked = Asked(message, octets, writer)
                self.asked.append(asked.qtype)
                await self.script(asked)
        self.open -= 1
        writer.close()


@asynccontextmanager
async def answering(
    script: Script, context: ssl.SSLContext | None = None
) -> AsyncIterator[Primary]:
    """A primary that follows a script for each query."""
    primary = Primary(script)
    server = await asyncio.start_server(primary.serve, "127.0.0.1", 0, ssl=context)
    primary.port = server.sockets[0].getsockname()[1]
    try:
        yield primary
    finally:
        server.close()


def following(serial: int, **messages: list[bytes]) -> Script:
    """Answers for the SOA with a serial, for AXFR and IXFR with messages."""
    said = {"SOA": [answer(soa(serial), qtype="SOA")], **messages}

    async def follow(asked: Asked) -> None:
        await asked.send(*said[asked.qtype])

    return follow
