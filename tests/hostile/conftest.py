"""The figures of this folder, printed when all tests have run."""

from dataclasses import dataclass, field

import pytest


@dataclass
class Figures:
    """What was measured, a line each."""

    lines: list[str] = field(default_factory=list)

    def add(self, what: str, figure: str) -> None:
        """Keep a figure for the end of the run."""
        self.lines.append(f"{what}: {figure}")


FIGURES = pytest.StashKey[Figures]()


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the figures, which outlive the tests that take them."""
    config.stash[FIGURES] = Figures()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print them."""
    lines = config.stash[FIGURES].lines
    if lines:
        terminalreporter.section("hostile input")
        for line in lines:
            terminalreporter.line(line)


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Where a test leaves its figures."""
    return request.config.stash[FIGURES]
