"""What transfers may hold of a server: how many at a time, how slow, and what others notice."""

import multiprocessing
import os
import select
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import dns.message
import dns.rcode
import pytest

from tests.certificates import NAME, make_pair
from tests.figures import Figures
from tests.live.test_tcp_limits import connect, p99, probe
from tests.live.test_workers import workers
from tests.servers import GOOD_ZONE, ServerProcess, running, write_zones

NAMES, TEXT = 250, "x" * 1_600
RECORDS = 4 * NAMES + 8  # with both copies of the SOA
QUERY = dns.message.make_query("example.com", "AXFR", use_edns=False)
WIRE = QUERY.to_wire(prepend_length=True)
SESSIONS, PROBES, WINDOW = 10, 200, 2304
SOURCE = "127.0.0.1"


TLS = "tls: {listen: 127.0.0.1:0, certificate: fullchain.pem, key: privkey.pem}\n"
PAIR = make_pair()
FORK = multiprocessing.get_context("fork")


@contextmanager
def serving(
    folder: Path, *words: str, names: int = NAMES, **limits: int
) -> Iterator[ServerProcess]:
    """A server of one worker with a zone of 1.3 MB, or another size, for whoever wants it."""
    large = "".join(
        f"n{number}: {{type: TXT, values: [{number}, a{TEXT}, b{TEXT}, c{TEXT}]}}\n"
        for number in range(names)
    )
    write_zones(folder, example_com=GOOD_ZONE + large)
    allowed = ["allow: [{from: [127.0.0.0/8]}]"]
    inner = ", ".join(allowed + [f"{name}: {value}" for name, value in limits.items()])
    (folder / "zoneserver.yaml").write_text(f"transfer: {{{inner}}}\nworkers: 1\n{TLS}")
    PAIR.write(folder)
    with running(folder, "--config", "zoneserver.yaml", *words) as server:
        yield server


def begin(server: ServerProcess, receive_octets: int = 0) -> socket.socket:
    """A connection on which the zone is wanted."""
    client = connect(server, SOURCE, receive_octets)
    client.sendall(WIRE)
    return client


def take(client: socket.socket) -> int:
    """Read a transfer to its end; how many records came."""
    records, received = 0, bytearray()
    while records < RECORDS and (octets := client.recv(1 << 18)):
        received += octets
        while len(received) >= 2 + (length := int.from_bytes(received[:2], "big")):
            records += int.from_bytes(received[8:10], "big")
            del received[: 2 + length]
    return records


def has_come(client: socket.socket, seconds: float = 10) -> bool:
    """Whether there is something to read within so many seconds."""
    return bool(select.select([client], [], [], seconds)[0])


def has_failed(client: socket.socket) -> bool:
    """Whether the other side has cut the connection."""
    poll = select.poll()
    poll.register(client, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))


