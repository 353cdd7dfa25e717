"""Servers take turns, so that a busy moment of the machine hits all of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from benchmarks import accounting, dnsperf
from benchmarks.figures import percentile
from benchmarks.queries import write_queries
from tests.peers import Server

WARM_UP_SECONDS = 1
# More than any server here answers in a second, so that none is asked anything twice.
QUERIES_PER_SECOND = 150_000


@dataclass
class Measured:
    """What was measured of one server, one value for each round.

    `microseconds` of processor time for each answer, `p50` and `p99` the latency in
    microseconds that half and 99 % of the answers did not exceed (if the load has a rate).
    """

    per_second: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)
    lost: int = 0


@dataclass(frozen=True)
class Questions:
    """What is asked: the kinds of queries and their shares, about a zone of `names` names."""

    kinds: Mapping[str, int]
    names: int


def take_turns(
    servers: Mapping[str, Server],
    questions: Questions,
    load: dnsperf.Load,
    *,
    rounds: int,
    seconds: int,
) -> dict[str, Measured]:
    """Warm every server up, then measure each in every round.

    The queries of a round are the same for all servers and new to them: nobody can answer
    for a random name out of a cache. `load.queries` is where they are written.
    """
    results = {label: Measured() for label in servers}
    count = (load.rate or QUERIES_PER_SECOND) * seconds
    for number in range(rounds + 1):
        write_queries(
            load.queries, questions.kinds, names=questions.names, count=count, seed=number
        )
        for label, server in servers.items():
            if number:
                measure(server, load, seconds, results[label])
            else:
                full_speed = replace(load, rate=None)
                dnsperf.ask(full_speed, server.port, WARM_UP_SECONDS)
    return results


def measure(server: Server, load: dnsperf.Load, seconds: int, measured: Measured) -> None:
    """One round of one server, added to `measured`."""
    before = accounting.processor_seconds(server.pid)
    text = dnsperf.ask(load, server.port, seconds)
    used = accounting.processor_seconds(server.pid) - before
    summary = dnsperf.parse_summary(text)
    measured.per_second.append(summary.per_second)
    measured.microseconds.append(used / summary.completed * 1e6)
    measured.lost += summary.lost
    if load.rate is not None:
        latencies = [seconds * 1e6 for seconds in dnsperf.parse_latencies(text)]
        measured.p50.append(percentile(latencies, 50))
        measured.p99.append(percentile(latencies, 99))
