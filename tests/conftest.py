"""What every test shares: helpers that show both sides, properties that repeat, figures."""

import hypothesis
import pytest

from tests.figures import FIGURES, Figures

pytest.register_assert_rewrite("tests.zones_text")

# The same examples in every run: a failure is there to be looked at, not to be met by luck.
hypothesis.settings.register_profile("repeatable", deadline=None, derandomize=True)
hypothesis.settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    """Make room for the figures, which outlive the tests that take them."""
    config.stash[FIGURES] = Figures()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print them."""
    if taken := config.stash[FIGURES].taken:
        terminalreporter.section("figures")
        for what, figure in taken:
            terminalreporter.line(f"{what}: {figure}")


@pytest.fixture
def figures(request: pytest.FixtureRequest) -> Figures:
    """Where a test leaves its figures."""
    return request.config.stash[FIGURES]
