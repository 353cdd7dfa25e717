"""The server's end of the control socket: takes requests, and sees to their answers."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from zoneserver.errors import ZoneserverError
from zoneserver.service.control.control_socket import REFUSED, Document, bind_control
from zoneserver.service.logs import log
from zoneserver.service.logs.terminal import printable

REQUEST_SECONDS = 10.0  # for a request to come, and for a piece of an answer to be taken
MOST_OCTETS = 1 << 20  # of a request
MOST_CONNECTIONS = 32

# The answer to a request, in pieces that together are one JSON document.
Answer = Callable[[Document], AsyncIterator[str]]
# Takes over the connection of a process that wants to take this server's place.
Offer = Callable[[socket.socket], Awaitable[None]]


class Control:
    """Answers on the control socket until it is closed."""

    def __init__(
        self, path: Path, answer: Answer, offer: Offer, left: socket.socket | None = None
    ) -> None:
        """`left` is the listener of the server that this one is to replace, if any.

        Raises StartError or OSError.
        """
        self._path = path
        self._answer = answer
        self._offer = offer
        self.listener: socket.socket = left or bind_control(path)
        self._inode = path.stat().st_ino
        self._is_ours = left is None
        self._open = 0

    async def run(self) -> None:
        """Take connections."""
        self._is_ours = True
        # Not start_unix_server, which in some versions of Python removes the file at its end.
        server = await asyncio.start_server(self._serve, sock=self.listener, limit=MOST_OCTETS)
        await server.serve_forever()

    def leave(self) -> None:
        """Let another server have the socket."""
        self._is_ours = False

    def close(self) -> None:
        """Leave no socket behind."""
        if self._is_ours and self._path.exists() and self._path.stat().st_ino == self._inode:
            self._path.unlink()  # it is not one that another server has made meanwhile
        self._is_ours = False
        self.listener.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            while self._open <= MOST_CONNECTIONS:
                async with asyncio.timeout(REQUEST_SECONDS):
                    line = await reader.readline()
                if not line:
                    break
                if _is_replacement(line):
                    await self._offer(_take_over(writer))
                    break
                async for piece in self._pieces(line):
                    writer.write(piece.encode())
                    async with asyncio.timeout(REQUEST_SECONDS):
                        await writer.drain()
                writer.write(b"\n")
        except (TimeoutError, OSError, ValueError):  # ValueError: the line is too long
            pass
        finally:
            self._open -= 1
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    async def _pieces(self, line: bytes) -> AsyncIterator[str]:
        """The answer, or what is wrong with the request."""
        try:
            request = json.loads(line)
            if not isinstance(request, dict):
                raise TypeError("a JSON object is due")  # noqa: TRY301 - told as the others are
            async for piece in self._answer(request):
                yield piece
        except (ZoneserverError, ValueError, KeyError, TypeError, RecursionError) as error:
            yield json.dumps({REFUSED: printable(f"the request cannot be answered: {error}")})


def _is_replacement(line: bytes) -> bool:
    """Whether a process wants to take this server's place."""
    try:
        return bool(json.loads(line) == {"command": "replace"})
    except (ValueError, RecursionError):
        return False


def _take_over(writer: asyncio.StreamWriter) -> socket.socket:
    """The connection, away from the event loop, which could not pass descriptors over it."""
    connection = socket.socket(fileno=os.dup(writer.get_extra_info("socket").fileno()))
    connection.settimeout(0)
    writer.transport.abort()
    return connection


def open_control(
    path: Path | None, answer: Answer, offer: Offer, left: socket.socket | None = None
) -> Control | None:
    """The control socket, or none where its folder is of no use. Raises StartError."""
    if path is None:
        return None
    try:
        return Control(path, answer, offer, left)
    except OSError as error:
        why = error.strerror or str(error)
        text = f"no control socket at {path} ({why}): signals do all the same"
        log.warning("control-unusable", text, file=str(path), reason=why)
        return None


def effective_rights() -> str:
    """The capabilities that this process has, as the kernel writes them: hexadecimal."""
    with suppress(OSError), open("/proc/self/status", encoding="ascii") as file:  # noqa: PTH123
        for line in file:
            if line.startswith("CapEff:"):
                return line.split()[1]
    return "unknown" if os.geteuid() else "all"
