"""A folder of many small zones: cold load, restart, and how soon an edit of one is served."""

import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import accounting, report, servers
from benchmarks.bounds import Bound
from benchmarks.edits import EditedZone
from benchmarks.load import seconds_to_answer
from benchmarks.settings import Settings
from tests.peers import Zoneserver
from tests.peers.server import Probe

WORKERS = 2
COLD_SECONDS, RESTART_SECONDS, EDIT_SECONDS = 60, 5, 0.5
PROBES = 20
# From one edit to the next: a server may make those wait that follow hard on another.
PAUSE_SECONDS = 2.0

# With the SOA that the server adds, ten records.
ZONE = """\
---
'':
  - {{type: NS, values: [ns1.{origin}, ns2.{origin}]}}
  - type: MX
    values:
      - {{preference: 10, exchange: mx1.{origin}}}
      - {{preference: 20, exchange: mx2.{origin}}}
  - {{type: A, value: {address}}}
ns1: {{type: A, value: 198.19.2.1}}
ns2: {{type: A, value: 198.19.1.2}}
mx1: {{type: A, value: {address}}}
mx2: {{type: A, value: 198.19.0.2}}
"""


@dataclass
class Measured:
    """One value for each round, or for each edit: all are seconds, but for the PSS in MiB."""

    cold: list[float] = field(default_factory=list)
    restart: list[float] = field(default_factory=list)
    edit: list[float] = field(default_factory=list)
    pss: list[float] = field(default_factory=list)


def origin(number: int) -> str:
    """The name of a zone."""
    return f"z{number:06}.example."


def run(settings: Settings, folder: Path) -> Iterator[Bound]:
    """Write the zones, load them, start again, edit some; print a table, yield the bounds."""
    zones = write(folder / "zones", settings.zones)
    some = sorted(zones)[:: max(1, len(zones) // PROBES)]
    probes = [Probe(each) for each in (*some, max(zones))]
    measured = Measured()
    for number in range(settings.loads):
        place = folder / f"server-{number}"
        for times in (measured.cold, measured.restart):
            server = Zoneserver(place, zones, workers=WORKERS)
            times.append(seconds_to_answer(server, *probes))
            try:
                if times is measured.restart:
                    measured.pss.append(accounting.memory(server.pid).pss)
                    _edit(server, zones, settings.edits, folder / "spare", measured)
            finally:
                server.stop()
        shutil.rmtree(place)
    print(f"\nMany zones; {len(zones):,} zones of ten records, two workers\n")
    print(_table(measured), flush=True)
    what = f"{len(zones):,} zones"
    yield Bound(f"{what}: cold, s", tuple(measured.cold), COLD_SECONDS)
    yield Bound(f"{what}: restart, s", tuple(measured.restart), RESTART_SECONDS)
    yield Bound(f"{what}: one edit visible, s", tuple(measured.edit), EDIT_SECONDS)


def write(folder: Path, count: int) -> dict[str, Path]:
    """Write that many zone files into `folder`."""
    folder.mkdir(parents=True)
    zones = {origin(number): folder / f"{origin(number)}yaml" for number in range(count)}
    for number, (name, path) in enumerate(zones.items()):
        address = f"198.18.{number // 256 % 256}.{number % 256}"
        path.write_text(ZONE.format(origin=name, address=address))
    return zones


def _edit(
    server: Zoneserver, zones: dict[str, Path], edits: int, spare: Path, measured: Measured
) -> None:
    for name in sorted(zones)[:: max(1, len(zones) // edits)][:edits]:
        time.sleep(PAUSE_SECONDS)
        before = zones[name].read_bytes()
        edited = EditedZone(zones[name], name, spare)
        measured.edit.append(edited.seconds_until_visible(server))
        zones[name].write_bytes(before)


def _table(measured: Measured) -> str:
    rows = [
        ["cold: s to the right answers", report.median_and_spread(measured.cold, 2)],
        ["restart: s to the right answers", report.median_and_spread(measured.restart, 2)],
        ["one edit visible: s", report.median_and_spread(measured.edit, 3)],
        ["PSS after the restart: MiB", report.median_and_spread(measured.pss, 1)],
    ]
    return report.table(["median (min-max)", servers.OURS], rows)
