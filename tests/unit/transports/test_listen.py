"""Where to listen: what is written, what is bound, what is said when it fails."""

import errno
import socket
from contextlib import closing, suppress

import pytest

from tests.servers import ADDRESSES
from zoneserver.errors import ConfigurationError, StartError
from zoneserver.transports import listen
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import bind, bind_shared, count_overflows, has_ipv6_loopback
from zoneserver.transports.listen_tls import bind_shared_tls

TRIES = 10


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("127.0.0.1:5300", Endpoint("127.0.0.1", 5300)),
        ("0.0.0.0:0", Endpoint("0.0.0.0", 0)),
        ("[::1]:53", Endpoint("::1", 53)),
        ("[fe80::1%lo]:65535", Endpoint("fe80::1%lo", 65535)),
    ],
)
def test_endpoint_is_read_and_written(text: str, endpoint: Endpoint) -> None:
    """The written form reads back the same."""
    assert Endpoint.parse(text) == endpoint
    assert str(endpoint) == text


@pytest.mark.parametrize(
    "text",
    [
        "", ":", "53", "127.0.0.1", "127.0.0.1:", ":53", "::1", "::1:53", "[::1]", "[::1]:",
        "[127.0.0.1]:53", "127.0.0.1:x", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1:١",
        "127.0.0.1:999999999999", "localhost:53", "192.0.2.256:53", "[::1:53", "127.1:53",
    ],
)  # fmt: skip
def test_what_is_no_endpoint_is_refused(text: str) -> None:
    """With a line that says what was meant to stand there."""
    with pytest.raises(ConfigurationError, match="cannot listen on"):
        Endpoint.parse(text)


@pytest.mark.parametrize("address", ADDRESSES)
def test_port_0_is_one_port_for_both(address: str) -> None:
    """UDP and TCP get the same number."""
    sockets = bind(Endpoint(address, 0))
    with sockets.udp, sockets.tcp:
        assert sockets.endpoint.port == sockets.udp.getsockname()[1]
        assert sockets.endpoint.port == sockets.tcp.getsockname()[1]


def test_port_0_tries_again_where_the_port_is_taken_on_tcp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The kernel's choice for UDP may be somebody's on TCP: another one is chosen."""
    open_socket, failures = listen._open_socket, [True, True]

    def fail_at_first(
        endpoint: Endpoint, kind: socket.SocketKind, *, shared: bool
    ) -> socket.socket:
        if kind == socket.SOCK_STREAM and failures:
            failures.pop()
            raise OSError(errno.EADDRINUSE, "injected")
        return open_socket(endpoint, kind, shared=shared)

    monkeypatch.setattr(listen, "_open_socket", fail_at_first)
    bind(Endpoint("127.0.0.1", 0)).close()

    assert not failures


@pytest.mark.parametrize(("kind", "word"), [("SOCK_DGRAM", "UDP"), ("SOCK_STREAM", "TCP")])
def test_port_in_use_is_named(kind: str, word: str) -> None:
    """The endpoint, the protocol, and what to do."""
    with socket.socket(socket.AF_INET, getattr(socket, kind)) as taken:
        taken.bind(("127.0.0.1", 0))
        if word == "TCP":
            taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(StartError, match=rf"127\.0\.0\.1:{port} \({word}\).*in use"):
            bind(Endpoint("127.0.0.1", port))


def test_address_of_another_host() -> None:
    """An address that is not ours."""
    with pytest.raises(StartError, match="no such address"):
        bind(Endpoint("198.51.100.1", 0))


def test_host_without_ipv6(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is found out by trying."""

    def fail(endpoint: Endpoint, kind: socket.SocketKind, *, shared: bool) -> socket.socket:
        raise OSError(errno.EADDRNOTAVAIL, f"injected for {endpoint} {kind} {shared}")

    monkeypatch.setattr(listen, "_open_socket", fail)
    assert not has_ipv6_loopback()


@pytest.mark.parametrize("address", ADDRESSES)
def test_shares_of_an_endpoint(address: str) -> None:
    """One port, and as many sockets on it as there are workers."""
    shares = bind_shared(Endpoint(address, 0), 3)
    ports = {each.getsockname()[1] for sockets in shares for each in (sockets.udp, sockets.tcp)}
    for sockets in shares:
        sockets.close()

    assert len(shares) == 3
    assert ports == {shares[0].endpoint.port}
    assert ports != {0}


def test_sharing_is_not_stealing() -> None:
    """A port that another server shares among its own workers is in use all the same."""
    (theirs,) = bind_shared(Endpoint("127.0.0.1", 0), 1)
    with theirs.udp, theirs.tcp, pytest.raises(StartError, match="in use"):
        bind_shared(theirs.endpoint, 2)


def test_shares_are_given_back_where_one_cannot_be_had(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The port is free again, and the reason is told."""
    opened: list[socket.socket] = []
    open_socket = listen._open_socket

    def fail_at_last(
        endpoint: Endpoint, kind: socket.SocketKind, *, shared: bool
    ) -> socket.socket:
        if len(opened) == 5:
            raise OSError(errno.ENOBUFS, "injected")
        opened.append(open_socket(endpoint, kind, shared=shared))
        return opened[-1]

    monkeypatch.setattr(listen, "_open_socket", fail_at_last)
    with pytest.raises(StartError, match="injected"):
        bind_shared(Endpoint("127.0.0.1", 0), 2)

    assert [each.fileno() for each in opened] == [-1] * 5


def test_unknown_scope() -> None:
    """A link-local address on an interface that does not exist."""
    with pytest.raises(StartError, match="cannot listen on"):
        bind(Endpoint("fe80::1%nosuch0", 0))


@pytest.mark.skipif("::1" not in ADDRESSES, reason="this host has no IPv6")
def test_both_families_share_a_port() -> None:
    """An IPv6 wildcard leaves IPv4 alone."""
    for _ in range(TRIES):  # a port that is free on one of them another program may have
        with closing(bind(Endpoint("::", 0))) as first, suppress(StartError):
            bind(Endpoint("0.0.0.0", first.endpoint.port)).close()
            return
    pytest.fail("no port could be shared")


def test_full_queue_is_counted() -> None:
    """Acceptance 101: what the kernel drops is no secret: it says how much that was."""
    with closing(bind(Endpoint("127.0.0.1", 0))) as sockets:
        sockets.udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            for _ in range(200):
                asking.sendto(bytes(512), ("127.0.0.1", sockets.endpoint.port))
        received = 0
        with suppress(BlockingIOError):
            while sockets.udp.recv(1024):
                received += 1

        assert 200 == received + count_overflows(sockets.udp)
        assert received < 200


def test_tls_is_on_tcp_alone() -> None:
    """All shares have one port, whose number is free on UDP, and which nobody else may have."""
    shares = bind_shared_tls(Endpoint("127.0.0.1", 0), 3)
    (port,) = {share.tcp.getsockname()[1] for share in shares}
    assert {Endpoint("127.0.0.1", port)} == {share.endpoint for share in shares}
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", port))
    with pytest.raises(StartError, match=r"127.0.0.1:\d+ \(TCP\): the port is in use"):
        bind_shared_tls(Endpoint("127.0.0.1", port), 3)
    for share in shares:
        share.tcp.close()
