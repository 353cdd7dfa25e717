"""A zoneserver process for tests: started on free ports, watched, and always ended."""

import os
import queue
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype

from zoneserver.transports.listen import has_ipv6_loopback

CHECKOUT = Path(__file__).parents[1]
WAIT_SECONDS = 20.0
# The loopback addresses of this host, and how they are listened on.
ADDRESSES = ("127.0.0.1", "::1") if has_ipv6_loopback() else ("127.0.0.1",)
ENDPOINTS = ("127.0.0.1:0", "[::1]:0")[: len(ADDRESSES)]

GOOD_ZONE = """\
$ttl: 300
'':
  - {type: NS, values: [ns1.example.com., ns2.example.com.]}
  - {type: MX, value: {preference: 10, exchange: mail.example.com.}}
mail: {type: A, value: 192.0.2.25}
ns1: {type: A, value: 192.0.2.1}
ns2: {type: A, value: 198.51.100.1}
"""
BAD_ZONE = GOOD_ZONE.replace(
    "mail: {type: A, value: 192.0.2.25}", "mail: {type: CNAME, value: ns1.example.com.}"
)
OTHER_ZONE = GOOD_ZONE.replace("example.com", "example.net")


class Lines:
    """The lines of a pipe, as they come."""

    def __init__(self, pipe: Iterator[str]) -> None:
        self.seen: list[str] = []
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._fill, args=(pipe,), daemon=True)
        self._thread.start()

    def _fill(self, pipe: Iterator[str]) -> None:
        for line in pipe:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_for(self, pattern: str, seconds: float = WAIT_SECONDS) -> str:
        """The next line that matches. Raises AssertionError where there is none."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                line = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"no line matches {pattern!r} in:\n{self}")
            self.seen.append(line)
            if re.search(pattern, line):
                return line

    def rest(self) -> list[str]:
        """All lines, once the pipe is closed."""
        while (line := self._queue.get(timeout=WAIT_SECONDS)) is not None:
            self.seen.append(line)
        return self.seen

    def join(self) -> bool:
        """Return when the pipe has no writer any more: False if there is one all the same."""
        self._thread.join(WAIT_SECONDS)
        return not self._thread.is_alive()

    def __str__(self) -> str:
        return "\n".join(self.seen)


class ServerProcess:
    """`zoneserver serve`. `port` is that of the first endpoint, once it is ready."""

    def __init__(self, arguments: Sequence[str], folder: Path, prefix: Sequence[str]) -> None:
        self.process = subprocess.Popen(
            [*prefix, sys.executable, "-m", "zoneserver", "serve", *arguments],
            cwd=folder,
            env={"ZONESERVER_LOG_FORMAT": "text", **os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        assert self.process.stdout
        assert self.process.stderr
        self.output = Lines(self.process.stdout)
        self.log = Lines(self.process.stderr)
        self.port = 0

    def wait_until_ready(self) -> None:
        """Return when it answers. Raises AssertionError with what it said, if it ends."""
        try:
            self.output.wait_for("^ready$")
        except AssertionError as error:
            self.process.kill()
            raise AssertionError(f"{error}\n{chr(10).join(self.log.rest())}") from None
        self.port = self.ports()[0]

    def ports(self) -> list[int]:
        """The ports it listens on."""
        return [int(port) for port in re.findall(r"listening on \S+:(\d+) ", str(self.output))]

    def reload(self) -> None:
        """Have the zones read again, and return when that is done."""
        self.signal(signal.SIGHUP)
        self.log.wait_for("^reloaded|stays as it is|what is served stays")

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def stop(self) -> tuple[int, float]:
        """End it politely: the exit status, and how long that took in seconds."""
        begin = time.monotonic()
        self.signal(signal.SIGTERM)
        return self.process.wait(WAIT_SECONDS), time.monotonic() - begin

    def ask(
        self, qname: str, qtype: str = "MX", address: str = "127.0.0.1", *, tcp: bool = False
    ) -> dns.message.Message:
        """The answer to one question."""
        query = dns.message.make_query(qname, dns.rdatatype.from_text(qtype), use_edns=0)
        send: Callable[..., dns.message.Message] = dns.query.tcp if tcp else dns.query.udp
        return send(query, address, timeout=5, port=self.port)

    def exchanges(self, qname: str) -> list[str]:
        """Where mail for a name goes, in presentation format."""
        answer = self.ask(qname).answer
        return sorted(rdata.to_text() for rrset in answer for rdata in rrset)


@contextmanager
def starting(
    folder: Path,
    *arguments: str,
    listen: Sequence[str] = ("127.0.0.1:0",),
    prefix: Sequence[str] = (),
    watch: bool = False,
) -> Iterator[ServerProcess]:
    """A server for the zones in `folder`, perhaps not ready yet; gone after the block.

    `prefix` is a command that runs it, such as prlimit. Without `watch` it reads the zones
    again when it is told to, and not before.
    """
    listening = [word for endpoint in listen for word in ("--listen", endpoint)]
    watching = [] if watch else ["--no-watch"]
    server = ServerProcess(
        ["--zones", "zones", "--state", "state", *watching, *listening, *arguments],
        folder,
        prefix,
    )
    try:
        yield server
    finally:
        server.process.terminate()  # in peace, so that what it covered is counted
        with suppress(subprocess.TimeoutExpired):
            server.process.wait(WAIT_SECONDS)
        server.process.kill()
        server.process.wait()
        for lines, pipe in (
            (server.output, server.process.stdout),
            (server.log, server.process.stderr),
        ):
            if not lines.join():  # to close the pipe would wait for its writer, for ever
                os.killpg(server.process.pid, signal.SIGKILL)
                raise AssertionError(f"a process outlives its server, which said:\n{lines}")
            assert pipe
            pipe.close()


@contextmanager
def running(
    folder: Path,
    *arguments: str,
    listen: Sequence[str] = ("127.0.0.1:0",),
    prefix: Sequence[str] = (),
    watch: bool = False,
) -> Iterator[ServerProcess]:
    """A server that is ready."""
    with starting(folder, *arguments, listen=listen, prefix=prefix, watch=watch) as server:
        server.wait_until_ready()
        yield server


def write_zones(folder: Path, **zones: str) -> Path:
    """Write zone files below `folder`/zones: the key is the origin, with _ for dots."""
    zones_folder = folder / "zones"
    zones_folder.mkdir(exist_ok=True)
    for origin, text in zones.items():
        (zones_folder / f"{origin.replace('_', '.')}.yaml").write_text(text)
    return zones_folder


def stand_still(pid: int) -> None:
    """Stop a process, and return when all its threads do: what comes now, it leaves queued."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + WAIT_SECONDS
    while {_state(path) for path in Path(f"/proc/{pid}/task").glob("*/stat")} != {"T"}:
        assert time.monotonic() < deadline


def _state(stat: Path) -> str:
    return stat.read_text().rpartition(")")[2].split()[0]
