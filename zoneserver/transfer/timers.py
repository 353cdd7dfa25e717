"""When a secondary zone is looked after: the timers of its SOA (RFC 1035 3.3.13), kept sane."""

from random import Random

from zoneserver.records.rdata import SOA

# What an owner may ask for, in seconds: less would be a flood, more would be for ever.
LEAST_REFRESH, MOST_REFRESH = 2.0, 28 * 86_400.0
LEAST_RETRY = 1.0
LEAST_EXPIRE = 3.0
# Where there is no copy, there are no timers either, and the zone is answered SERVFAIL.
FIRST_RETRY, LAST_RETRY = 5.0, 60.0
JITTER = 0.1  # by so much it is sooner, so that many zones do not come due together


class Timers:
    """How long to wait, in seconds."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def refresh(self, soa: SOA) -> float:
        """From one check to the next; before the copy expires in any case."""
        seconds = min(max(LEAST_REFRESH, soa.refresh), MOST_REFRESH, self.expire(soa))
        return self._sooner(seconds)

    def retry(self, soa: SOA | None, failures: int) -> float:
        """From a check that failed to the next: twice as long with each failure in a row."""
        if soa is None:
            first, last = FIRST_RETRY, LAST_RETRY
        else:
            last = max(LEAST_REFRESH, soa.refresh)
            first = min(max(LEAST_RETRY, soa.retry), last)
        doublings = min(failures - 1, 32)
        return self._sooner(min(first * 2.0**doublings, last, MOST_REFRESH))

    def expire(self, soa: SOA) -> float:
        """From the last check that succeeded to when the copy is served no more."""
        return max(LEAST_EXPIRE, soa.expire)

    def _sooner(self, seconds: float) -> float:
        return seconds * (1 - JITTER * self._random.random())
