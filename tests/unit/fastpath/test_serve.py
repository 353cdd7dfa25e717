"""The native engine on loopback sockets: who is answered, from where, and how it ends."""

import os
import socket
import time
from contextlib import suppress
from typing import Any

import dns.flags
import dns.message
import pytest

from tests.servers import ADDRESSES
from tests.unit.fastpath.engines import Serving, asking, make_engine, serving

QUERY = dns.message.make_query("example.", "MX", use_edns=0, id=0x1234).to_wire()
NOTIFY = QUERY[:2] + b"\x20" + QUERY[3:]
NOTIMP = QUERY[:2] + b"\xa0\4" + bytes(8)
# Linux binds the wildcard on request; what a neighbour's port may be is up to the host.
WILDCARDS = [("0.0.0.0", "127.0.0.5"), ("::", "::1")][: len(ADDRESSES)]


def exchange(server: Serving, message: bytes, address: str = "127.0.0.1") -> bytes:
    """The answer to a message."""
    with asking(address) as client:
        client.sendto(message, (address, server.port))
        return client.recv(65_535)


def counted(server: Serving) -> dict[str, int]:
    """What was counted, without what was not."""
    return {name: count for name, count in server.engine.counters().items() if count}


@pytest.mark.parametrize("address", ADDRESSES)
def test_answers(address: str) -> None:
    """A query gets the answer that `answer` gives, and is counted."""
    with serving(address) as server:
        expected = make_engine().answer(QUERY, False, bytes(4), 0)
        assert expected == exchange(server, QUERY, address)
        server.engine.stop()
        assert {"received": 1, "answered": 1} == counted(server)


@pytest.mark.parametrize(("address", "asked"), WILDCARDS)
def test_answer_leaves_from_the_address_that_was_asked(address: str, asked: str) -> None:
    """On a wildcard too, from the loop and from Python: a resolver takes no other."""
    with serving(address) as server, asking("::1" if ":" in asked else "127.0.0.9") as client:
        client.sendto(QUERY, (asked, server.port))
        assert (asked, server.port) == client.recvfrom(512)[1][:2]
        client.sendto(NOTIFY, (asked, server.port))
        (pending,) = server.take()
        pending.send(NOTIMP)
        assert (asked, server.port) == client.recvfrom(512)[1][:2]


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_handed_over(address: str) -> None:
    """The message and who sent it; what Python answers goes back to there."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with serving(address) as server, asking(address) as client:
        client.sendto(NOTIFY, (address, server.port))
        (pending,) = server.take()
        assert NOTIFY == pending.message
        assert socket.inet_pton(family, address) == pending.address
        assert client.getsockname()[1] == pending.port
        pending.send(NOTIMP)
        assert NOTIMP == client.recv(512)
        assert [] == server.engine.take(1)
        server.engine.stop()
        expected = {"received": 1, "handed_over": 1, "answered": 1}
        assert expected == counted(server)


@pytest.mark.parametrize("octets", [4096, 65_507])
def test_datagram_of_any_length_is_handed_over_whole(octets: int) -> None:
    """What the kernel lets through reaches Python."""
    message = NOTIFY + bytes(octets - len(NOTIFY))
    with serving() as server, asking() as client:
        client.sendto(message, ("127.0.0.1", server.port))
        (pending,) = server.take()
        assert message == pending.message


def test_queue_is_bounded() -> None:
    """A thousand queries wait for Python; what goes beyond is counted and forgotten."""
    with serving() as server, asking() as client:
        for _ in range(1100):
            client.sendto(NOTIFY, ("127.0.0.1", server.port))
        client.sendto(QUERY, ("127.0.0.1", server.port))
        assert QUERY[:2] == client.recv(512)[:2]
        server.engine.stop()
        assert 1 == os.eventfd_read(server.wake)  # woken once, for all of them
        assert 1024 == len(server.engine.take(2000))
        assert 76 == counted(server)["queue_full"]


@pytest.mark.parametrize("port", [7, 13, 19, 37])
def test_ports_that_would_loop_are_not_heard(port: int) -> None:
    """Acceptance 9: echo, discard's neighbours and time get no answer."""
    with serving() as server, asking(port=port) as client:
        client.sendto(QUERY, ("127.0.0.1", server.port))
        exchange(server, QUERY)
        server.engine.stop()
        assert 1 == counted(server)["dropped_ports"]
        client.setblocking(False)
        with pytest.raises(BlockingIOError):
            client.recv(512)


