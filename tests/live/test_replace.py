"""A new server takes the place of the one that runs: its sockets, and every query."""

import importlib.util
import json
import os
import re
import signal
import socket
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import dns.message
import dns.query
import pytest

from tests.figures import Figures
from tests.live.test_manager import ACTIVATE, Manager
from tests.peers.server import free_port
from tests.servers import GOOD_ZONE, WAIT_SECONDS, ServerProcess, starting, write_zones

MOST_QUERIES = 50_000
REPLACEMENTS = 2
PAUSE_SECONDS = 0.005  # between rounds: the servers want the processor, too
LATE_SECONDS = 5.0
SOCKETS, AT_ONCE = 16, 4
QUERY = dns.message.make_query("example.com", "MX", use_edns=0).to_wire()
CHANGED = GOOD_ZONE.replace("preference: 10", "preference: 5")
FRAMED = len(QUERY).to_bytes(2, "big") + QUERY
ENGINES = ["portable"]
if importlib.util.find_spec("zoneserver._fastpath"):
    ENGINES.append("native")


class Datagrams(threading.Thread):
    """Asks from several ports, until it is done and has asked enough."""

    def __init__(self, port: int, least: int) -> None:
        super().__init__()
        self.asked = self.lost = 0
        self.slowest = 0.0
        self.done = threading.Event()
        self._least = least
        self._clients = [
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(SOCKETS)
        ]
        for client in self._clients:
            client.settimeout(LATE_SECONDS)
            client.connect(("127.0.0.1", port))

    def run(self) -> None:
        """Ask, and count the answers that did not come."""
        while self.asked < self._least or not self.done.is_set():
            begin = time.monotonic()
            for client in self._clients * AT_ONCE:
                client.send(QUERY)
                self.asked += 1
            for client in self._clients * AT_ONCE:
                try:
                    client.recv(4096)
                except OSError:
                    self.lost += 1
            self.slowest = max(self.slowest, time.monotonic() - begin)
            self.done.wait(PAUSE_SECONDS)
        for client in self._clients:
            client.close()


class Streams(threading.Thread):
    """Asks over one connection after the other."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.asked = 0
        self.lost: list[str] = []
        self.done = threading.Event()
        self._address = "127.0.0.1", port

    def run(self) -> None:
        """Ask until it is done."""
        while not self.done.wait(PAUSE_SECONDS):
            self.asked += 1
            try:
                with socket.create_connection(self._address, LATE_SECONDS) as client:
                    client.sendall(FRAMED)
                    if len(client.recv(4096)) < len(FRAMED):
                        self.lost.append("closed")
            except OSError as error:
                self.lost.append(repr(error))


@contextmanager
def _replacing(folder: Path, *arguments: str) -> Iterator[ServerProcess]:
    """A server that is to take the place of the one that runs, perhaps not ready yet."""
    with starting(folder, "--replace", *arguments) as server:
        yield server


@pytest.mark.parametrize("engine", ENGINES)
def test_no_query_is_lost(tmp_path: Path, figures: Figures, engine: str) -> None:
    """Acceptance 103: over UDP and TCP, while servers replace one another."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    options = ("--engine", engine, "--workers", "2")
    with ExitStack() as stack:
        server = stack.enter_context(starting(tmp_path, *options))
        server.wait_until_ready()
        datagrams, streams = Datagrams(server.port, MOST_QUERIES), Streams(server.port)
        datagrams.start()
        streams.start()
        statuses = []
        for _ in range(REPLACEMENTS):
            heir = stack.enter_context(_replacing(tmp_path, *options))
            heir.wait_until_ready()
            statuses.append(server.process.wait(WAIT_SECONDS))
            assert server.port == heir.port
            server = heir
        for each in (datagrams, streams):
            each.done.set()
            each.join()
        statuses.append(server.stop()[0])

    assert [0] * (REPLACEMENTS + 1) == statuses
    assert (0, []) == (datagrams.lost, streams.lost)
    assert datagrams.asked >= MOST_QUERIES
    figures.add(
        f"103 {REPLACEMENTS} servers replaced, {engine} engine",
        f"0 of {datagrams.asked} lost over UDP, slowest {datagrams.slowest:.2f} s;"
        f" 0 of {streams.asked} over TCP",
    )


def _ask_status(folder: Path) -> dict[str, object]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(WAIT_SECONDS)
        client.connect(str(folder / "state/control.sock"))
        client.sendall(b'{"command": "status"}\n')
        with client.makefile("rb") as file:
            answer: dict[str, object] = json.loads(file.readline())
    return answer


def _fail(folder: Path, *arguments: str, listen: str = "127.0.0.1:0") -> str:
    """What a server says that is to replace another one, and cannot."""
    with starting(folder, "--replace", *arguments, listen=[listen]) as heir:
        status = heir.process.wait(WAIT_SECONDS)
        said = "\n".join(heir.log.rest())
    assert status in {1, 2}
    return said


