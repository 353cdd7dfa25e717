"""Processor time for each query with DO, in a zone that we have signed and others take."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

import dns.query
import dns.zone

from benchmarks import bounds, cpu, generated, queries, servers
from benchmarks.bounds import Bound
from benchmarks.cpu import Scenario
from benchmarks.figures import lowest
from benchmarks.generated import ORIGIN, GeneratedZone
from benchmarks.settings import Settings
from tests.peers import Server
from tests.peers.server import LOOPBACK

NATIVE_OF_FASTEST, PROOF_OF_PLAIN = 1.0, 3.0
TAKE_SECONDS = 120
# How the zone is signed, and what it is asked.
NSEC, NSEC3 = "true", "{nsec3: true}"
EXISTING = Scenario("signed, MX, {:,} names", {queries.MX: 1})
MISSING = Scenario("signed with NSEC, NXDOMAIN, {:,} names", {queries.NXDOMAIN: 1})
HASHED = Scenario("signed with NSEC3, NXDOMAIN, {:,} names", {queries.NXDOMAIN: 1})
MIXED = Scenario("signed with NSEC, mix, {:,} names", queries.MIX)
HASHED_MIX = Scenario("signed with NSEC3, mix, {:,} names", queries.MIX)
ZONES: Mapping[str, Sequence[Scenario]] = {
    NSEC: (EXISTING, MISSING, MIXED),
    NSEC3: (HASHED, HASHED_MIX),
}


def run(settings: Settings, folder: Path) -> Iterator[Bound]:
    """Ask for what is there and what is not, in a zone with NSEC and in one with NSEC3."""
    for number, (dnssec, scenarios) in enumerate(ZONES.items()):
        place = folder / str(number)
        zone = generated.write(place, settings.small, dnssec)
        with ExitStack() as stack:
            engines = servers.select(settings, servers.engines())
            ours = stack.enter_context(
                servers.serving(engines, place / "ours", zone, 1, sends=True)
            )
            take(zone, next(iter(ours.values())))
            entries = servers.select(settings, servers.floor(), servers.transferred())
            peers = stack.enter_context(servers.serving(entries, place / "others", zone, 1))
            for scenario in scenarios:
                yield from _measure(scenario, settings, {**peers, **ours}, zone)


def take(zone: GeneratedZone, server: Server) -> None:
    """Write the zone as a server of ours has signed it over its master file."""
    taken = dns.zone.Zone(ORIGIN, relativize=False)
    dns.query.inbound_xfr(LOOPBACK, taken, port=server.port, lifetime=TAKE_SECONDS)
    taken.to_file(str(zone.master), relativize=False)


def _measure(
    scenario: Scenario, settings: Settings, running: Mapping[str, Server], zone: GeneratedZone
) -> Iterator[Bound]:
    what = f"CPU, {scenario.title.format(zone.names)}"
    spent = cpu.measure(scenario, settings, running, zone, dnssec=True)
    fastest = lowest(spent, servers.FASTEST)
    yield bounds.of_ratio(f"{what}, DO", spent, servers.NATIVE, fastest, NATIVE_OF_FASTEST)
    if scenario is not HASHED:
        return
    plain = cpu.measure(scenario, settings, running, zone)
    for engine in (servers.NATIVE, servers.PORTABLE):
        if engine in spent:
            both = {"with DO": spent[engine], "without": plain[engine]}
            about = f"{what}, {engine}"
            yield bounds.of_ratio(about, both, "with DO", "without", PROOF_OF_PLAIN)