def test_kpasswd_port_gets_no_errors() -> None:
    """Acceptance 9: port 464 answers an error with an error."""
    with serving() as server, asking(port=464) as client:
        client.sendto(QUERY, ("127.0.0.1", server.port))
        client.sendto(NOTIFY, ("127.0.0.1", server.port))
        (pending,) = server.take()
        pending.send(NOTIMP)
        server.engine.stop()
        assert 2 == counted(server)["dropped_ports"]


def test_silence_is_counted() -> None:
    """Answers and fragments of headers get none."""
    with serving() as server, asking() as client:
        for message in (b"", QUERY[:11], NOTIMP, QUERY):
            client.sendto(message, ("127.0.0.1", server.port))
        assert QUERY[:2] == client.recv(512)[:2]
        server.engine.stop()
        assert 3 == counted(server)["dropped_short"]


def _ask_many(server: Serving, many: int) -> int:
    """How many of so many queries are answered."""
    with asking() as client:
        for _ in range(many):
            client.sendto(QUERY, ("127.0.0.1", server.port))
        server.engine.stop()
        client.setblocking(False)
        answered = 0
        with suppress(BlockingIOError):
            while client.recv(512):
                answered += 1
    return answered


@pytest.mark.parametrize(
    ("settings", "counter"),
    [({"rate": 10, "slip": 2}, "limited"), ({"errors": 10}, "errors_capped")],
    ids=["rate", "errors"],
)
def test_limits(settings: dict[str, Any], counter: str) -> None:
    """Errors over the rate are dropped, slip or not; over one second or two."""
    with serving(**settings, exempt=()) as server:
        answered = _ask_many(server, 200)
        assert answered in (10, 20)
        assert 200 - answered == counted(server)[counter]


@pytest.mark.parametrize("settings", [{"log_only": True, "exempt": ()}, {}])
def test_limits_that_keep_nothing_back(settings: dict[str, Any]) -> None:
    """Only counted, or not even that for loopback, which is exempt."""
    with serving(**settings, rate=1, errors=1) as server:
        assert 50 == _ask_many(server, 50)
        assert bool(settings) == ("errors_capped" in counted(server))


def test_stop_answers_what_is_queued() -> None:
    """Queries that have come before the stop are answered, and it takes half a second."""
    with serving() as server, asking() as client:
        for _ in range(200):
            client.sendto(QUERY, ("127.0.0.1", server.port))
        started = time.monotonic()
        server.engine.stop()
        assert time.monotonic() - started < 0.5
        assert [QUERY[:2]] * 200 == [client.recv(512)[:2] for _ in range(200)]


def test_beats() -> None:
    """The number grows while the loop waits."""
    with serving() as server:
        first, deadline = server.engine.beats(), time.monotonic() + 3
        while server.engine.beats() == first:
            assert time.monotonic() < deadline


def test_descriptors_that_are_no_sockets() -> None:
    """What cannot be served is said, and nothing is."""
    wake = os.eventfd(0)
    try:
        with pytest.raises(OSError, match="descriptor"):
            make_engine().serve([-1], wake)
        with pytest.raises(OSError, match="socket"):
            make_engine().serve([wake], wake)
    finally:
        os.close(wake)


def test_it_serves_once() -> None:
    """A second call is refused."""
    with serving() as server, pytest.raises(OSError, match="already"):
        server.engine.serve([], server.wake)
