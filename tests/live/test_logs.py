"""The log and the query log of a server: hostile packets, and readers that do not read."""

import fcntl
import importlib.util
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import dns.message
import dns.query
import dns.rcode
import pytest

from tests.figures import Figures
from tests.hostile.mutants import GOOD
from tests.servers import CHECKOUT, GOOD_ZONE, WAIT_SECONDS, running, starting, write_zones

PACKETS = 10_000
MOST_LINES = 60
ENGINES = ["portable"]
if importlib.util.find_spec("zoneserver._fastpath"):
    ENGINES.append("native")
# Zones with so many errors that the log of one reload fills every buffer on its way.
NOISY_ZONES = 30
NOISY = "'': {type: NS, values: [ns1.example.org., ns2.example.org.]}\n" + "".join(
    f"mail{number}: {{type: MX, value: {{preference: 10, exchange: 192.0.2.1.}}}}\n"
    for number in range(90)
)


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """Each engine in turn."""
    return str(request.param)


def _mutants(count: int) -> Iterator[bytes]:
    """Good queries with wrong octets in them."""
    random = Random(108)
    for _ in range(count):
        octets = bytearray(random.choice(GOOD))
        for _ in range(random.randrange(4)):
            octets[random.randrange(len(octets))] = random.randrange(256)
        end = random.randrange(len(octets)) if random.random() < 0.1 else len(octets)
        yield bytes(octets[:end])


def _read(lines: list[bytes]) -> list[dict[str, Any]]:
    """JSON documents. Raises where a line is none, is no UTF-8, or does not print."""
    texts = [line.decode() for line in lines]
    assert all(text.isprintable() for text in texts)
    return [json.loads(text) for text in texts]


def test_hostile_packets(
    tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch, figures: Figures
) -> None:
    """Acceptance 108: 10,000 of them, and at most 60 lines a minute, each whole and printable.

    The query log has a line for each that was answered, as far as the recorder keeps up.
    """
    write_zones(tmp_path, example_com=GOOD_ZONE)
    monkeypatch.setenv("ZONESERVER_LOG_FORMAT", "json")
    monkeypatch.setenv("ZONESERVER_QUERY_LOG_SAMPLE", "1")
    monkeypatch.setenv("ZONESERVER_QUERY_LOG_FILE", str(tmp_path / "queries.log"))
    monkeypatch.setenv("ZONESERVER_LIMITS_ERRORS", "0")
    answered = 0
    with starting(tmp_path, "--engine", engine, "--workers", "1") as server:
        endpoint = json.loads(server.output.wait_for('"listening"'))["endpoint"]
        server.output.wait_for('"ready"')
        begin = time.monotonic()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", int(endpoint.rpartition(":")[2])))
            client.settimeout(WAIT_SECONDS)
            for number, octets in enumerate(_mutants(PACKETS), 1):
                client.send(octets)
                if number % 50 == 0:  # a good one, so that none is lost for want of room
                    client.send(dns.message.make_query(".", "NS", id=0).to_wire())
                    while client.recv(65_535)[:2] != b"\0\0":
                        answered += 1
                    answered += 1
        seconds = time.monotonic() - begin
        log = tmp_path / "queries.log"
        while log.read_bytes().count(b"\n") < answered / 2:
            assert time.monotonic() < begin + seconds + WAIT_SECONDS
        server.stop()
        lines = [line.encode() for line in server.log.rest()]
    queries = _read(log.read_bytes().splitlines())

    assert {"query"} == {each["event"] for each in queries}
    assert answered / 2 < len(queries) <= PACKETS * 1.02
    assert len(_read(lines)) <= MOST_LINES
    figures.add(
        f"108 10,000 hostile packets, {engine}",
        f"{len(lines)} lines within {seconds:.0f} s; {answered} answered, {len(queries)} of"
        " them in the query log",
    )


