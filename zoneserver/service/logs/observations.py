"""What was asked and answered, as workers show it to the recorder, one behind the other.

The layout is that of fastpath/src/observer.rs.
"""

import enum
import socket
import struct
from collections.abc import Iterator
from typing import NamedTuple

# Length of all, transport, family, verdict, whether there was a valid cookie; time of receipt
# and time until it was answered, in nanoseconds; client's and server's port; RCODE, length of
# the query; client's and server's address. Then the query, then the answer, if it was sent.
_HEAD = struct.Struct("<IBBBBQQHHHH16s16s")
MOST_OCTETS = 1 << 18  # of one message between processes
_ADDRESS_OCTETS = {4: 4, 6: 16}


class Verdict(enum.IntEnum):
    """What rate limiting said."""

    SENT = 0
    SLIPPED = 1  # sent short
    DROPPED = 2
    CAPPED = 3  # an error too many


class Carrier(enum.IntEnum):
    """How it came."""

    UDP = 0
    TCP = 1
    TLS = 2


class Party(NamedTuple):
    """An address, of 4 or 16 octets, and a port."""

    address: bytes
    port: int


class Observation(NamedTuple):
    """One query, and its answer as it was sent; empty where it was not.

    `received` is in nanoseconds since 1970, `latency` in nanoseconds from then on.
    """

    carrier: Carrier
    verdict: Verdict
    is_proven: bool
    received: int
    latency: int
    client: Party
    server: Party
    rcode: int
    query: bytes
    answer: bytes

    def pack(self) -> bytes:
        """The octets that a worker sends."""
        head = _HEAD.pack(
            _HEAD.size + len(self.query) + len(self.answer),
            self.carrier,
            4 if len(self.client.address) == 4 else 6,
            self.verdict,
            self.is_proven,
            self.received,
            self.latency,
            self.client.port,
            self.server.port,
            self.rcode,
            len(self.query),
            self.client.address,
            self.server.address,
        )
        return head + self.query + self.answer


def unpack(octets: bytes) -> Iterator[Observation]:
    """All that are in one message."""
    at = 0
    while at < len(octets):
        (
            length, carrier, family, verdict, is_proven, received, latency,
            client_port, server_port, rcode, query_octets, client, server,
        ) = _HEAD.unpack_from(octets, at)  # fmt: skip
        query_at, answer_at = at + _HEAD.size, at + _HEAD.size + query_octets
        size = _ADDRESS_OCTETS[family]
        at += length
        yield Observation(
            Carrier(carrier),
            Verdict(verdict),
            bool(is_proven),
            received,
            latency,
            Party(client[:size], client_port),
            Party(server[:size], server_port),
            rcode,
            octets[query_at:answer_at],
            octets[answer_at:at],
        )


class Observer:
    """Shows one of so many queries to the recorder, which nobody waits for."""

    def __init__(self, end: socket.socket, every: int) -> None:
        """`end` keeps messages apart."""
        self.end = end
        self.every = every
        self.lost = 0
        self._count = 0
        end.setblocking(False)

    def is_due(self) -> bool:
        """Whether the next query is one that is shown."""
        self._count += 1
        return self._count % self.every == 0

    def show(self, observation: Observation) -> None:
        """Send it, or count it as lost."""
        try:
            self.end.send(observation.pack())
        except OSError:
            self.lost += 1
