"""What reloads cost: memory over many of them, and latency during one of a large zone."""

import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import accounting, generated, report, servers
from benchmarks.bounds import Bound
from benchmarks.dnsperf import Load, Run, ask, parse_latencies
from benchmarks.edits import EditedZone
from benchmarks.figures import growth, percentile, ratios
from benchmarks.generated import ORIGIN
from benchmarks.load import seconds_to_answer
from benchmarks.queries import MX, write_queries
from benchmarks.settings import Settings
from benchmarks.turns import WARM_UP_SECONDS
from tests.peers import Zoneserver
from tests.peers.server import Probe

WORKERS = 2
FLAT, MOST_P99 = 1.05, 2.0
RATE = 5_000
CLIENTS, OUTSTANDING = 32, 20_000


@dataclass
class Latency:
    """The p99 of each round at rest and during a reload, in microseconds."""

    at_rest: list[float] = field(default_factory=list)
    reloading: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


def memory(settings: Settings, folder: Path) -> Iterator[Bound]:
    """Edit a zone again and again; memory must not grow with it."""
    zone = generated.write(folder, settings.reload_names)
    server = Zoneserver(folder / "server", {ORIGIN: zone.yaml}, workers=WORKERS)
    edited = EditedZone(zone.yaml, ORIGIN, folder / "spare")
    seconds, taken = [], []
    seconds_to_answer(server, Probe(zone.last_owner, "MX"))
    try:
        for _ in range(settings.reloads):
            seconds.append(edited.seconds_until_visible(server))
            taken.append(accounting.memory(server.pid))
    finally:
        server.stop()
    rows = [
        _row("PSS MiB", [each.pss for each in taken]),
        _row("RSS MiB", [each.rss for each in taken]),
        _row("s until visible", seconds),
    ]
    head = ["over all reloads", "median (min-max)", "first tenth", "last tenth", "last / first"]
    print(f"\nMemory; {settings.reloads} reloads of a zone of {zone.names:,} names\n")
    print(report.table(head, rows), flush=True)
    grown = (growth([each.pss for each in taken]),)
    yield Bound(f"PSS after {settings.reloads} reloads, last / first", grown, FLAT)


def latency(settings: Settings, folder: Path) -> Iterator[Bound]:
    """Ask at one rate while nothing happens, then while a large zone is read again."""
    zone = generated.write(folder, settings.load_names)
    server = Zoneserver(folder / "server", {ORIGIN: zone.yaml}, workers=WORKERS)
    edited = EditedZone(zone.yaml, ORIGIN, folder / "spare")
    load = Load(folder / "queries", clients=CLIENTS, outstanding=OUTSTANDING, rate=RATE)
    write_queries(load.queries, {MX: 1}, names=zone.names, count=zone.names)
    measured = Latency()
    seconds_to_answer(server, Probe(zone.last_owner, "MX"))
    try:
        ask(load, server.port, WARM_UP_SECONDS)
        for _ in range(settings.loads):
            measured.at_rest.append(_p99(ask(load, server.port, settings.seconds)))
            with Run(load, server.port, int(servers.LOAD_SECONDS)) as running:
                measured.seconds.append(edited.seconds_until_visible(server))
                running.interrupt()
                measured.reloading.append(_p99(running.output()))
    finally:
        server.stop()
    rows = [
        ["p99 at rest, us", report.median_and_spread(measured.at_rest)],
        ["p99 during a reload, us", report.median_and_spread(measured.reloading)],
        ["the reload, s", report.median_and_spread(measured.seconds, 2)],
    ]
    print(f"\nLatency during a reload of {zone.names:,} names, {RATE:,} queries/s\n")
    print(report.table(["median (min-max)", servers.OURS], rows), flush=True)
    values = tuple(ratios(measured.reloading, measured.at_rest))
    yield Bound("p99 during a reload / at rest", values, MOST_P99)


def _p99(text: str) -> float:
    return percentile([seconds * 1e6 for seconds in parse_latencies(text)], 99)


def _row(title: str, values: Sequence[float]) -> list[str]:
    part = max(1, len(values) // 10)
    return [
        title,
        report.median_and_spread(values, 2),
        f"{statistics.median(values[:part]):.2f}",
        f"{statistics.median(values[-part:]):.2f}",
        f"{growth(values):.3f}",
    ]