class _Deaf:
    """A server whose log goes into a pipe of 4 KB that is not read until it is asked for."""

    def __init__(self, folder: Path, engine: str) -> None:
        self._reading, writing = os.pipe()
        fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
        words = ["--zones", "zones", "--state", "state", "--listen", "127.0.0.1:0"]
        words += ["--no-watch", "--engine", engine, "--workers", "1"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "zoneserver", "serve", *words],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=writing,
        )
        os.close(writing)
        self.port = self._find_port()

    def _find_port(self) -> int:
        assert self.process.stdout
        port = 0
        for line in self.process.stdout:
            event = json.loads(line)
            if event["event"] == "listening":
                port = int(event["endpoint"].rpartition(":")[2])
            elif event["event"] == "ready":
                break
        return port

    def read_until(self, pattern: bytes) -> bytes:
        """What is in the pipe, up to a line that matches."""
        octets = b""
        while not re.search(pattern, octets):
            ready, _, _ = select.select([self._reading], [], [], WAIT_SECONDS)
            assert ready, octets[-500:]
            piece = os.read(self._reading, 65_536)
            assert piece, octets[-500:]
            octets += piece
        return octets

    def wait_for_refusal(self, qname: str) -> None:
        """Return when the zones have been read, of which this one has errors."""
        query = dns.message.make_query(qname, "SOA")
        deadline = time.monotonic() + WAIT_SECONDS
        while dns.query.udp(query, "127.0.0.1", 5, self.port).rcode() != dns.rcode.SERVFAIL:
            assert time.monotonic() < deadline

    def close_log(self) -> None:
        """Nobody will ever read it."""
        os.close(self._reading)

    def ask_for(self, seconds: float) -> list[float]:
        """How long each answer took, asked one after the other."""
        query, taken = dns.message.make_query("example.com", "MX").to_wire(), []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.connect(("127.0.0.1", self.port))
            client.settimeout(WAIT_SECONDS)
            end = time.monotonic() + seconds
            while (begin := time.monotonic()) < end:
                client.send(query)
                client.recv(4096)
                taken.append(time.monotonic() - begin)
        return taken


@contextmanager
def _deaf(folder: Path, engine: str) -> Iterator[_Deaf]:
    made = _Deaf(folder, engine)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        assert made.process.stdout
        made.process.stdout.close()


def test_log_that_nobody_reads(tmp_path: Path, engine: str, figures: Figures) -> None:
    """Acceptance 109: answers come as fast as ever, and what was lost of the log is counted."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with _deaf(tmp_path, engine) as server:
        idle = sorted(server.ask_for(1.0))
        write_zones(tmp_path, **{f"noisy{number}_org": NOISY for number in range(NOISY_ZONES)})
        server.process.send_signal(signal.SIGHUP)
        server.wait_for_refusal("noisy0.org")
        blocked = sorted(server.ask_for(2.0))
        first = server.read_until(b'"event": "finding"')
        server.process.send_signal(signal.SIGHUP)
        octets = first + server.read_until(b'"log-lost".*\n')
        lines = octets[: octets.rindex(b"\n")].splitlines()
        (lost,) = (each for each in _read(lines) if each["event"] == "log-lost")
        server.close_log()
        server.process.send_signal(signal.SIGHUP)
        gone = server.ask_for(1.0)
        server.process.terminate()
        status = server.process.wait(WAIT_SECONDS)

    assert status == 0
    assert 0 < lost["lost"] < NOISY_ZONES * 100
    assert gone
    before, during = (taken[int(len(taken) * 0.99)] * 1000 for taken in (idle, blocked))
    figures.add(
        f"109 log that nobody reads, {engine}",
        f"p99 {before:.1f} ms, then {during:.1f} ms; {lost['lost']} lines lost and counted",
    )
    assert during < max(3 * before, 50.0)


@pytest.mark.skipif(
    not (shutil.which("fstrm_capture") and shutil.which("dnstap-ldns")),
    reason="fstrm-bin and dnstap-ldns are not installed",
)
def test_dnstap(tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other people's programs receive and read it."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    tap, file = tmp_path / "tap.sock", tmp_path / "tap.fstrm"
    kind = "protobuf:dnstap.Dnstap"
    command = ["fstrm_capture", "-t", kind, "-u", str(tap), "-w", str(file)]
    monkeypatch.setenv("ZONESERVER_DNSTAP_SOCKET", str(tap))
    monkeypatch.setenv("ZONESERVER_DNSTAP_IDENTITY", "ns1")
    receiver = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + WAIT_SECONDS
        while not tap.exists():
            assert time.monotonic() < deadline
        with running(tmp_path, "--engine", engine) as server:
            server.log.wait_for("dnstap goes to")
            server.ask("example.com", "MX")
            server.ask("nobody.example.com", "A", tcp=True)
            server.ask("example.net", "AAAA")
            server.stop()
    finally:
        receiver.terminate()
        receiver.wait(WAIT_SECONDS)
    shown = subprocess.run(
        ["dnstap-ldns", "-q", "-r", str(file)], capture_output=True, text=True, check=True
    ).stdout

    # What comes over UDP and what over TCP reaches the receiver by ways of their own.
    assert sorted(
        re.sub(r"^\S+ \S+ | \d+b", "", line) for line in shown.splitlines()
    ) == sorted(
        f'{kind} 127.0.0.1 {protocol} "{qname}." IN {qtype}'
        for protocol, qname, qtype in (
            ("UDP", "example.com", "MX"),
            ("TCP", "nobody.example.com", "A"),
            ("UDP", "example.net", "AAAA"),
        )
        for kind in ("AQ", "AR")
    )
