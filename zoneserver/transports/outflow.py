"""What is written to one connection, and whether the peer takes it."""

import asyncio

from zoneserver.transports.framing import MAX_FRAME
from zoneserver.transports.limits import TcpLimits


class Outflow:
    """Writes to a transport, and looks now and then whether anything has left.

    The protocol is told to pause when so much waits that one more message has no room.
    """

    def __init__(self, transport: asyncio.Transport, limits: TcpLimits, now: float) -> None:
        """`now` is by the event loop's clock."""
        self._transport, self._limits = transport, limits
        self._written = self._taken = 0  # octets given to the transport, and left at `_moved`
        self._moved = now
        self._is_leaving = False
        self.reopen()

    def write(self, octets: bytes) -> None:
        """Send octets once those before have left."""
        self._written += len(octets)
        self._transport.write(octets)

    def drain(self) -> None:
        """Have the protocol pause until all has left; what is due then is not for us to say."""
        self._is_leaving = True
        self._transport.set_write_buffer_limits(high=0)

    def reopen(self) -> None:
        """Have it pause where too much waits, as in the beginning."""
        self._transport.set_write_buffer_limits(high=self._limits.unsent - MAX_FRAME)

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
