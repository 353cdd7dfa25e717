"""What every server under test has in common: a port, a start, a first answer."""

import shutil
import socket
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

from tests.peers.process import Child

LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0
POLL_SECONDS = 0.01
ANSWER_SECONDS = 0.1


class ServerError(Exception):
    """A server did not start; the message ends with what it printed."""


@dataclass(frozen=True)
class Probe:
    """A question whose authoritative answer shows that a server is ready."""

    qname: str
    qtype: str = "SOA"


class Server(ABC):
    """A nameserver on a loopback port, serving `zones` (origin -> file).

    Used as a context manager it is up and answering for every zone inside the block,
    and gone after it. `directory` is its alone: configuration, state and log go there.
    """

    name: ClassVar[str]
    binary: ClassVar[str]
    package: ClassVar[str]

    def __init__(
        self,
        directory: Path,
        zones: Mapping[str, Path],
        *,
        workers: int = 1,
        sends: bool = False,
    ) -> None:
        """Choose a free port; nothing is written or started yet.

        `workers` is how many processes or threads answer. With `sends` whoever asks from
        loopback may take the zones.
        """
        self.directory = directory
        self.zones = zones
        self.workers = workers
        self.sends = sends
        self.port = free_port()
        self._child: Child | None = None

    @classmethod
    def found(cls) -> bool:
        """Whether the program is installed."""
        return find_program(cls.binary) is not None

    @classmethod
    def program(cls, binary: str | None = None) -> str:
        """The path of the program, or of another one in the same package.

        Raise `ServerError` if it is not installed.
        """
        path = find_program(binary or cls.binary)
        if path is None:
            message = f"{binary or cls.binary} not found: Debian package {cls.package}"
            raise ServerError(message)
        return path

    @abstractmethod
    def configure(self) -> list[str]:
        """Write the configuration, and return the command that serves it."""

    def environment(self) -> dict[str, str]:
        """Variables that the program needs beside those of this process."""
        return {}

    @property
    def pid(self) -> int:
        """The process id of the running server, also the id of its session."""
        if self._child is None:
            message = f"{self.name} is not running"
            raise ServerError(message)
        return self._child.pid

    def spawn(self) -> None:
        """Start the program, without waiting for an answer."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self._child = Child(
            self.configure(),
            directory=self.directory,
            log=self.directory / "log",
            environment=self.environment(),
        )

    def wait_until_answering(self, probe: Probe, seconds: float = START_SECONDS) -> None:
        """Return as soon as `probe` gets an authoritative answer.

        Raise `ServerError` if the program ends first or `seconds` pass.
        """
        child = self._child
        if child is None:
            message = f"{self.name} is not running"
            raise ServerError(message)
        deadline = time.monotonic() + seconds
        while not self.answers(probe):
            if child.exits_within(POLL_SECONDS):
                message = (
                    f"{self.name} ended with status {child.status} before it answered:\n"
                    f"{child.output()}"
                )
                raise ServerError(message)
            if time.monotonic() > deadline:
                message = (
                    f"{self.name} did not answer {probe.qname} {probe.qtype} "
                    f"within {seconds:.0f} s:\n{child.output()}"
                )
                raise ServerError(message)

    def answers(self, probe: Probe) -> bool:
        """Whether `probe` gets an authoritative answer now."""
        query = dns.message.make_query(probe.qname, dns.rdatatype.from_text(probe.qtype))
        try:
            response = dns.query.udp(query, LOOPBACK, timeout=ANSWER_SECONDS, port=self.port)
        except (OSError, dns.exception.DNSException):
            return False
        return (
            response.rcode() == dns.rcode.NOERROR
            and bool(response.flags & dns.flags.AA)
            and bool(response.answer)
        )

    def stop(self) -> None:
        """End the program and everything that it started."""
        if self._child is not None:
            self._child.stop()
            self._child = None

    def __enter__(self) -> Self:
        """Start, and wait until every zone is answered for."""
        self.spawn()
        try:
            for origin in self.zones:
                self.wait_until_answering(Probe(origin))
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop, whatever happened inside the block."""
        self.stop()


def find_program(binary: str) -> str | None:
    """The path of a program, also where users do not look for one.

    Debian puts nameservers into sbin folders, which are in the PATH of root only.
    """
    return shutil.which(binary) or shutil.which(binary, path="/usr/sbin:/usr/local/sbin:/sbin")


def free_port() -> int:
    """A loopback port that is free on UDP and TCP alike."""
    while True:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram,
        ):
            stream.bind((LOOPBACK, 0))
            port: int = stream.getsockname()[1]
            try:
                datagram.bind((LOOPBACK, port))
            except OSError:
                continue  # taken on UDP: let the kernel choose another one
            return port
