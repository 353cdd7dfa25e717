"""A folder of zones with one mistake each, and what is expected of each: all are caught.

The folder is not part of the project: ZONESERVER_MISTAKES names one. It holds `cases.json`,
a list of objects with `file`, `origin`, `expected` (error, warning, hint, ok) and `code`.
"""

import json
import os
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from zoneserver.cli import main

FOLDER = Path(os.environ.get("ZONESERVER_MISTAKES", "../shared/benchzones/mail"))

pytestmark = pytest.mark.skipif(
    not (FOLDER / "cases.json").is_file(),
    reason=f"there is no folder of mistakes at {FOLDER}: name one in ZONESERVER_MISTAKES",
)


def test_every_mistake_is_caught(capsys: pytest.CaptureFixture[str]) -> None:
    """Each by its code; errors keep the zone from loading; sound zones get hints at most."""
    cases = json.loads((FOLDER / "cases.json").read_text())
    mistakes = [case for case in cases if case["expected"] != "ok"]
    missed = [case["id"] for case in mistakes if not is_caught(case)]
    alarms = [case["id"] for case in cases if case["expected"] == "ok" and is_alarmed(case)]
    with capsys.disabled():
        caught = len(mistakes) - len(missed)
        click.echo(
            f"\nmistakes caught: {caught} of {len(mistakes)}; false alarms: {len(alarms)}"
        )

    assert (missed, alarms) == ([], [])


def check(case: dict[str, str]) -> tuple[int, list[dict[str, Any]]]:
    """The exit status and the findings of one zone."""
    words = [
        "check",
        str(FOLDER / case["file"]),
        "--origin",
        case["origin"],
        "--format",
        "json",
    ]
    result = CliRunner().invoke(main, words, catch_exceptions=False)
    findings: list[dict[str, Any]] = json.loads(result.stdout)["findings"]
    return result.exit_code, findings


def is_caught(case: dict[str, str]) -> bool:
    """Whether the mistake is found, and blocks the load if it must."""
    status, findings = check(case)
    found = any(finding["code"] == case["code"] for finding in findings)
    return found and status == (case["expected"] == "error")


def is_alarmed(case: dict[str, str]) -> bool:
    """Whether anything worse than a hint is said of a sound zone."""
    status, findings = check(case)
    return status != 0 or any(finding["level"] != "hint" for finding in findings)
