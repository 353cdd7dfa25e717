"""What is written to one connection, and whether the peer takes it."""

import asyncio
import socket
from asyncio.trsock import TransportSocket
from contextlib import suppress

from zoneserver.transports.framing import MAX_FRAME
from zoneserver.transports.limits import TcpLimits

UNSENT_OCTETS = 256 << 10
FULL_OCTETS = 16_384  # of answers that wait for one another
_TCP_NOTSENT_LOWAT = 25  # linux/tcp.h; Python has no name for it


class Outflow:
    """Writes to a transport, and looks now and then whether anything has left.

    What is written within a `with` goes out in as few writes as it fits in: RFC 7766 8 wants a
    length and its message to share a segment, and for several it saves system calls. The
    protocol is told to pause when so much waits that one more message has no room.
    """

    def __init__(self, transport: asyncio.Transport, limits: TcpLimits, now: float) -> None:
        """`now` is by the event loop's clock."""
        self._transport, self._limits = transport, limits
        self._written = self._taken = 0  # octets given to the transport, and left at `_moved`
        self._moved = now
        self._is_leaving = False
        self._is_turn, self._kept = False, bytearray()
        transport.set_write_buffer_limits(high=limits.unsent - MAX_FRAME)

    def __enter__(self) -> None:
        """From now on octets may wait for others."""
        self._is_turn = True

    def __exit__(self, *_: object) -> None:
        """Those that do are sent."""
        self._is_turn = False
        self._send()

    def write(self, octets: bytes) -> None:
        """Send octets once those before have left."""
        self._kept += octets
        if not self._is_turn or len(self._kept) >= FULL_OCTETS:
            self._send()

    def end(self, octets: bytes) -> None:
        """Send octets, and let nothing wait that was written before."""
        self._kept += octets
        self._send()

    def _send(self) -> None:
        if self._kept:
            octets = bytes(self._kept)
            self._kept.clear()
            self._written += len(octets)
            self._transport.write(octets)

    def drain(self) -> None:
        """Have the protocol pause until all has left; what is due then is not for us to say."""
        self._send()
        self._is_leaving = True
        self._transport.set_write_buffer_limits(high=0)

    def is_overdue(self, now: float, deadline: float) -> bool:
        """Whether nothing has left for too long, by such looks.

        Where nothing has to leave: whether the deadline of something else has passed.
        """
        waiting = self._transport.get_write_buffer_size()
        if not waiting or self._written - waiting > self._taken:
            self._taken, self._moved = self._written - waiting, now
        if waiting:
            return now - self._moved > self._limits.stall
        return now > deadline and not self._is_leaving


def limit_unsent(connection: socket.socket | TransportSocket) -> None:
    """Have the kernel take no more than a little beyond what is on its way to the peer.

    So whoever sends very much notices soon that the peer does not take it.
    """
    with suppress(OSError):  # it is no TCP socket, or the kernel knows better
        connection.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, UNSENT_OCTETS)
