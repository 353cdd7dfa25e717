"""Processor time for each query over UDP, with one worker, beside the peers and the floor."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmarks import bounds, generated, queries, report, servers
from benchmarks.bounds import Bound
from benchmarks.dnsperf import Load
from benchmarks.echo import Echo
from benchmarks.figures import lowest, ratios
from benchmarks.settings import Settings
from benchmarks.turns import Measured, Questions, take_turns
from tests.peers import Nsd, Server

NATIVE_OF_FASTEST, NATIVE_OF_ECHO, PORTABLE_OF_NSD = 0.95, 1.10, 1.35
HEAD = (
    *("server", "CPU us/query, median (min-max)", "of echo", "of the better of NSD and Knot"),
    *("queries/s, median (min-max)", "lost"),
)


@dataclass(frozen=True)
class Scenario:
    """Kinds of queries with their shares, about the small zone or the large one."""

    title: str
    kinds: Mapping[str, int]
    large: bool = False


SCENARIOS = {
    "mx-small": Scenario("MX, {:,} names", {queries.MX: 1}),
    "nxdomain": Scenario("NXDOMAIN, random names, {:,} names", {queries.NXDOMAIN: 1}),
    "referral": Scenario("referrals, {:,} names", {queries.REFERRAL: 1}),
    "wildcard": Scenario("wildcard answers, {:,} names", {queries.WILDCARD: 1}),
    "mix": Scenario("mix, {:,} names", queries.MIX),
    "mx-large": Scenario("MX, {:,} names", {queries.MX: 1}, large=True),
}


def run(settings: Settings, folder: Path, names: Iterable[str]) -> Iterator[Bound]:
    """Measure the scenarios called `names`; print a table and yield the bounds of each."""
    chosen = [SCENARIOS[name] for name in names]
    for size in (settings.small, settings.large):
        scenarios = [
            s for s in chosen if size == (settings.large if s.large else settings.small)
        ]
        if not scenarios:
            continue
        zone = generated.write(folder / str(size), size)
        entries = servers.select(settings, servers.floor(), servers.peers(), servers.engines())
        with servers.serving(entries, folder / f"servers-{size}", zone, workers=1) as running:
            for scenario in scenarios:
                spent = measure(scenario, settings, running, zone)
                yield from _bounds(f"CPU, {scenario.title.format(zone.names)}", spent)


def measure(
    scenario: Scenario,
    settings: Settings,
    running: Mapping[str, Server],
    zone: generated.GeneratedZone,
    *,
    dnssec: bool = False,
) -> dict[str, list[float]]:
    """Print the table of a scenario; the microseconds of each server in each round."""
    results = take_turns(
        running,
        Questions(scenario.kinds, zone.names),
        Load(zone.master.with_name("queries"), dnssec=dnssec),
        rounds=settings.rounds,
        seconds=settings.seconds,
    )
    edns = "EDNS and DO" if dnssec else "EDNS"
    title = f"{scenario.title.format(zone.names)}; UDP with {edns}, one worker"
    print(f"\n{title}\n\n{_table(results)}", flush=True)
    return {label: measured.microseconds for label, measured in results.items()}


def _bounds(what: str, spent: Mapping[str, list[float]]) -> Iterator[Bound]:
    fastest = lowest(spent, servers.FASTEST)
    yield bounds.of_ratio(what, spent, servers.NATIVE, fastest, NATIVE_OF_FASTEST)
    yield bounds.of_ratio(what, spent, servers.NATIVE, Echo.name, NATIVE_OF_ECHO)
    yield bounds.of_ratio(what, spent, servers.PORTABLE, Nsd.name, PORTABLE_OF_NSD)


def _table(results: Mapping[str, Measured]) -> str:
    spent = {label: measured.microseconds for label, measured in results.items()}
    references = [Echo.name, lowest(spent, servers.FASTEST)]
    rows = [
        [
            label,
            report.median_and_spread(measured.microseconds, 2),
            *(
                report.median_and_spread(ratios(measured.microseconds, spent[reference]), 2)
                if reference in spent
                else "-"
                for reference in references
            ),
            report.median_and_spread(measured.per_second),
            str(measured.lost),
        ]
        for label, measured in results.items()
    ]
    return report.table(HEAD, rows)
