"""The server moves to other addresses while it answers."""

import re
import signal
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import pytest

from tests.figures import Figures
from tests.servers import GOOD_ZONE, ServerProcess, starting, write_zones

QUERY = dns.message.make_query("example.com", "MX", use_edns=0)


def _free_ports(count: int) -> list[int]:
    """Ports that nobody has, on UDP and TCP."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in held]
    for each in held:
        each.close()
    return ports


class Moving:
    """A server whose configuration says where it listens."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server: ServerProcess | None = None

    def write(self, *ports: int) -> None:
        """Have it listen there from the next reload on."""
        listen = ", ".join(f"'127.0.0.1:{port}'" for port in ports)
        (self.folder / "zoneserver.yaml").write_text(f"listen: [{listen}]\n")

    @contextmanager
    def running(self, *ports: int) -> Iterator[ServerProcess]:
        """The server, on these ports."""
        write_zones(self.folder, example_com=GOOD_ZONE)
        self.write(*ports)
        with starting(self.folder, "--config", "zoneserver.yaml", listen=()) as server:
            server.wait_until_ready()
            yield server


@pytest.fixture
def moving(tmp_path: Path) -> Moving:
    """One that has not been started."""
    return Moving(tmp_path)


def _answers(port: int, *, tcp: bool = False) -> bool:
    send = dns.query.tcp if tcp else dns.query.udp
    try:
        return bool(send(QUERY, "127.0.0.1", port=port, timeout=2).answer)
    except (OSError, dns.exception.Timeout):
        return False


class Asker(threading.Thread):
    """Asks one port again and again, and counts the answers that did not come."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.port = port
        self.answered = self.lost = 0
        self.done = threading.Event()

    def run(self) -> None:
        """Ask until it is done."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(2)
            client.connect(("127.0.0.1", self.port))
            while not self.done.wait(0.002):
                try:
                    client.send(QUERY.to_wire())
                    client.recv(2048)
                    self.answered += 1
                except OSError:
                    self.lost += 1


def test_new_addresses(moving: Moving, figures: Figures) -> None:
    """Acceptance 74: there is an answer on the new one before the old one is closed."""
    stays, goes, comes = _free_ports(3)
    with moving.running(stays, goes) as server:
        asker = Asker(stays)
        asker.start()
        moving.write(stays, comes)
        server.reload()
        server.log.wait_for(f"no longer listening on 127.0.0.1:{goes}")
        asker.done.set()
        asker.join()
        answers = [_answers(port, tcp=tcp) for port in (stays, comes) for tcp in (False, True)]
        gone = _answers(goes, tcp=True)
        with socket.create_server(("127.0.0.1", goes)):
            pass
        status, _ = server.stop()

    assert [True] * 4 == answers
    assert not gone
    assert 0 == status
    assert asker.lost == 0 < asker.answered
    assert "need" not in str(server.log)
    figures.add(
        "74 one address kept, one exchanged",
        f"{asker.answered} answered on the kept one, {asker.lost} lost",
    )


def test_addresses_that_cannot_be_had(moving: Moving, figures: Figures) -> None:
    """Acceptance 74: one that is taken, or none at all: it listens where it did."""
    (port,) = _free_ports(1)
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        moving.running(port) as server,
    ):
        moving.write(port, taken.getsockname()[1])
        server.signal(signal.SIGHUP)
        server.log.wait_for("the port is in use.*it listens where it did")
        moving.write()
        server.signal(signal.SIGHUP)
        server.log.wait_for("it would listen nowhere; it listens where it did")
        assert _answers(port)
        assert _answers(port, tcp=True)

    assert not re.search("no longer listening", str(server.log))
    figures.add("74 address taken, or no address at all", "refused, the old ones stay")