def test_eleventh_waits(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 91: ten hold all there is; the eleventh has its zone when one of them goes."""
    with serving(tmp_path) as server, ExitStack() as stack:
        deaf = [stack.enter_context(begin(server, WINDOW)) for _ in range(SESSIONS)]
        assert all(has_come(each) for each in deaf)
        waiting = stack.enter_context(begin(server))
        is_early = has_come(waiting, 1)
        deaf[0].close()
        start = time.monotonic()
        records = take(waiting)
    seconds = time.monotonic() - start
    figures.add(
        f"91 transfer beside {SESSIONS}", f"waits, whole {seconds:.2f} s after one goes"
    )

    assert not is_early
    assert records == RECORDS


def test_refused_after_a_while(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 91: who has waited for too long is told so, and may ask again."""
    with (
        serving(tmp_path, names=8 * NAMES, sessions=1, stall=1) as server,
        begin(server, 1 << 16) as slow,
    ):
        assert has_come(slow)
        with begin(server) as waiting:
            start = time.monotonic()
            # What it takes in a second is far more than makes the kernel want the next message,
            # and far less than the zone.
            while not has_come(waiting, 0.02):
                slow.recv(1 << 15)
            seconds = time.monotonic() - start
            length = int.from_bytes(waiting.recv(2), "big")
            answer = dns.message.from_wire(waiting.recv(length))
    figures.add("91 transfer that has waited for 1 s", f"REFUSED after {seconds:.2f} s")

    assert answer.rcode() == dns.rcode.REFUSED
    assert answer.id == QUERY.id
    assert not answer.answer


@pytest.mark.parametrize("octets", [0, 1])
def test_client_with_a_tiny_window(tmp_path: Path, figures: Figures, octets: int) -> None:
    """Acceptance 30: who takes an octet at a time, or none, is cut off; no other notices."""
    with serving(tmp_path, stall=2) as server:
        idle = [probe(server) for _ in range(PROBES)]
        client = begin(server, 1)
        assert has_come(client)
        start, busy = time.monotonic(), []
        while not has_failed(client):
            busy.append(probe(server))
            assert time.monotonic() < start + 15
            with suppress(ConnectionError):
                client.recv(octets)
        seconds = time.monotonic() - start
        server.log.wait_for("could not be sent to 127.0.0.1: it took too long")
        client.close()
    figures.add(
        f"30 transfer of 1.3 MB, {octets} octets taken at a time",
        f"cut after {seconds:.1f} s at a limit of 2; UDP p99 {p99(busy) * 1000:.1f} ms, "
        f"idle {p99(idle) * 1000:.1f} ms",
    )
    assert seconds < 10
    assert p99(busy) < max(2 * p99(idle), 0.25)


@pytest.mark.parametrize("engine", ["native", "portable"])
def test_udp_while_zones_go_out(tmp_path: Path, figures: Figures, engine: str) -> None:
    """Acceptance 91: ten transfers at a time, and UDP is answered as soon as before."""
    if engine == "native" and find_spec("zoneserver._fastpath") is None:
        pytest.skip("the native engine is not built")
    with serving(tmp_path, "--engine", engine) as server:
        idle = [probe(server) for _ in range(PROBES)]
        takers = [FORK.Process(target=take_again, args=(server,)) for _ in range(10)]
        for taker in takers:
            taker.start()
        busy = []
        while any(taker.is_alive() for taker in takers):
            busy.append(probe(server))
        for taker in takers:
            taker.join(10)
    figures.add(
        f"91 UDP beside ten transfers at a time, {engine}",
        f"p99 {p99(busy) * 1000:.1f} ms, idle {p99(idle) * 1000:.1f} ms",
    )
    assert [taker.exitcode for taker in takers] == [0] * 10
    assert p99(busy) < max(3 * p99(idle), 0.25)


def take_again(server: ServerProcess) -> None:
    """Take the zone twenty times, as somebody who leaves this machine's processors alone."""
    os.nice(19)
    for _ in range(20):
        with begin(server) as client:
            assert take(client) == RECORDS


def begin_tls(server: ServerProcess, receive_octets: int = 0) -> ssl.SSLSocket:
    """As `begin`, over TLS."""
    client = socket.socket()
    if receive_octets:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_octets)
    client.settimeout(10)
    client.connect((SOURCE, server.ports()[1]))
    context = ssl.create_default_context(cadata=PAIR.certificate.decode())
    encrypted = context.wrap_socket(client, server_hostname=NAME)
    encrypted.sendall(WIRE)
    return encrypted


@pytest.mark.parametrize("engine", ["native", "portable"])
def test_over_tls(tmp_path: Path, figures: Figures, engine: str) -> None:
    """RFC 9103: the zone comes whole to who listens, and who does not is cut off."""
    if engine == "native" and find_spec("zoneserver._fastpath") is None:
        pytest.skip("the native engine is not built")
    with serving(tmp_path, "--engine", engine, stall=2) as server, ExitStack() as stack:
        deaf = stack.enter_context(begin_tls(server, WINDOW))
        start = time.monotonic()
        for _ in range(3):
            with begin_tls(server) as client:
                assert take(client) == RECORDS
        server.log.wait_for("could not be sent to 127.0.0.1")
        seconds = time.monotonic() - start
        with suppress(OSError):
            read_all(deaf)
        assert probe(server) < 5
    figures.add(
        f"30 deaf client over TLS, {engine}", f"cut after {seconds:.1f} s at a limit of 2"
    )


def test_courier_is_replaced(tmp_path: Path) -> None:
    """A transfer that is wanted while there is no courier waits for the next one."""
    with serving(tmp_path) as server:
        (pid,) = workers(server, "courier")
        with begin(server, WINDOW) as deaf, begin(server) as client:
            assert has_come(deaf)
            assert take(client) == RECORDS
            os.kill(pid, signal.SIGKILL)
            server.log.wait_for("the courier ended by signal SIGKILL; it is replaced")
            with suppress(ConnectionResetError):
                read_all(deaf)
        with begin(server) as client:
            assert take(client) == RECORDS
        (successor,) = workers(server, "courier")
        assert successor != pid
        assert server.stop()[0] == 0


def read_all(client: socket.socket) -> None:
    """To the end of it."""
    while client.recv(1 << 18):
        pass
