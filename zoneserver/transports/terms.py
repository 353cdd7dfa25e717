"""On what terms the connections of a listener are taken."""

from collections.abc import Callable, Container
from dataclasses import dataclass

from zoneserver.transports.limits import TcpCounters, TcpLimits
from zoneserver.transports.tls import Tls

# A message and its sender's address, to the answer or to silence.
Answer = Callable[[bytes, bytes], bytes | None]


@dataclass(frozen=True, slots=True)
class Terms:
    """Who answers, within which limits, and where it is counted.

    With `tls` all is encrypted. From `proxies` connections begin with a PROXY header.
    """

    answer: Answer
    limits: TcpLimits
    counters: TcpCounters
    tls: Tls | None = None
    proxies: Container[bytes] = ()
