"""Rate limiting: what one network gets of one kind of answer in a second."""

import socket
from collections import Counter

import pytest

from zoneserver.transports import limiter as module
from zoneserver.transports.limiter import LimiterCounters, RateLimiter, RateLimits, Verdict

SEND, SLIP, DROP = Verdict.SEND, Verdict.SLIP, Verdict.DROP
HERE = bytes((192, 0, 2, 1))


def _limiter(
    *, rate: int = 200, slip: int = 2, errors: int = 100, **flags: bool
) -> tuple[RateLimiter, LimiterCounters]:
    counters = LimiterCounters()
    return RateLimiter(RateLimits(rate, slip, errors, **flags), counters), counters


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


def test_errors_of_the_process() -> None:
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
    """What would happen is counted, and does not happen."""
    limiter, counters = _limiter(rate=1, errors=1, log_only=True)

    assert [SEND] * 5 == [limiter.judge(HERE, 0, 7, 1) for _ in range(5)]
    assert [SEND] * 5 == [limiter.judge_error(1) for _ in range(5)]
    assert (4, 0, 4) == (counters.limited, counters.slipped, counters.errors_capped)


@pytest.mark.parametrize(
    ("address", "is_exempt"),
    [
        ("127.0.0.1", True),
        ("127.255.255.255", True),
        ("126.255.255.255", False),
        ("::1", True),
        ("::2", False),
        ("7f00::1", False),
    ],
)
def test_loopback_is_exempt(address: str, *, is_exempt: bool) -> None:
    """Unless it is told otherwise."""
    default, _ = _limiter()
    told, _ = _limiter(loopback=True)

    assert is_exempt == default.is_exempt(_octets(address))
    assert not told.is_exempt(_octets(address))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forged networks push one another out, however many there are."""
    monkeypatch.setattr(module, "ENTRIES", 100)
    limiter, _ = _limiter(rate=1, slip=0)
    verdicts = Counter(
        limiter.judge(number.to_bytes(4, "big"), 0, 7, 1) for number in range(0, 2**20, 256)
    )

    assert Counter({SEND: 4096}) == verdicts
    assert len(limiter._sent) == 100
