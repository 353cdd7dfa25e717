"""The acceptance tests in one table: `python -m tests.acceptance`, or `... 34 35` for some.

A test takes part when its docstring begins with its number, as in `Acceptance 34: ...`, or
with several, as in `Acceptance 10, 11: ...`. Its figures are those whose names begin with
the number. Several tests may share a number; it is passed when none of them fails.
"""

import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.figures import FIGURES, Figures

HERE = Path(__file__).parent
_DOCSTRING = re.compile(r"\s*Acceptance ((?:\d+, )*\d+): ")
_SOURCE = re.compile(r'"""Acceptance ((?:\d+, )*\d+): ')


def read_titles() -> dict[int, str]:
    """What each acceptance test is about, by number."""
    lines = (HERE / "acceptance.txt").read_text("utf-8").splitlines()
    return {int(number): title for number, _, title in (line.partition(" ") for line in lines)}


@dataclass
class Table:
    """A plugin of pytest: it keeps the tests of some numbers, and notes what they showed."""

    wanted: frozenset[int]
    titles: dict[int, str]
    numbers: dict[str, frozenset[int]] = field(default_factory=dict)  # by test
    outcomes: dict[str, str] = field(default_factory=dict)  # by test
    figures: Figures = field(default_factory=Figures)

    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Leave out every test that shows none of the numbers."""
        for item in items:
            docstring = getattr(getattr(item, "function", None), "__doc__", None) or ""
            if its := _numbers(_DOCSTRING.match(docstring)) & self.wanted:
                self.numbers[item.nodeid] = its
        config.hook.pytest_deselected(
            items=[each for each in items if each.nodeid not in self.numbers]
        )
        items[:] = [each for each in items if each.nodeid in self.numbers]
        self.figures = config.stash[FIGURES]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note how a test ended; whatever fails in it, or around it, counts."""
        if report.when == "call" or report.outcome != "passed":
            before = self.outcomes.get(report.nodeid)
            self.outcomes[report.nodeid] = "failed" if before == "failed" else report.outcome

    def rows(self) -> Iterator[tuple[str, str, str, str]]:
        """Number, what it is about, figure, and how it ended; a row for each figure."""
        for number in sorted(self.wanted):
            tests = [test for test, its in self.numbers.items() if number in its]
            ends = Counter(self.outcomes.get(test, "not run") for test in tests)
            figures = list(dict.fromkeys(self._figures(number))) or [_count(ends)]
            yield str(number), self.titles.get(number, ""), figures[0], _verdict(ends)
            yield from (("", "", figure, "") for figure in figures[1:])

    def _figures(self, number: int) -> Iterator[str]:
        for what, figure in self.figures.taken:
            its, _, rest = what.partition(" ")
            if its == str(number):
                yield f"{rest}: {figure}"


def _numbers(match: re.Match[str] | None) -> frozenset[int]:
    return frozenset(map(int, match[1].split(", "))) if match else frozenset()


def _verdict(ends: Counter[str]) -> str:
    for worst in ("failed", "not run", "passed", "skipped"):
        if ends[worst]:
            return worst
    return "missing"


def _count(ends: Counter[str]) -> str:
    return ", ".join(f"{count} {end}" for end, count in sorted(ends.items()))


def files(wanted: frozenset[int]) -> list[str]:
    """The files whose tests show some of the numbers, so that no other is imported."""
    return [
        str(path)
        for path in sorted(HERE.rglob("test_*.py"))
        if any(_numbers(each) & wanted for each in _SOURCE.finditer(path.read_text("utf-8")))
    ]


def layout(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The rows as lines of text, in columns."""
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()


def main(arguments: list[str]) -> int:
    """Run the tests, then print the table. Exit status 1 where one failed."""
    titles = read_titles()
    table = Table(frozenset(map(int, arguments)) or frozenset(titles), titles)
    if found := files(table.wanted):
        pytest.main(["-q", "-p", "no:cacheprovider", *found], plugins=[table])
    rows = list(table.rows())
    sys.stdout.write("\n")
    for line in layout([("", "acceptance test", "figure", "verdict"), *rows]):
        sys.stdout.write(f"{line}\n")
    verdicts = Counter(verdict for *_, verdict in rows if verdict)
    sys.stdout.write(f"\n{_count(verdicts)}\n")
    return int(verdicts["failed"] + verdicts["not run"] > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
