"""A zone of a million records: cold load, restart, memory, and `check`, beside the peers."""

import os
import resource
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import accounting, generated, report, servers
from benchmarks.bounds import Bound
from benchmarks.dnsperf import Load, ask
from benchmarks.generated import ORIGIN, RECORDS_PER_NAME, GeneratedZone
from benchmarks.queries import MX, write_queries
from benchmarks.settings import Settings
from tests.peers import Nsd, Server, Zoneserver
from tests.peers.server import Probe

WORKERS = 2
COLD_SECONDS, RESTART_SECONDS, MOST_MEBIBYTES = 15, 1, 200
# Sockets enough for both workers, and time to ask for every name.
CLIENTS, TOUCH_SECONDS = 32, 3


@dataclass
class Measured:
    """What was measured of one server, one value for each round.

    `cold` and `restart` are seconds to the first right answer for the last name of the zone,
    `cold_cpu` the processor seconds of all processes until then.
    """

    cold: list[float] = field(default_factory=list)
    cold_cpu: list[float] = field(default_factory=list)
    restart: list[float] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)
    pss: list[float] = field(default_factory=list)
    check: list[float] = field(default_factory=list)
    check_cpu: list[float] = field(default_factory=list)


# What is printed, and with how many decimals.
COLUMNS = {
    "cold s": ("cold", 2),
    "cold CPU s": ("cold_cpu", 2),
    "restart s": ("restart", 2),
    "PSS MiB": ("pss", 1),
    "RSS MiB": ("rss", 1),
    "check s": ("check", 2),
    "check CPU s": ("check_cpu", 2),
}


def run(settings: Settings, folder: Path) -> Iterator[Bound]:
    """Load the zone in turn with every server; print a table and yield the bounds."""
    zone = generated.write(folder, settings.load_names)
    queries = folder / "queries"
    write_queries(queries, {MX: 1}, names=zone.names, count=zone.names)
    entries = servers.select(settings, servers.peers(), [servers.ours()])
    results = {entry.label: Measured() for entry in entries}
    for number in range(settings.loads):
        for entry in entries:
            place = folder / f"{entry.label}-{number}"
            measured = results[entry.label]
            measure_start(entry.make(place, zone, WORKERS), zone, queries, measured)
            # The folder is the same: what a server keeps there is there again.
            again = entry.make(place, zone, WORKERS)
            measured.restart.append(seconds_to_answer(again, Probe(zone.last_owner, "MX")))
            again.stop()
            measure_check(again, measured)
    records = zone.names * RECORDS_PER_NAME
    print(f"\nLoading; {records:,} records in one zone, two workers, {settings.loads} rounds\n")
    print(_table(results), flush=True)
    mine = results.get(servers.OURS, Measured())
    what = f"{records:,} records"
    yield Bound(f"{what}: cold, s", tuple(mine.cold), COLD_SECONDS)
    yield Bound(f"{what}: restart, s", tuple(mine.restart), RESTART_SECONDS)
    yield Bound(f"{what}: PSS, MiB", tuple(mine.pss), MOST_MEBIBYTES)


def measure_start(
    server: Server, zone: GeneratedZone, queries: Path, measured: Measured
) -> None:
    """A start with nothing but the zone file, and the memory after a look at every name."""
    try:
        measured.cold.append(seconds_to_answer(server, Probe(zone.last_owner, "MX")))
        measured.cold_cpu.append(accounting.processor_seconds(server.pid))
        # A page that nobody has asked for yet is not counted as memory of the server.
        ask(Load(queries, clients=CLIENTS), server.port, TOUCH_SECONDS)
        memory = accounting.memory(server.pid)
        measured.rss.append(memory.rss)
        measured.pss.append(memory.pss)
    finally:
        server.stop()


def seconds_to_answer(server: Server, *probes: Probe) -> float:
    """Start `server`, and wait until it answers all of `probes`; the caller stops it."""
    start = time.monotonic()
    server.spawn()
    try:
        for probe in probes:
            server.wait_until_answering(probe, servers.LOAD_SECONDS)
    except BaseException:
        server.stop()
        raise
    return time.monotonic() - start


def measure_check(server: Server, measured: Measured) -> None:
    """Judge the zone without serving it, where the server has a program for that."""
    if not isinstance(server, Nsd | Zoneserver):
        return
    start, start_cpu = time.monotonic(), _children_seconds()
    subprocess.run(
        server.check_command(ORIGIN),
        env=os.environ | server.environment(),
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=servers.LOAD_SECONDS,
    )
    measured.check.append(time.monotonic() - start)
    measured.check_cpu.append(_children_seconds() - start_cpu)


def _children_seconds() -> float:
    """Processor time of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _table(results: Mapping[str, Measured]) -> str:
    rows = [
        [
            label,
            *(
                report.median_and_spread(values, decimals) if values else "-"
                for name, decimals in COLUMNS.values()
                for values in [getattr(measured, name)]
            ),
        ]
        for label, measured in results.items()
    ]
    return report.table(["server", *COLUMNS], rows)
