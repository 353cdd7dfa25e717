"""The server's end of the control socket: takes requests, and sees to their answers."""

import asyncio
import json
import os
import socket
from collections.abc import AsyncIterator, Callable
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


class Control:
    """Answers on the control socket until it is closed."""

    def __init__(self, path: Path, answer: Answer) -> None:
        """Raises StartError or OSError."""
        self._path = path
        self._answer = answer
        self._listener: socket.socket | None = bind_control(path)
        self._inode = path.stat().st_ino
        self._open = 0

    async def run(self) -> None:
        """Take connections."""
        assert self._listener is not None
        server = await asyncio.start_unix_server(
            self._serve, sock=self._listener, limit=MOST_OCTETS
        )
        await server.serve_forever()

    def close(self) -> None:
        """Leave no socket behind."""
        if self._listener is not None:
            if self._path.exists() and self._path.stat().st_ino == self._inode:
                self._path.unlink()  # it is not one that another server has made meanwhile
            self._listener.close()
            self._listener = None

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            while self._open <= MOST_CONNECTIONS:
                async with asyncio.timeout(REQUEST_SECONDS):
                    line = await reader.readline()
                if not line:
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


def open_control(path: Path | None, answer: Answer) -> Control | None:
    """The control socket, or none where its folder is of no use. Raises StartError."""
    if path is None:
        return None
    try:
        return Control(path, answer)
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
