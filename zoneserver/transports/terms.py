"""On what terms the connections of a listener are taken."""

import asyncio
from collections.abc import Callable, Container
from dataclasses import dataclass

from zoneserver.transports.limits import TcpCounters, TcpLimits
from zoneserver.transports.tls import Tls


@dataclass(frozen=True, slots=True)
class Leave:
    """Instead of an answer: another process serves the connection from this message on.

    It is given a descriptor of the connection, and what else was read of it; whether it has
    taken that.
    """

    hand_over: Callable[[int, bytes], bool]


# A message and its sender's address, to the answer or to silence.
Answer = Callable[[bytes, bytes], bytes | Leave | None]
# Is shown a message, its answer, the sender's address, where both went, whether encrypted.
Show = Callable[[bytes, bytes, bytes, asyncio.Transport, bool], None]


@dataclass(frozen=True, slots=True)
class Terms:
    """Who answers, within which limits, and where it is counted.

    With `tls` all is encrypted. From `proxies` connections begin with a PROXY header. Who
    observes is shown every answer.
    """

    answer: Answer
    limits: TcpLimits
    counters: TcpCounters
    tls: Tls | None = None
    proxies: Container[bytes] = ()
    show: Show | None = None

    def ask(
        self, message: bytes, address: bytes, transport: asyncio.Transport
    ) -> bytes | Leave | None:
        """The answer, or None for silence."""
        answer = self.answer(message, address)
        if isinstance(answer, bytes) and self.show is not None:
            self.show(message, answer, address, transport, self.tls is not None)
        return answer
