"""What DNS over TCP may cost, and the count of what it cost."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TcpLimits:
    """How much of the server the connections, one of them, or one source may hold.

    `connections` in total and `per_source` (an IPv4 address or an IPv6 /56); `first_octet`
    from the start, `message` from its first octet to its last, `idle` from an answer to
    the next query, `stall` without a single octet of the answers taken, all in seconds;
    `in_flight` queries answered before others get their turn; `unsent` of answers that
    the peer has not taken, above which its queries are left unread.
    """

    connections: int = 1024
    per_source: int = 20
    first_octet: float = 3.0
    message: float = 2.0
    idle: float = 10.0
    stall: float = 5.0
    in_flight: int = 32
    unsent: int = 1 << 20


@dataclass(slots=True)
class TcpCounters:
    """How connections came and went, beside those that ended in peace, and what they asked.

    `evicted` made room for another when there were too many, `evicted_by_source` when its own
    source had too many. `expired` are those that were silent, slow or deaf for too long.
    `refused` did not begin with the TLS or the PROXY header that is due; `malformed` sent what
    is not answered.
    """

    accepted: int = 0
    evicted: int = 0
    evicted_by_source: int = 0
    expired: int = 0
    refused: int = 0
    malformed: int = 0
    answered: int = 0
