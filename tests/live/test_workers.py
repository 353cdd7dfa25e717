"""Workers and the builder die, hang and come back; who asks hardly notices."""

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path

import dns.edns
import dns.message
import pytest

from tests.servers import (
    BAD_ZONE,
    GOOD_ZONE,
    WAIT_SECONDS,
    ServerProcess,
    running,
    starting,
    write_zones,
)

WORKERS = ("--workers", "2")
CLIENTS = 32  # sockets, so that the kernel deals them out to both workers
KILLS = 3
LOST_PER_KILL = 20


def children(server: ServerProcess) -> dict[int, int]:
    """The processes that the main one has made, each with its niceness."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(fields[1]) == server.process.pid and fields[0] != "Z":
            found[int(stat.parent.name)] = int(fields[16])
    return found


def workers(server: ServerProcess) -> list[int]:
    """Those that answer: the builder alone stands back."""
    return [pid for pid, niceness in children(server).items() if niceness == 0]


def builder(server: ServerProcess) -> int:
    """The process that reads zones."""
    (pid,) = (pid for pid, niceness in children(server).items() if niceness > 0)
    return pid


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


def stop(pid: int) -> None:
    """Have a process take nothing any more: all its threads stand still on return."""
    os.kill(pid, signal.SIGSTOP)
    deadline = time.monotonic() + WAIT_SECONDS
    while {_state(path) for path in Path(f"/proc/{pid}/task").glob("*/stat")} != {"T"}:
        assert time.monotonic() < deadline


def _state(stat: Path) -> str:
    return stat.read_text().rpartition(")")[2].split()[0]


def wait_until_gone(pids: list[int], seconds: float) -> list[int]:
    """Those of the processes that are still there after a time."""
    deadline = time.monotonic() + seconds
    left = pids
    while left and time.monotonic() < deadline:
        left = [pid for pid in left if _is_there(pid)]
    return left


def is_free(port: int, seconds: float) -> bool:
    """Whether a port can be had, if need be after a time: the last thread holds it."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as free:
            free.bind(("127.0.0.1", port))
            return True
    return False


def _is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_what_a_killed_worker_had_queued_is_answered(tmp_path: Path) -> None:
    """Its successor has the same sockets, and the same zones (acceptance test 94)."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *WORKERS) as server:
        first = ask_everybody(server)
        assert 1 == len(first)
        for _ in range(KILLS):
            killed = workers(server)[0]
            stop(killed)
            assert first == ask_everybody(server, partial(os.kill, killed, signal.SIGKILL))
            server.log.wait_for("worker [01] ended by signal SIGKILL; it is replaced")
            assert killed not in workers(server)


@pytest.mark.skipif(shutil.which("dnsperf") is None, reason="dnsperf is not installed")
def test_killed_workers_under_load_lose_next_to_nothing(tmp_path: Path) -> None:
    """5,000 queries a second, a worker killed three times: at most 20 lost for each."""
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


def test_hung_worker_is_replaced(tmp_path: Path) -> None:
    """Within two seconds; the clients of the other one are answered all along (95)."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *WORKERS) as server:
        hung, other = workers(server)
        os.kill(hung, signal.SIGSTOP)
        begin = time.monotonic()
        server.log.wait_for("worker [01] has stopped answering")
        server.log.wait_for("it is replaced")
        elapsed = time.monotonic() - begin
        assert 1 == len(ask_everybody(server))
        assert hung not in workers(server)
        assert other in workers(server)
    assert elapsed < 4  # two seconds, on a machine with time to spare


def test_worker_that_cannot_start(tmp_path: Path) -> None:
    """It is tried again and again; once all have failed ten times, the server ends (96)."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    code = (
        "import sys, zoneserver.service.server as s\n"
        "s.run_worker = lambda *_: 3\n"
        "s.WorkerSlot.run.__globals__['LONGEST_PAUSE'] = 0.02\n"
        "from zoneserver.cli import main\n"
        "main()"
    )
    with starting(tmp_path, *WORKERS, program=["-c", code]) as server:
        status = server.process.wait(WAIT_SECONDS)
        said = "\n".join(server.log.rest())
    assert 1 == status
    assert 20 == said.count("ended with status 3; it is replaced")
    assert "error: no worker could be started" in said


@pytest.mark.parametrize("stopped", [False, True], ids=["killed", "while a worker hangs"])
def test_nothing_outlives_the_main_process(tmp_path: Path, *, stopped: bool) -> None:
    """Not for a second; and its port is free (97)."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *WORKERS) as server:
        pids = [*children(server)]
        if stopped:
            os.kill(workers(server)[0], signal.SIGSTOP)
        server.process.kill()
        assert [] == wait_until_gone(pids, 2.0)
        assert is_free(server.port, 2.0)


def test_killed_builder_is_replaced(tmp_path: Path) -> None:
    """Answers go on, and so do reloads."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *WORKERS) as server:
        killed = builder(server)
        os.kill(killed, signal.SIGKILL)
        server.log.wait_for("the builder ended by signal SIGKILL; it is replaced")
        assert 1 == len(ask_everybody(server))
        server.log.wait_for("^reloaded")
        write_zones(tmp_path, example_com=GOOD_ZONE.replace("preference: 10", "preference: 7"))
        server.reload()
        assert server.exchanges("example.com") == ["7 mail.example.com."]
        assert builder(server) != killed


def test_cookie_of_one_worker_is_good_with_every_other(tmp_path: Path) -> None:
    """They have one secret; each has ids of its own (105)."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    query = dns.message.make_query("example.com", "MX", use_edns=0)
    query.use_edns(options=[dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"12345678")])
    cookies = set()
    with running(tmp_path, *WORKERS) as server, ExitStack() as stack:
        asking = [stack.enter_context(_client(server.port)) for _ in range(CLIENTS)]
        for client in asking:
            client.send(query.to_wire())
        for client in asking:
            reply = dns.message.from_wire(client.recv(2048))
            (option,) = (each for each in reply.options if each.otype == 10)
            cookies.add(option.to_wire())
    assert {24} == {len(cookie) for cookie in cookies}
    # All but the time, which may have gone on by a second meanwhile.
    assert 1 <= len(cookies) <= 2


def test_restart_answers_before_it_reads(tmp_path: Path) -> None:
    """The zone file is wrong by now: the last good version is served, at once."""
    zones = write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *WORKERS) as server:
        assert (0, True) == (server.stop()[0], True)
    (zones / "example.com.yaml").write_text(BAD_ZONE)
    with running(tmp_path, *WORKERS) as server:
        assert server.exchanges("example.com") == ["10 mail.example.com."]
        server.log.wait_for("kept: example.com.")
        assert server.exchanges("example.com") == ["10 mail.example.com."]
    said = [line for line in server.output.seen if not line.startswith("listening")]
    assert ["ready"] == said[1:]


def test_damaged_image_is_made_anew(tmp_path: Path) -> None:
    """The digest tells; the zones are read again, and served."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *WORKERS) as server:
        server.stop()
    (image,) = (tmp_path / "state/images").glob("*.zimg")
    octets = bytearray(image.read_bytes())
    octets[len(octets) // 2] ^= 1
    image.write_bytes(octets)
    with running(tmp_path, *WORKERS) as server:
        assert "its digest does not fit; the zones are read anew" in str(
            server.log.wait_for("warning")
        )
        assert server.exchanges("example.com") == ["10 mail.example.com."]
