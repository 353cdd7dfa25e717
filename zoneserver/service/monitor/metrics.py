"""The numbers for Prometheus, in its text format. docs/monitoring.md explains each."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import accumulate, islice

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from zoneserver.service.monitor.mirror import DROPS, Mirror
from zoneserver.service.monitor.transfer_metrics import collect_transfers
from zoneserver.service.observing.overview import ZoneState
from zoneserver.transports.latency import MICROSECONDS

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
# Zones that have series of their own. More would cost Prometheus more than they tell; those
# beyond are counted together.
MOST_ZONES = 10_000
THE_REST = "(others)"
LEVELS = ("error", "warning")
_EDGES = [f"{edge / 1e6:g}" for edge in MICROSECONDS] + ["+Inf"]
_PREFIX = "zoneserver_"


def write_metrics(mirror: Mirror) -> bytes:
    """All of them."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Collector(mirror))
    return generate_latest(registry)


class _Collector:
    """What the library asks for the metrics."""

    def __init__(self, mirror: Mirror) -> None:
        self._mirror = mirror

    def collect(self) -> Iterator[Metric]:
        """Every metric with its samples."""
        yield from _queries(self._mirror)
        yield from _drops(self._mirror)
        yield from _zones(self._mirror)
        yield from _findings(self._mirror)
        yield from _reloads(self._mirror)
        yield from collect_transfers(self._mirror.overview, MOST_ZONES)
        yield from _processes(self._mirror)

    def describe(self) -> list[Metric]:
        """Nothing: names are not checked before there are samples."""
        return []


def _counter(name: str, text: str, labels: Iterable[str]) -> CounterMetricFamily:
    return CounterMetricFamily(_PREFIX + name, text, labels=list(labels))


def _gauge(name: str, text: str, labels: Iterable[str] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(_PREFIX + name, text, labels=list(labels))


def _number(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, text, value=value)


def _queries(mirror: Mirror) -> Iterator[Metric]:
    totals = mirror.totals
    queries = _counter("queries", "Queries that were answered.", ("transport", "type", "rcode"))
    for words, count in totals.queries.items():
        queries.add_metric(list(words), count)
    yield queries
    text = "Questions of mail servers, and what they were told."
    mail = _counter("mail_queries", text, ("zone", "kind", "told"))
    rest: Counter[tuple[str, str]] = Counter()
    for place, (origin, counts) in enumerate(totals.mail.items()):
        if place >= MOST_ZONES:
            rest.update(counts)
            continue
        for pair, count in counts.items():
            mail.add_metric([origin, *pair], count)
    for pair, count in rest.items():
        mail.add_metric([THE_REST, *pair], count)
    yield mail
    text = "From the receipt of a query to the sending of its answer."
    latency = HistogramMetricFamily(
        _PREFIX + "answer_duration_seconds", text, labels=["transport"]
    )
    for transport, buckets in totals.buckets.items():
        pairs = list(zip(_EDGES, accumulate(buckets), strict=True))
        latency.add_metric([transport], pairs, totals.nanoseconds[transport] / 1e9)
    yield latency


def _drops(mirror: Mirror) -> Iterator[Metric]:
    text = "Datagrams without a full answer, by reason."
    drops = _counter("dropped", text, ("reason",))
    for reason, count in mirror.drops().items():
        drops.add_metric([reason], count)
    yield drops
    events = _counter("events", "Everything else that is counted.", ("event",))
    for name, count in mirror.counters.items():
        if name not in DROPS:
            events.add_metric([name], count)
    yield events


def _zones(mirror: Mirror) -> Iterator[Metric]:
    zones = mirror.overview.zones.values()
    states = _gauge("zones", "Zones by state.", ("state",))
    for state, count in (
        ("served", sum(not zone.refused for zone in zones)),
        ("stale", sum(zone.stale for zone in zones)),
        ("refused", sum(zone.refused for zone in zones)),
    ):
        states.add_metric([state], count)
    yield states
    for name, text, value in (
        ("zone_serial", "The serial that is served.", lambda zone: zone.serial),
        ("zone_records", "Records.", lambda zone: zone.records),
        ("zone_loaded_timestamp_seconds", "When it was read.", lambda zone: zone.loaded),
        ("zone_stale", "Whether an older version than its file is served.", _is_stale),
        ("zone_refused", "Whether there is no version to serve.", lambda zone: zone.refused),
    ):
        gauge = _gauge(name, text, ("zone",))
        for zone in islice(zones, MOST_ZONES):
            if not zone.refused or name in ("zone_stale", "zone_refused"):
                gauge.add_metric([zone.origin], float(value(zone)))
        yield gauge


def _is_stale(zone: ZoneState) -> bool:
    return zone.stale


def _findings(mirror: Mirror) -> Iterator[Metric]:
    sums: Counter[str] = Counter()
    of_zones = _gauge("zone_findings", "Findings of a zone that has some.", ("zone", "level"))
    for place, zone in enumerate(mirror.overview.zones.values()):
        counts = Counter(each["level"] for each in zone.findings if not each["waived"])
        sums.update(counts)
        if place < MOST_ZONES:
            for level, count in counts.items():
                of_zones.add_metric([zone.origin, level], count)
    findings = _gauge("findings", "Findings in all zones.", ("level",))
    for level in LEVELS:
        findings.add_metric([level], sums[level])
    yield findings
    yield of_zones


def _reloads(mirror: Mirror) -> Iterator[Metric]:
    overview = mirror.overview
    reloads = _counter("reloads", "Looks at the zones folder.", ("result",))
    reloads.add_metric(["done"], overview.reloads - overview.failures)
    reloads.add_metric(["failed"], overview.failures)
    yield reloads
    if (last := overview.reload) is not None:
        yield _number("last_reload_timestamp_seconds", "When the last one ended.", last.at)
        yield _number("last_reload_duration_seconds", "How long it took.", last.seconds)
        yield _number(
            "last_reload_successful", "Whether it could be made.", last.result != "failed"
        )


def _processes(mirror: Mirror) -> Iterator[Metric]:
    overview = mirror.overview
    info = {"version": overview.version, "engine": overview.engine}
    yield InfoMetricFamily(_PREFIX[:-1], "What runs here.", value=info)
    yield _number("start_timestamp_seconds", "When the server started.", overview.started)
    yield _number("ready", "Whether queries are answered.", mirror.ready)
    if overview.certificate_end:
        text = "When the certificate for DNS over TLS expires."
        yield _number("certificate_end_timestamp_seconds", text, overview.certificate_end)
    workers = mirror.workers
    yield _number("workers", "Processes that are to answer.", len(workers))
    up = sum(bool(each["published"]) for each in workers)
    yield _number("workers_up", "Processes that do.", up)
    restarts = _counter("worker_restarts", "Workers that were replaced.", ("worker",))
    for number, each in enumerate(workers):
        restarts.add_metric([str(number)], max(0, each["starts"] - 1))
    yield restarts
    builder = _counter("builder_restarts", "Builders that were replaced.", ())
    builder.add_metric([], max(0, overview.builders - 1))
    yield builder
