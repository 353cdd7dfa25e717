"""Proxies in front of a server process: who asks is whom their PROXY headers name."""

import socket
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import dns.edns
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.certificates import NAME, make_pair
from tests.live.test_tls import CONFIGURATION, context_of
from tests.servers import GOOD_ZONE, ServerProcess, running, write_zones

PAIR = make_pair()
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"
INSIDE, OUTSIDE = "192.0.2.7", "198.51.100.7"
SETTINGS = f"""\
{CONFIGURATION}
proxy: {{from: {PROXY}}}
acl: {{allow_query: [192.0.2.0/24, 203.0.113.9, {STRANGER}]}}
transfer: {{allow: [{{from: {INSIDE}}}]}}
limits: {{rate: 20, slip: 0, exempt: 127.0.0.0/8}}
"""
QUERY = dns.message.make_query("example.com", "MX")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """One server for all tests here."""
    folder = tmp_path_factory.mktemp("proxy")
    write_zones(folder, example_com=GOOD_ZONE)
    (folder / "zoneserver.yaml").write_text(SETTINGS)
    PAIR.write(folder)
    with running(folder, "--config", "zoneserver.yaml", "--workers", "1") as process:
        yield process
        assert process.stop()[0] == 0


def header(client: str) -> bytes:
    """What a proxy says of a client; of itself where that is nobody."""
    start = bytes.fromhex("0d0a0d0a000d0a515549540a")
    if not client:
        return start + b"\x20\0\0\0"
    octets = ip_address(client).packed + ip_address("192.0.2.53").packed + b"\x9c\x40\0\x35"
    return start + b"\x21\x11" + len(octets).to_bytes(2, "big") + octets


def over_udp(
    server: ServerProcess,
    before: bytes,
    query: dns.message.Message = QUERY,
    source: str = PROXY,
) -> dns.message.Message | None:
    """The answer to a datagram with something before its query; None if there is none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((source, 0))
        client.settimeout(1)
        client.sendto(before + query.to_wire(), (PROXY, server.port))
        try:
            return dns.message.from_wire(client.recv(2048))
        except TimeoutError:
            return None


def over_stream(
    server: ServerProcess,
    before: bytes,
    query: dns.message.Message = QUERY,
    *,
    source: str = PROXY,
    tls: bool = False,
) -> dns.message.Message | None:
    """The answer over TCP or TLS; None where the connection is closed without one."""
    address = (PROXY, server.ports()[tls])
    with socket.create_connection(address, 5, (source, 0)) as plain:
        plain.sendall(before)
        try:
            client = context_of(PAIR).wrap_socket(plain, server_hostname=NAME) if tls else plain
            with client:
                dns.query.send_tcp(client, query)
                return dns.query.receive_tcp(client, time.time() + 5)[0]
        except (EOFError, OSError):
            return None


def rcode(answer: dns.message.Message | None) -> str:
    """What it says, in a word."""
    return "silence" if answer is None else dns.rcode.to_text(answer.rcode())


ROWS = [
    ("from a client inside", header(INSIDE), PROXY, "NOERROR"),
    ("from a client outside", header(OUTSIDE), PROXY, "REFUSED"),
    ("of the proxy itself, which may not ask", header(""), PROXY, "REFUSED"),
    ("from the proxy without a header", b"", PROXY, "silence"),
    ("a malformed header", header(INSIDE).replace(b"\x21\x11", b"\x21\x21"), PROXY, "silence"),
    ("from a stranger", b"", STRANGER, "NOERROR"),
]


@pytest.mark.parametrize(
    ("before", "source", "expected"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_who_asks(server: ServerProcess, before: bytes, source: str, expected: str) -> None:
    """`allow_query` goes by the client's address, on every transport alike."""
    assert [expected] * 3 == [
        rcode(over_udp(server, before, source=source)),
        rcode(over_stream(server, before, source=source)),
        rcode(over_stream(server, before, source=source, tls=True)),
    ]


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize(("client", "expected"), [(INSIDE, "NOERROR"), (OUTSIDE, "REFUSED")])
def test_zones_go_to_clients(
    server: ServerProcess, *, client: str, expected: str, tls: bool
) -> None:
    """Who may take a zone is a matter of the client, not of the proxy."""
    query = dns.message.make_query("example.com", "AXFR")
    answer = over_stream(server, header(client), query, tls=tls)
    assert rcode(answer).split()[0] == expected
    assert answer is not None
    assert bool(answer.answer) is (expected == "NOERROR")


def test_headers_of_strangers(server: ServerProcess) -> None:
    """They are not believed: nobody understands the datagram, the connections are closed."""
    before = header(INSIDE)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((STRANGER, 0))
        client.settimeout(5)
        client.sendto(before + QUERY.to_wire(), (PROXY, server.port))
        assert before[:2] + b"\x89\x04" + bytes(8) == client.recv(2048)
    assert "silence" == rcode(over_stream(server, before, source=STRANGER))
    assert "silence" == rcode(over_stream(server, before, source=STRANGER, tls=True))


def test_cookies_are_the_clients(server: ServerProcess) -> None:
    """One that was given to a client is worth nothing in the hands of another."""

    def ask(client: str, cookie: bytes) -> bytes:
        option = dns.edns.GenericOption(dns.edns.OptionType.COOKIE, cookie)
        query = dns.message.make_query("example.com", "MX", use_edns=0, options=[option])
        answer = over_udp(server, header(client), query)
        assert answer is not None
        (found,) = (each.to_wire() or b"" for each in answer.options if each.otype == 10)
        return found

    first = ask(INSIDE, b"8 octets")
    assert first == ask(INSIDE, first)
    assert first != ask("192.0.2.8", first)


def test_limits_are_the_clients(server: ServerProcess) -> None:
    """Clients are counted by their networks, though the proxy's own is exempt."""
    query = dns.message.make_query("www.example.com", "MX")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind((PROXY, 0))
        client.settimeout(0.5)
        for _ in range(200):
            client.sendto(header("203.0.113.9") + query.to_wire(), (PROXY, server.port))
        answered = 0
        try:
            while client.recv(2048):
                answered += 1
        except TimeoutError:
            pass
    assert 20 <= answered <= 60  # in at most three seconds of the clock


def test_native_engine_says_that_it_cannot(tmp_path: Path) -> None:
    """An error that tells the fix, before anything is bound."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    (tmp_path / "zoneserver.yaml").write_text("proxy: {from: 127.0.0.1}\nengine: native\n")
    with pytest.raises(AssertionError, match="the native engine"):  # noqa: SIM117
        with running(tmp_path, "--config", "zoneserver.yaml"):
            pass
