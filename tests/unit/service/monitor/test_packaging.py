"""The alert rules and the dashboard in packaging/: every metric in them is one of ours."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.service.monitor.mirrors import make_mirror
from zoneserver.service.monitor.metrics import write_metrics

PACKAGING = Path(__file__).parents[4] / "packaging"
ALERTS = PACKAGING / "prometheus/alerts.yaml"
DASHBOARD = PACKAGING / "grafana/zoneserver.json"
DOCS = PACKAGING.parent / "docs/monitoring.md"
SELECTOR = re.compile(r"(zoneserver_\w+)(?:\{([^}]*)\})?")
LABEL = re.compile(r"(\w+)\s*=~?")


def samples() -> dict[str, set[str]]:
    """The labels of every sample that the server can show, by its name."""
    text = write_metrics(make_mirror()).decode()
    return {
        sample.name: set(sample.labels) | {"instance", "job"}
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def rules() -> list[dict[str, Any]]:
    """The alert rules."""
    (group,) = yaml.safe_load(ALERTS.read_text("utf-8"))["groups"]
    return list(group["rules"])


def queries(node: object) -> Iterator[str]:
    """Every query in a dashboard."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in {"expr", "query"} and isinstance(value, str):
                yield value
            yield from queries(value)
    elif isinstance(node, list):
        for value in node:
            yield from queries(value)


def unknown(expressions: list[str]) -> list[str]:
    """What is asked for in them that no server shows."""
    known = samples()
    return [
        f"{name} {label}"
        for expression in expressions
        for name, labels in SELECTOR.findall(expression)
        for label in ["", *LABEL.findall(labels)]
        if name not in known or (label and label not in known[name])
    ]


def test_alerts_ask_for_what_there_is() -> None:
    """Names and labels."""
    assert [] == unknown([rule["expr"] for rule in rules()])


def test_the_dashboard_asks_for_what_there_is() -> None:
    """Names and labels, in panels, variables and annotations."""
    dashboard = json.loads(DASHBOARD.read_text("utf-8"))
    asked = [each for each in queries(dashboard) if "zoneserver_" in each]
    assert len(asked) > len(dashboard["panels"])
    assert [] == unknown(asked)


def test_panels_do_not_overlap() -> None:
    """Each has a place of its own on the grid of 24 columns."""
    taken: set[tuple[int, int]] = set()
    for panel in json.loads(DASHBOARD.read_text("utf-8"))["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & taken
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_the_docs_explain_every_metric() -> None:
    """docs/monitoring.md names each, and none that there is not."""
    text = write_metrics(make_mirror()).decode()
    families = {family.name for family in text_string_to_metric_families(text)}
    counters = set(re.findall(r"# TYPE (zoneserver_\w+) counter", text))
    names = {name if f"{name}_total" not in counters else f"{name}_total" for name in families}
    explained = set(re.findall(r"^\| `(zoneserver_\w+)", DOCS.read_text("utf-8"), re.MULTILINE))
    assert names == explained


def test_promtool_takes_the_rules(tmp_path: Path) -> None:
    """Their syntax; and two of them fire when they should, and not before."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    labels = '{instance="a", zone="example.com."}'
    document = {
        "rule_files": [str(ALERTS)],
        "tests": [
            {
                "interval": "1m",
                "input_series": [
                    {"series": f"zoneserver_zone_stale{labels}", "values": "0x10 1x30"},
                    {"series": f"zoneserver_zone_refused{labels}", "values": "0x30"},
                ],
                "alert_rule_test": [
                    _expect("20m", "ZoneserverZoneStale", fires=False),
                    _expect("30m", "ZoneserverZoneStale", fires=True),
                    _expect("30m", "ZoneserverZoneRefused", fires=False),
                ],
            }
        ],
    }
    test = tmp_path / "test.yaml"
    test.write_text(json.dumps(document))
    for command in (["check", "rules", str(ALERTS)], ["test", "rules", str(test)]):
        done = subprocess.run(
            [promtool, *command], capture_output=True, text=True, timeout=60, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


def _expect(at: str, alert: str, *, fires: bool) -> dict[str, Any]:
    """That an alert fires for example.com., with the text that its rule makes, or does not."""
    told = {
        "exp_labels": {"instance": "a", "zone": "example.com.", "severity": "warning"},
        "exp_annotations": {
            "summary": "example.com.: the last edit is not served",
            "description": "An older version is, because the file has an error. "
            "`zoneserver check` names the line.",
        },
    }
    return {"eval_time": at, "alertname": alert, "exp_alerts": [told] if fires else []}
