"""NOTIFY between servers: to secondaries, from primaries, from strangers, and far too many."""

import re
import socket
import socketserver
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.opcode
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest

from tests.figures import Figures
from tests.peers.server import free_port
from tests.servers import (
    ADDRESSES,
    GOOD_ZONE,
    OTHER_ZONE,
    ServerProcess,
    running,
    write_zones,
)
from zoneserver.service.control.control_socket import ask

ORIGIN = "example.org."
WAIT_SECONDS = 20.0
SOA = "ns.example.org. hostmaster.example.org. {} 3600 600 1209600 60"
PRIMARY, STRANGER = "127.0.0.1", "127.0.0.2"
STORM_RATE, PROBE_SECONDS = 10_000, 1.5

# Sends NOTIFYs to a port, each of another serial, at a rate, as long as standard input is open.
STORM = """
import select, socket, sys, time
port, rate, message = int(sys.argv[1]), int(sys.argv[2]), bytearray.fromhex(sys.argv[3])
at = message.index((1 << 30).to_bytes(4, "big"))
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
    teller.bind(("127.0.0.1", 0))
    begin, sent = time.monotonic(), 0
    while not select.select([sys.stdin], [], [], 0.002)[0]:
        while sent < (time.monotonic() - begin) * rate:
            message[at : at + 4] = ((1 << 30) + sent).to_bytes(4, "big")
            teller.sendto(message, ("127.0.0.1", port))
            sent += 1
    print(sent, time.monotonic() - begin)
"""


KEYS = (
    "k.example.: {algorithm: hmac-sha256, secret: AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=}"
)
PRIMARY_SETTINGS = """\
keys: keys.yaml
transfer:
  allow: [{{from: ['{address}'], key: k.example.}}]
  notify: [{{to: '{host}:{port}', key: k.example., zones: [example.com.]}}]
"""
SECONDARY_SETTINGS = """\
keys: keys.yaml
secondary: {{zones: {{example.com.: {{from: '{host}:{port}', key: k.example.}}}}}}
"""


class FakePrimary(socketserver.ThreadingTCPServer):
    """A primary of one zone, over TCP. `asked` is how often its SOA was wanted."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__((PRIMARY, 0), _Handler)
        self.serial, self.asked, self.open, self.most_open = 1, 0, 0, 0
        self.lock = threading.Lock()

    @property
    def port(self) -> int:
        """Where it is."""
        return int(self.server_address[1])

    def answer(self, query: dns.message.Message) -> dns.message.Message:
        """The SOA, or a small zone."""
        with self.lock:
            serial, question = self.serial, query.question[0]
            self.asked += question.rdtype == dns.rdatatype.SOA
        soa = dns.rrset.from_text(ORIGIN, 300, "IN", "SOA", SOA.format(serial))
        answer = dns.message.make_response(query)
        answer.flags |= dns.flags.AA
        answer.answer.append(soa)
        if question.rdtype != dns.rdatatype.SOA:
            answer.answer.append(dns.rrset.from_text(ORIGIN, 300, "IN", "NS", "ns.test."))
            answer.answer.append(dns.rrset.from_text(ORIGIN, 300, "IN", "MX", "0 mx.test."))
            answer.answer.append(soa)
        return answer


class _Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        """Answer one message after the other."""
        primary = self.server
        assert isinstance(primary, FakePrimary)
        with primary.lock:
            primary.open += 1
            primary.most_open = max(primary.most_open, primary.open)
        try:
            while True:
                head = self.request.recv(2, socket.MSG_WAITALL)
                if len(head) < 2:
                    break
                (length,) = struct.unpack("!H", head)
                query = dns.message.from_wire(self.request.recv(length, socket.MSG_WAITALL))
                octets = primary.answer(query).to_wire(want_shuffle=False)
                self.request.sendall(struct.pack("!H", len(octets)) + octets)
        except OSError:
            pass
        finally:
            with primary.lock:
                primary.open -= 1


@contextmanager
def fake_primary() -> Iterator[FakePrimary]:
    """One that runs."""
    with FakePrimary() as primary:
        thread = threading.Thread(target=primary.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield primary
        finally:
            primary.shutdown()
            thread.join()


@contextmanager
def secondary(folder: Path, *arguments: str) -> Iterator[tuple[ServerProcess, FakePrimary]]:
    """A server that has fetched a zone from a primary, and has one of its own."""
    write_zones(folder, example_com=GOOD_ZONE)
    with fake_primary() as primary:
        (folder / "zoneserver.yaml").write_text(
            f"secondary: {{zones: {{{ORIGIN}: {{from: '{PRIMARY}:{primary.port}'}}}}}}\n"
        )
        with running(folder, *arguments) as server:
            wait_until(lambda: serial(server) == 1)
            yield server, primary


def wait_until(reached: object, seconds: float = WAIT_SECONDS) -> None:
    """Return when something is so. Raises AssertionError where it does not come about."""
    assert callable(reached)
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def tell_octets(server: ServerProcess, octets: bytes) -> str:
    """The same for what is no message, perhaps."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
        teller.settimeout(5)
        teller.sendto(octets, (PRIMARY, server.port))
        return dns.rcode.to_text(dns.rcode.Rcode(teller.recv(512)[3] & 0x0F))


