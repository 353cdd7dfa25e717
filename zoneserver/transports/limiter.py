"""Response rate limiting: what one network may get of one kind of answer in a second.

Against answers that are sent to somebody who did not ask. It knows no zones: each answer comes
with its kind and its account, the hash of the name that it is counted on.
"""

import enum
from dataclasses import dataclass

ENTRIES = 65_536  # accounts that are remembered
IPV4_PREFIX, IPV6_PREFIX = 3, 7  # octets: /24, /56


class Verdict(enum.Enum):
    """What becomes of an answer."""

    SEND = enum.auto()
    SLIP = enum.auto()  # sent short, so that who really asked comes back over TCP
    DROP = enum.auto()


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Answers a second: `rate` of one account, `errors` of the whole process; 0: no limit.

    Of those beyond the rate every `slip`-th is sent short. With `log_only` they are counted
    and sent. Loopback is not limited unless `loopback` says so.
    """

    rate: int = 200
    slip: int = 2
    errors: int = 100
    log_only: bool = False
    loopback: bool = False


@dataclass(slots=True)
class LimiterCounters:
    """Answers that were not sent as they were."""

    limited: int = 0
    slipped: int = 0
    errors_capped: int = 0


class RateLimiter:
    """Counts answers in windows of one second."""

    def __init__(self, limits: RateLimits, counters: LimiterCounters) -> None:
        self._limits = limits
        self._counters = counters
        self._second = 0
        self._sent: dict[tuple[bytes, int, int], int] = {}
        self._errors = 0

    def is_exempt(self, address: bytes) -> bool:
        """Whether an asker is not limited at all."""
        if self._limits.loopback:
            return False
        return address[0] == 127 if len(address) == 4 else address == _LOOPBACK

    def judge_error(self, second: int) -> Verdict:
        """Count an error answer against what the process may send of them."""
        if second != self._second:
            self._turn(second)
        self._errors += 1
        if not self._limits.errors or self._errors <= self._limits.errors:
            return Verdict.SEND
        self._counters.errors_capped += 1
        return Verdict.SEND if self._limits.log_only else Verdict.DROP

    def judge(self, address: bytes, kind: int, account: int, second: int) -> Verdict:
        """Count an answer to an asker against its account."""
        rate = self._limits.rate
        if not rate:
            return Verdict.SEND
        if second != self._second:
            self._turn(second)
        prefix = address[: IPV4_PREFIX if len(address) == 4 else IPV6_PREFIX]
        key, sent = (prefix, kind, account), self._sent
        count = sent[key] = sent.get(key, 0) + 1
        if count <= rate:
            if len(sent) > ENTRIES:  # the oldest gives way
                del sent[next(iter(sent))]
            return Verdict.SEND
        self._counters.limited += 1
        if self._limits.log_only:
            return Verdict.SEND
        if self._limits.slip and (count - rate) % self._limits.slip == 0:
            self._counters.slipped += 1
            return Verdict.SLIP
        return Verdict.DROP

    def _turn(self, second: int) -> None:
        """Start over with every second."""
        self._second = second
        self._sent.clear()
        self._errors = 0


_LOOPBACK = bytes(15) + b"\1"
