"""The numbers of transfers: which other servers have what is served, how old copies are."""

from collections.abc import Callable, Iterator
from itertools import islice

from prometheus_client.metrics_core import GaugeMetricFamily, Metric

from zoneserver.service.observing.overview import Overview
from zoneserver.service.observing.transfers import CopyState, SecondaryState, is_behind

_PREFIX = "zoneserver_"
_OF_COPIES: tuple[tuple[str, str, Callable[[CopyState], float]], ...] = (
    ("copy_fetched_timestamp_seconds", "When it was transferred.", lambda copy: copy.fetched),
    ("copy_checked_timestamp_seconds", "When it was last known to be the newest.",
     lambda copy: copy.checked),
    ("copy_expires_timestamp_seconds", "When it is served no longer.",
     lambda copy: copy.expires),
    ("copy_failing", "Whether the last try to refresh it failed.",
     lambda copy: float(bool(copy.problem))),
)  # fmt: skip


def collect_transfers(overview: Overview, most: int) -> Iterator[Metric]:
    """Every metric of transfers, with samples of at most so many zones."""
    pairs = list(islice(_pairs(overview), most))
    for name, text, value in (
        ("secondary_serial", "The serial that it has.", _serial),
        ("secondary_since_timestamp_seconds", "When it was seen with it first.", _since),
        ("secondary_behind", "Whether it is not known to have what is served.", _behind),
    ):
        gauge = GaugeMetricFamily(_PREFIX + name, text, labels=["zone", "server"])
        for origin, serial, secondary in pairs:
            if secondary.serial is not None or name == "secondary_behind":
                gauge.add_metric([origin, secondary.server], value(secondary, serial))
        yield gauge
    counts = GaugeMetricFamily(
        _PREFIX + "secondaries", "Pairs of a zone and a server, by state.", labels=["state"]
    )
    behind = sum(is_behind(each, serial) for _, serial, each in _pairs(overview))
    counts.add_metric(["behind"], behind)
    counts.add_metric(["current"], sum(1 for _ in _pairs(overview)) - behind)
    yield counts
    for name, text, read in _OF_COPIES:
        gauge = GaugeMetricFamily(_PREFIX + name, text, labels=["zone"])
        for copy in islice(overview.transfers.copies.values(), most):
            if copy.serial is not None or name == "copy_failing":
                gauge.add_metric([copy.zone], read(copy))
        yield gauge


def _pairs(overview: Overview) -> Iterator[tuple[str, int, SecondaryState]]:
    """The name of each zone, its serial, and a server that is to have it."""
    for zone in overview.zones.values() if overview.transfers.secondaries else ():
        for secondary in overview.transfers.servers(zone.origin):
            yield zone.origin, zone.serial, secondary


def _serial(secondary: SecondaryState, _: int) -> float:
    return float(secondary.serial or 0)


def _since(secondary: SecondaryState, _: int) -> float:
    return secondary.since


def _behind(secondary: SecondaryState, serial: int) -> float:
    return float(is_behind(secondary, serial))
