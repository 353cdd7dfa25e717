"""A connection to a primary, over TCP or TLS: what is asked over it, and what comes back.

Over UDP nothing is asked: who answers there may be anybody.
"""

import asyncio
import secrets
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.transfer import tsig
from zoneserver.transfer.incoming import Incoming, Limits, Request
from zoneserver.transfer.keys import Key
from zoneserver.transfer.notify import make_soa_query, read_reply, say_rcode
from zoneserver.transfer.settings import Peer, PeerTls
from zoneserver.transfer.tsig import Signer
from zoneserver.transfer.verifying import Unsigned, Verifier, finish, verify
from zoneserver.transports.framing import LENGTH_OCTETS, frame
from zoneserver.transports.tls import ALPN

CONNECT_SECONDS = 10.0
MOST_AHEAD = 8 << 20  # octets of messages that wait to be judged
OVERHEAD = 64  # octets that each takes beside its own
CLOSE_SECONDS = 1.0  # for the last words of TLS


class UnreachableError(TransferError):
    """Nobody has answered, and that took its time."""


class ReadAhead:
    """Reads the messages of a connection while those before them are judged.

    A primary may wait for us for half a second and no longer, as Knot does.
    """

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self._messages: asyncio.Queue[bytes | OSError | TransferError] = asyncio.Queue()
        self._octets = 0  # of those that wait
        self._room = asyncio.Event()
        self._room.set()
        self._task = asyncio.get_running_loop().create_task(self._read())

    def stop(self) -> None:
        """Read no more."""
        self._task.cancel()

    async def take(self) -> bytes:
        """The next message. Raises TransferError or OSError."""
        message = await self._messages.get()
        if isinstance(message, Exception):
            raise message
        self._octets -= len(message) + OVERHEAD
        if self._octets < MOST_AHEAD:
            self._room.set()
        return message

    async def _read(self) -> None:
        try:
            while await self._room.wait():
                head = await self._reader.readexactly(LENGTH_OCTETS)
                octets = await self._reader.readexactly(int.from_bytes(head, "big"))
                self._messages.put_nowait(octets)
                self._octets += len(octets) + OVERHEAD
                if self._octets >= MOST_AHEAD:
                    self._room.clear()
        except asyncio.IncompleteReadError:
            error = TransferError("it closed the connection too early")
            self._messages.put_nowait(error)
        except OSError as error:
            self._messages.put_nowait(error)


class Session:
    """One connection. All that is asked is signed, if a key is shared."""

    def __init__(
        self,
        ahead: ReadAhead,
        writer: asyncio.StreamWriter,
        key: Key | None,
        stall: float,
    ) -> None:
        """Each message may be waited for so many seconds."""
        self._ahead = ahead
        self._writer = writer
        self._key = key
        self._stall = stall

    async def ask_serial(self, origin: Name) -> int:
        """The serial that the primary has. Raises TransferError, TimeoutError or OSError."""
        query = make_soa_query(_make_id(), origin)
        verifier = await self._send(query)
        octets = verify(verifier, await self.receive(), int(time.time()))
        finish(verifier)
        reply = read_reply(query, octets)
        if reply is None:
            raise TransferError("it answers something else than the question for the SOA")
        if reply.rcode:
            raise TransferError(f"it answers {say_rcode(reply.rcode)}", reply.rcode)
        if reply.serial is None or not reply.is_authoritative:
            raise TransferError("it has no such zone")
        return reply.serial

    async def begin(
        self, origin: Name, serial: int | None, limits: Limits, *, incremental: bool
    ) -> Incoming:
        """Ask for a zone that is newer than `serial`; what its messages are for.

        Raises TransferError, TimeoutError or OSError.
        """
        request = Request(_make_id(), origin, serial, incremental)
        return Incoming(request, limits, await self._send(request.encode()))

    async def receive(self) -> bytes:
        """The next message. Raises TransferError or OSError."""
        try:
            async with asyncio.timeout(self._stall):
                return await self._ahead.take()
        except TimeoutError:
            raise TransferError(f"it sent no whole message for {self._stall:.0f} s") from None

    async def _send(self, query: bytes) -> Verifier:
        verifier: Verifier = Unsigned()
        if self._key is not None:
            signer = Signer(self._key)
            query = signer.sign(query, int(time.time()))
            verifier = tsig.Verifier(self._key, signer.mac)
        self._writer.write(frame(query))
        async with asyncio.timeout(self._stall):
            await self._writer.drain()
        return verifier


@asynccontextmanager
async def connecting(peer: Peer, key: Key | None, stall: float) -> AsyncIterator[Session]:
    """A connection to a server. Raises UnreachableError or OSError (as ssl.SSLError is)."""
    context = make_context(peer.tls) if peer.tls else None
    endpoint = peer.endpoint
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            reader, writer = await asyncio.open_connection(
                endpoint.address,
                endpoint.port,
                ssl=context,
                server_hostname=peer.tls.name if peer.tls else None,
            )
    except TimeoutError:
        raise UnreachableError(f"no connection within {CONNECT_SECONDS:.0f} s") from None
    ahead = ReadAhead(reader)
    try:
        yield Session(ahead, writer, key, stall)
    finally:
        ahead.stop()
        writer.close()
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await writer.wait_closed()


def make_context(tls: PeerTls) -> ssl.SSLContext:
    """What a connection to a server begins with (RFC 9103 9.3). Raises OSError."""
    context = ssl.create_default_context(cafile=tls.ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # RFC 9103 7.1
    # RFC 9103 7.1 has the primary agree to it; NSD names none, and is right all the same.
    context.set_alpn_protocols([ALPN])
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key, password=_refuse)
    return context


def _refuse() -> bytes:
    """The password of a key. Without this, OpenSSL would ask for one at the terminal."""
    raise TransferError("our key is encrypted: write it out without a passphrase")


def _make_id() -> int:
    return secrets.randbelow(1 << 16)
