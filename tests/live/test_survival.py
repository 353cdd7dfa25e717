"""Processes that die, hang, and start over: what is served goes on being served."""

import importlib.util
import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import dns.edns
import dns.message
import pytest

from tests.servers import (
    BAD_ZONE,
    CHECKOUT,
    GOOD_ZONE,
    WAIT_SECONDS,
    ServerProcess,
    running,
    stand_still,
    starting,
    write_zones,
)

CHANGED = GOOD_ZONE.replace("preference: 10", "preference: 5")
OLD, NEW = ["10 mail.example.com."], ["5 mail.example.com."]
LARGE = "".join(f"host{index}: {{type: A, value: 192.0.2.1}}\n" for index in range(5000))
SOCKETS = 32  # so many that each of two workers has some
KINDS = (socket.SOCK_DGRAM, socket.SOCK_STREAM)
ENGINES = ["portable"]
if importlib.util.find_spec("zoneserver._fastpath"):
    ENGINES.append("native")


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """The flags for each engine in turn, with two workers."""
    return ("--engine", str(request.param), "--workers", "2")


def _children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def _family(pid: int) -> list[int]:
    """A process's children, theirs, and so on."""
    return [each for child in _children(pid) for each in (child, *_family(child))]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _sockets(pid: int) -> set[str]:
    try:
        return {str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()}
    except OSError:
        return set()


def _workers(server: ServerProcess) -> list[int]:
    """The processes that have a socket on the port."""
    port = f":{server.port:04X}"
    rows = [row.split() for row in Path("/proc/net/udp").read_text().splitlines()]
    inodes = {f"socket:[{row[9]}]" for row in rows if row[1].endswith(port)}
    return [pid for pid in _children(server.process.pid) if _sockets(pid) & inodes]


def _builder(server: ServerProcess) -> int:
    """The process that reads zones."""
    children = _children(server.process.pid)
    (builder,) = (pid for pid in children if _command(pid) == "zone-builder")
    return builder


def _wait_until(condition: Callable[[], bool], seconds: float = WAIT_SECONDS) -> float:
    """How long it took until something could be seen from outside."""
    begin = time.monotonic()
    while not condition():
        assert time.monotonic() < begin + seconds, "it did not happen"
        time.sleep(0.005)
    return time.monotonic() - begin


def _let_pass(seconds: float) -> None:
    """Wait for what must not happen."""
    end = time.monotonic() + seconds
    _wait_until(lambda: time.monotonic() > end)


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    """Whether somebody else can have a port."""
    with socket.socket(socket.AF_INET, kind) as free:
        free.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            free.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


class Clients:
    """Some sockets that ask one after the other, and what became of their queries."""

    def __init__(self, stack: ExitStack, port: int) -> None:
        self.asked = self.lost = 0
        self.longest = 0.0
        self._query = dns.message.make_query("example.com", "MX").to_wire()
        self._sockets: list[socket.socket] = []
        for _ in range(SOCKETS):
            client = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
            client.connect(("127.0.0.1", port))
            self._sockets.append(client)

    def ask_all(self, seconds: float) -> None:
        """Ask from every socket at once; what is not answered in time is lost."""
        begin, waiting = time.monotonic(), set(self._sockets)
        for client in self._sockets:
            client.send(self._query)
        while waiting and time.monotonic() < begin + seconds:
            ready, _, _ = select.select(list(waiting), [], [], 0.05)
            for client in ready:
                assert client.recv(4096)[:2] == self._query[:2]
                self.longest = max(self.longest, time.monotonic() - begin)
            waiting.difference_update(ready)
        self.asked += len(self._sockets)
        self.lost += len(waiting)

    def ask_for(self, seconds: float, each: float = 2.0) -> None:
        """Go on asking."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.ask_all(each)


def test_worker_that_is_killed(tmp_path: Path, engine: tuple[str, ...]) -> None:
    """Acceptance 94: three times under load: its successor answers what was queued, and
    almost all else.
    """
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *engine) as server, ExitStack() as stack:
        clients = Clients(stack, server.port)
        for _ in range(3):
            clients.ask_for(0.3)
            victim, other = _workers(server)
            os.kill(victim, signal.SIGKILL)
            clients.ask_for(0.7)
            assert other in _workers(server)
            assert victim not in _workers(server)
            assert len(_workers(server)) == 2
            assert server.exchanges("example.com") == OLD

    assert clients.asked > 1000
    assert clients.lost <= 3 * 20
    assert clients.longest < 1.5
    assert str(server.log).count("ended by signal SIGKILL; it is replaced") <= 3


def test_worker_that_hangs(tmp_path: Path, engine: tuple[str, ...]) -> None:
    """Acceptance 95: it is replaced within two seconds or so; nobody loses an answer."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *engine) as server, ExitStack() as stack:
        clients = Clients(stack, server.port)
        clients.ask_all(5.0)
        victim, _ = _workers(server)
        stand_still(victim)
        clients.ask_all(10.0)
        replaced = clients.longest
        server.log.wait_for("ended by signal SIGKILL; it is replaced")
        clients.ask_all(5.0)

        assert len(_workers(server)) == 2
        assert victim not in _workers(server)
    assert clients.lost == 0
    assert 1.0 < replaced < 3.0
    assert "has stopped answering" in str(server.log)


