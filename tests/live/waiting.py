"""Waiting for what can be seen from outside."""

import time
from collections.abc import Callable

LOOK_SECONDS = 0.1
PATIENCE_SECONDS = 90.0


def wait_until(condition: Callable[[], bool]) -> None:
    """Look again and again until something has happened. Raises AssertionError."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(LOOK_SECONDS)
