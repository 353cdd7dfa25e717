"""With two workers: throughput, latency at half load, and TCP on connections that stay open."""

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks import bounds, generated, report, servers
from benchmarks.bounds import Bound
from benchmarks.dnsperf import Load
from benchmarks.figures import highest, lowest
from benchmarks.queries import MIX
from benchmarks.settings import Settings
from benchmarks.turns import Measured, Questions, take_turns
from tests.peers import Nsd

WORKERS = 2
# Enough sockets that the kernel's choice of a worker for each comes out even.
CLIENTS = 32
OUTSTANDING = 200
CONNECTIONS = 8
# So many that a server that stalls is still asked as often, and its delays are counted.
OUTSTANDING_AT_A_RATE = 20_000
LOAD_HEAD = (
    *("server", "queries/s, median (min-max)", "of NSD"),
    *("CPU us/query, median (min-max)", "of NSD", "lost"),
)
LATENCY_HEAD = ("server", "p50 us, median (min-max)", "p99 us, median (min-max)", "lost")


def throughput(settings: Settings, folder: Path) -> Iterator[Bound]:
    """All that each server answers over UDP, then how fast it answers at one lower rate."""
    zone = generated.write(folder, settings.small)
    questions = Questions(MIX, zone.names)
    load = Load(folder / "queries", clients=CLIENTS, threads=WORKERS, outstanding=OUTSTANDING)
    entries = servers.select(settings, servers.floor(), servers.peers(), servers.engines())
    times = {"rounds": settings.rounds, "seconds": settings.seconds}
    with servers.serving(entries, folder / "servers", zone, WORKERS) as running:
        results = take_turns(running, questions, load, **times)
        print(f"\nThroughput; mix over UDP, two workers\n\n{_load_table(results)}", flush=True)
        per_second = {label: each.per_second for label, each in results.items()}
        slowest = lowest(per_second, servers.PEERS)
        if slowest is None:
            return
        rate = int(statistics.median(per_second[slowest]) / 2)
        at_rate = replace(load, rate=rate, outstanding=OUTSTANDING_AT_A_RATE)
        latencies = take_turns(running, questions, at_rate, **times)
    print(f"\nLatency at {rate:,} queries/s, half of what {slowest} can do\n")
    print(_latency_table(latencies), flush=True)
    fastest = highest(per_second, servers.FASTEST)
    for engine in (servers.NATIVE, servers.PORTABLE):
        yield bounds.of_ratio("queries/s, mix", per_second, engine, fastest, 1, at_least=True)


def tcp(settings: Settings, folder: Path) -> Iterator[Bound]:
    """Queries over a few connections that stay open, many in flight on each."""
    zone = generated.write(folder, settings.small)
    load = Load(folder / "queries", transport="tcp", clients=CONNECTIONS)
    entries = servers.select(settings, servers.peers(), servers.engines())
    with servers.serving(entries, folder / "servers", zone, WORKERS) as running:
        results = take_turns(
            running,
            Questions(MIX, zone.names),
            load,
            rounds=settings.rounds,
            seconds=settings.seconds,
        )
    print(f"\nTCP; mix over {CONNECTIONS} connections, two workers\n\n{_load_table(results)}")
    per_second = {label: each.per_second for label, each in results.items()}
    spent = {label: each.microseconds for label, each in results.items()}
    most, least = highest(per_second, servers.WITH_TCP), lowest(spent, servers.WITH_TCP)
    for engine in (servers.NATIVE, servers.PORTABLE):
        yield bounds.of_ratio("queries/s, TCP", per_second, engine, most, 1, at_least=True)
        yield bounds.of_ratio("CPU, TCP", spent, engine, least, 1)


def _load_table(results: Mapping[str, Measured]) -> str:
    nsd = results.get(Nsd.name)
    rows = [
        [
            label,
            report.median_and_spread(measured.per_second),
            report.ratio(measured.per_second, nsd.per_second if nsd else None),
            report.median_and_spread(measured.microseconds, 2),
            report.ratio(measured.microseconds, nsd.microseconds if nsd else None),
            str(measured.lost),
        ]
        for label, measured in results.items()
    ]
    return report.table(LOAD_HEAD, rows)


def _latency_table(results: Mapping[str, Measured]) -> str:
    rows: list[Sequence[str]] = [
        [
            label,
            report.median_and_spread(measured.p50),
            report.median_and_spread(measured.p99),
            str(measured.lost),
        ]
        for label, measured in results.items()
    ]
    return report.table(LATENCY_HEAD, rows)