def test_worker_that_is_slow_to_be_asked_is_no_worker_that_hangs(
    tmp_path: Path, engine: tuple[str, ...]
) -> None:
    """Nobody asks for a while, or the whole server is stopped: nothing is replaced."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *engine) as server:
        before = _workers(server)
        family = [server.process.pid, *_family(server.process.pid)]
        for number in (signal.SIGSTOP, signal.SIGCONT):
            for pid in family:
                os.kill(pid, number)
            _let_pass(2.2)
        assert server.exchanges("example.com") == OLD

        assert before == _workers(server)


def test_builder_that_is_killed(tmp_path: Path) -> None:
    """Answers go on, it is replaced, and the next edit is served."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        os.kill(_builder(server), signal.SIGKILL)
        assert server.exchanges("example.com") == OLD
        server.log.wait_for("the builder ended by signal SIGKILL; it is replaced")
        assert server.exchanges("example.com") == OLD
        write_zones(tmp_path, example_com=CHANGED)
        server.signal(signal.SIGHUP)
        _wait_until(lambda: server.exchanges("example.com") == NEW)


def test_builder_that_is_killed_at_work(tmp_path: Path) -> None:
    """The edit that it was reading is served by its successor."""
    write_zones(tmp_path, example_com=GOOD_ZONE + LARGE)
    with running(tmp_path) as server:
        write_zones(tmp_path, example_com=CHANGED + LARGE)
        server.signal(signal.SIGHUP)
        assert server.exchanges("example.com") == OLD
        os.kill(_builder(server), signal.SIGKILL)
        _wait_until(lambda: server.exchanges("example.com") == NEW)
        status, seconds = server.stop()

    assert status == 0
    assert seconds < 2.0


def test_main_process_that_is_killed(tmp_path: Path, engine: tuple[str, ...]) -> None:
    """Acceptance 97: all others end within a second, and the port is free."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, *engine) as server:
        family = _family(server.process.pid)
        assert len(family) >= 3
        begin = time.monotonic()
        server.process.kill()
        server.process.wait(WAIT_SECONDS)
        _wait_until(lambda: not any(_sockets(pid) for pid in family), 5.0)
        elapsed = time.monotonic() - begin
        # A process may have no descriptors to show, and threads that still hold them.
        _wait_until(lambda: all(_is_free(server.port, kind) for kind in KINDS), 5.0)

    assert elapsed < 1.0


def test_start_after_a_kill(tmp_path: Path) -> None:
    """What was served is served again, and nothing is complained of."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        server.process.kill()
        server.process.wait(WAIT_SECONDS)
    with running(tmp_path) as server:
        assert server.exchanges("example.com") == OLD
        server.stop()

    assert server.log.seen == []


CRASHING = """
from zoneserver.service.running import workers, workforce

workers.FIRST_PAUSE = 0.001
workforce.run_worker = lambda *_, **__: 3
from zoneserver.cli import main

main()
"""


@pytest.mark.parametrize("restored", [False, True], ids=["new", "restored"])
def test_workers_that_die_at_their_start(tmp_path: Path, *, restored: bool) -> None:
    """Acceptance 96: ten times each, then the server gives up, with a status that says so."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    if restored:
        with running(tmp_path):
            pass
    words = ["serve", "--zones", "zones", "--state", "state", "--listen", "127.0.0.1:0"]
    done = subprocess.run(
        [sys.executable, "-c", CRASHING, *words, "--workers", "2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "ZONESERVER_LOG_FORMAT": "text"},
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS,
        check=False,
    )

    assert done.returncode == 1
    assert done.stderr.count("ended with status 3; it is replaced") == 20
    assert "error: no worker could be started" in done.stderr
    assert "ready" not in done.stdout


@pytest.mark.parametrize("broken", ["mistake", "garbage", "FIFO", "gone"])
def test_restart_serves_the_last_good_version(tmp_path: Path, broken: str) -> None:
    """Before a line of YAML is read, and whatever that turns out to be."""
    zones = write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path):
        pass
    path = zones / "example.com.yaml"
    path.unlink()
    if broken == "FIFO":
        os.mkfifo(path)
    elif broken == "mistake":
        path.write_text(BAD_ZONE)
    elif broken == "garbage":
        path.write_text("'': [")
    with running(tmp_path) as server:
        assert server.exchanges("example.com") == OLD
        if broken != "FIFO":
            server.log.wait_for("error")
        assert server.exchanges("example.com") == OLD
        status, seconds = server.stop()

    assert status == 0
    assert seconds < 2.0


def test_restart_serves_what_changed_meanwhile(tmp_path: Path) -> None:
    """First the old version, soon the new one."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path):
        pass
    write_zones(tmp_path, example_com=CHANGED)
    with running(tmp_path) as server:
        _wait_until(lambda: server.exchanges("example.com") == NEW)


