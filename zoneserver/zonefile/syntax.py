"""What libyaml cannot read, in the words of somebody who edits zone files."""

import re
from typing import Any, NamedTuple

import yaml

from zoneserver.zonefile.nodes import Node, NodeError, show

_MAX_KEY = 1024  # characters, in libyaml
_INDENT_FIX = (
    "start it in the same column as its neighbours; a text that holds a quote, a bracket,"
    " ': ' or ' #' must stand in quotes"
)


class _Advice(NamedTuple):
    """What a message of libyaml (or of PyYAML's own scanner) means, and what helps."""

    pattern: str
    at_start: bool  # whether to point to where the construct starts, not where it breaks
    reason: str
    fix: str
    code: str = "SY008"


_ADVICE = (
    _Advice(
        "maximum nesting depth",  # libyaml from 0.2.6 on looks that far ahead
        at_start=False,
        reason="lists and mappings are nested far too deep; no zone needs that",
        fix="close the brackets",
        code="SY010",
    ),
    _Advice(
        "quoted scalar.*(unexpected end|document separator|document indicator)",
        at_start=True,
        reason="the quote opened here is never closed",
        fix="close it; a quote inside single quotes is written twice",
    ),
    _Advice(
        "unknown escape|did not find expected hexdecimal|expected escape sequence",
        at_start=False,
        reason="a backslash in double quotes starts an escape of YAML, and this is none",
        fix=r"use single quotes, where a backslash is only a backslash: 'v=DKIM1\; k=rsa'",
    ),
    _Advice(
        "flow (mapping|sequence|node)",
        at_start=False,
        reason="a bracket is not closed, or a comma is missing",
        fix="write [a, b] or {key: value, key: value}, or one item per line",
    ),
    _Advice(
        "block scalar",
        at_start=False,
        reason="> and | start a block of text, whose lines follow below",
        fix="put a text that starts with > or | in quotes",
    ),
    _Advice(
        "anchor",
        at_start=False,
        reason="& starts an anchor in YAML",
        fix="put a text that starts with & in quotes",
    ),
    _Advice(
        "document start",
        at_start=False,
        reason="text follows behind the end of the document",
        fix="remove it, and the line of three dots before it",
    ),
    _Advice(
        "could not find expected ':'",
        at_start=True,
        reason="a key starts here, and no colon follows it",
        fix="write a colon and a blank behind the key",
    ),
    _Advice(
        "expected key|<block end>|expected '-' indicator|block",
        at_start=False,
        reason="the file cannot be read from here on: something is indented differently, or a"
        " colon is missing",
        fix=_INDENT_FIX,
    ),
)


def explain(error: yaml.YAMLError, file: str, text: str) -> NodeError:
    """The problem that an error of libyaml tells about."""
    message = " ".join(str(getattr(error, part, None) or "") for part in ("context", "problem"))
    broken: Any = getattr(error, "problem_mark", None)
    start: Any = getattr(error, "context_mark", None) or broken
    if broken is None:
        return NodeError("SY008", Node(file, 0, 0), f"this is no YAML: {error}", _INDENT_FIX)
    at = Node(file, broken.line, broken.column)
    opened = Node(file, start.line, start.column)
    line = _line(text, broken.line)
    if "while scanning an alias" in message or "scanning a directive" in message:
        return _needs_quotes(opened, _line(text, start.line))
    if "cannot start any token" in message or "tab character" in message:
        is_tab = line[broken.column : broken.column + 1] == "\t"
        return _tab(at) if is_tab else _needs_quotes(at, line)
    if "mapping values are not allowed" in message:
        return _colon(at, line)
    if "flow" in message and line[broken.column : broken.column + 1] == ":":
        return _colon_in_brackets(at, line)
    for advice in _ADVICE:
        if re.search(advice.pattern, message):
            place = opened if advice.at_start else at
            return NodeError(advice.code, place, advice.reason, advice.fix)
    return NodeError("SY008", at, f"this is no YAML: {message.strip()}", _INDENT_FIX)


def _line(text: str, number: int) -> str:
    """One line of the file; libyaml may point behind the last."""
    lines = text.split("\n", number + 1)
    return lines[number].rstrip("\r") if number < len(lines) else ""


def _needs_quotes(at: Node, line: str) -> NodeError:
    """A word that starts with a character that YAML keeps for itself."""
    word = re.split(r":?\s|:$|[,\]}]", line[at.column :], maxsplit=1)[0]
    sign = word[:1]
    meaning = {"*": "starts an alias", "%": "starts a directive"}.get(sign, "is reserved")
    fix = f"quote it: '{word[:64]}'"
    if word == "@":
        fix = "the apex is written '' (two quotes); anywhere else quote it: '@'"
    elif not sign:
        fix = _INDENT_FIX
    reason = f"{show(word)} must stand in quotes: an unquoted {sign} {meaning} in YAML"
    return NodeError("SY008", at, reason, fix)


def _tab(at: Node) -> NodeError:
    return NodeError(
        "SY008",
        at,
        "a tab stands where the indentation is due; YAML indents with blanks only",
        "replace the tab by blanks",
    )


def _colon_in_brackets(at: Node, line: str) -> NodeError:
    """A second `: ` inside of braces or brackets."""
    text = re.split(r"[,{\[]|: ", line[: at.column])[-1].strip()
    return NodeError(
        "SY008",
        at,
        f"{show(text)} stands before a second colon, and YAML takes it for a key",
        "put the whole text in quotes: 'v=spf1 include: example.net'",
    )


def _colon(at: Node, line: str) -> NodeError:
    """A second `: ` in a line, or a key that is indented below a value."""
    if at.column > _MAX_KEY:
        reason = f"the text before the colon is too long for a key; {_MAX_KEY} is the most"
        return NodeError("SY008", at, reason, "shorten the key, or quote the whole text")
    start = len(line) - len(line.lstrip(" -"))
    key = re.match(r"([^:#'\"]+):\s+(.*)", line[start:])
    if key is None or start + key.end(1) >= at.column:
        return NodeError(
            "SY008",
            at,
            "a key stands below a value: it is indented too far, or a colon is missing above",
            _INDENT_FIX,
        )
    return NodeError(
        "SY008",
        at,
        "a second ': ' stands in this line, and YAML takes the text before it for a key",
        f"put the text in quotes: {key[1]}: '{key[2][:64]}'",
    )
