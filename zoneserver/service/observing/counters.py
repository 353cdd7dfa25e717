"""What workers have counted, summed over all of them, and over those that were replaced."""

from collections import Counter
from collections.abc import Callable, Mapping

from zoneserver.service.observing.statistics import Document, Totals

KERNEL = -1  # in the place of a worker: what is counted for all of them


class Counters:
    """The sums. A worker counts from nought each time it starts, the sums never go back.

    `statistics` has what was asked and answered; each report of it goes to `on_report`, too.
    """

    def __init__(self) -> None:
        self.statistics = Totals()
        self.on_report: Callable[[Document], None] = lambda _: None
        self._past: Counter[str] = Counter()
        self._now: dict[int, Mapping[str, int]] = {}

    def note(self, worker: int, counts: Mapping[str, int]) -> None:
        """What a worker has counted since its start."""
        self._now[worker] = counts

    def report(self, document: Document) -> None:
        """What a worker has counted of queries since its last report."""
        self.statistics.add(document)
        self.on_report(document)

    def end(self, worker: int) -> None:
        """A worker is gone: its successor counts from nought."""
        self._past.update(self._now.pop(worker, {}))

    def total(self) -> dict[str, int]:
        """Everything that was counted since the server's start, by name."""
        total = Counter(self._past)
        for counts in self._now.values():
            total.update(counts)
        return dict(total)
