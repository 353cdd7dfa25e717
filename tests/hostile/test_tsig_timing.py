"""What the clock tells somebody who guesses signatures: nothing."""

import gc
import inspect
import math
import random
import statistics
import time
from dataclasses import replace

import pytest

from tests import octets as o
from tests.effort import examples
from tests.figures import Figures
from zoneserver.names import Name
from zoneserver.transfer import tsig
from zoneserver.transfer.keys import Key, Keyring
from zoneserver.transfer.tsig import Request, Signer, judge_request

NOW = 1_700_000_000
VERIFICATIONS = examples(200_000)
KEY = Key(Name.parse("ns2.example."), "hmac-sha256", bytes(range(32)))
OTHER = Key(Name.parse("ns3.example."), "hmac-sha256", KEY.secret)
QUESTION = o.message(o.opt(), asked=o.question("www.example"))
UNKNOWN = "unknown key"
SLOWEST = 10  # the slowest of so many are left out: what slowed them was something else
MOST_T = 4.5
MOST_SHARE = 0.05


def _guesses() -> dict[str, Request]:
    """A signature with its first octet wrong, its last one wrong, and one by another key."""
    signer = Signer(KEY)
    message = signer.sign(QUESTION, NOW)
    begin = message.index(signer.mac)
    guesses = {UNKNOWN: _read(Signer(OTHER).sign(QUESTION, NOW))}
    for what, at in (("first octet", begin), ("last octet", begin + len(signer.mac) - 1)):
        guess = bytearray(message)
        guess[at] ^= 1
        guesses[what] = _read(bytes(guess))
    return guesses


def _read(message: bytes) -> Request:
    """What is to be judged. How long a message takes to be read tells nothing of a secret."""
    request = judge_request(message, Keyring(), NOW)
    assert request is not None
    return replace(request, error=0)


def _time(guesses: dict[str, Request], rounds: int) -> dict[str, list[int]]:
    """How long each took, in nanoseconds, in turns whose order is random."""
    taken: dict[str, list[int]] = {what: [] for what in guesses}
    keyring, shuffle = Keyring((KEY,)), random.Random(1).shuffle
    turns = list(guesses.items())
    for _ in range(rounds):
        shuffle(turns)
        for what, request in turns:
            since = time.perf_counter_ns()
            tsig._judge(request, keyring, NOW)
            taken[what].append(time.perf_counter_ns() - since)
    return taken


def _variance(some: list[int]) -> float:
    """That of the standard library is exact, and takes seconds for so many."""
    mean = statistics.fmean(some)
    return math.fsum((each - mean) ** 2 for each in some) / (len(some) - 1)


def _welch(ones: list[int], others: list[int]) -> float:
    """Welch's t of two samples, without the slowest of both."""
    pooled = sorted(ones + others)
    most = pooled[len(pooled) - len(pooled) // SLOWEST]
    ones, others = ([each for each in some if each < most] for some in (ones, others))
    error = sum(_variance(some) / len(some) for some in (ones, others))
    return (statistics.fmean(ones) - statistics.fmean(others)) / math.sqrt(error)


@pytest.fixture
def _collected() -> object:
    """Nothing is collected meanwhile."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_collected")
def test_guesses_take_the_same_time(figures: Figures) -> None:
    """Acceptance 81: wherever the wrong octet is, and whether we have the key or not."""
    guesses = _guesses()
    unknown = guesses.pop(UNKNOWN)
    taken = _time(guesses, VERIFICATIONS // 2)
    t = _welch(*taken.values())
    figures.add("81 first octet wrong or last", f"|t| {abs(t):.2f} of {VERIFICATIONS}")

    both = _time({"known": guesses["last octet"], UNKNOWN: unknown}, VERIFICATIONS // 20)
    known, other = (statistics.median(some) for some in both.values())
    share = other / known - 1
    figures.add("81 unknown key", f"{share:+.1%} against {known / 1000:.0f} us")
    assert abs(t) < MOST_T
    assert abs(share) < MOST_SHARE


def test_signatures_are_compared_in_constant_time() -> None:
    """Acceptance 81: by hmac.compare_digest, and by nothing else."""
    source = inspect.getsource(tsig)

    assert source.count("hmac.compare_digest(") == 2
    assert not [line for line in source.splitlines() if "mac ==" in line or "mac !=" in line]
