"""Sockets that a service manager has bound."""

import os
import socket

import pytest

from zoneserver.errors import StartError
from zoneserver.transports.passed import take_sockets


def _passed(family: socket.AddressFamily, kind: socket.SocketKind, port: int = 0) -> int:
    """The descriptor of a bound socket."""
    with socket.socket(family, kind) as bound:
        bound.bind("" if family == socket.AF_UNIX else ("", port))
        return bound.detach()


def _pair() -> tuple[int, int, int]:
    """The descriptors of two sockets on one port, UDP and TCP, and the port."""
    while True:
        udp = _passed(socket.AF_INET, socket.SOCK_DGRAM)
        with socket.socket(fileno=os.dup(udp)) as bound:
            port = bound.getsockname()[1]
        try:
            return udp, _passed(socket.AF_INET, socket.SOCK_STREAM, port), port
        except OSError:  # another program has it over TCP
            os.close(udp)


def test_pairs_are_found() -> None:
    """Whatever their order; what was not listening yet, listens now."""
    udp, tcp, ports = zip(_pair(), _pair(), strict=True)
    taken = take_sockets([*udp, *reversed(tcp)])
    try:
        assert [str(each.endpoint) for each in taken] == [f"0.0.0.0:{port}" for port in ports]
        for each in taken:
            socket.create_connection(("127.0.0.1", each.endpoint.port), 5).close()
            assert (each.udp.gettimeout(), each.tcp.gettimeout()) == (0, 0)
            assert each.udp.getsockname() == each.tcp.getsockname()
    finally:
        for each in taken:
            each.close()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    ("family", "kind", "complaint"),
    [
        (socket.AF_INET, socket.SOCK_DGRAM, r"no socket .* over TCP \(ListenStream=\)"),
        (socket.AF_INET, socket.SOCK_STREAM, r"no socket .* over UDP \(ListenDatagram=\)"),
        (socket.AF_UNIX, socket.SOCK_DGRAM, r"descriptor \d+ is neither UDP nor TCP"),
        (socket.AF_INET6, socket.SOCK_DGRAM, r"is for IPv4, too; write BindIPv6Only=ipv6-only"),
    ],
)
def test_what_will_not_do(
    family: socket.AddressFamily, kind: socket.SocketKind, complaint: str
) -> None:
    """The error says which option of the unit is wrong."""
    with pytest.raises(StartError, match=complaint):
        take_sockets([_passed(family, kind)])


def test_what_is_no_socket() -> None:
    """It says so."""
    reading, writing = os.pipe()
    with pytest.raises(StartError, match="was passed, but it is no socket"):
        take_sockets([reading])
    os.close(writing)
    os.close(reading)
