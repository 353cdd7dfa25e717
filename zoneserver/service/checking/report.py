"""Findings as a compiler prints them: place, level, rule, reason, the line, the fix."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

import click

from zoneserver.findings import Finding, Level, Mark
from zoneserver.service.logs.terminal import printable

WIDTH = 100  # columns of a source line that are shown
BEFORE = 60  # columns of these that stand before the mark where the line is cut
INDENT = "    "

_NEWLINE = re.compile(r"\r\n?|\n")
_COLOURS = {Level.ERROR: "red", Level.WARNING: "yellow", Level.HINT: "cyan"}


class Texts:
    """The lines of the files that were read, for quoting."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = files
        self._lines: dict[str, list[str]] = {}

    def find(self, mark: Mark) -> str | None:
        """The line a mark points into, as far as the file has it."""
        if mark.file not in self._lines:
            text = self._files.get(mark.file, b"").decode("utf-8-sig", "backslashreplace")
            self._lines[mark.file] = _NEWLINE.split(text)
        lines = self._lines[mark.file]
        return lines[mark.line - 1] if 0 < mark.line <= len(lines) else None


def format_finding(finding: Finding, texts: Texts) -> str:
    """One finding in several lines."""
    level = "waived" if finding.waived else str(finding.level)
    place = click.style(_place(finding.mark), bold=True)
    rule = click.style(f"{level} {finding.code}", fg=_COLOURS[finding.level], bold=True)
    lines = [f"{place}: {rule} {printable(finding.reason)}", *quote_line(finding.mark, texts)]
    if finding.waived:
        lines.append(f"  waived: {printable(finding.waived)}")
    elif finding.fix:
        lines.append(f"  {click.style('fix:', fg='green')} {printable(finding.fix)}")
    for mark, text in finding.related:
        lines.append(f"  also {_place(mark)}: {printable(text)}")
        lines += quote_line(mark, texts)
    lines.append(f"  see {printable(finding.rfc)}")
    return "\n".join(lines)


def quote_line(mark: Mark, texts: Texts) -> list[str]:
    """The marked line with a caret under the column; nothing where the line is not known."""
    line = texts.find(mark)
    if line is None or not line.strip():
        return []
    column = min(mark.column - 1, len(line))
    start, end = 0, len(line)
    if end > WIDTH:
        start = max(0, min(column - BEFORE, end - WIDTH))
        end = start + WIDTH
    before = ("..." if start else "") + printable(line[start:column], keep="\t")
    after = printable(line[column:end], keep="\t") + ("..." if end < len(line) else "")
    # A tab stays a tab, so that the caret keeps its place whatever a tab is worth.
    gap = "".join("\t" if each == "\t" else " " * _columns(each) for each in before)
    return [f"{INDENT}{before}{after}", f"{INDENT}{gap}{click.style('^', fg='green')}"]


def _columns(character: str) -> int:
    """How many columns of a terminal a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def format_summary(zones: int, records: int, findings: Iterable[Finding]) -> str:
    """How much was checked, and how much was found: one line."""
    counts = Counter(finding.level for finding in findings if not finding.waived)
    waived = sum(1 for finding in findings if finding.waived)
    parts = [
        count(counts[Level.ERROR], "error"),
        count(counts[Level.WARNING], "warning"),
        count(counts[Level.HINT], "hint"),
        *([f"{waived} waived"] if waived else []),
    ]
    return f"{count(zones, 'zone')}, {count(records, 'record')}: {', '.join(parts)}"


def count(number: int, noun: str) -> str:
    """A number with its noun: `1 zone`, `2 zones`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _place(mark: Mark) -> str:
    return f"{printable(mark.file)}:{mark.line}:{mark.column}"
