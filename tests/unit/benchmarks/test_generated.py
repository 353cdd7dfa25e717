"""The generated zones are sound and alike in both forms; the queries are what they say."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import dns.rdatatype
import dns.zone
import pytest

from benchmarks import generated, many_zones
from benchmarks.generated import ORIGIN
from benchmarks.queries import (
    ADDRESS,
    MIX,
    MX,
    NODATA,
    NXDOMAIN,
    REFERRAL,
    WILDCARD,
    write_queries,
)
from zoneserver.engine.answer import Outcome
from zoneserver.engine.solve import solve
from zoneserver.findings import Finding, Level
from zoneserver.names import Name
from zoneserver.records.rtypes import SOA
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import Defaults, ZoneSource
from zoneserver.zonefile.yaml_zone import read_yaml_zone

NAMES = 7


def _include_nothing(path: str) -> bytes:
    raise FileNotFoundError(path)


def _read(origin: str, path: Path) -> ZoneSource:
    files = {path.name: path.read_bytes()}
    return read_yaml_zone(Name.parse(origin), files, _include_nothing, Defaults())


def _judge(source: ZoneSource) -> list[Finding]:
    today = datetime.now(UTC).date()
    found = judge_all([Candidate(source, build_zone(source))], today)
    return [finding for finding in found if finding.level is not Level.HINT]


@pytest.fixture(scope="module")
def zone(tmp_path_factory: pytest.TempPathFactory) -> generated.GeneratedZone:
    """A small zone as the benchmarks write it."""
    return generated.write(tmp_path_factory.mktemp("zone"), NAMES)


@pytest.fixture(scope="module")
def served(zone: generated.GeneratedZone) -> Zone:
    """What we make of it."""
    return build_zone(_read(ORIGIN, zone.yaml))


def test_both_forms_are_one_zone(zone: generated.GeneratedZone) -> None:
    """Every server is given the same records; the SOA is left to each."""
    master = dns.zone.from_file(str(zone.master), relativize=False)
    expected = {
        (owner.to_text(), rdata.rdtype, rdata.to_wire())
        for owner, _, rdata in master.iterate_rdatas()
        if rdata.rdtype != dns.rdatatype.SOA
    }
    actual = {
        (str(record.owner), record.rtype, record.rdata.wire)
        for record in _read(ORIGIN, zone.yaml).records
        if record.rtype != SOA
    }

    assert expected == actual


def test_zones_are_sound(zone: generated.GeneratedZone, tmp_path: Path) -> None:
    """Findings would take time that no other server spends."""
    small = many_zones.write(tmp_path / "many", 2)
    sources = [_read(ORIGIN, zone.yaml), *(_read(name, file) for name, file in small.items())]

    assert [[], [], []] == [_judge(source) for source in sources]


def test_small_zones_have_ten_records(tmp_path: Path) -> None:
    """The SOA that the server adds is one of them."""
    zones = many_zones.write(tmp_path / "many", 2)

    assert [10, 10] == [len(_read(name, file).records) for name, file in zones.items()]


@pytest.mark.parametrize(
    ("kind", "outcome"),
    [
        (MX, Outcome.ANSWER),
        (ADDRESS, Outcome.ANSWER),
        (NODATA, Outcome.NODATA),
        (NXDOMAIN, Outcome.NXDOMAIN),
        (WILDCARD, Outcome.ANSWER),
        (REFERRAL, Outcome.REFERRAL),
    ],
)
def test_kinds_of_queries(kind: str, outcome: Outcome, served: Zone, tmp_path: Path) -> None:
    """Each kind gets the answer that it is named after."""
    path = tmp_path / "queries"
    write_queries(path, {kind: 1}, names=NAMES, count=10)
    questions = [line.split() for line in path.read_text().splitlines()]

    assert [outcome] * 10 == [
        solve(served, Name.parse(qname), dns.rdatatype.from_text(qtype)).outcome
        for qname, qtype in questions
    ]


def test_queries_are_spread(tmp_path: Path) -> None:
    """Every name is asked for before any is asked for again."""
    path = tmp_path / "queries"
    write_queries(path, {MX: 1}, names=100, count=300)

    assert {3} == set(Counter(path.read_text().splitlines()).values())


def test_random_names_are_new_in_every_round(tmp_path: Path) -> None:
    """No cache has seen a name that does not exist."""
    first, second = tmp_path / "first", tmp_path / "second"
    for seed, path in enumerate((first, second)):
        write_queries(path, {NXDOMAIN: 1}, names=NAMES, count=1000, seed=seed)

    assert 2000 == len({*first.read_text().splitlines(), *second.read_text().splitlines()})


def test_shares_of_the_mix(tmp_path: Path) -> None:
    """Half of what is asked with MX in it names something that exists: 40 of 60 percent."""
    path = tmp_path / "queries"
    write_queries(path, MIX, names=NAMES, count=10_000)
    rtypes = Counter(line.split()[1] for line in path.read_text().splitlines())

    assert [6, 3, 1] == [round(rtypes[rtype] / 1000) for rtype in ("MX", "A", "TXT")]
