"""The metrics: read back by the library's parser, and by promtool."""

import shutil
import subprocess
from collections.abc import Iterator

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.service.monitor import mirrors
from tests.unit.service.monitor.mirrors import EVIL, NOW, make_mirror
from zoneserver.service.monitor import metrics
from zoneserver.service.monitor.metrics import THE_REST, write_metrics
from zoneserver.service.monitor.mirror import Mirror
from zoneserver.service.observing.overview import ZoneState

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(mirror: Mirror) -> Samples:
    """Every sample by its name and labels."""
    return dict(_read(write_metrics(mirror).decode()))


def _read(text: str) -> Iterator[tuple[tuple[str, frozenset[tuple[str, str]]], float]]:
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            yield (sample.name, frozenset(sample.labels.items())), sample.value


@pytest.mark.parametrize(
    ("name", "labels", "value"),
    [
        ("queries_total", {"transport": "udp", "type": "MX", "rcode": "NOERROR"}, 6),
        ("mail_queries_total", {"zone": "example.com.", "kind": "mx", "told": "answer"}, 5),
        ("mail_queries_total", {"zone": EVIL, "kind": "dkim", "told": "nodata"}, 2),
        ("answer_duration_seconds_bucket", {"transport": "udp", "le": "1e-05"}, 4),
        ("answer_duration_seconds_bucket", {"transport": "udp", "le": "+Inf"}, 6),
        ("answer_duration_seconds_count", {"transport": "udp"}, 6),
        ("answer_duration_seconds_sum", {"transport": "udp"}, 90e-6),
        ("dropped_total", {"reason": "rate_limit"}, 3),
        ("dropped_total", {"reason": "receive_queue"}, 4),
        ("dropped_total", {"reason": "defect"}, 0),
        ("events_total", {"event": "received"}, 9),
        ("zones", {"state": "served"}, 3),
        ("zones", {"state": "stale"}, 1),
        ("zones", {"state": "refused"}, 1),
        ("zone_serial", {"zone": "example.com."}, 7),
        ("zone_records", {"zone": "example.com."}, 12),
        ("zone_loaded_timestamp_seconds", {"zone": "example.com."}, NOW - 7200),
        ("zone_stale", {"zone": EVIL}, 1),
        ("zone_stale", {"zone": "example.com."}, 0),
        ("zone_refused", {"zone": "shop.example."}, 1),
        ("findings", {"level": "error"}, 1),
        ("findings", {"level": "warning"}, 1),
        ("zone_findings", {"zone": "shop.example.", "level": "error"}, 1),
        ("reloads_total", {"result": "done"}, 3),
        ("reloads_total", {"result": "failed"}, 2),
        ("last_reload_timestamp_seconds", {}, NOW - 60),
        ("certificate_end_timestamp_seconds", {}, NOW + 86400),
        ("last_reload_duration_seconds", {}, 0.5),
        ("last_reload_successful", {}, 1),
        ("info", {"version": "1.2.3", "engine": "native"}, 1),
        ("start_timestamp_seconds", {}, NOW - 3 * 86_400),
        ("ready", {}, 1),
        ("workers", {}, 2),
        ("workers_up", {}, 2),
        ("worker_restarts_total", {"worker": "1"}, 2),
        ("builder_restarts_total", {}, 1),
        ("secondaries", {"state": "current"}, 1),
        ("secondaries", {"state": "behind"}, 2),
        ("secondary_behind", {"zone": "example.com.", "server": "192.0.2.53"}, 0),
        ("secondary_behind", {"zone": "example.com.", "server": "192.0.2.54"}, 1),
        ("secondary_behind", {"zone": "waived.example.", "server": "192.0.2.53"}, 1),
        ("secondary_serial", {"zone": "example.com.", "server": "192.0.2.54"}, 6),
        (
            "secondary_since_timestamp_seconds",
            {"zone": "example.com.", "server": "192.0.2.53"},
            NOW - 90,
        ),
        ("copy_fetched_timestamp_seconds", {"zone": "waived.example."}, NOW - 300),
        ("copy_checked_timestamp_seconds", {"zone": "waived.example."}, NOW - 30),
        ("copy_expires_timestamp_seconds", {"zone": "waived.example."}, NOW + 7200),
        ("copy_failing", {"zone": "waived.example."}, 0),
        ("copy_failing", {"zone": "lost.example."}, 1),
    ],
)
def test_samples(name: str, labels: dict[str, str], value: float) -> None:
    """Each with its labels and its value, whatever is in the name of a zone."""
    samples = read(make_mirror())
    assert value == samples[f"zoneserver_{name}", frozenset(labels.items())]


def test_what_is_not_known_is_not_said() -> None:
    """A refused zone has no serial; a waived finding is none; no reload has no time."""
    samples = read(make_mirror())
    assert ("zoneserver_zone_serial", frozenset({("zone", "shop.example.")})) not in samples
    zones = {dict(labels).get("zone") for name, labels in samples if name.endswith("_findings")}
    assert "waived.example." not in zones
    assert not [name for name, _ in read(Mirror()) if "last_reload" in name]


def test_zones_beyond_the_most(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those beyond have one series together, and no state of their own."""
    monkeypatch.setattr(metrics, "MOST_ZONES", 1)
    samples = read(make_mirror())
    rest = frozenset({("zone", THE_REST), ("kind", "dkim"), ("told", "nodata")})
    assert samples["zoneserver_mail_queries_total", rest] == 2
    zones = [dict(labels)["zone"] for name, labels in samples if name.endswith("zone_stale")]
    assert zones == ["example.com."]


def test_promtool_takes_them() -> None:
    """Names and help as Prometheus wants them."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=write_metrics(make_mirror()),
        capture_output=True,
        timeout=30,
        check=False,
    )
    assert (0, b"", b"") == (checked.returncode, checked.stdout, checked.stderr)


def test_many_zones_take_little_time() -> None:
    """Ten thousand zones, as many as have series of their own: fifty thousand samples."""
    zones = [ZoneState(f"zone{number}.example.", 1) for number in range(10_000)]
    assert 50_000 < len(write_metrics(mirrors.make_mirror(zones)).splitlines()) < 51_000
