"""Networks: what is written, and who is in them."""

import socket

import pytest

from zoneserver.errors import ConfigurationError
from zoneserver.networks import EVERYBODY, LOOPBACK, Networks

SOME = Networks.parse(["192.0.2.0/23", "198.51.100.7", "2001:db8::/33", "::1/128"])


def octets(address: str) -> bytes:
    """An address as sockets and limits have it."""
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


@pytest.mark.parametrize(
    ("address", "is_inside"),
    [
        ("192.0.2.0", True),
        ("192.0.3.255", True),
        ("192.0.1.255", False),
        ("192.0.4.0", False),
        ("198.51.100.7", True),
        ("198.51.100.6", False),
        ("2001:db8:7fff::1", True),
        ("2001:db8:8000::", False),
        ("::1", True),
        ("::2", False),
        ("::c000:200", False),
    ],
)
def test_inside(address: str, *, is_inside: bool) -> None:
    """By family, and by as many bits as are written."""
    assert is_inside == (octets(address) in SOME)


def test_everybody_and_nobody() -> None:
    """No bits are all addresses; no networks are none."""
    for address in ("0.0.0.0", "255.255.255.255", "::", "ffff::ffff"):
        assert octets(address) in EVERYBODY
        assert octets(address) not in Networks()


@pytest.mark.parametrize(
    ("address", "is_inside"),
    [("127.255.255.255", True), ("126.0.0.1", False), ("::1", True), ("7f00::1", False)],
)
def test_loopback(address: str, *, is_inside: bool) -> None:
    """All of 127.0.0.0/8, and ::1."""
    assert is_inside == (octets(address) in LOOPBACK)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("192.0.2.1/24", "did you mean 192.0.2.0/24?"),
        ("192.0.2.0/255.255.255.0", "did you mean 192.0.2.0/24?"),
        ("2001:db8::1/32", "did you mean 2001:db8::/32?"),
        ("192.0.2.0/33", "write ADDRESS/BITS"),
        ("192.0.2", "write ADDRESS/BITS"),
        ("localhost", "write ADDRESS/BITS"),
        ("", "write ADDRESS/BITS"),
    ],
)
def test_what_is_no_network(text: str, says: str) -> None:
    """It is refused, with what to write instead."""
    with pytest.raises(ConfigurationError) as caught:
        Networks.parse([text])
    assert says in str(caught.value)
