"""How long answers take, from a query's receipt to the sending of its answer."""

from bisect import bisect_left

# Up to how many microseconds each bucket goes; one more has the rest. As in the native engine.
MICROSECONDS = (
    10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 1_000_000,
)  # fmt: skip


class Latency:
    """Answers by how long they took, since they were taken last."""

    def __init__(self) -> None:
        self._buckets = [0] * (len(MICROSECONDS) + 1)
        self._nanoseconds = 0

    def add(self, nanoseconds: int, answers: int = 1) -> None:
        """Note some answers, all of which took as long."""
        self._buckets[bisect_left(MICROSECONDS, nanoseconds / 1000)] += answers
        self._nanoseconds += nanoseconds * answers

    def take(self) -> tuple[list[int], int]:
        """Take out the answers in each bucket, and all nanoseconds."""
        taken = self._buckets, self._nanoseconds
        self._buckets, self._nanoseconds = [0] * len(self._buckets), 0
        return taken
