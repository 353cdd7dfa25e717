"""The last minutes in samples, for the charts of the status page."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from zoneserver.service.monitor.mirror import Mirror
from zoneserver.transports.latency import MICROSECONDS

SAMPLE_SECONDS = 5.0
SAMPLES = 121  # ten minutes
_FAILED = frozenset({"SERVFAIL", "REFUSED", "FORMERR", "NOTIMP"})


@dataclass(frozen=True, slots=True)
class Sample:
    """The sums at one moment, in seconds of a clock that only goes on."""

    at: float
    udp: int
    streams: int
    mx: int
    policies: int
    tlsa: int
    unknown: int
    errors: int
    drops: int
    buckets: tuple[int, ...]


class History:
    """Samples, the oldest first."""

    def __init__(self) -> None:
        self._samples: deque[Sample] = deque(maxlen=SAMPLES)

    def note(self, mirror: Mirror, at: float) -> None:
        """Take a sample."""
        udp = streams = unknown = errors = 0
        for (transport, _, rcode), count in mirror.totals.queries.items():
            udp += count if transport == "udp" else 0
            streams += count if transport != "udp" else 0
            unknown += count if rcode == "NXDOMAIN" else 0
            errors += count if rcode in _FAILED else 0
        drops = sum(mirror.drops().values())
        counts = zip(*mirror.totals.buckets.values(), strict=True)
        buckets = tuple(map(sum, counts)) or (0,) * (len(MICROSECONDS) + 1)
        kinds = mirror.totals.kinds
        mx, tlsa = kinds["mx"], kinds["tlsa"]
        mail = mx, kinds.total() - mx - tlsa, tlsa
        self._samples.append(Sample(at, udp, streams, *mail, unknown, errors, drops, buckets))

    def rates(self, count: Callable[[Sample], int]) -> list[float]:
        """How many of something there were each second, between one sample and the next."""
        return [
            max(0.0, count(after) - count(before)) / (after.at - before.at)
            for before, after in pairwise(self._samples)
        ]

    def latencies(self, share: float) -> list[float]:
        """In how many microseconds such a share of the answers was there."""
        return [
            _quantile([b - a for a, b in zip(one.buckets, two.buckets, strict=True)], share)
            for one, two in pairwise(self._samples)
        ]


def _quantile(buckets: Sequence[int], share: float) -> float:
    """Within a bucket answers are taken to be spread evenly."""
    rank, below = share * sum(buckets), 0
    if not rank:
        return 0.0
    edges = [0, *MICROSECONDS, MICROSECONDS[-1]]
    for place, count in enumerate(buckets):
        if count and below + count >= rank:
            part = (rank - below) / count
            return edges[place] + part * (edges[place + 1] - edges[place])
        below += count
    return float(MICROSECONDS[-1])
