"""Everything that is promised about speed, measured beside other nameservers in one run.

    python -m benchmarks.run [--quick] [--only SCENARIO ...]

prints a table for each scenario as it ends, and at last one of every bound and whether it
holds. Run it from the root of the checkout.
"""

import argparse
import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import (
    bounds,
    cpu,
    load,
    many_zones,
    reloads,
    servers,
    signed,
    signing,
    transfers,
    two_workers,
)
from benchmarks.bounds import Bound
from benchmarks.dnsperf import UnexpectedOutputError
from benchmarks.options import up_to
from benchmarks.settings import FULL, QUICK, Settings
from tests.peers import ServerError

MOST_ROUNDS, MOST_SECONDS = 50, 30
MOST_NAMES, MOST_ZONES, MOST_RELOADS = 1_000_000, 200_000, 5_000

# What can be changed, and the most it can be changed to.
SIZES = {
    "rounds": MOST_ROUNDS,
    "seconds": MOST_SECONDS,
    "small": MOST_NAMES,
    "large": MOST_NAMES,
    "loads": MOST_ROUNDS,
    "load_names": MOST_NAMES,
    "zones": MOST_ZONES,
    "reloads": MOST_RELOADS,
    "reload_names": MOST_NAMES,
    "transfer_names": MOST_NAMES,
    "sign_names": MOST_NAMES,
}

# What a scenario prints is its own affair; it yields the bounds that it has looked at.
Scenario = Callable[[Settings, Path], Iterator[Bound]]
OTHERS: dict[str, Scenario] = {
    "throughput": two_workers.throughput,
    "tcp": two_workers.tcp,
    "load": load.run,
    "zones": many_zones.run,
    "reloads": reloads.memory,
    "reload-latency": reloads.latency,
    "transfer": transfers.run,
    "signed": signed.run,
    "signing": signing.run,
}


def main() -> int:
    """Measure what was asked for, print the tables, and leave nothing running."""
    options = _options()
    # A run that is ended from outside ends its servers too, as on Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    if shutil.which("dnsperf") is None:
        print("dnsperf not found: install Debian package dnsperf", file=sys.stderr)
        return 2
    settings = _settings(options)
    print(f"{os.cpu_count()} cores, Linux {platform.release()}, {settings}", flush=True)
    promised: list[Bound] = []
    failed = False
    start = time.monotonic()
    for scenario in _scenarios(options.only):
        try:
            with tempfile.TemporaryDirectory() as folder:
                promised.extend(scenario(settings, Path(folder)))
        except (ServerError, UnexpectedOutputError) as error:
            print(f"\nNot measured: {error}", file=sys.stderr)
            failed = True
    print(f"\nThe bounds, after {time.monotonic() - start:.0f} s\n\n{bounds.table(promised)}")
    return int(failed)


def _scenarios(only: list[str]) -> Iterator[Scenario]:
    """The scenarios in order; those of one kind share their servers."""
    alike = [name for name in cpu.SCENARIOS if name in only]
    if alike:
        yield partial(cpu.run, names=alike)
    yield from (scenario for name, scenario in OTHERS.items() if name in only)


def _settings(options: argparse.Namespace) -> Settings:
    settings = QUICK if options.quick else FULL
    changed: dict[str, Any] = {
        name: getattr(options, name) for name in SIZES if getattr(options, name) is not None
    }
    return replace(settings, servers=tuple(options.servers), **changed)


def _options() -> argparse.Namespace:
    names = [*cpu.SCENARIOS, *OTHERS]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="small and short, a few minutes")
    parser.add_argument(
        "--only",
        nargs="+",
        choices=names,
        default=names,
        metavar="SCENARIO",
        help=", ".join(names),
    )
    parser.add_argument(
        "--servers",
        nargs="+",
        choices=servers.LABELS,
        default=[],
        metavar="SERVER",
        help="all that are found, if not said: " + ", ".join(servers.LABELS),
    )
    for name, most in SIZES.items():
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            type=up_to(most),
            help=f"{getattr(FULL, name):,} if not said, {getattr(QUICK, name):,} if quick",
        )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
