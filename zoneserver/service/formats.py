"""Findings for machines: JSON of our own, SARIF 2.1.0, and GitHub's annotations.

The JSON is documented in docs/check.md. Keys are added, never renamed or removed; a change
of meaning raises `version`.
"""

import json
from collections import Counter
from collections.abc import Sequence
from typing import Any

from zoneserver import __version__
from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import LEVELS, Finding, Level, Mark

JSON_VERSION = 1

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.HINT: "note"}
_GITHUB_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.HINT: "notice"}


def format_json(zones: int, records: int, findings: Sequence[Finding]) -> str:
    """All findings and a summary as one JSON object."""
    counts = Counter(finding.level for finding in findings if not finding.waived)
    return _dump(
        {
            "version": JSON_VERSION,
            "summary": {
                "zones": zones,
                "records": records,
                "errors": counts[Level.ERROR],
                "warnings": counts[Level.WARNING],
                "hints": counts[Level.HINT],
                "waived": sum(1 for finding in findings if finding.waived),
            },
            "findings": [_as_json(finding) for finding in findings],
        }
    )


def format_sarif(findings: Sequence[Finding]) -> str:
    """All findings as a SARIF log, which code hosts show beside the lines."""
    rules = sorted({finding.code for finding in findings})
    driver = {
        "name": "zoneserver",
        "version": __version__,
        "rules": [
            {
                "id": code,
                "shortDescription": {"text": CATALOGUE[code].title},
                "fullDescription": {"text": f"{CATALOGUE[code].title} ({CATALOGUE[code].rfc})"},
                "defaultConfiguration": {"level": _SARIF_LEVELS[LEVELS[CATALOGUE[code].level]]},
            }
            for code in rules
        ],
    }
    results = [_as_sarif(finding, rules.index(finding.code)) for finding in findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return _dump({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def format_github(findings: Sequence[Finding]) -> str:
    """One workflow command a finding; GitHub shows it at the line of a pull request."""
    return "\n".join(_as_annotation(finding) for finding in findings if not finding.waived)


def _as_json(finding: Finding) -> dict[str, Any]:
    return {
        "code": finding.code,
        "level": str(finding.level),
        **_place(finding.mark),
        "zone": str(finding.origin) if finding.origin else None,
        "owner": str(finding.owner) if finding.owner else None,
        "reason": finding.reason,
        "fix": finding.fix,
        "rfc": finding.rfc,
        "waived": finding.waived or None,
        "related": [{**_place(mark), "text": text} for mark, text in finding.related],
        "other_zones": sorted(str(name) for name in finding.also),
    }


def _place(mark: Mark) -> dict[str, Any]:
    return {"file": mark.file, "line": mark.line, "column": mark.column}


def _as_sarif(finding: Finding, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _SARIF_LEVELS[finding.level],
        "message": {"text": _sentence(finding)},
        "locations": [_location(finding.mark)],
    }
    if finding.related:
        result["relatedLocations"] = [
            {**_location(mark), "message": {"text": text}} for mark, text in finding.related
        ]
    if finding.waived:
        result["suppressions"] = [{"kind": "inSource", "justification": finding.waived}]
    return result


def _location(mark: Mark) -> dict[str, Any]:
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": mark.file.replace("\\", "/")},
            "region": {"startLine": mark.line, "startColumn": mark.column},
        }
    }


def _as_annotation(finding: Finding) -> str:
    mark = finding.mark
    place = f"file={_escape(mark.file, ',:')},line={mark.line},col={mark.column}"
    level = _GITHUB_LEVELS[finding.level]
    return f"::{level} {place},title={finding.code}::{_escape(_sentence(finding))}"


def _sentence(finding: Finding) -> str:
    return f"{finding.reason} Fix: {finding.fix}." if finding.fix else finding.reason


def _escape(text: str, more: str = "") -> str:
    """Text that stays within one workflow command."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return text


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True)