def make_folder(folder: Path) -> Path:
    """A folder that is new."""
    folder.mkdir()
    return folder


def known(folder: Path) -> dict[str, Any]:
    """What a server knows of the one that has example.com. from it."""
    request = {"command": "zones", "zones": ["example.com."]}
    (zone,) = ask(folder / "state/control.sock", request)["zones"]
    (row,) = zone["secondaries"]
    return dict(row)


def serial(server: ServerProcess, origin: str = ORIGIN) -> int | None:
    """Which version of a zone a server answers from."""
    answer = server.ask(origin, "SOA").answer
    return answer[0][0].serial if answer else None


def notify(
    origin: str = ORIGIN, number: int | None = None, rdclass: str = "IN", rtype: str = "SOA"
) -> dns.message.Message:
    """A NOTIFY, perhaps with a serial."""
    message = dns.message.make_query(origin, rtype, rdclass)
    message.flags = dns.flags.AA
    message.set_opcode(dns.opcode.NOTIFY)
    if number is not None:
        rrset = dns.rrset.from_text(origin, 300, "IN", "SOA", SOA.format(number))
        message.answer.append(rrset)
    return message


def tell(server: ServerProcess, message: dns.message.Message, source: str = PRIMARY) -> str:
    """What a server says to a message over UDP."""
    answer = dns.query.udp(message, "127.0.0.1", 5, server.port, source=source)
    return dns.rcode.to_text(answer.rcode())


@pytest.mark.parametrize("engine", ["native", "portable"])
def test_what_is_not_heeded(tmp_path: Path, figures: Figures, engine: str) -> None:
    """Acceptance 87, 89: whatever strangers say, and whatever nonsense a primary: nobody is
    asked because of it, and nothing changes.
    """
    with secondary(tmp_path, "--engine", engine) as (server, primary):
        primary.serial = 5
        assert "NOERROR" == tell(server, notify(number=5))
        wait_until(lambda: serial(server) == 5)
        asked, own = primary.asked, serial(server, "example.com.")
        strange = {
            "a stranger": tell(server, notify(number=7), STRANGER),
            "a stranger, without a serial": tell(server, notify(), STRANGER),
            "a stranger, a zone of our own": tell(server, notify("example.com."), STRANGER),
            "a primary of another zone": tell(server, notify("example.com.", 7)),
            "no such zone": tell(server, notify("example.net.", 7)),
        }
        nonsense = {
            "lower": tell(server, notify(number=4)),
            "equal": tell(server, notify(number=5)),
            "2^31 away": tell(server, notify(number=5 + (1 << 31))),
            "class CH": tell(server, notify(rdclass="CH")),
            "class ANY": tell(server, notify(rdclass="ANY")),
            "type ANY": tell(server, notify(rtype="ANY")),
            "type A": tell(server, notify(rtype="A")),
            "a cut SOA": tell_octets(server, notify(number=9).to_wire()[:-8]),
        }
        # What comes behind is heeded: so all of those have been seen.
        primary.serial = 6
        assert "NOERROR" == tell(server, notify(number=6))
        wait_until(lambda: serial(server) == 6)
        questions = primary.asked - asked
        assert own == serial(server, "example.com.")
    for name, said in (("87 from strangers", strange), ("89 nonsense", nonsense)):
        figures.add(f"{name}, {engine}", ", ".join(map(": ".join, said.items())))

    assert ["REFUSED"] * 4 + ["NOTAUTH"] == list(strange.values())
    assert ["NOERROR"] * 3 + ["REFUSED"] * 4 + ["FORMERR"] == list(nonsense.values())
    assert 1 == questions