def test_all_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The status page and the control socket are the new server's, and so are edits."""
    monkeypatch.setenv("ZONESERVER_HTTP_LISTEN", "127.0.0.1:0")
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with starting(tmp_path) as server:
        server.wait_until_ready()
        (page,) = re.findall(r"http://\S+/", str(server.output))
        with _replacing(tmp_path) as heir:
            heir.wait_until_ready()
            replaced = heir.output.seen[1]
            assert 0 == server.process.wait(WAIT_SECONDS)
            assert _ask_status(tmp_path)["pid"] == heir.process.pid
            heir.output.wait_for(f"status page on {page}")
            with urllib.request.urlopen(f"{page}readyz", timeout=WAIT_SECONDS) as answer:  # noqa: S310 - ours
                assert answer.read() == b"ready\n"
            heir.log.wait_for("^reloaded")  # at its start
            write_zones(tmp_path, example_com=CHANGED)
            heir.reload()
            assert heir.exchanges("example.com") == ["5 mail.example.com."]
            heir.stop()

    assert f"in the place of process {server.process.pid}" == replaced
    assert not (tmp_path / "state/control.sock").exists()


@pytest.mark.parametrize(("before", "after"), [(3, 1), (1, 3)], ids=["fewer", "more"])
def test_other_number_of_workers(tmp_path: Path, before: int, after: int) -> None:
    """Whatever socket the kernel puts a query into, somebody takes it out."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with starting(tmp_path, "--workers", str(before)) as server:
        server.wait_until_ready()
        with _replacing(tmp_path, "--workers", str(after)) as heir:
            heir.wait_until_ready()
            server.process.wait(WAIT_SECONDS)
            datagrams = Datagrams(heir.port, SOCKETS * AT_ONCE)
            datagrams.done.set()
            datagrams.run()

    assert 0 == datagrams.lost


def test_state_of_another_version(tmp_path: Path) -> None:
    """What the new server cannot read, it makes anew, before it takes the place."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with starting(tmp_path) as server:
        server.wait_until_ready()
        (image,) = (tmp_path / "state/images").glob("*.zimg")
        new = image.with_suffix(".new")
        new.write_bytes(b"ZIMG" + bytes(image.stat().st_size))
        new.replace(image)
        with _replacing(tmp_path) as heir:
            heir.wait_until_ready()
            assert 0 == server.process.wait(WAIT_SECONDS)
            assert heir.exchanges("example.com") == ["10 mail.example.com."]
            heir.log.wait_for("the zones are read anew")


def test_nobody_to_replace(tmp_path: Path) -> None:
    """It is said, and nothing is served."""
    write_zones(tmp_path, example_com=GOOD_ZONE)

    assert "control.sock: start one, or name its socket with --control" in _fail(tmp_path)


def test_other_addresses(tmp_path: Path) -> None:
    """A server that would listen elsewhere does not move the one that runs unasked."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with starting(tmp_path) as server:
        server.wait_until_ready()
        said = _fail(tmp_path, listen="127.0.0.2:0")
        server.log.wait_for("nobody takes this server's place, and it goes on")
        server.reload()
        assert server.exchanges("example.com") == ["10 mail.example.com."]

    assert (
        "the running server listens on 127.0.0.1:0, this one would on 127.0.0.2:0: give" in said
    )


@pytest.mark.parametrize("why", ["its settings", "its zones", "killed"])
def test_new_server_that_fails(tmp_path: Path, why: str) -> None:
    """The old one answers as before, takes up edits, and can be replaced still."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with starting(tmp_path) as server:
        server.wait_until_ready()
        if why == "its settings":
            _fail(tmp_path, "--user", "no-such-user")
        elif why == "its zones":
            (tmp_path / "empty").mkdir()
            _fail(tmp_path, "--zones", "empty", "--strict-start")
        else:
            Halfway(tmp_path).client.close()
            server.log.wait_for("nobody takes this server's place, and it goes on")
        write_zones(tmp_path, example_com=CHANGED)
        server.reload()
        assert server.exchanges("example.com") == ["5 mail.example.com."]
        with _replacing(tmp_path) as heir:
            heir.wait_until_ready()
            assert 0 == server.process.wait(WAIT_SECONDS)
            assert heir.exchanges("example.com") == ["5 mail.example.com."]


class Halfway:
    """Asks a server for what it has, and takes some of it."""

    def __init__(self, folder: Path) -> None:
        self.client = socket.socket(socket.AF_UNIX)
        self.client.settimeout(WAIT_SECONDS)
        self.client.connect(str(folder / "state/control.sock"))
        self.client.sendall(b'{"command": "replace"}\n')
        octets, sockets, _, _ = socket.recv_fds(self.client, 4096, 8)
        for each in sockets:
            os.close(each)
        self.kind = json.loads(octets).get("kind")

    def last_word(self) -> dict[str, object]:
        """What is said last."""
        with self.client, self.client.makefile("rb") as file:
            word: dict[str, object] = json.loads(file.readlines()[-1])
        return word


