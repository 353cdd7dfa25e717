"""The CPU time of an answer, measured so that a busy or a slow machine cannot spoil it."""

import sys
import time

from zoneserver.engine.respond import Transport, respond
from zoneserver.zone.zoneset import ZoneSet

# How much longer Python takes while something traces every line of it (coverage does).
_TRACED = 8
# Limits hold where a walk over 5,000 labels takes this long, in seconds; a slower machine is
# given as much more as it is slower. So a millisecond is never less than five such walks.
_WALK_SECONDS = 0.0002
_OCTETS = b"\x01a" * 5000


def allowance() -> float:
    """The factor by which limits are raised in this run."""
    slowness = max(1.0, _time_walk() / _WALK_SECONDS)
    return slowness * (_TRACED if sys.gettrace() else 1)


def cpu_time(zones: ZoneSet, octets: bytes, transport: Transport, *, rounds: int = 7) -> float:
    """The least of several rounds, in seconds."""
    times = []
    for _ in range(rounds):
        begin = time.thread_time()
        respond(zones, octets, transport)
        times.append(time.thread_time() - begin)
    return min(times)


def _time_walk() -> float:
    """What 5,000 labels cost to step over, in plain Python that has nothing to do with us."""
    times = []
    for _ in range(7):
        begin = time.thread_time()
        at = 0
        while at < len(_OCTETS):
            length = _OCTETS[at]
            if length > 63:
                break
            at += 1 + length
        times.append(time.thread_time() - begin)
    return min(times)
