"""One DNS connection (RFC 7766, RFC 7858): what it may send, and how long it may take.

Answers come in the order of the queries. `tcp` keeps the connections and watches the clock.
"""

import asyncio
from collections.abc import Callable
from typing import cast

from zoneserver.transports.endpoint import pack_address
from zoneserver.transports.envelope import Envelope
from zoneserver.transports.framing import frame, is_foreign, take_message
from zoneserver.transports.leaving import Leaving
from zoneserver.transports.outflow import Outflow
from zoneserver.transports.terms import Leave, Terms

Notice = Callable[["Connection"], None]  # of what who keeps the connections is told


class Connection(asyncio.BufferedProtocol):
    """Takes messages apart, has them answered, and knows whether its time is up.

    All connections read into `scratch`, so that a silent one costs no buffer. Who keeps them
    is told with `made` of its beginning, and of its client's address, which is empty before;
    with `lost` of its end. `is_awaited` while a query may be on its way.
    """

    def __init__(self, terms: Terms, scratch: bytearray, *, made: Notice, lost: Notice) -> None:
        self._terms, self._limits = terms, terms.limits
        self._scratch = scratch
        self._made, self._lost = made, lost
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._blocked = False  # the peer does not take its answers
        self._ending, self.is_awaited = False, True  # whether nothing more will come
        self._leaving: Leaving | None = None
        self.active = self._loop.time()
        self._deadline = self.active + self._limits.first_octet
        self.address = b""  # of the client

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock, and ask to be kept."""
        self._transport = cast("asyncio.Transport", transport)
        self._outflow = Outflow(self._transport, self._limits, self.active)
        peer = pack_address(transport.get_extra_info("peername")[0])
        self._envelope = Envelope(peer, self._terms.proxies, self._terms.tls)
        self.address = self._envelope.address
        self._made(self)
        if self._envelope.is_refused:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """The connection is gone, whoever ended it; a reset is nothing to report."""
        self._lost(self)

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's name
        """Where the next octets go."""
        return self._scratch

    def buffer_updated(self, nbytes: int) -> None:
        """Octets have come."""
        envelope, now = self._envelope, self._loop.time()
        was_established = envelope.is_established
        octets = envelope.open(memoryview(self._scratch)[:nbytes])
        self._outflow.write(envelope.take())
        if envelope.is_refused:
            self._terms.counters.refused += 1
            self._close()
            return
        if envelope.address != self.address:
            self.address = envelope.address
            self._made(self)
        if envelope.is_established and not was_established:
            self._deadline = now + self._limits.first_octet
        if octets:
            if not self._received:
                self._deadline = now + self._limits.message
            self._received += octets
            self.is_awaited = True
            self._proceed()
        if envelope.has_ended:
            self.finish()

    def eof_received(self) -> bool:
        """The peer has said all. What it asked is still answered (RFC 7766 6.2.4)."""
        self.finish()
        return True

    def finish(self) -> None:
        """Answer what has been received, then close."""
        self._ending = True
        self._proceed()

    def pause_writing(self) -> None:
        """Too much waits for the peer: it is not heard until it listens."""
        self._blocked = True
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self._blocked = False
        self._proceed()

    def abort(self) -> None:
        """Close at once; what was not sent is lost."""
        self._transport.abort()

    def is_overdue(self, now: float) -> bool:
        """Whether one of the time limits has passed."""
        return self._outflow.is_overdue(now, self._deadline)

    def _proceed(self) -> None:
        """Answer the messages that are complete, then read on; a few in one turn."""
        with self._outflow:
            for _ in range(self._limits.in_flight):
                if self._blocked or self._transport.is_closing():
                    return
                if self._leaving is not None:
                    self._leaving.go(bytes(self._received))
                    return
                message = take_message(self._received)
                if message is None:
                    if self._ending or is_foreign(self._received):
                        self._close(malformed=not self._ending)
                    self._transport.resume_reading()
                    return
                self._answer(message)
            self._transport.pause_reading()
            self._loop.call_soon(self._proceed)

    def _answer(self, message: bytes) -> None:
        """Answer one message, or close, or have another process do that."""
        answer = self._terms.ask(message, self.address, self._transport) if message else None
        if answer is None:
            self._close(malformed=True)
            return
        if isinstance(answer, Leave):
            self._leaving = Leaving(answer, self._transport, self._envelope, self._outflow)
            return
        self._terms.counters.answered += 1
        self._outflow.write(self._envelope.seal(frame(answer)))
        self.active = now = self._loop.time()
        self.is_awaited = bool(self._received)
        self._deadline = now + (self._limits.message if self._received else self._limits.idle)

    def _close(self, *, malformed: bool = False) -> None:
        """Close, once what has been written has left."""
        self._terms.counters.malformed += malformed
        self._outflow.end(self._envelope.end())
        self._transport.close()
