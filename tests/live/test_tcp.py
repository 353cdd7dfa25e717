"""TCP clients of a server process (RFC 7766), as they are and as they should not be."""

import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import dns.edns
import dns.message
import dns.query
import pytest

from tests.servers import (
    ADDRESSES,
    ENDPOINTS,
    GOOD_ZONE,
    ServerProcess,
    running,
    write_zones,
)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all tests here: none of them may do it any harm."""
    folder = tmp_path_factory.mktemp("tcp")
    write_zones(folder, example_com=GOOD_ZONE)
    with running(folder, listen=ENDPOINTS) as process:
        yield process
        assert process.stop()[0] == 0
        assert process.log.rest() == []


def connect(server: ServerProcess, address: str = "127.0.0.1") -> socket.socket:
    """A connection whose every wait ends."""
    port = dict(zip(ADDRESSES, server.ports(), strict=True))[address]
    return socket.create_connection((address, port), 5)


def descriptors(server: ServerProcess) -> int:
    """How many files the process has open."""
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


@pytest.mark.parametrize("address", ADDRESSES)
def test_twenty_pipelined_queries(server: ServerProcess, address: str) -> None:
    """Acceptance 22: twenty answers, each to its question."""
    queries = [
        dns.message.make_query(f"host{index}.example.com", "MX", id=index)
        for index in range(20)
    ]
    with connect(server, address) as client:
        client.sendall(b"".join(each.to_wire(prepend_length=True) for each in queries))
        responses = [dns.query.receive_tcp(client, time.time() + 5)[0] for _ in queries]

    assert {each.id for each in responses} == {each.id for each in queries}
    by_id = {each.id: each for each in responses}
    assert all(query.is_response(by_id[query.id]) for query in queries)


def test_half_close(server: ServerProcess) -> None:
    """Acceptance 24: the answer comes after the client's FIN, then the server's."""
    query = dns.message.make_query("example.com", "MX")
    with connect(server) as client:
        dns.query.send_tcp(client, query)
        client.shutdown(socket.SHUT_WR)
        response, _ = dns.query.receive_tcp(client, time.time() + 5)
        rest = client.recv(1)

    assert query.is_response(response)
    assert rest == b""


def test_malformed_messages_leave_the_others_alone(server: ServerProcess) -> None:
    """Acceptance 27: whatever comes, a neighbour's connection answers."""
    query = dns.message.make_query("example.com", "MX")
    hostile = [b"\0\0", b"\0\x0c" + b"\xff" * 12, b"\xff" * 70_000, b"GET / HTTP/1.0\r\n\r\n"]
    with connect(server) as neighbour:
        for octets in hostile:
            with connect(server) as client:
                with suppress(OSError):  # it may be closed before all is sent
                    client.sendall(octets)
                    client.shutdown(socket.SHUT_WR)
                with pytest.raises((ConnectionError, EOFError)):
                    dns.query.receive_tcp(client, time.time() + 5)
            dns.query.send_tcp(neighbour, query)
            assert query.is_response(dns.query.receive_tcp(neighbour, time.time() + 5)[0])


def test_reset_in_the_middle(server: ServerProcess) -> None:
    """Acceptance 24: a client that goes with answers under way leaves nothing in the log."""
    query = dns.message.make_query("example.com", "MX").to_wire()
    for _ in range(50):
        with connect(server) as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            client.sendall((len(query).to_bytes(2, "big") + query) * 50)
    assert server.exchanges("example.com")


def test_visits_leave_no_descriptor(server: ServerProcess) -> None:
    """Two thousand connections that come and go."""
    before = descriptors(server)
    for _ in range(2000):
        connect(server).close()
    deadline = time.monotonic() + 5
    while descriptors(server) > before and time.monotonic() < deadline:
        assert server.ask("example.com", tcp=True).answer

    assert descriptors(server) <= before


def test_many_slow_clients_do_not_slow_others(server: ServerProcess) -> None:
    """Hundreds that send one octet and wait: UDP and new TCP clients are answered at once."""
    with ExitStack() as slow:
        for index in range(400):
            client = socket.create_connection(
                ("127.0.0.1", server.port), 5, (f"127.0.3.{1 + index % 40}", 0)
            )
            slow.enter_context(client).sendall(b"\0")
        begin = time.monotonic()
        for _ in range(20):
            assert server.exchanges("example.com")
            assert server.ask("example.com", tcp=True).answer
        elapsed = time.monotonic() - begin

    assert elapsed < 2.0


def test_idle_limit_is_told_to_who_asks(server: ServerProcess) -> None:
    """The default limit of 10 s, over TCP alone (RFC 7828)."""
    option = dns.edns.GenericOption(dns.edns.OptionType(11), b"")
    query = dns.message.make_query("example.com", "MX", use_edns=0, options=[option])
    over_tcp = dns.query.tcp(query, "127.0.0.1", 5, server.port)
    over_udp = dns.query.udp(query, "127.0.0.1", 5, server.port)

    assert [[b"\0\x64"], []] == [
        [each.to_wire() for each in reply.options if each.otype == option.otype]
        for reply in (over_tcp, over_udp)
    ]
