"""How long it takes to sign a zone, beside the signers of Knot and BIND.

Those read a master file, sign, and write another one. Ours signs as it starts: it reads,
judges, signs and compiles, until it answers. What of that are signatures and proofs is measured
apart, and what an edit of the signed zone takes.
"""

import os
import resource
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import accounting, bounds, generated, report
from benchmarks.bounds import Bound
from benchmarks.edits import EditedZone
from benchmarks.figures import highest, lowest
from benchmarks.generated import ORIGIN, GeneratedZone
from benchmarks.load import seconds_to_answer
from benchmarks.settings import Settings
from tests.peers import Zoneserver
from tests.peers.server import Probe, find_program
from zoneserver.dnssec.keys import SigningKey
from zoneserver.dnssec.policy import Role
from zoneserver.dnssec.rolls import ACTIVE, Use
from zoneserver.dnssec.sign import Plan, Ways, find_period, sign_zone
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.service.disk.files import Includer
from zoneserver.service.keeping.signatures import sign_by
from zoneserver.zone.build import build_zone
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.master import read_master_zone

CORES = len(os.sched_getaffinity(0))
MOST_RATIO = 1.5  # of the processor time of the better of Knot and BIND
SECONDS = 600.0  # after which a signer has failed
DNSSEC = {"NSEC": "true", "NSEC3": "{nsec3: true}"}
ALONE, START, EDIT = "ours, signatures alone", "ours, cold start", "ours, an edit"
KNOT, BIND = "kzonesign", "dnssec-signzone"
HEAD = ("signer", "names/s, median (min-max)", "of the better of Knot and BIND", "CPU us/name")
KNOT_CONF = """\
server:
    rundir: "{folder}"
database:
    storage: "{folder}"
policy:
  - id: ours
    algorithm: ECDSAP256SHA256
    single-type-signing: on
    reproducible-signing: on
    signing-threads: {threads}
    nsec3: {nsec3}
zone:
  - domain: "{origin}"
    file: "{file}"
    dnssec-signing: on
    dnssec-policy: ours
"""


@dataclass
class Measured:
    """What was measured of one way to sign, one value for each round."""

    per_second: list[float] = field(default_factory=list)
    microseconds: list[float] = field(default_factory=list)

    def add(self, names: int, seconds: float, processor_seconds: float) -> None:
        """One round."""
        self.per_second.append(names / seconds)
        self.microseconds.append(processor_seconds / names * 1e6)


def run(settings: Settings, folder: Path) -> Iterator[Bound]:
    """Sign a zone by all signers in turn; print a table for each proof, yield the bounds."""
    for proof, dnssec in DNSSEC.items():
        place = folder / proof
        place.mkdir()
        zone = generated.write(place, settings.sign_names, dnssec=dnssec)
        results = _measure(settings, place, zone, nsec3=proof == "NSEC3")
        print(f"\nSigning; {zone.names:,} names, {proof}, ECDSAP256SHA256, {CORES} cores\n")
        print(_table(results), flush=True)
        series = {label: each.microseconds for label, each in results.items()}
        what = f"signing with {proof}, CPU"
        yield bounds.of_ratio(what, series, ALONE, lowest(series, [KNOT, BIND]), MOST_RATIO)


def _measure(
    settings: Settings, folder: Path, zone: GeneratedZone, *, nsec3: bool
) -> dict[str, Measured]:
    read = _read(zone)
    signers: dict[str, Callable[[], None]] = {ALONE: lambda: _sign_alone(read, nsec3=nsec3)}
    if find_program(KNOT) and find_program("keymgr"):
        signers[KNOT] = _prepare_knot(folder, zone, nsec3=nsec3)
    if find_program(BIND):
        signers[BIND] = _prepare_bind(folder, zone, nsec3=nsec3)
    results = {label: Measured() for label in (*signers, START, EDIT)}
    for number in range(settings.loads):
        for label, sign in signers.items():
            start, before = time.monotonic(), _processor_seconds()
            sign()
            seconds = time.monotonic() - start
            results[label].add(zone.names, seconds, _processor_seconds() - before)
        _measure_server(folder / f"server-{number}", zone, results)
    return results


