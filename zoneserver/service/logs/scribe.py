"""The scribe: the process that writes the log, so that nobody else waits for who reads it.

It is the only one that writes to standard output and standard error, so lines stay whole. Of
one kind of event it writes so many lines a minute, and then how many it left out.
"""

import json
import os
import select
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TextIO

from zoneserver.service.logs import log
from zoneserver.service.logs.log_format import Form, choose_form, format_event, wants_colour

WINDOW_SECONDS = 60.0
MOST_LINES = 20  # of one kind in a window
MOST_OF_ZONES = 1000  # of what is said of zones: only who looks after them can cause it
ZONE_KINDS = frozenset(
    {"finding", "mail-changed", "reloaded", "reload-failed"}
    | {f"zone-{what}" for what in ("added", "removed", "changed", "refused", "kept")}
)


@dataclass(slots=True)
class _Window:
    begin: float
    lines: int = 0
    left_out: int = 0


class Limiter:
    """Counts the lines of each kind."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._windows: dict[str, _Window] = {}

    def is_due(self, kind: str) -> bool:
        """Whether one more line of a kind is written."""
        window = self._windows.setdefault(kind, _Window(self._clock()))
        most = MOST_OF_ZONES if kind in ZONE_KINDS else MOST_LINES
        if window.lines < most:
            window.lines += 1
            return True
        window.left_out += 1
        return False

    def take_left_out(self) -> dict[str, int]:
        """How many lines of each kind were left out in windows that are over."""
        over = self._clock() - WINDOW_SECONDS
        ended = [kind for kind, window in self._windows.items() if window.begin <= over]
        counts = {kind: self._windows.pop(kind).left_out for kind in ended}
        return {kind: count for kind, count in counts.items() if count}


class Output:
    """A stream, and how events are written to it."""

    def __init__(self, stream: TextIO, form: Form) -> None:
        self._descriptor = stream.fileno()
        self._encoding = stream.encoding if form is Form.TEXT else "utf-8"
        self._form = form
        self._colour = form is Form.TEXT and wants_colour(stream)
        self.lost = 0

    def write(self, event: dict[str, Any]) -> None:
        """Write an event, however long that takes; one that cannot be written is lost."""
        lines = format_event(event, self._form, colour=self._colour)
        octets = lines.encode(self._encoding, "backslashreplace")
        try:
            while octets:
                octets = octets[self._write_some(octets) :]
        except OSError:
            self.lost += 1

    def _write_some(self, octets: bytes) -> int:
        try:
            return os.write(self._descriptor, octets)
        except BlockingIOError:  # somebody else has made the stream so
            select.select([], [self._descriptor], [])
            return 0


class Scribe:
    """Writes events, each to its stream, within limits."""

    def __init__(self, out: Output, err: Output, limiter: Limiter) -> None:
        self._out = out
        self._err = err
        self._limiter = limiter

    def take(self, event: dict[str, Any]) -> None:
        """Write an event, or leave it out."""
        if lost := event.get("lost"):
            text = f"{lost} lines of the log are lost: they were not taken fast enough"
            self._add("log-lost", text, process=event["process"], lost=lost)
        if event["aloud"]:
            self._out.write(event)
        elif self._limiter.is_due(event["event"]):
            self._err.write(event)

    def look_back(self) -> None:
        """Say what was left out."""
        for kind, count in self._limiter.take_left_out().items():
            text = f"{count} more lines of kind {kind} within a minute were left out"
            self._add("log-limited", text, of=kind, left_out=count)
        if lost := self._err.lost:
            self._err.lost = 0
            text = f"{lost} lines of the log are lost: they could not be written"
            self._add("log-lost", text, lost=lost)

    def _add(self, kind: str, text: str, process: str = "scribe", **fields: log.Field) -> None:
        event = {"time": time.time(), "level": "warning", "event": kind, "process": process}
        self._err.write({**event, "text": text, "shown": "", "fields": fields})


def run_scribe(end: socket.socket, wanted: str) -> int:
    """The life of the scribe, until nobody is left who logs. `wanted`: one of FORMATS."""
    out, err = (
        Output(stream, choose_form(wanted, stream, os.environ))
        for stream in (sys.stdout, sys.stderr)
    )
    scribe = Scribe(out, err, Limiter())
    end.settimeout(WINDOW_SECONDS / 12)
    while True:
        try:
            octets = end.recv(log.MOST_OCTETS)
        except TimeoutError:
            scribe.look_back()
            continue
        if not octets:
            return 0
        scribe.look_back()
        scribe.take(json.loads(octets))
