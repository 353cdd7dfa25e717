"""Rate limiting: what one network gets of one kind of answer in a second."""

import socket
from collections import Counter
from typing import Any

import pytest

from tests.figures import Figures
from zoneserver.networks import EVERYBODY, LOOPBACK, Networks
from zoneserver.transports.ledger import Ledger
from zoneserver.transports.limiter import LimiterCounters, RateLimiter, RateLimits, Verdict

SEND, SLIP, DROP = Verdict.SEND, Verdict.SLIP, Verdict.DROP
HERE = bytes((192, 0, 2, 1))


def _limiter(
    *, rate: int = 200, slip: int = 2, errors: int = 100, **others: Any
) -> tuple[RateLimiter, LimiterCounters]:
    counters = LimiterCounters()
    limits = RateLimits(rate, slip, errors, **others)
    return RateLimiter(limits, counters, Ledger()), counters


def _octets(address: str) -> bytes:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return socket.inet_pton(family, address)


@pytest.mark.parametrize(
    ("slip", "expected"),
    [
        (0, [SEND, SEND, SEND, DROP, DROP, DROP, DROP, DROP]),
        (1, [SEND, SEND, SEND, SLIP, SLIP, SLIP, SLIP, SLIP]),
        (2, [SEND, SEND, SEND, DROP, SLIP, DROP, SLIP, DROP]),
        (3, [SEND, SEND, SEND, DROP, DROP, SLIP, DROP, DROP]),
    ],
)
def test_rate_and_slip(slip: int, expected: list[Verdict]) -> None:
    """So many are sent; of those beyond, every slip-th goes short."""
    limiter, counters = _limiter(rate=3, slip=slip)

    assert expected == [limiter.judge(HERE, 0, 7, 100) for _ in expected]
    assert LimiterCounters(limited=5, slipped=expected.count(SLIP)) == counters


def test_every_second_is_new() -> None:
    """Whoever was over the rate has it again, and does not save it up."""
    limiter, _ = _limiter(rate=2, slip=0)
    verdicts = [limiter.judge(HERE, 0, 7, second) for second in (1, 1, 1, 2, 2, 2, 9, 9, 9)]

    assert [SEND, SEND, DROP] * 3 == verdicts


@pytest.mark.parametrize(
    ("first", "second", "is_shared"),
    [
        ("192.0.2.1", "192.0.2.255", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("2001:db8::1", "2001:db8:0:ff::1", True),
        ("2001:db8::1", "2001:db8:0:100::1", False),
        ("192.0.2.1", "c000:200::", False),
    ],
)
def test_networks(first: str, second: str, *, is_shared: bool) -> None:
    """A /24 and a /56 are one asker."""
    limiter, _ = _limiter(rate=1, slip=0)
    limiter.judge(_octets(first), 0, 7, 100)

    assert (DROP if is_shared else SEND) == limiter.judge(_octets(second), 0, 7, 100)


@pytest.mark.parametrize(("kind", "account"), [(1, 7), (0, 8)])
def test_kinds_and_accounts(kind: int, account: int) -> None:
    """Each is counted by itself."""
    limiter, _ = _limiter(rate=1, slip=0)
    limiter.judge(HERE, 0, 7, 100)

    assert SEND == limiter.judge(HERE, kind, account, 100)
    assert DROP == limiter.judge(HERE, kind, account, 100)


def test_errors_of_the_server() -> None:
    """All errors a second together, whoever they go to."""
    limiter, counters = _limiter(errors=2)
    verdicts = [limiter.judge_error(second) for second in (1, 1, 1, 1, 2, 2, 2)]

    assert [SEND, SEND, DROP, DROP, SEND, SEND, DROP] == verdicts
    assert LimiterCounters(errors_capped=3) == counters


def test_no_limits() -> None:
    """Zero is none."""
    limiter, counters = _limiter(rate=0, errors=0)

    assert {SEND} == {limiter.judge(HERE, 0, 7, 1) for _ in range(1000)}
    assert {SEND} == {limiter.judge_error(1) for _ in range(1000)}
    assert LimiterCounters() == counters


def test_log_only() -> None:
    """Acceptance 39: what would happen is counted, and does not happen."""
    limiter, counters = _limiter(rate=1, errors=1, log_only=True)

    assert [SEND] * 5 == [limiter.judge(HERE, 0, 7, 1) for _ in range(5)]
    assert [SEND] * 5 == [limiter.judge_error(1) for _ in range(5)]
    assert (4, 0, 4) == (counters.limited, counters.slipped, counters.errors_capped)


@pytest.mark.parametrize(("exempt", "is_exempt"), [(LOOPBACK, False), (EVERYBODY, True)])
def test_exempt(exempt: Networks, *, is_exempt: bool) -> None:
    """Acceptance 39: whoever is on the list, however often they come."""
    limiter, _ = _limiter(exempt=exempt)

    assert [is_exempt] * 2 == [limiter.is_exempt(HERE) for _ in range(2)]
    assert limiter.is_exempt(_octets("127.0.0.1"))


def test_a_limit_is_the_servers() -> None:
    """Whichever worker answers."""
    ledger, counters = Ledger(), LimiterCounters()
    one, other = (RateLimiter(RateLimits(rate=2, slip=0), counters, ledger) for _ in range(2))
    verdicts = [each.judge(HERE, 0, 7, 100) for each in (one, other, one, other)]

    assert [SEND, SEND, DROP, DROP] == verdicts


def test_memory_is_fixed(figures: Figures) -> None:
    """Acceptance 38: forged networks, three for each place there is, push out one another
    and nobody else. (The engine in Rust does this with a million, in its own tests.)
    """
    counters, ledger = LimiterCounters(), Ledger()
    limiter = RateLimiter(RateLimits(rate=5, slip=0), counters, ledger)
    client, guest = _octets("192.0.2.1"), _octets("198.51.100.1")
    sent = Counter(client for _ in range(9) if limiter.judge(client, 0, 7, 100) is SEND)
    for number in range(200_000):
        limiter.judge((number << 8).to_bytes(4, "big"), 0, 7, 100)
        if number % 20_000 == 0:
            sent[client] += limiter.judge(client, 0, 7, 100) is SEND
        if number % 50_000 == 0:
            sent[guest] += limiter.judge(guest, 0, 7, 100) is SEND
    figures.add("38 memory after 200,000 forged networks", f"{len(ledger.memory)} octets")
    figures.add("38 answers to those who keep to the rate", f"{sent[guest]} of 4")

    assert (4, 5) == (sent[guest], sent[client])
    assert len(ledger.memory) < 1 << 20
