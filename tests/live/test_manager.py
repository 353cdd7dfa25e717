"""The server below a service manager: what it is told, and what it passes."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.servers import (
    BAD_ZONE,
    GOOD_ZONE,
    ServerProcess,
    running,
    stand_still,
    write_zones,
)

# What a service manager does for those that it starts: sockets as descriptors from 3 on, and
# their number with the process that they are meant for. Its arguments are the kinds of the
# sockets, `--`, and the command; all are bound to one port.
ACTIVATE = """
import os, socket, sys
*kinds, = sys.argv[1 : sys.argv.index("--")]
port = 0
for number, kind in enumerate(kinds, 3):
    family, _, kind = kind.partition(":")
    bound = socket.socket(getattr(socket, "AF_" + family), getattr(socket, "SOCK_" + kind))
    bound.bind("" if family == "UNIX" else ("", port))
    port = 0 if family == "UNIX" else bound.getsockname()[1]
    os.dup2(bound.detach(), number)
    os.set_inheritable(number, True)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(kinds)))
command = sys.argv[sys.argv.index("--") + 1 :]
os.execvp(command[0], command)
"""


class Manager:
    """A datagram socket that hears what sd_notify(3) says."""

    def __init__(self, address: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0"))
        self._socket.settimeout(20)

    def wait_for(self, text: str) -> list[str]:
        """The next thing said that contains the text, line by line."""
        while True:
            said = self._socket.recv(4096).decode().split("\n")
            if text in said:
                return said

    def wait_for_any(self, beginning: str) -> list[str]:
        """The next thing said that has a line with such a beginning."""
        while True:
            said = self._socket.recv(4096).decode().split("\n")
            if any(line.startswith(beginning) for line in said):
                return said

    def count_until_silent(self, seconds: float, most: int) -> int:
        """How many times something is said before there is silence for so long."""
        count = 0
        self._socket.settimeout(seconds)
        with suppress(TimeoutError):
            while count < most:
                self._socket.recv(4096)
                count += 1
        self._socket.settimeout(20)
        return count

    def close(self) -> None:
        """Hear no more."""
        self._socket.close()


@pytest.fixture(params=["file", "abstract"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the manager listens: a file, or a name that no file has."""
    return f"@{tmp_path.name}-{os.getpid()}" if request.param == "abstract" else f"{tmp_path}/n"


@pytest.fixture
def manager(address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    """One that has started us."""
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    made = Manager(address)
    yield made
    made.close()


def test_manager_is_told(tmp_path: Path, manager: Manager) -> None:
    """Ready, reloading, ready again, stopping; with a line for people."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        manager.wait_for("STATUS=1 zone, 0 with errors")
        write_zones(tmp_path, example_net=BAD_ZONE.replace("example.com", "example.net"))
        server.reload()
        reloading, clock = manager.wait_for("RELOADING=1")
        ready = manager.wait_for("READY=1")
        server.stop()
        manager.wait_for("STOPPING=1")

    assert (reloading, clock.split("=")[0]) == ("RELOADING=1", "MONOTONIC_USEC")
    assert ready == ["READY=1", "STATUS=2 zones, 1 with errors"]


def _children(server: ServerProcess) -> list[int]:
    main = server.process.pid
    return [int(pid) for pid in Path(f"/proc/{main}/task/{main}/children").read_text().split()]


def _workers(server: ServerProcess) -> list[int]:
    """Those of the native engine: they have threads."""
    return [pid for pid in _children(server) if _threads(pid) > 1]


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


@pytest.mark.parametrize("address", ["file"], indirect=True)
def test_watchdog(tmp_path: Path, manager: Manager, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is fed while queries are answered, and not while they are not."""
    monkeypatch.setenv("WATCHDOG_USEC", "800000")
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, "--workers", "1", "--engine", "native") as server:
        manager.wait_for("WATCHDOG=1")
        manager.wait_for("WATCHDOG=1")
        (worker,) = _workers(server)
        stand_still(worker)
        count = manager.count_until_silent(0.8, most=6)
        server.log.wait_for("worker 0 has stopped answering")
        manager.wait_for("WATCHDOG=1")

    assert count <= 1, "what was on its way already"


def test_environment_of_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sockets and a watchdog that were meant for our parent are none of ours."""
    monkeypatch.setenv("NOTIFY_SOCKET", "vsock:2:1234")
    for variable in ("LISTEN_PID", "WATCHDOG_PID"):
        monkeypatch.setenv(variable, str(os.getpid()))
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("WATCHDOG_USEC", "1")
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        assert server.exchanges("example.com") == ["10 mail.example.com."]


@pytest.mark.parametrize("engine", ["native", "portable"])
def test_sockets_are_passed(tmp_path: Path, engine: str) -> None:
    """Several workers share them; root needs no more than to say that it is to stay root."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    prefix = (sys.executable, "-c", ACTIVATE, "INET:DGRAM", "INET:STREAM", "--")
    options = ("--engine", engine, "--workers", "2", "--allow-root")
    with running(tmp_path, *options, prefix=prefix) as server:
        for worker in _workers(server)[:1]:
            stand_still(worker)
        answers = [
            server.ask("example.com", "MX", tcp=tcp).answer[0].to_text()
            for tcp in (False, True) * 5
        ]

    assert answers == ["example.com. 300 IN MX 10 mail.example.com."] * 10
    assert f"listening on 0.0.0.0:{server.port} (UDP and TCP)" in server.output.seen
