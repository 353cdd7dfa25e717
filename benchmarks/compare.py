"""Queries per second and processor time per query, beside NSD, Knot and BIND.

Every server answers the same queries for the same zone on loopback, driven by dnsperf,
in rounds that take turns so that a busy moment of the machine hits all of them.
Run from the root of the checkout: `python -m benchmarks.compare --help`.
"""

import argparse
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import accounting, generated, report
from benchmarks.options import up_to
from tests.peers import PEERS, Nsd, Server, Zoneserver
from tests.peers.server import LOOPBACK

QUERIES_IN_FILE = 20_000
WARM_UP_SECONDS = 1
MOST_ROUNDS, MOST_SECONDS, MOST_RECORDS = 50, 30, 1_000_000
EXPECTED_RCODES = {"NOERROR", "NXDOMAIN"}


@dataclass
class Rounds:
    """What was measured of one server, one value per round."""

    per_second: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)
    lost: int = 0


@dataclass(frozen=True)
class Load:
    """How dnsperf drives a server."""

    queries: Path
    transport: str
    outstanding: int

    def run(self, port: int, seconds: int) -> str:
        """Ask for `seconds` seconds, and return what dnsperf prints."""
        command = [
            *("dnsperf", "-s", LOOPBACK, "-p", str(port), "-d", str(self.queries)),
            *("-m", self.transport, "-l", str(seconds), "-q", str(self.outstanding)),
            *("-c", "8", "-T", "1", "-t", "2"),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=seconds + 30
        )
        return done.stdout


def main() -> int:
    """Measure, print one table, and leave nothing running."""
    options = _options()
    # A run that is ended from outside ends its servers too, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if shutil.which("dnsperf") is None:
        print("dnsperf not found: install Debian package dnsperf", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        zone = generated.write(folder, options.records)
        queries = folder / "queries"
        generated.write_queries(queries, zone.names, QUERIES_IN_FILE)
        load = Load(queries, options.transport, options.outstanding)
        servers = [stack.enter_context(server) for server in _servers(folder, zone)]
        results = {server.name: Rounds() for server in servers}
        for server in servers:
            load.run(server.port, WARM_UP_SECONDS)
        for _ in range(options.rounds):
            for server in servers:
                _measure(server, load, options.seconds, results[server.name])
    print(
        f"{options.records:,} records, {options.transport}, {options.outstanding} "
        f"queries in flight, {options.rounds} rounds of {options.seconds} s each:\n"
    )
    print(_table(results))
    return 0


def _servers(folder: Path, zone: generated.GeneratedZone) -> list[Server]:
    servers: list[Server] = [Zoneserver(folder / "ours", {generated.ORIGIN: zone.yaml})]
    for peer in PEERS:
        if peer.found():
            servers.append(peer(folder / peer.name, {generated.ORIGIN: zone.master}))
        else:
            print(f"without {peer.name}: install Debian package {peer.package}")
    return servers


def _measure(server: Server, load: Load, seconds: int, rounds: Rounds) -> None:
    before = accounting.processor_seconds(server.pid)
    output = load.run(server.port, seconds)
    used = accounting.processor_seconds(server.pid) - before
    completed = int(_find(r"Queries completed:\s+(\d+)", output))
    rcodes = set(re.findall(r"([A-Z]+) \d+ \(", _find("Response codes:(.*)", output)))
    if not rcodes <= EXPECTED_RCODES:
        message = f"{server.name} did not serve the zone: {sorted(rcodes)}"
        raise SystemExit(message)
    rounds.per_second.append(float(_find(r"Queries per second:\s+([\d.]+)", output)))
    rounds.microseconds.append(used / completed * 1e6)
    rounds.lost += int(_find(r"Queries lost:\s+(\d+)", output))


def _find(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        message = f"dnsperf printed nothing like {pattern!r}:\n{text}"
        raise SystemExit(message)
    return found[1]


def _table(results: dict[str, Rounds]) -> str:
    nsd = results.get(Nsd.name)
    rows = [
        [
            name,
            report.median_and_spread(rounds.per_second),
            report.ratio(rounds.per_second, nsd.per_second if nsd else None),
            report.median_and_spread(rounds.microseconds, 1),
            report.ratio(rounds.microseconds, nsd.microseconds if nsd else None),
            str(rounds.lost),
        ]
        for name, rounds in results.items()
    ]
    head = [
        *("server", "queries/s, median (min-max)", "of NSD"),
        *("CPU us/query, median (min-max)", "of NSD", "lost"),
    ]
    return report.table(head, rows)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=up_to(MOST_ROUNDS), default=5)
    parser.add_argument("--seconds", type=up_to(MOST_SECONDS), default=3)
    parser.add_argument("--records", type=up_to(MOST_RECORDS), default=10_000)
    parser.add_argument("--outstanding", type=up_to(1000), default=100)
    parser.add_argument("--transport", choices=("udp", "tcp"), default="udp")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