def probe(server: ServerProcess) -> float:
    """In how many milliseconds 99 of 100 answers over UDP are there."""
    query, times = dns.message.make_query("example.com.", "MX"), []
    end = time.monotonic() + PROBE_SECONDS
    while time.monotonic() < end:
        begin = time.perf_counter()
        dns.query.udp(query, "127.0.0.1", 5, server.port)
        times.append((time.perf_counter() - begin) * 1000)
    return sorted(times)[len(times) * 99 // 100]


@contextmanager
def storming(port: int) -> Iterator[list[float]]:
    """A storm of NOTIFYs; how many were sent, and in how many seconds, once it is over."""
    message = notify(number=1 << 30).to_wire().hex()
    arguments = [sys.executable, "-c", STORM, str(port), str(STORM_RATE), message]
    outcome: list[float] = []
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as storm:
        yield outcome
        output, _ = storm.communicate("\n", WAIT_SECONDS)
        outcome += map(float, output.split())


def test_a_storm(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 88: one refresh at a time, one that waits, and no harm to others."""
    with (
        secondary(tmp_path) as (server, primary),
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as elsewhere,
    ):
        idle = probe(server)
        elsewhere.bind((PRIMARY, 0))
        with storming(elsewhere.getsockname()[1]):  # to send them takes its share, too
            beside = probe(server)
        asked = primary.asked
        with storming(server.port) as outcome:
            busy = probe(server)
            wait_until(lambda: primary.asked > asked)
        sent, seconds = outcome
        questions = primary.asked - asked
        # Once it is over, the next one is heeded as ever.
        primary.serial = 3
        wait_until(lambda: _is_heard(server, 3))
    rate = f"{sent / seconds:.0f} NOTIFYs a second for {seconds:.1f} s"
    figures.add("88 checks while it lasted", f"{questions} of {rate}")
    figures.add("88 refreshes under way at once, at most", str(primary.most_open))
    figures.add(
        "88 UDP, all but one in a hundred",
        f"{busy:.1f} ms; {beside:.1f} ms where as many go elsewhere, {idle:.1f} ms idle",
    )

    assert 1 == primary.most_open
    assert questions <= 2 + seconds / 0.5  # there is a pause between two
    assert busy < max(2 * beside, 250)


def _is_heard(server: ServerProcess, number: int) -> bool:
    """Tell it once more; whether it has the version by now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as teller:
        teller.sendto(notify(number=number).to_wire(), (PRIMARY, server.port))
    return serial(server) == number


@pytest.mark.parametrize("address", ADDRESSES)
def test_from_edit_to_secondary(tmp_path: Path, figures: Figures, address: str) -> None:
    """Two of our own: an edit of one is answered by the other, and the first one says so."""
    first, second = tmp_path / "first", tmp_path / "second"
    host = f"[{address}]" if ":" in address else address
    ports = free_port(), free_port()
    for folder, text in (
        (first, PRIMARY_SETTINGS.format(host=host, address=address, port=ports[1])),
        (second, SECONDARY_SETTINGS.format(host=host, port=ports[0])),
    ):
        write_zones(make_folder(folder))
        keys = folder / "keys.yaml"
        keys.write_text(KEYS)
        keys.chmod(0o600)
        (folder / "zoneserver.yaml").write_text(text)
    write_zones(first, example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    listen = [tuple(dict.fromkeys((f"{host}:{port}", f"127.0.0.1:{port}"))) for port in ports]
    with (
        running(first, listen=listen[0], watch=True) as primary,
        running(second, listen=listen[1]) as copy,
    ):
        wait_until(lambda: copy.exchanges("example.com.") == ["10 mail.example.com."])
        primary.log.wait_for(f"has example.com. serial {serial(primary, 'example.com.')}")
        begin = time.monotonic()
        write_zones(first, example_com=GOOD_ZONE.replace("preference: 10", "preference: 20"))
        wait_until(lambda: copy.exchanges("example.com.") == ["20 mail.example.com."])
        seconds = time.monotonic() - begin
        number = serial(primary, "example.com.")
        primary.log.wait_for(
            f"{re.escape(f'{host}:{ports[1]}')} has example.com. serial {number}"
        )
        wait_until(lambda: not known(first)["behind"])
        row = known(first)
    figures.add(f"87 from an edit to the secondary's answer, {address}", f"{seconds:.2f} s")

    assert (number, number) == (row["serial"], row["told"])
    assert time.time() - row["since"] < WAIT_SECONDS
