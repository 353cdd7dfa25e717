"""A connection that another process serves from now on."""

import asyncio
import socket

from zoneserver.transports.envelope import Envelope
from zoneserver.transports.outflow import Outflow
from zoneserver.transports.relay import Relay
from zoneserver.transports.terms import Leave


class Leaving:
    """It goes once all that was written has left; until then nothing more is read."""

    def __init__(
        self, leave: Leave, transport: asyncio.Transport, envelope: Envelope, outflow: Outflow
    ) -> None:
        self._leave, self._transport = leave, transport
        self._envelope, self._outflow = envelope, outflow
        self._relay: Relay | None = None
        transport.pause_reading()
        outflow.drain()

    def go(self, received: bytes) -> None:
        """Give it away; once it is, say that nothing more will come.

        `received` was read, and is not answered. Over TLS the other process gets a socket that
        stands for it.
        """
        if self._relay is not None:
            self._relay.finish()
        elif self._envelope.is_encrypted:
            ours, theirs = socket.socketpair()
            with theirs:
                self._leave.hand_over(theirs.fileno(), received)
            self._relay = Relay(ours, self._transport, self._envelope, self._outflow)
        else:
            descriptor = self._transport.get_extra_info("socket").fileno()
            self._leave.hand_over(descriptor, received)
            self._transport.abort()  # this closes our descriptor alone
