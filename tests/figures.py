"""What tests have measured: kept while they run, printed when all of them have."""

from dataclasses import dataclass, field

import pytest


@dataclass
class Figures:
    """What was measured, and how much it was, in the order of the tests."""

    taken: list[tuple[str, str]] = field(default_factory=list)

    def add(self, what: str, figure: str) -> None:
        """Keep a figure. `what` begins with the number of an acceptance test, if it has one."""
        self.taken.append((what, figure))


FIGURES = pytest.StashKey[Figures]()
