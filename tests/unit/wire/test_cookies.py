"""DNS cookies: the examples of RFC 9018, their ages, and the secrets they are made with."""

import socket
from typing import NamedTuple

import pytest

from zoneserver.wire.cookies import Cookies, siphash24

OLD = bytes.fromhex("e5e973e5a6b2a43f48e7dc849e37bfcf")
MADE = 1_559_731_985
COOKIE = bytes.fromhex("2464c4abcf10c957010000005cf79f111f8130c3eee29480")
ADDRESS = socket.inet_aton("198.51.100.100")


class Example(NamedTuple):
    """Who asks with which cookie, when, and what is answered with."""

    secrets: tuple[str, ...]
    address: str
    asked: str
    now: int
    answered: str
    is_valid: bool

    @property
    def octets(self) -> bytes:
        """The address."""
        family = socket.AF_INET6 if ":" in self.address else socket.AF_INET
        return socket.inet_pton(family, self.address)

    @property
    def cookies(self) -> Cookies:
        """The server's."""
        return Cookies(tuple(map(bytes.fromhex, self.secrets)))


EXAMPLES = {
    "A.1: a first cookie": Example(
        ("e5e973e5a6b2a43f48e7dc849e37bfcf",),
        "198.51.100.100",
        "2464c4abcf10c957",
        1559731985,
        "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
        is_valid=False,
    ),
    "A.2: one that is renewed": Example(
        ("e5e973e5a6b2a43f48e7dc849e37bfcf",),
        "198.51.100.100",
        "2464c4abcf10c957010000005cf79f111f8130c3eee29480",
        1559734385,
        "2464c4abcf10c957010000005cf7a871d4a564a1442aca77",
        is_valid=True,
    ),
    "A.3: another client's, too old": Example(
        ("e5e973e5a6b2a43f48e7dc849e37bfcf",),
        "203.0.113.203",
        "fc93fc62807ddb8601abcdef5cf78f71a314227b6679ebf5",
        1559734700,
        "fc93fc62807ddb86010000005cf7a9acf73a7810aca2381e",
        is_valid=False,
    ),
    "A.4: IPv6 and a new secret": Example(
        ("445536bcd2513298075a5d379663c962", "dd3bdf9344b678b185a6f5cb60fca715"),
        "2001:db8:220:1:59de:d0f4:8769:82b8",
        "22681ab97d52c298010000005cf7c57926556bd0934c72f8",
        1559741961,
        "22681ab97d52c298010000005cf7c609a6bb79d16625507a",
        is_valid=True,
    ),
}


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=EXAMPLES.keys())
def test_examples_of_rfc_9018(example: Example) -> None:
    """Acceptance 41: appendix A, octet for octet."""
    asked = bytes.fromhex(example.asked)

    assert example.answered == example.cookies.reply(asked, example.octets, example.now).hex()
    assert example.is_valid == example.cookies.is_valid(asked, example.octets, example.now)


def test_reserved_octets_are_hashed_as_they_came() -> None:
    """A.3 once more, while it was young: RFC 9018 4.2 leaves them to other servers."""
    example = EXAMPLES["A.3: another client's, too old"]

    assert example.cookies.is_valid(bytes.fromhex(example.asked), example.octets, 1559727985)


# The first of the reference implementation's 64, for the key 00..0f and the message 00..(n-1).
SIPHASH = """
    310e0edd47db6f72 fd67dc93c539f874 5a4fa9d909806c0d 2d7efbd796666785
    b7877127e09427cf 8da699cd64557618 cee3fe586e46c9cb 37d1018bf50002ab
    6224939a79f5f593 b0e4a90bdf82009e f3b9dd94c5bb5d7a a7ad6b22462fb3f4
    fbe50e86bc8f1e75 903d84c02756ea14 eef27a8e90ca23f7 e545be4961ca29a1
"""


@pytest.mark.parametrize(("octets", "expected"), list(enumerate(SIPHASH.split())))
def test_siphash(octets: int, expected: str) -> None:
    """Every length of a last word, and two words."""
    assert expected == siphash24(bytes(range(16)), bytes(range(octets))).hex()


@pytest.mark.parametrize(
    ("age", "is_valid", "is_echoed"),
    [
        (-301, False, False),
        (-300, True, True),
        (0, True, True),
        (1800, True, True),
        (1801, True, False),
        (3600, True, False),
        (3601, False, False),
        (2**31 - 1, False, False),
        (2**31, False, False),
    ],
)
def test_ages(age: int, *, is_valid: bool, is_echoed: bool) -> None:
    """Acceptance 41: RFC 9018 4.3: half an hour as it is, an hour at all, and five minutes for
    clocks that differ.
    """
    cookies = Cookies((OLD,))

    assert is_valid == cookies.is_valid(COOKIE, ADDRESS, MADE + age)
    assert is_echoed == (cookies.reply(COOKIE, ADDRESS, MADE + age) == COOKIE)


def test_timestamps_wrap() -> None:
    """4.3: they are compared as serials are, so 2106 is no end."""
    cookies = Cookies((OLD,))
    made = cookies.reply(COOKIE[:8], ADDRESS, 2**32 - 1)

    assert b"\xff\xff\xff\xff" == made[12:16]
    assert cookies.is_valid(made, ADDRESS, 2**32 + 100)
    assert made == cookies.reply(made, ADDRESS, 2**32 + 100)
    assert not cookies.is_valid(made, ADDRESS, 2**32 + 3600)


@pytest.mark.parametrize("at", range(24))
def test_every_octet_counts(at: int) -> None:
    """Acceptance 41: a cookie that is not the one we gave is worth nothing."""
    other = bytearray(COOKIE)
    other[at] ^= 1

    assert not Cookies((OLD,)).is_valid(bytes(other), ADDRESS, MADE)


@pytest.mark.parametrize("octets", [8, 16, 23, 25, 40])
def test_other_lengths(octets: int) -> None:
    """Acceptance 41: nor is one of another kind of server; the answer has one of ours."""
    cookie = (COOKIE + bytes(16))[:octets]
    cookies = Cookies((OLD,))

    assert not cookies.is_valid(cookie, ADDRESS, MADE)
    assert COOKIE == cookies.reply(cookie, ADDRESS, MADE)


@pytest.mark.parametrize("address", ["198.51.100.101", "::ffff:198.51.100.100"])
def test_other_addresses(address: str) -> None:
    """Acceptance 41: a cookie is good for who got it."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET

    assert not Cookies((OLD,)).is_valid(COOKIE, socket.inet_pton(family, address), MADE)


def test_secrets_in_turn() -> None:
    """Acceptance 41: RFC 9018 5: the previous one is accepted, the current one alone is
    used.
    """
    rolled, gone = Cookies((bytes(16), OLD)), Cookies((bytes(16),))
    renewed = rolled.reply(COOKIE, ADDRESS, MADE)

    assert rolled.is_valid(COOKIE, ADDRESS, MADE)
    assert renewed != COOKIE
    assert gone.is_valid(renewed, ADDRESS, MADE)
    assert not gone.is_valid(COOKIE, ADDRESS, MADE)


def test_secrets_are_not_shown() -> None:
    """In no traceback and no log."""
    assert OLD.hex() not in repr(Cookies((OLD,)))
    assert repr(OLD) not in repr(Cookies((OLD,)))
