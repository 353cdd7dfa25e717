"""One DNS connection over TCP (RFC 7766): what it may send, and how long it may take.

Answers come in the order of the queries. `tcp` keeps the connections and watches the clock.
"""

import asyncio
import struct
from collections.abc import Callable
from typing import cast

from zoneserver.transports.endpoint import pack_address
from zoneserver.transports.limits import TcpLimits

LENGTH_OCTETS = 2  # RFC 1035 4.2.2: before each message
HEADER_OCTETS = 12  # RFC 1035 4.1.1
MOST_RECORDS = 2  # a query has one question, an OPT and a TSIG
MAX_FRAME = LENGTH_OCTETS + 65_535

# A message and its sender's address, to the answer or to silence.
Answer = Callable[[bytes, bytes], bytes | None]


class Connection(asyncio.BufferedProtocol):
    """Takes messages apart, has them answered, and knows whether its time is up.

    All connections read into `scratch`, so that a silent one costs no buffer. `made` and
    `lost` tell who keeps the connections of its beginning and its end.
    """

    def __init__(
        self,
        answer: Answer,
        limits: TcpLimits,
        scratch: bytearray,
        *,
        made: Callable[["Connection"], None],
        lost: Callable[["Connection"], None],
    ) -> None:
        self._answer = answer
        self._limits = limits
        self._scratch = scratch
        self._made = made
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._received = bytearray()
        self._blocked = False  # the peer does not take its answers
        self._ending = False  # nothing more will come
        self._written = 0  # octets given to the transport
        self._taken = 0  # octets of these that had left at `_moved`
        self._moved = self.active = self._loop.time()
        self._deadline = self.active + limits.first_octet
        self.address = b""  # of the peer

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start the clock, and ask to be kept."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=self._limits.out_octets - MAX_FRAME)
        self.address = pack_address(transport.get_extra_info("peername")[0])
        self._made(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """The connection is gone, whoever ended it; a reset is nothing to report."""
        self._lost(self)

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - asyncio's name
        """Where the next octets go."""
        return self._scratch

    def buffer_updated(self, nbytes: int) -> None:
        """Octets have come."""
        if not self._received:
            self._deadline = self._loop.time() + self._limits.message
        self._received += memoryview(self._scratch)[:nbytes]
        self._proceed()

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
        waiting = self._transport.get_write_buffer_size()
        if not waiting or self._written - waiting > self._taken:
            self._taken, self._moved = self._written - waiting, now
        if waiting:
            return now - self._moved > self._limits.stall
        return now > self._deadline

    def _proceed(self) -> None:
        """Answer the messages that are complete, then read on; a few in one turn."""
        for _ in range(self._limits.per_turn):
            if self._blocked or self._transport.is_closing():
                return
            if not self._answer_next():
                if self._ending:
                    self._transport.close()
                self._transport.resume_reading()
                return
        self._transport.pause_reading()
        self._loop.call_soon(self._proceed)

    def _answer_next(self) -> bool:
        """Answer one message. False if none is complete."""
        received = self._received
        if len(received) < LENGTH_OCTETS:
            return False
        end = LENGTH_OCTETS + int.from_bytes(received[:LENGTH_OCTETS], "big")
        if len(received) < end:
            if len(received) >= LENGTH_OCTETS + HEADER_OCTETS and _is_foreign(received):
                self._transport.close()
            return False
        message = bytes(received[LENGTH_OCTETS:end])
        del received[:end]
        answer = self._answer(message, self.address) if message else None
        if answer is None:
            self._transport.close()
            return True
        self._written += LENGTH_OCTETS + len(answer)
        # Length and message in one write, so that they share a segment (RFC 7766 8).
        self._transport.write(len(answer).to_bytes(LENGTH_OCTETS, "big") + answer)
        self.active = self._loop.time()
        wait = self._limits.message if received else self._limits.idle
        self._deadline = self.active + wait
        return True


def _is_foreign(received: bytearray) -> bool:
    """Whether these octets never become a query: HTTP, TLS, SSH and PROXY begin so."""
    (flags, *counts) = struct.unpack_from("!5H", received, LENGTH_OCTETS + 2)
    return bool(flags & 0x8000) or max(counts) > MOST_RECORDS
