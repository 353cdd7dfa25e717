"""How much of a load the validator takes: `python -m benchmarks.judge`.

The steps of a load in one process, on the generated zone of the other benchmarks, in CPU
time: reading the YAML, the digest by which its serial is chosen, building the zone, judging
it.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from benchmarks import generated
from benchmarks.options import up_to
from benchmarks.report import median_and_spread, ratio, table
from zoneserver.names import Name
from zoneserver.service.keeping.garbage import collector_resting
from zoneserver.service.keeping.serials import digest
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.source import Defaults
from zoneserver.zonefile.yaml_zone import read_yaml_zone

Result = TypeVar("Result")

STEPS = ("read", "digest", "build", "judge", "load")


def main() -> None:
    """Measure the steps in turn, and print their share of the whole."""
    parser = argparse.ArgumentParser(description="The validator's share of a load.")
    parser.add_argument("--records", type=up_to(1_000_000), default=100_000)
    parser.add_argument("--rounds", type=up_to(20), default=5)
    options = parser.parse_args()
    steps: dict[str, list[float]] = {step: [] for step in STEPS}
    with tempfile.TemporaryDirectory() as folder:
        octets = generated.write(
            Path(folder), max(1, options.records // generated.RECORDS_PER_NAME)
        ).yaml.read_bytes()
        for _ in range(options.rounds):
            measure(octets, steps)
    print(f"{options.records:,} records, CPU seconds, {options.rounds} rounds\n")
    rows = [
        [step, median_and_spread(times, 2), ratio(times, steps["load"])]
        for step, times in steps.items()
    ]
    print(table(["step", "CPU s", "of the load"], rows))


def measure(octets: bytes, steps: dict[str, list[float]]) -> None:
    """One load, the time of each step added to `steps`, while the collector rests."""
    origin = Name.parse(generated.ORIGIN)
    today = datetime.now(UTC).date()
    with collector_resting():
        start = time.process_time()
        source = timed(
            steps["read"],
            lambda: read_yaml_zone(origin, {"zone.yaml": octets}, include_nothing, Defaults()),
        )
        timed(steps["digest"], lambda: digest(source))
        zone = timed(steps["build"], lambda: build_zone(source))
        timed(steps["judge"], lambda: judge_all([Candidate(source, zone)], today))
        steps["load"].append(time.process_time() - start)


def timed(times: list[float], step: Callable[[], Result]) -> Result:
    """What a step returns; the CPU time it took is added to `times`."""
    start = time.process_time()
    result = step()
    times.append(time.process_time() - start)
    return result


def include_nothing(path: str) -> bytes:
    """The generated zone is one file."""
    raise FileNotFoundError(path)


if __name__ == "__main__":
    main()
