"""Medians, spreads and ratios, as a markdown table."""

import statistics
from collections.abc import Iterable, Sequence


def median_and_spread(values: Sequence[float], decimals: int = 0) -> str:
    """`median (minimum-maximum)`."""
    median, low, high = statistics.median(values), min(values), max(values)
    return f"{median:,.{decimals}f} ({low:,.{decimals}f}-{high:,.{decimals}f})"


def ratio(values: Sequence[float], reference: Sequence[float] | None) -> str:
    """The median as a multiple of the median of `reference`."""
    if not reference or not statistics.median(reference):
        return "-"
    return f"{statistics.median(values) / statistics.median(reference):.2f}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table; the first column is text, the others are numbers."""
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
