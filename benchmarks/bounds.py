"""What was promised beside what was measured: the rows of the last table."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from benchmarks import report
from benchmarks.figures import ratios

HEAD = ("what", "measured, median (min-max)", "bound", "holds")


@dataclass(frozen=True)
class Bound:
    """A promise about the median of `values`: at most `limit`, or at least that."""

    what: str
    values: tuple[float, ...]
    limit: float
    at_least: bool = False
    decimals: int = 2

    @property
    def holds(self) -> bool | None:
        """Whether the promise is kept; None if nothing was measured."""
        if not self.values:
            return None
        median = statistics.median(self.values)
        return median >= self.limit if self.at_least else median <= self.limit


def of_ratio(
    what: str,
    series: Mapping[str, Sequence[float]],
    label: str,
    reference: str | None,
    limit: float,
    *,
    at_least: bool = False,
) -> Bound:
    """A bound on what `label` had as a multiple of what `reference` had, round by round."""
    if label not in series or reference is None or reference not in series:
        return Bound(f"{what}: {label} / {reference or '-'}", (), limit, at_least)
    values = tuple(ratios(series[label], series[reference]))
    return Bound(f"{what}: {label} / {reference}", values, limit, at_least)


def table(bounds: Iterable[Bound]) -> str:
    """One row for each bound."""
    return report.table(HEAD, [_row(bound) for bound in bounds])


def _row(bound: Bound) -> list[str]:
    sense = ">=" if bound.at_least else "<="
    measured = report.median_and_spread(bound.values, bound.decimals) if bound.values else "-"
    answers = {True: "yes", False: "NO", None: "not measured"}
    return [bound.what, measured, f"{sense} {bound.limit:,g}", answers[bound.holds]]
