"""Load time and memory of a large zone, beside NSD.

The same zone as YAML for us and as a master file for NSD. Load time runs from the start
of the program to the first right answer for the last name in the zone.
Run from the root of the checkout: `python -m benchmarks.load --help`.
"""

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import accounting, generated, report
from benchmarks.options import up_to
from tests.peers import Nsd, Server, Zoneserver
from tests.peers.server import Probe

MOST_ROUNDS, MOST_RECORDS = 20, 1_000_000
LOAD_SECONDS = 300.0


@dataclass
class Rounds:
    """What was measured of one server, one value per round."""

    load_seconds: list[float] = field(default_factory=list)
    load_cpu_seconds: list[float] = field(default_factory=list)
    check_seconds: list[float] = field(default_factory=list)
    check_cpu_seconds: list[float] = field(default_factory=list)
    rss: list[float] = field(default_factory=list)
    pss: list[float] = field(default_factory=list)


def main() -> int:
    """Measure, print one table, and leave nothing running."""
    options = _options()
    # A run that is ended from outside ends its servers too, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results: dict[str, Rounds] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        zone = generated.write(folder, options.records)
        for number in range(options.rounds):
            for server in _servers(folder / str(number), zone):
                rounds = results.setdefault(server.name, Rounds())
                _measure_load(server, Probe(zone.last_owner, "MX"), rounds)
                _measure_check(server, rounds)
        sizes = [path.stat().st_size / 2**20 for path in (zone.yaml, zone.master)]
    print(
        f"{options.records:,} records ({zone.names:,} names), {sizes[0]:.1f} MiB of "
        f"YAML, {sizes[1]:.1f} MiB of master file, {options.rounds} rounds:\n"
    )
    print(_table(results))
    return 0


def _servers(folder: Path, zone: generated.GeneratedZone) -> list[Zoneserver | Nsd]:
    ours = Zoneserver(folder / Zoneserver.name, {generated.ORIGIN: zone.yaml})
    if not Nsd.found():
        print(f"without {Nsd.name}: install Debian package {Nsd.package}")
        return [ours]
    return [ours, Nsd(folder / Nsd.name, {generated.ORIGIN: zone.master})]


def _measure_load(server: Server, probe: Probe, rounds: Rounds) -> None:
    start = time.monotonic()
    server.spawn()
    try:
        server.wait_until_answering(probe, LOAD_SECONDS)
        rounds.load_seconds.append(time.monotonic() - start)
        rounds.load_cpu_seconds.append(accounting.processor_seconds(server.pid))
        memory = accounting.memory(server.pid)
        rounds.rss.append(memory.rss)
        rounds.pss.append(memory.pss)
    finally:
        server.stop()


def _measure_check(server: Zoneserver | Nsd, rounds: Rounds) -> None:
    start, start_cpu = time.monotonic(), _children_seconds()
    subprocess.run(
        server.check_command(generated.ORIGIN),
        env=os.environ | server.environment(),
        stdout=subprocess.DEVNULL,
        check=True,
        timeout=LOAD_SECONDS,
    )
    rounds.check_seconds.append(time.monotonic() - start)
    rounds.check_cpu_seconds.append(_children_seconds() - start_cpu)


def _children_seconds() -> float:
    """Processor time of all children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


# What is printed, and with how many decimals.
ROWS = {
    "load: s to the first right answer": ("load_seconds", 2),
    "load: s of CPU until then": ("load_cpu_seconds", 2),
    "check: s": ("check_seconds", 2),
    "check: s of CPU": ("check_cpu_seconds", 2),
    "memory: MiB RSS": ("rss", 1),
    "memory: MiB PSS": ("pss", 1),
}


def _table(results: dict[str, Rounds]) -> str:
    ours = results[Zoneserver.name]
    nsd = results.get(Nsd.name)
    rows = []
    for title, (name, decimals) in ROWS.items():
        values = getattr(ours, name)
        reference = getattr(nsd, name) if nsd else None
        spread = report.median_and_spread(values, decimals)
        beside = report.median_and_spread(reference, decimals) if reference else "-"
        rows.append([title, spread, beside, report.ratio(values, reference)])
    return report.table(["median (min-max)", Zoneserver.name, Nsd.name, "of NSD"], rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=up_to(MOST_ROUNDS), default=3)
    parser.add_argument("--records", type=up_to(MOST_RECORDS), default=100_000)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