@pytest.mark.parametrize("at", [0, 20, 200, -1], ids=["magic", "digest", "zone", "directory"])
def test_damaged_image(tmp_path: Path, at: int) -> None:
    """It is said, and made again; the next start has nothing to say."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path):
        pass
    (path,) = (tmp_path / "state" / "images").glob("*.zimg")
    octets = bytearray(path.read_bytes())
    octets[at] ^= 0x10
    path.write_bytes(octets)
    with running(tmp_path) as server:
        server.log.wait_for("warning: .*state/images is damaged.*; the zones are read anew")
        assert server.exchanges("example.com") == OLD
    with running(tmp_path) as server:
        assert server.exchanges("example.com") == OLD
    assert "damaged" not in str(server.log)


def test_restart_without_its_images(tmp_path: Path) -> None:
    """A state that was tidied up by hand is a first start."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path):
        pass
    for path in (tmp_path / "state" / "images").iterdir():
        path.unlink()
    with running(tmp_path) as server:
        assert server.exchanges("example.com") == OLD


def test_start_is_quick(tmp_path: Path) -> None:
    """Acceptance 102: a thousand names: the first answer in little more time than Python
    needs to start.
    """
    lines = LARGE.splitlines(keepends=True)[:1000]
    write_zones(tmp_path, example_com=GOOD_ZONE + "".join(lines))
    seconds = []
    for _ in range(2):
        begin = time.monotonic()
        with running(tmp_path) as server:
            assert server.exchanges("example.com") == OLD
            seconds.append(time.monotonic() - begin)

    assert max(seconds) < 5.0


def test_workers_have_one_secret(tmp_path: Path, engine: tuple[str, ...]) -> None:
    """Acceptance 105: whichever worker is asked: in one second, one asker gets one cookie
    (RFC 9018 5).
    """
    write_zones(tmp_path, example_com=GOOD_ZONE)
    option = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, b"8 octets")
    query = dns.message.make_query("example.com", "MX", use_edns=0, options=[option])
    cookies = set()
    with running(tmp_path, *engine) as server:
        for _ in range(SOCKETS):
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.settimeout(5)
                client.sendto(query.to_wire(), ("127.0.0.1", server.port))
                (answered,) = dns.message.from_wire(client.recv(4096)).options
            cookies.add(answered.to_wire())

    assert len(cookies) == len({cookie[12:16] for cookie in cookies})
    assert {b"8 octets\x01\0\0\0"} == {cookie[:12] for cookie in cookies}


def test_no_thread_before_a_fork(tmp_path: Path) -> None:
    """Acceptance 105: the main process has one, whatever it has done."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        server.reload()
        status = Path(f"/proc/{server.process.pid}/status").read_text()

    assert re.findall(r"^Threads:\s+(\d+)$", status, re.MULTILINE) == ["1"]


def test_many_reloads_leave_nothing_behind(tmp_path: Path) -> None:
    """Neither processes, nor descriptors, nor image files."""
    write_zones(tmp_path, example_com=GOOD_ZONE)

    def held() -> list[int]:
        family = [server.process.pid, *_family(server.process.pid)]
        return [len(family), *sorted(len(os.listdir(f"/proc/{pid}/fd")) for pid in family)]  # noqa: PTH208

    with starting(tmp_path) as server:
        server.wait_until_ready()
        server.reload()
        before = held()
        for number in range(5):
            write_zones(
                tmp_path,
                example_com=GOOD_ZONE.replace("preference: 10", f"preference: {number}"),
            )
            server.reload()
            assert server.exchanges("example.com") == [f"{number} mail.example.com."]
        _wait_until(lambda: len(held()) == len(before) and sum(held()) <= sum(before))
        files = list((tmp_path / "state" / "images").glob("*.zimg"))

    assert len(files) <= 10