def test_two_at_a_time(tmp_path: Path) -> None:
    """The second one is told so, and does not disturb the first."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with starting(tmp_path) as server:
        server.wait_until_ready()
        first = Halfway(tmp_path)
        said = _fail(tmp_path)
        server.stop()
        last = first.last_word()

    assert "dns" == first.kind
    assert "another process is about to take the server's place" in said
    assert {"refused": "the running server was told to stop"} == last


def test_edits_wait_meanwhile(tmp_path: Path) -> None:
    """Both would write into one state folder; nothing is lost, whatever comes of it."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with starting(tmp_path) as server:
        server.wait_until_ready()
        halfway = Halfway(tmp_path)
        write_zones(tmp_path, example_com=CHANGED)
        server.signal(signal.SIGHUP)
        assert _ask_status(tmp_path)["reloads"] == 1
        assert server.exchanges("example.com") == ["10 mail.example.com."]
        halfway.client.close()
        server.log.wait_for("^reloaded")
        assert server.exchanges("example.com") == ["5 mail.example.com."]


def test_below_a_service_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is told whom to follow; the command ends well once the new server answers."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    monkeypatch.setenv("NOTIFY_SOCKET", f"{tmp_path}/notify")
    monkeypatch.setenv("WATCHDOG_USEC", "4000000")
    manager = Manager(f"{tmp_path}/notify")
    prefix = (sys.executable, "-c", ACTIVATE, "INET:DGRAM", "INET:STREAM", "--")
    with starting(tmp_path, "--allow-root", prefix=prefix) as server:
        server.wait_until_ready()
        manager.wait_for("WATCHDOG=1")
        monkeypatch.delenv("NOTIFY_SOCKET")  # as for a command of ExecReload=
        monkeypatch.delenv("WATCHDOG_USEC")
        with starting(tmp_path, "--allow-root", "--replace") as heir:
            heir.wait_until_ready()
            said = [line for line in manager.wait_for_any("MAINPID=") if "MAINPID" in line]
            pid = int(said[0].partition("=")[2])
            try:
                assert _ask_status(tmp_path)["pid"] == pid
                manager.wait_for("READY=1")
                manager.wait_for("WATCHDOG=1")
                statuses = [each.process.wait(WAIT_SECONDS) for each in (heir, server)]
                assert heir.exchanges("example.com") == ["10 mail.example.com."]
            finally:
                os.kill(pid, signal.SIGTERM)
            manager.wait_for("STOPPING=1")
    manager.close()

    assert [0, 0] == statuses
    assert pid != heir.process.pid
    assert server.port == heir.port


PRIMARY = """\
transfer:
  allow: [{{from: 127.0.0.0/8}}]
  notify: [{{to: '127.0.0.1:{other}'}}]
"""
SECONDARY = "secondary: {{zones: {{example.com.: {{from: '127.0.0.1:{other}'}}}}}}\n"


def test_transfers_go_on(tmp_path: Path) -> None:
    """Both ends of a transfer are replaced; the next edit is sent as what has changed."""
    ports = {name: free_port() for name in ("primary", "secondary")}
    with ExitStack() as stack:

        def start(name: str, *more: str) -> ServerProcess:
            listen = [f"127.0.0.1:{ports[name]}"]
            arguments = ("--config", "zoneserver.yaml", *more)
            made = stack.enter_context(starting(tmp_path / name, *arguments, listen=listen))
            made.wait_until_ready()
            return made

        for name, other, text in (
            ("primary", "secondary", PRIMARY),
            ("secondary", "primary", SECONDARY),
        ):
            folder = tmp_path / name
            folder.mkdir()
            write_zones(folder, **({"example_com": GOOD_ZONE} if name == "primary" else {}))
            configuration = folder / "zoneserver.yaml"
            configuration.write_text(text.format(other=ports[other]))
        old = [start("primary"), start("secondary")]
        deadline = time.monotonic() + WAIT_SECONDS
        # Whether it is there before the first look at the zones, or added after that, is open.
        while old[1].exchanges("example.com") != ["10 mail.example.com."]:
            assert time.monotonic() < deadline
        new = [start(name, "--replace") for name in ports]
        assert [0, 0] == [each.process.wait(WAIT_SECONDS) for each in old]
        assert new[1].exchanges("example.com") == ["10 mail.example.com."]
        write_zones(tmp_path / "primary", example_com=CHANGED)
        new[0].reload()
        new[1].log.wait_for("has come from .* by IXFR")
        new[1].log.wait_for("now goes to mail.example.com. .5.")
        assert new[1].exchanges("example.com") == ["5 mail.example.com."]
