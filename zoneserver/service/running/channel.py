"""Messages between our processes: JSON documents, each behind its length, over a socket."""

import asyncio
import json
import socket
import struct
from collections.abc import Mapping
from typing import Any

_LENGTH = struct.Struct("!I")

# One word, mapped to what goes with it.
Message = Mapping[str, Any]


def pack(message: Message) -> bytes:
    """The octets of a message."""
    octets = json.dumps(message).encode()
    return _LENGTH.pack(len(octets)) + octets


class Channel:
    """One end of a pair, for a process that waits for its messages."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._end.settimeout(None)

    def send(self, message: Message) -> None:
        """Send a message. Raises OSError where the other end is gone."""
        self._end.sendall(pack(message))

    def receive(self) -> dict[str, Any] | None:
        """The next message; None where the other end is gone."""
        head = self._read(_LENGTH.size)
        if head is None:
            return None
        octets = self._read(*_LENGTH.unpack(head))
        return None if octets is None else json.loads(octets)

    def fileno(self) -> int:
        """The descriptor, to wait on."""
        return self._end.fileno()

    def close(self) -> None:
        """Let go of the end."""
        self._end.close()

    def _read(self, count: int) -> bytes | None:
        octets = bytearray()
        while len(octets) < count:
            try:
                piece = self._end.recv(count - len(octets))
            except ConnectionError:
                piece = b""
            if not piece:
                return None
            octets += piece
        return bytes(octets)


class AsyncChannel:
    """One end of a pair, for a process with an event loop."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def open(cls, end: socket.socket) -> "AsyncChannel":
        """Take over one end of a pair."""
        end.setblocking(False)
        return cls(*await asyncio.open_unix_connection(sock=end))

    def send(self, message: Message) -> None:
        """Send a message when the other end takes it."""
        self._writer.write(pack(message))

    @property
    def unheard(self) -> int:
        """How many octets the other end has not taken yet."""
        return self._writer.transport.get_write_buffer_size()

    async def receive(self) -> dict[str, Any] | None:
        """The next message; None where the other end is gone."""
        try:
            head = await self._reader.readexactly(_LENGTH.size)
            octets = await self._reader.readexactly(*_LENGTH.unpack(head))
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        message: dict[str, Any] = json.loads(octets)
        return message

    def close(self) -> None:
        """Let go of the end."""
        self._writer.close()
