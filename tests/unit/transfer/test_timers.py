"""How long until a secondary zone is looked after again."""

from dataclasses import replace
from random import Random

import pytest

from zoneserver.names import Name
from zoneserver.records.rdata import SOA
from zoneserver.transfer.timers import JITTER, Timers

_NAME = Name.parse("example.org.")
USUAL = SOA(_NAME, _NAME, 1, 7200, 1800, 1_209_600, 3600)
FOREVER = (1 << 32) - 1


def _timers() -> Timers:
    return Timers(Random(1))


def _within(expected: float, seconds: float) -> bool:
    return expected * (1 - JITTER) <= seconds <= expected


@pytest.mark.parametrize(
    ("soa", "expected"),
    [
        (USUAL, 7200),
        (replace(USUAL, refresh=0), 2),
        (replace(USUAL, refresh=FOREVER, expire=FOREVER), 28 * 86_400),
        (replace(USUAL, refresh=7200, expire=600), 600),  # before it expires
        (replace(USUAL, refresh=0, expire=0), 2),
    ],
)
def test_refresh(soa: SOA, expected: float) -> None:
    """As the SOA says, within reason, and never later."""
    timers = _timers()
    assert all(_within(expected, timers.refresh(soa)) for _ in range(100))


@pytest.mark.parametrize(
    ("soa", "expected"),
    [
        (USUAL, [1800, 3600, 7200, 7200, 7200]),
        (replace(USUAL, retry=0), [1, 2, 4, 8, 16]),
        (replace(USUAL, retry=FOREVER), [7200, 7200]),
        (replace(USUAL, refresh=FOREVER, retry=FOREVER), [28 * 86_400]),
        (None, [5, 10, 20, 40, 60, 60]),
    ],
)
def test_retry(soa: SOA | None, expected: list[float]) -> None:
    """As the SOA says, twice as long after each failure, up to what a refresh takes."""
    waits = [_timers().retry(soa, failures) for failures in range(1, len(expected) + 1)]
    assert [True] * len(expected) == list(map(_within, expected, waits))


def test_retry_after_very_many_failures() -> None:
    """Numbers stay finite."""
    assert _within(60, _timers().retry(None, 1_000_000))


def test_many_zones_do_not_come_due_together() -> None:
    """A thousand zones with the same SOA."""
    timers = _timers()
    assert len({round(timers.refresh(USUAL)) for _ in range(1000)}) > 300


def test_expire() -> None:
    """To the second as the SOA says, but not at once."""
    assert [1_209_600, 3] == [
        _timers().expire(soa) for soa in (USUAL, replace(USUAL, expire=0))
    ]
