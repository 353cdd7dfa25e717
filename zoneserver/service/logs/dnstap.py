"""dnstap: queries and answers for other programs, in Frame Streams over a Unix socket.

Of the protocol's messages (https://dnstap.info) two are made, AUTH_QUERY and AUTH_RESPONSE;
they are Protocol Buffers of few and simple fields, so these are written here.
"""

import asyncio
import struct
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from zoneserver import __version__
from zoneserver.service.logs import log
from zoneserver.service.logs.observations import Carrier, Observation

CONTENT_TYPE = b"protobuf:dnstap.Dnstap"
MOST_WAITING = 1 << 20  # octets that the receiver has not taken, above which more are lost
HANDSHAKE_SECONDS = 2.0
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0  # before the receiver is tried again
MOST_CONTROL = 512  # octets of a control frame

# Control frames (https://farsightsec.github.io/fstrm): type, and the field of a content type.
ACCEPT, START, STOP, READY, FINISH = 1, 2, 3, 4, 5
_FIELD_CONTENT_TYPE = 1

# dnstap.proto: Dnstap, its Message, and the values of their enumerations.
_IDENTITY, _VERSION, _MESSAGE, _TYPE = 1, 2, 14, 15
_AUTH_QUERY, _AUTH_RESPONSE = 1, 2
_INET, _INET6 = 1, 2
_PROTOCOLS = {Carrier.UDP: 1, Carrier.TCP: 2, Carrier.TLS: 3}  # DOT
_VARINT, _OCTETS, _FIXED32 = 0, 2, 5
_SECOND = 1_000_000_000


def encode_frames(seen: Observation, identity: bytes) -> Iterator[bytes]:
    """The dnstap messages of a query: one for it, and one for its answer, if it was sent."""
    yield _encode(seen, identity, _AUTH_QUERY)
    if seen.answer:
        yield _encode(seen, identity, _AUTH_RESPONSE)


def _encode(seen: Observation, identity: bytes, kind: int) -> bytes:
    seconds, rest = divmod(seen.received, _SECOND)
    message = [
        _number(1, kind),
        _number(2, _INET if len(seen.client.address) == 4 else _INET6),
        _number(3, _PROTOCOLS[seen.carrier]),
        _octets(4, seen.client.address),
        _octets(5, seen.server.address),
        _number(6, seen.client.port),
        _number(7, seen.server.port),
        _number(8, seconds),
        _fixed(9, rest),
    ]
    if kind == _AUTH_QUERY:
        message += [_octets(10, seen.query)]
    else:
        seconds, rest = divmod(seen.received + seen.latency, _SECOND)
        message += [_number(12, seconds), _fixed(13, rest), _octets(14, seen.answer)]
    return b"".join(
        [
            _octets(_IDENTITY, identity),
            _octets(_VERSION, f"zoneserver {__version__}".encode()),
            _octets(_MESSAGE, b"".join(message)),
            _number(_TYPE, 1),  # MESSAGE
        ]
    )


def _varint(number: int) -> bytes:
    octets = bytearray()
    while number > 0x7F:
        octets.append(number & 0x7F | 0x80)
        number >>= 7
    octets.append(number)
    return bytes(octets)


def _number(field: int, number: int) -> bytes:
    return _varint(field << 3 | _VARINT) + _varint(number)


def _octets(field: int, octets: bytes) -> bytes:
    return _varint(field << 3 | _OCTETS) + _varint(len(octets)) + octets


def _fixed(field: int, number: int) -> bytes:
    return _varint(field << 3 | _FIXED32) + struct.pack("<I", number)


def control_frame(kind: int) -> bytes:
    """A control frame, which tells what the stream holds unless it ends it."""
    frame = struct.pack("!I", kind)
    if kind in {ACCEPT, START, READY}:
        frame += struct.pack("!II", _FIELD_CONTENT_TYPE, len(CONTENT_TYPE)) + CONTENT_TYPE
    return struct.pack("!II", 0, len(frame)) + frame


async def expect_accept(reader: asyncio.StreamReader) -> None:
    """Read the frame by which a receiver takes dnstap. Raises OSError, EOFError, ValueError."""
    escape, length = struct.unpack("!II", await reader.readexactly(8))
    if escape or not 4 <= length <= MOST_CONTROL:
        raise ValueError("it does not speak Frame Streams")
    frame = await reader.readexactly(length)
    (kind,) = struct.unpack_from("!I", frame)
    if kind != ACCEPT or CONTENT_TYPE not in frame:
        raise ValueError("it does not take dnstap")


class Tap:
    """A receiver's socket, which is tried again and again, and what goes to it."""

    def __init__(self, path: Path, identity: bytes) -> None:
        self._path = path
        self._identity = identity
        self._writer: asyncio.StreamWriter | None = None
        self.sent = self.lost = 0

    def take(self, seen: Observation) -> None:
        """Send a query and its answer, unless the receiver is away or too slow."""
        writer = self._writer
        if writer is None or writer.transport.get_write_buffer_size() > MOST_WAITING:
            self.lost += 1
            return
        for frame in encode_frames(seen, self._identity):
            writer.write(struct.pack("!I", len(frame)) + frame)
        self.sent += 1

    async def run(self) -> None:
        """Keep connected."""
        pause = FIRST_PAUSE
        while True:
            try:
                reader = await asyncio.wait_for(self._connect(), HANDSHAKE_SECONDS)
                log.info("dnstap-connected", f"dnstap goes to {self._path}")
                pause = FIRST_PAUSE
                await reader.read()  # it says nothing more until it goes
                reason = "it went away"
            except (OSError, EOFError, ValueError, TimeoutError) as error:
                reason = str(error) or type(error).__name__
            if self._writer is not None:
                self._writer.transport.abort()
                self._writer = None
            text = f"dnstap cannot be sent to {self._path}: {reason}; it is tried again"
            log.warning("dnstap-lost", text, reason=reason, lost=self.lost)
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def close(self) -> None:
        """End the stream as it should be."""
        if (writer := self._writer) is not None:
            self._writer = None
            writer.write(control_frame(STOP))
            with suppress(OSError):
                writer.close()
                await writer.wait_closed()

    async def _connect(self) -> asyncio.StreamReader:
        """The handshake of a stream in both directions."""
        reader, writer = await asyncio.open_unix_connection(self._path)
        try:
            writer.write(control_frame(READY))
            await expect_accept(reader)
        except BaseException:
            writer.transport.abort()
            raise
        writer.write(control_frame(START))
        self._writer = writer
        return reader
