"""What is lost when a worker is killed: nothing that was queued, next to nothing under load."""

import os
import re
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import dns.message
import pytest

from tests.servers import (
    GOOD_ZONE,
    WAIT_SECONDS,
    ServerProcess,
    running,
    stand_still,
    write_zones,
)

WORKERS = ("--workers", "2")
CLIENTS = 32  # sockets, so that the kernel deals them out to both workers
KILLS = 3
LOST_PER_KILL = 20


def workers(server: ServerProcess, name: str = "worker") -> list[int]:
    """The processes that answer, or others, as the main one has named them."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            head, _, tail = stat.read_text().rpartition(")")
        except (FileNotFoundError, ProcessLookupError):
            continue
        state, parent = tail.split()[:2]
        if int(parent) == server.process.pid and state != "Z" and f"(zone-{name}" in head:
            found.append(int(stat.parent.name))
    return found


def ask_everybody(
    server: ServerProcess, meanwhile: Callable[[], None] = lambda: None
) -> set[bytes]:
    """Ask from many sockets at once; the answers without their ids, once all have come.

    `meanwhile` is done between the last question and the first answer that is looked at.
    """
    query = dns.message.make_query("example.com", "MX", use_edns=0).to_wire()
    with ExitStack() as stack:
        asking = [stack.enter_context(_client(server.port)) for _ in range(CLIENTS)]
        for client in asking:
            client.send(query)
        meanwhile()
        return {client.recv(2048)[2:] for client in asking}


@contextmanager
def _client(port: int) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(WAIT_SECONDS)
        client.connect(("127.0.0.1", port))
        yield client


def test_what_a_killed_worker_had_queued_is_answered(tmp_path: Path) -> None:
    """Acceptance 94: its successor has the same sockets, and the same zones."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *WORKERS) as server:
        first = ask_everybody(server)
        assert 1 == len(first)
        for _ in range(KILLS):
            killed = workers(server)[0]
            stand_still(killed)
            assert first == ask_everybody(server, partial(os.kill, killed, signal.SIGKILL))
            server.log.wait_for("worker [01] ended by signal SIGKILL; it is replaced")
            assert killed not in workers(server)


@pytest.mark.skipif(shutil.which("dnsperf") is None, reason="dnsperf is not installed")
def test_killed_workers_under_load_lose_next_to_nothing(tmp_path: Path) -> None:
    """Acceptance 94: 5,000 queries a second, a worker killed three times: at most 20 lost
    for each.
    """
    write_zones(tmp_path, example_com=GOOD_ZONE)
    (tmp_path / "queries").write_text("example.com MX\nmail.example.com A\n")
    with running(tmp_path, *WORKERS) as server:
        command = ["dnsperf", "-s", "127.0.0.1", "-p", str(server.port), "-d", "queries"]
        command += ["-Q", "5000", "-l", "4", "-c", "20", "-q", "2000", "-t", "2"]
        with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True) as load:
            for _ in range(KILLS):
                ask_everybody(server)
                os.kill(workers(server)[0], signal.SIGKILL)
                server.log.wait_for("it is replaced")
            output, _ = load.communicate(timeout=60)
        assert server.exchanges("example.com") == ["10 mail.example.com."]
    (completed,) = re.findall(r"Queries completed: +(\d+)", output)
    (lost,) = re.findall(r"Queries lost: +(\d+)", output)
    (codes,) = re.findall(r"Response codes: +(.*)", output)
    assert int(completed) > 1000
    assert int(lost) <= KILLS * LOST_PER_KILL
    assert re.fullmatch(r"NOERROR \d+ \(100.00%\)", codes)
