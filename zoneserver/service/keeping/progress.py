"""How far a long piece of work has come, for somebody who waits at a terminal."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

QUIET_SECONDS = 2.0  # what is done by then needs no telling
SHOW_SECONDS = 0.5


class Progress:
    """One line that is written over, on a terminal only."""

    def __init__(
        self,
        zones: int,
        octets: int,
        stream: TextIO = sys.stderr,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`zones` and `octets` are what there is to do."""
        self._zones = zones
        self._octets = max(octets, 1)
        self._stream = stream
        self._clock = clock
        self._done = (0, 0, 0)  # zones, records, octets
        self._begin = clock()
        self._next = self._begin + QUIET_SECONDS
        self._is_shown = False
        self._is_terminal = stream.isatty()

    def add(self, zones: int, records: int, octets: int) -> None:
        """Count zones, records and octets that have been read.

        Says how much that is by now, how fast it goes, and how long the rest will take.
        """
        self._done = zones, records, octets = (
            self._done[0] + zones,
            self._done[1] + records,
            self._done[2] + octets,
        )
        now = self._clock()
        if not self._is_terminal or now < self._next or not octets:
            return
        self._next = now + SHOW_SECONDS
        seconds = now - self._begin
        left = max(0.0, seconds * (self._octets / octets - 1))
        self._write(
            f"reading: {zones:,} of {self._zones:,} zones, {records:,} records,"
            f" {records / seconds:,.0f}/s, {left:.0f} s left"
        )

    def say(self, text: str) -> None:
        """Say what is being done now, if that takes long."""
        if self._is_terminal and self._clock() >= self._begin + QUIET_SECONDS:
            self._write(text)

    def end(self) -> None:
        """Take the line away."""
        if self._is_shown:
            self._write("")

    def _write(self, text: str) -> None:
        self._is_shown = True
        self._stream.write(f"\r\x1b[K{text}")
        self._stream.flush()
