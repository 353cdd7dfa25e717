"""dnsperf, which makes the load: how it is called, and what it prints."""

import re
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.peers.server import LOOPBACK

TIMEOUT_SECONDS = 2
SPARE_SECONDS = 30  # to read the queries, and to wait for the last answers
EXPECTED_RCODES = frozenset({"NOERROR", "NXDOMAIN"})


class UnexpectedOutputError(Exception):
    """dnsperf printed something else than it should, or the server did not serve the zone."""


@dataclass(frozen=True)
class Load:
    """How dnsperf drives a server: all queries carry EDNS, and DO if `dnssec`.

    `clients` are sockets or connections, `outstanding` the most queries in flight. With
    `rate`, so many queries are sent each second, come what may, and each one is timed.
    """

    queries: Path
    transport: str = "udp"
    clients: int = 8
    threads: int = 1
    outstanding: int = 100
    rate: int | None = None
    dnssec: bool = False

    def command(self, port: int, seconds: int) -> list[str]:
        """The command that asks the server on `port` for `seconds` seconds."""
        return [
            *("dnsperf", "-e", "-s", LOOPBACK, "-p", str(port), "-d", str(self.queries)),
            *("-m", self.transport, "-l", str(seconds), "-q", str(self.outstanding)),
            *("-c", str(self.clients), "-T", str(self.threads), "-t", str(TIMEOUT_SECONDS)),
            *(("-v", "-Q", str(self.rate)) if self.rate is not None else ()),
            *(("-D",) if self.dnssec else ()),
        ]


@dataclass(frozen=True)
class Summary:
    """What dnsperf counted."""

    completed: int
    lost: int
    per_second: float
    rcodes: frozenset[str]


def parse_summary(text: str) -> Summary:
    """Read the statistics at the end of what dnsperf prints."""
    return Summary(
        completed=int(_find(r"Queries completed:\s+(\d+)", text)),
        lost=int(_find(r"Queries lost:\s+(\d+)", text)),
        per_second=float(_find(r"Queries per second:\s+([\d.]+)", text)),
        rcodes=frozenset(re.findall(r"(\w+) \d+ \(", _find(r"Response codes:(.*)", text))),
    )


def parse_latencies(text: str) -> list[float]:
    """The seconds until each answer came, as a run with a rate prints them.

    A query without an answer counts with the time that dnsperf waited for one.
    """
    found = re.findall(r"^> \w+ .* (\d+\.\d+)$", text, re.MULTILINE)
    lost = parse_summary(text).lost
    return [*map(float, found), *[float(TIMEOUT_SECONDS)] * lost]


class Run:
    """A running dnsperf, whose output goes to a file: a pipe would slow it down.

    Used as a context manager it does not outlive the block.
    """

    def __init__(self, load: Load, port: int, seconds: int) -> None:
        """Start to ask the server on `port` for at most `seconds` seconds."""
        self._most = seconds + SPARE_SECONDS
        self._output = load.queries.with_name(f"dnsperf-{port}")
        with self._output.open("w") as file:
            self._process = subprocess.Popen(
                load.command(port, seconds), stdout=file, stderr=subprocess.PIPE, text=True
            )

    def __enter__(self) -> Self:
        """It runs already."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End it, whatever happened inside the block."""
        self._process.kill()
        self._process.communicate()
        self._output.unlink()

    def interrupt(self) -> None:
        """Have it end now, and count what it got so far."""
        self._process.send_signal(signal.SIGINT)

    def output(self) -> str:
        """Wait for the end; everything it printed.

        Raise `UnexpectedOutputError` if it failed, or if the server did not serve the zone.
        """
        _, errors = self._process.communicate(timeout=self._most)
        text = self._output.read_text()
        rcodes = parse_summary(text).rcodes if self._process.returncode == 0 else frozenset()
        if not rcodes or not rcodes <= EXPECTED_RCODES:
            raise UnexpectedOutputError(f"{sorted(rcodes)}\n{errors}\n{text[-2000:]}")
        return text


def ask(load: Load, port: int, seconds: int) -> str:
    """Ask the server on `port` for `seconds` seconds; everything dnsperf prints."""
    with Run(load, port, seconds) as run:
        return run.output()


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        message = f"dnsperf printed nothing like {pattern!r}:\n{text[-2000:]}"
        raise UnexpectedOutputError(message)
    return found[1]
