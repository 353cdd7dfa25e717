"""A relay between a secondary and its primary, which counts what goes over the wire."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import dns.rdatatype

from tests.peers.server import LOOPBACK, free_port

MOST_OCTETS = 65_535
ANSWER_SECONDS = 5
_HEADER_OCTETS = 12


@dataclass
class Exchange:
    """What answered one query: how many messages, and how many records in all."""

    qtype: str
    messages: int = 0
    records: int = 0
    rcode: int = 0

    def add(self, message: bytes) -> None:
        """Count one message."""
        self.messages += 1
        self.records += int.from_bytes(message[6:8])
        self.rcode = message[3] & 15


@dataclass
class Relay:
    """Hands everything that comes to `port` on to another port, and back, UDP and TCP."""

    to: int
    port: int = field(default_factory=free_port)
    exchanges: list[Exchange] = field(default_factory=list)

    def transfers(self) -> list[Exchange]:
        """Those by which a zone came; one record is the SOA, where there is nothing new."""
        return [
            each
            for each in self.exchanges
            if each.qtype in {"AXFR", "IXFR"} and each.records > 1
        ]

    def note(self, query: bytes) -> Exchange:
        """A query is on its way."""
        self.exchanges.append(Exchange(_qtype(query)))
        return self.exchanges[-1]

    async def serve(self, ready: threading.Event, end: asyncio.Event) -> None:
        """Work until the end."""
        loop = asyncio.get_running_loop()
        server = await asyncio.start_server(self._take, LOOPBACK, self.port)
        udp, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), (LOOPBACK, self.port)
        )
        ready.set()
        await end.wait()
        udp.close()
        server.close()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()

    async def _take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked: dict[bytes, Exchange] = {}
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            back, there = await asyncio.open_connection(LOOPBACK, self.to)
            await asyncio.gather(
                self._pump(reader, there, asked), self._count(back, writer, asked)
            )
        writer.close()

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asked: dict[bytes, Exchange],
    ) -> None:
        """Queries on their way there."""
        with suppress(asyncio.IncompleteReadError):
            while True:
                message = await _read(reader)
                asked[message[:2]] = self.note(message)
                writer.write(len(message).to_bytes(2) + message)
        writer.close()

    async def _count(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        asked: dict[bytes, Exchange],
    ) -> None:
        """Answers on their way back."""
        with suppress(asyncio.IncompleteReadError):
            while True:
                message = await _read(reader)
                asked[message[:2]].add(message)
                writer.write(len(message).to_bytes(2) + message)
                await writer.drain()
        writer.close()


class _Datagrams(asyncio.DatagramProtocol):
    """Each query goes there from a port of its own, so that the answer finds its way back."""

    def __init__(self, relay: Relay) -> None:
        self._relay = relay
        self._transport: asyncio.DatagramTransport
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:  # type: ignore[override]  # it is one
        """Keep the way back."""
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Ask, and hand back what comes."""
        task = asyncio.get_running_loop().create_task(self._ask(data, addr))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, query: bytes, client: tuple[str, int]) -> None:
        exchange = self._relay.note(query)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way, suppress(TimeoutError):
            way.setblocking(False)
            way.connect((LOOPBACK, self._relay.to))
            loop = asyncio.get_running_loop()
            await loop.sock_sendall(way, query)
            octets = await asyncio.wait_for(loop.sock_recv(way, MOST_OCTETS), ANSWER_SECONDS)
            exchange.add(octets)
            self._transport.sendto(octets, client)


@contextmanager
def relaying(to: int) -> Iterator[Relay]:
    """A relay to a port of this host, which works inside of the block."""
    relay, ready, loop, end = (
        Relay(to),
        threading.Event(),
        asyncio.new_event_loop(),
        asyncio.Event(),
    )
    thread = threading.Thread(target=loop.run_until_complete, args=[relay.serve(ready, end)])
    thread.start()
    try:
        assert ready.wait(10)
        yield relay
    finally:
        loop.call_soon_threadsafe(end.set)
        thread.join(10)
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _read(reader: asyncio.StreamReader) -> bytes:
    length = await reader.readexactly(2)
    return await reader.readexactly(int.from_bytes(length))


def _qtype(message: bytes) -> str:
    """The QTYPE of a query."""
    at = _HEADER_OCTETS
    while message[at]:
        at += 1 + message[at]
    return dns.rdatatype.to_text(
        dns.rdatatype.RdataType(int.from_bytes(message[at + 1 : at + 3]))
    )
