"""A connection over TLS that another process serves: octets go to it and come from it plain.

Its socket cannot be given away, since what TLS knows of it is here.
"""

import asyncio
import socket
from contextlib import suppress

from zoneserver.transports.envelope import Envelope
from zoneserver.transports.outflow import Outflow, limit_unsent

READ_OCTETS = 16_384  # a full TLS record (RFC 8446 5.1), and what goes on in one turn
MOST_UNREAD = 65_536  # octets that one side has not taken from us, and the other has sent


class Relay(asyncio.BufferedProtocol):
    """Takes the place of a transport's protocol, which is told of its end.

    `end` is the socket of a pair whose other end is away.
    """

    def __init__(
        self,
        end: socket.socket,
        transport: asyncio.Transport,
        envelope: Envelope,
        outflow: Outflow,
    ) -> None:
        self._end, self._transport = end, transport
        self._envelope, self._outflow = envelope, outflow
        self._former = transport.get_protocol()
        self._loop = asyncio.get_running_loop()
        self._scratch = bytearray(READ_OCTETS)
        self._unread = bytearray()
        self._is_ending = False
        end.setblocking(False)
        transport.set_protocol(self)
        transport.set_write_buffer_limits(high=MOST_UNREAD)
        limit_unsent(transport.get_extra_info("socket"))
        transport.resume_reading()
        self._loop.add_reader(end, self._pass_back)

    def finish(self) -> None:
        """The client has said all; what it asked is still answered."""
        self._is_ending = True
        self._pass_on()

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's name
        """Where the next octets of the client go."""
        return self._scratch

    def buffer_updated(self, nbytes: int) -> None:
        """The client has sent something."""
        self._unread += self._envelope.open(memoryview(self._scratch)[:nbytes])
        self._outflow.write(self._envelope.take())
        if self._envelope.is_refused or len(self._unread) > MOST_UNREAD:
            self._transport.abort()
            return
        self._is_ending = self._is_ending or self._envelope.has_ended
        self._pass_on()

    def eof_received(self) -> bool:
        """The client has said all."""
        self.finish()
        return True

    def pause_writing(self) -> None:
        """The client does not take what it is sent: no more is made."""
        self._loop.remove_reader(self._end)

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._loop.add_reader(self._end, self._pass_back)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone; the other process sees that, too."""
        self._loop.remove_reader(self._end)
        self._loop.remove_writer(self._end)
        self._end.close()
        self._former.connection_lost(exc)

    def _pass_on(self) -> None:
        """Give the other process what the client has sent, as far as it takes it."""
        try:
            if self._unread:
                del self._unread[: self._end.send(self._unread)]
        except BlockingIOError:
            pass
        except OSError:
            self._transport.abort()
            return
        if self._unread:
            self._loop.add_writer(self._end, self._pass_on)
            return
        self._loop.remove_writer(self._end)
        if self._is_ending:
            with suppress(OSError):  # it has gone by itself
                self._end.shutdown(socket.SHUT_WR)

    def _pass_back(self) -> None:
        """Send the client what the other process says, a little at a time."""
        try:
            octets = self._end.recv(READ_OCTETS)
        except OSError:
            octets = b""
        if octets:
            self._outflow.write(self._envelope.seal(octets))
            return
        self._loop.remove_reader(self._end)
        self._outflow.write(self._envelope.end())
        self._transport.close()
