"""What was asked and answered, as workers report it and the main process sums it up.

Workers take out what they have counted since the last time, so the sums outlive them.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from zoneserver.image.statistics import Key
from zoneserver.names import Name
from zoneserver.transports.latency import MICROSECONDS, Latency

Document = dict[str, Any]


def write_statistics(taken: Iterable[tuple[Key, int]], latency: Latency) -> Document:
    """What one worker has counted, as plain values."""
    queries: Counter[tuple[str, str, str]] = Counter()
    mail: Counter[tuple[bytes, str, str]] = Counter()
    for key, count in taken:
        queries[key.transport, key.qtype, key.rcode] += count
        if key.mail:
            mail[key.origin, key.mail, key.told] += count
    return make_document(
        [(*words, count) for words, count in queries.items()],
        [(*words, count) for words, count in mail.items()],
        latency.take(),
    )


def make_document(
    queries: Iterable[tuple[str, str, str, int]],
    mail: Iterable[tuple[bytes, str, str, int]],
    latency: tuple[list[int], int],
) -> Document:
    """Rows of transport, type, RCODE, count; of origin, what, told, count; and the latency."""
    return {
        "queries": list(queries),
        "mail": [(str(Name(origin)), *rest) for origin, *rest in mail],
        "latency": {"udp": latency},
    }


class Totals:
    """The sums over all workers, those that were replaced included. They never go back."""

    def __init__(self) -> None:
        self.queries: Counter[tuple[str, str, str]] = Counter()
        self.mail: dict[str, Counter[tuple[str, str]]] = {}
        self.kinds: Counter[str] = Counter()  # of mail queries, in all zones
        self.buckets: dict[str, list[int]] = {}
        self.nanoseconds: Counter[str] = Counter()

    def document(self) -> Document:
        """All of it, as `add` takes it."""
        return {
            "queries": [(*words, count) for words, count in self.queries.items()],
            "mail": [
                (origin, *words, count)
                for origin, counts in self.mail.items()
                for words, count in counts.items()
            ],
            "latency": {
                transport: (buckets, self.nanoseconds[transport])
                for transport, buckets in self.buckets.items()
            },
        }

    def add(self, document: Document) -> None:
        """Take in what a worker has reported."""
        for *words, count in document["queries"]:
            transport, qtype, rcode = words
            self.queries[transport, qtype, rcode] += count
        for origin, what, told, count in document["mail"]:
            self.mail.setdefault(origin, Counter())[what, told] += count
            self.kinds[what] += count
        for transport, (buckets, nanoseconds) in document["latency"].items():
            sums = self.buckets.setdefault(transport, [0] * (len(MICROSECONDS) + 1))
            self.buckets[transport] = [a + b for a, b in zip(sums, buckets, strict=True)]
            self.nanoseconds[transport] += nanoseconds
