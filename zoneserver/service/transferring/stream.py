"""One connection of the courier: messages in, messages out, each within its time.

It waits with every message until the other side has taken most of the one before, so that
nothing piles up here, however large a zone is.
"""

import asyncio
import fcntl
import socket
import struct
import termios
from contextlib import suppress

from zoneserver.transports.framing import frame, is_foreign, take_message
from zoneserver.transports.outflow import limit_unsent

READ_OCTETS = 16_384
_FIRST_LOOK, _LATEST_LOOK = 0.001, 0.05  # seconds from one look at what is left to the next
_RESET = struct.pack("ii", 1, 0)  # struct linger: close at once, whatever is left


class Stream:
    """A connected socket that is not blocking, and what was read from it already.

    All its methods raise OSError where the other side is gone, and TimeoutError.
    """

    def __init__(self, connection: socket.socket, received: bytes) -> None:
        self._socket = connection
        self._received = bytearray(received)
        self._loop = asyncio.get_running_loop()
        limit_unsent(connection)  # over TLS it is one of a worker's, which does that there

    async def read(self, seconds: float) -> bytes | None:
        """The next message, which has to be there within so many seconds; None: the end."""
        async with asyncio.timeout(seconds):
            while (message := take_message(self._received)) is None:
                octets = await self._loop.sock_recv(self._socket, READ_OCTETS)
                self._received += octets
                if not octets or is_foreign(self._received):
                    return None
        return message

    async def write(self, message: bytes, seconds: float) -> None:
        """Send a message, most of which has to be taken within so many seconds."""
        async with asyncio.timeout(seconds):
            await self._loop.sock_sendall(self._socket, frame(message))

    async def settle(self, seconds: float) -> None:
        """Wait until all that was sent has been taken, for so many seconds at most."""
        pause = _FIRST_LOOK
        async with asyncio.timeout(seconds):
            while self._count_unsent():
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LATEST_LOOK)

    def close(self) -> None:
        """End the connection; what has not been taken is lost."""
        with suppress(OSError):
            if self._count_unsent():
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._socket.close()

    def _count_unsent(self) -> int:
        """How many octets the other side has not acknowledged yet."""
        octets = fcntl.ioctl(self._socket, termios.TIOCOUTQ, bytes(4))
        return int.from_bytes(octets, "little")