def _measure_server(folder: Path, zone: GeneratedZone, results: Mapping[str, Measured]) -> None:
    """A start with an empty state, then an edit."""
    text = zone.yaml.read_bytes()
    server = Zoneserver(folder, {ORIGIN: zone.yaml}, workers=1)
    seconds = seconds_to_answer(server, Probe(zone.last_owner, "MX"))
    try:
        used = accounting.processor_seconds(server.pid)
        results[START].add(zone.names, seconds, used)
        edited = EditedZone(zone.yaml, ORIGIN, folder / "spare")
        seconds = edited.seconds_until_visible(server)
        used = accounting.processor_seconds(server.pid) - used
        results[EDIT].add(zone.names, seconds, used)
    finally:
        server.stop()
        zone.yaml.write_bytes(text)


def _read(zone: GeneratedZone) -> Zone:
    octets, nothing = zone.master.read_bytes(), Includer(Path(), Path())
    return build_zone(read_master_zone(str(zone.master), octets, Name.parse(ORIGIN), nothing))


def _sign_alone(zone: Zone, *, nsec3: bool) -> None:
    use = Use(SigningKey.generate(), Role.CSK, ACTIVE)
    plan = Plan((use,), find_period(zone.origin, int(time.time())), nsec3)
    ways = Ways(sign_all=sign_by(CORES))
    for _ in sign_zone(zone, plan, Mark("benchmark", 1, 1), ways=ways):
        pass


def _prepare_knot(folder: Path, zone: GeneratedZone, *, nsec3: bool) -> Callable[[], None]:
    place = folder / "knot"
    place.mkdir()
    text = KNOT_CONF.format(
        folder=place,
        origin=ORIGIN,
        file=zone.master,
        threads=CORES,
        nsec3="on" if nsec3 else "off",
    )
    (place / "knot.conf").write_text(text)
    options = ["-c", str(place / "knot.conf")]
    key = ["generate", "algorithm=ECDSAP256SHA256", "ksk=yes", "zsk=yes"]
    _run([str(find_program("keymgr")), *options, ORIGIN, *key])
    signer = str(find_program(KNOT))
    return lambda: _run([signer, *options, "-o", str(place / "signed"), ORIGIN])


def _prepare_bind(folder: Path, zone: GeneratedZone, *, nsec3: bool) -> Callable[[], None]:
    place = folder / "bind"
    place.mkdir()
    keygen = str(find_program("dnssec-keygen"))
    _run([keygen, "-q", "-K", str(place), "-a", "ECDSAP256SHA256", "-f", "KSK", ORIGIN])
    # Without -P it verifies all that it has signed, and takes twice as long.
    options = [
        "-S",
        "-z",
        "-P",
        "-K",
        str(place),
        "-d",
        str(place),
        "-o",
        ORIGIN,
        "-f",
        str(place / "signed"),
    ]
    options += ["-3", "-"] if nsec3 else []
    signer = str(find_program(BIND))
    return lambda: _run([signer, *options, "-n", str(CORES), str(zone.master)])


def _run(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=True, timeout=SECONDS)


def _processor_seconds() -> float:
    """Of this process, and of its children that have ended."""
    both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(usage.ru_utime + usage.ru_stime for usage in map(resource.getrusage, both))


def _table(results: Mapping[str, Measured]) -> str:
    series = {label: each.per_second for label, each in results.items()}
    better = highest(series, [KNOT, BIND])
    rows = [
        [
            label,
            report.median_and_spread(measured.per_second),
            report.ratio(measured.per_second, series.get(better or "")),
            report.median_and_spread(measured.microseconds),
        ]
        for label, measured in results.items()
    ]
    return report.table(HEAD, rows)
