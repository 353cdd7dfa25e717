"""The arithmetic of the benchmarks, worked out by hand."""

import pytest

from benchmarks.bounds import Bound, of_ratio, table
from benchmarks.figures import growth, highest, lowest, percentile, ratios

SPENT = {"nsd": [6.0, 4.0, 5.0], "knot": [4.0, 4.5, 9.0], "native": [3.0, 6.0, 5.0]}


@pytest.mark.parametrize(
    ("percent", "expected"),
    [(0, 1.0), (1, 1.0), (50, 2.0), (51, 3.0), (75, 3.0), (99, 10.0), (100, 10.0)],
)
def test_percentile(percent: float, expected: float) -> None:
    """The nearest rank: a value that was measured, and not one in between."""
    assert expected == percentile([3.0, 10.0, 1.0, 2.0], percent)


def test_percentile_of_many() -> None:
    """One slow answer in a hundred is above the 99th percentile, two are not."""
    assert [1.0, 9.0] == [
        percentile([1.0] * 99 + [9.0], 99),
        percentile([1.0] * 98 + [9.0] * 2, 99),
    ]


def test_ratios_are_of_one_round() -> None:
    """Each value is compared with what the other server had beside it."""
    assert [0.5, 1.5, 1.0] == ratios(SPENT["native"], SPENT["nsd"])


def test_ratios_need_equal_rounds() -> None:
    """A round that only one of the two has is a mistake, and not left out quietly."""
    with pytest.raises(ValueError, match="longer"):
        ratios([1.0], [1.0, 2.0])


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("nsd", "knot"), ("knot", "nsd")),
        (("nsd", "bind"), ("nsd", "nsd")),
        (("bind",), (None, None)),
    ],
)
def test_better_of_two(
    labels: tuple[str, ...], expected: tuple[str | None, str | None]
) -> None:
    """By their medians, of those that were measured."""
    assert expected == (lowest(SPENT, labels), highest(SPENT, labels))


@pytest.mark.parametrize(
    ("series", "expected"),
    [([10.0, 15.0], 1.5), ([5.0, 4.0, *[9.0] * 17, 8.0, 10.0], 2.0), ([7.0], 1.0)],
)
def test_growth(series: list[float], expected: float) -> None:
    """The last tenth beside the first, by their medians."""
    assert expected == growth(series)


@pytest.mark.parametrize(
    ("bound", "holds"),
    [
        (Bound("", (0.9, 1.0, 1.2), 1.0), True),
        (Bound("", (0.9, 1.1, 1.2), 1.0), False),
        (Bound("", (0.9, 1.1, 1.2), 1.0, at_least=True), True),
        (Bound("", (0.8, 0.9, 1.2), 1.0, at_least=True), False),
        (Bound("", (), 1.0), None),
    ],
)
def test_bound_is_about_the_median(bound: Bound, *, holds: bool | None) -> None:
    """At most the limit or at least, and neither where nothing was measured."""
    assert holds is bound.holds


def test_bound_of_ratio() -> None:
    """The rounds of one server by those of the other."""
    expected = Bound("CPU, MX: native / nsd", (0.5, 1.5, 1.0), 0.95)

    assert expected == of_ratio("CPU, MX", SPENT, "native", "nsd", 0.95)


@pytest.mark.parametrize(
    ("label", "reference", "what"),
    [
        ("native", "bind", "native / bind"),
        ("pdns", "nsd", "pdns / nsd"),
        ("nsd", None, "nsd / -"),
    ],
)
def test_bound_without_a_server(label: str, reference: str | None, what: str) -> None:
    """What was not measured is a row of the table all the same."""
    assert Bound(f"CPU: {what}", (), 1.0) == of_ratio("CPU", SPENT, label, reference, 1.0)


def test_table_of_bounds() -> None:
    """What was promised, what was measured, and whether it holds."""
    expected = """\
| what | measured, median (min-max) | bound | holds |
| --- | ---: | ---: | ---: |
| PSS | 150.0 (140.0-160.0) | <= 200 | yes |
| queries/s | 0.50 (0.50-0.50) | >= 1 | NO |
| CPU | - | <= 0.95 | not measured |"""

    assert expected == table(
        [
            Bound("PSS", (150.0, 140.0, 160.0), 200, decimals=1),
            Bound("queries/s", (0.5,), 1, at_least=True),
            Bound("CPU", (), 0.95),
        ]
    )
