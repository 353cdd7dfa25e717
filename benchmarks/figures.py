"""Ratios and percentiles: the arithmetic of the benchmarks."""

import math
import statistics
from collections.abc import Mapping, Sequence


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of `values` that at least so many percent of them do not exceed."""
    rank = math.ceil(len(values) * percent / 100)
    return sorted(values)[max(rank, 1) - 1]


def ratios(values: Sequence[float], reference: Sequence[float]) -> list[float]:
    """Each value as a multiple of what `reference` had in the same round."""
    return [value / beside for value, beside in zip(values, reference, strict=True)]


def lowest(series: Mapping[str, Sequence[float]], labels: Sequence[str]) -> str | None:
    """Which of `labels` has the lowest median; None if none of them was measured."""
    found = [label for label in labels if label in series]
    return min(found, key=lambda label: statistics.median(series[label]), default=None)


def highest(series: Mapping[str, Sequence[float]], labels: Sequence[str]) -> str | None:
    """Which of `labels` has the highest median; None if none of them was measured."""
    found = [label for label in labels if label in series]
    return max(found, key=lambda label: statistics.median(series[label]), default=None)


def growth(series: Sequence[float]) -> float:
    """The median of the last tenth of a series as a multiple of that of the first tenth."""
    part = max(1, len(series) // 10)
    return statistics.median(series[-part:]) / statistics.median(series[:part])
