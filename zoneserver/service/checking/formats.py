"""Findings for people and for machines: text, JSON of our own, SARIF 2.1.0, GitHub's lines.

The JSON is documented in docs/check.md. Keys are added, never renamed or removed; a change
of meaning raises `version`.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from zoneserver import __version__
from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import LEVELS, Finding, Level, Mark
from zoneserver.service.checking.pages import read_pages
from zoneserver.service.checking.report import Texts, format_finding, format_summary
from zoneserver.service.logs.terminal import printable

JSON_VERSION = 1

_SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_SARIF_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.HINT: "note"}
_GITHUB_LEVELS = {Level.ERROR: "error", Level.WARNING: "warning", Level.HINT: "notice"}


@dataclass(frozen=True, slots=True)
class Checked:
    """How many zones and records were judged, what was found, and the texts to quote."""

    zones: int
    records: int
    findings: tuple[Finding, ...]
    texts: Mapping[str, bytes]

    @property
    def summary(self) -> str:
        """One line of counts."""
        return format_summary(self.zones, self.records, self.findings)


def format_text(checked: Checked) -> Iterator[str]:
    """Every finding as a compiler prints it, then the summary."""
    texts = Texts(checked.texts)
    for finding in checked.findings:
        yield format_finding(finding, texts)
    yield checked.summary


def format_json(checked: Checked) -> Iterator[str]:
    """All findings and the summary as one JSON object."""
    counts = Counter(finding.level for finding in checked.findings if not finding.waived)
    yield _dump(
        {
            "version": JSON_VERSION,
            "summary": {
                "zones": checked.zones,
                "records": checked.records,
                "errors": counts[Level.ERROR],
                "warnings": counts[Level.WARNING],
                "hints": counts[Level.HINT],
                "waived": sum(1 for finding in checked.findings if finding.waived),
            },
            "findings": [finding.document() for finding in checked.findings],
        }
    )


def format_sarif(checked: Checked) -> Iterator[str]:
    """All findings as a SARIF log, which code hosts show beside the lines."""
    codes = sorted({finding.code for finding in checked.findings})
    driver = {
        "name": "zoneserver",
        "version": __version__,
        "rules": [_sarif_rule(code) for code in codes],
    }
    results = [_sarif_result(each, codes.index(each.code)) for each in checked.findings]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    yield _dump({"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]})


def format_github(checked: Checked) -> Iterator[str]:
    """One workflow command a finding, shown at the line of a pull request; the summary."""
    for finding in checked.findings:
        if not finding.waived:
            yield _annotation(finding)
    yield checked.summary


# Each yields the text in parts, which end with a line.
FORMATS: dict[str, Callable[[Checked], Iterator[str]]] = {
    "text": format_text,
    "json": format_json,
    "sarif": format_sarif,
    "github": format_github,
}


def _sarif_rule(code: str) -> dict[str, Any]:
    rule, page = CATALOGUE[code], read_pages()[code]
    return {
        "id": code,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": page.why},
        "help": {"text": f"{page.why} See {rule.rfc}."},
        "defaultConfiguration": {"level": _SARIF_LEVELS[LEVELS[rule.level]]},
    }


def _sarif_result(finding: Finding, rule: int) -> dict[str, Any]:
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
    uri = quote(mark.file, errors="surrogateescape")  # a URI reference, RFC 3986 4.1
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": uri},
            "region": {"startLine": mark.line, "startColumn": mark.column},
        }
    }


def _annotation(finding: Finding) -> str:
    mark = finding.mark
    place = f"file={_escape(mark.file, ',:')},line={mark.line},col={mark.column}"
    level = _GITHUB_LEVELS[finding.level]
    return f"::{level} {place},title={finding.code}::{_escape(_sentence(finding))}"


def _sentence(finding: Finding) -> str:
    return f"{finding.reason} Fix: {finding.fix}" if finding.fix else finding.reason


def _escape(text: str, more: str = "") -> str:
    """Text that stays within one workflow command, and does not steer a terminal."""
    for character in "%\r\n" + more:
        text = text.replace(character, f"%{ord(character):02X}")
    return printable(text)


def _dump(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=2, ensure_ascii=True)
