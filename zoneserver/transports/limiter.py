"""Response rate limiting: what one network may get of one kind of answer in a second.

Against answers that are sent to somebody who did not ask. It knows no zones: each answer comes
with its kind and its account, the hash of the name that it is counted on.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from zoneserver.networks import LOOPBACK, Networks
from zoneserver.transports.ledger import Ledger

IPV4_PREFIX, IPV6_PREFIX = 3, 7  # octets: /24, /56
_ADDRESSES = 4096  # of which it is remembered whether they are exempt


class Verdict(enum.Enum):
    """What becomes of an answer."""

    SEND = enum.auto()
    SLIP = enum.auto()  # sent short, so that who really asked comes back over TCP
    DROP = enum.auto()


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Answers a second: `rate` of one account, `errors` of the whole server; 0: no limit.

    Of those beyond the rate every `slip`-th is sent short, none where it is 0. With `log_only`
    they are counted and sent. Addresses in `exempt` are neither limited nor counted.
    """

    rate: int = 200
    slip: int = 2
    errors: int = 100
    log_only: bool = False
    exempt: Networks = LOOPBACK


@dataclass(slots=True)
class LimiterCounters:
    """Answers that were not sent as they were, or with `log_only` would not have been."""

    limited: int = 0
    slipped: int = 0
    errors_capped: int = 0


class RateLimiter:
    """Counts answers in windows of one second.

    `is_exempt` tells whether an asker is not limited at all.
    """

    def __init__(self, limits: RateLimits, counters: LimiterCounters, ledger: Ledger) -> None:
        self._limits = limits
        self._counters = counters
        self._ledger = ledger
        is_exempt = lru_cache(_ADDRESSES)(limits.exempt.__contains__)
        self.is_exempt: Callable[[bytes], bool] = is_exempt

    def judge_error(self, second: int) -> Verdict:
        """Count an error answer against what the server may send of them."""
        errors = self._limits.errors
        if not errors or self._ledger.count_error(second) <= errors:
            return Verdict.SEND
        self._counters.errors_capped += 1
        return Verdict.SEND if self._limits.log_only else Verdict.DROP

    def judge(self, address: bytes, kind: int, account: int, second: int) -> Verdict:
        """Count an answer to an asker against its account."""
        rate = self._limits.rate
        if not rate:
            return Verdict.SEND
        prefix = address[: IPV4_PREFIX if len(address) == 4 else IPV6_PREFIX]
        count = self._ledger.count(hash((prefix, kind, account)), second)
        if count <= rate:
            return Verdict.SEND
        self._counters.limited += 1
        if self._limits.log_only:
            return Verdict.SEND
        if self._limits.slip and (count - rate) % self._limits.slip == 0:
            self._counters.slipped += 1
            return Verdict.SLIP
        return Verdict.DROP
