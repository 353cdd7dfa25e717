"""How an event of the log is written: for people, for journald, as JSON or as logfmt.

Whatever is in it, what comes out are lines of printing characters, one for each event unless
people read it.
"""

import enum
import json
import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TextIO

from zoneserver.service.logs.terminal import has_colour, printable

_PRIORITIES = {"error": 3, "warning": 4, "info": 6, "debug": 7}  # sd-daemon(3)
_COLOUR = re.compile(r"(\x1b\[[0-9;]*m)")
_BARE = re.compile(r'[^\s"=\\]+')  # a value that logfmt does not quote

Event = Mapping[str, Any]


class Form(enum.Enum):
    """What the lines look like."""

    TEXT = "text"
    JOURNAL = "journal"
    JSON = "json"
    LOGFMT = "logfmt"


def choose_form(wanted: str, stream: TextIO, environment: Mapping[str, str]) -> Form:
    """The form that a setting means for a stream: text for people and for journald."""
    if wanted in {"json", "logfmt"}:
        return Form(wanted)
    if _is_journal(stream, environment):
        return Form.JOURNAL
    return Form.TEXT if wanted == "text" or stream.isatty() else Form.JSON


def format_event(event: Event, form: Form, *, colour: bool) -> str:
    """The lines of an event, with their ends."""
    if form is Form.TEXT:
        return f"{_format_text(event, colour=colour)}\n"
    if form is Form.JOURNAL:
        priority = _PRIORITIES.get(event["level"], 3)
        lines = _format_text(event, colour=False).split("\n")
        return "".join(f"<{priority}>{line}\n" for line in lines)
    fields = {key: _value(value) for key, value in _fields(event).items()}
    if form is Form.JSON:
        return f"{json.dumps(fields, ensure_ascii=False)}\n"
    pairs = (f"{_key(key)}={_quoted(value)}" for key, value in fields.items())
    return f"{' '.join(pairs)}\n"


def format_time(seconds: float) -> str:
    """A time since 1970 as RFC 3339 has it."""
    text = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def wants_colour(stream: TextIO) -> bool:
    """Whether what is written to a stream may have colours."""
    return stream.isatty() and has_colour()


def _is_journal(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether it is journald that reads a stream (systemd.exec(5), JOURNAL_STREAM)."""
    try:
        stat = os.fstat(stream.fileno())
    except (OSError, ValueError):
        return False
    return environment.get("JOURNAL_STREAM") == f"{stat.st_dev}:{stat.st_ino}"


def _format_text(event: Event, *, colour: bool) -> str:
    text: str = event["shown"]
    if not text:
        level = event["level"]
        text = event["text"] if level == "info" else f"{level}: {event['text']}"
    pieces = _COLOUR.split(text)
    pieces[::2] = [printable(piece, keep="\n\t") for piece in pieces[::2]]
    return "".join(pieces if colour else pieces[::2])


def _fields(event: Event) -> dict[str, Any]:
    return {
        "time": format_time(event["time"]),
        "level": event["level"],
        "event": event["event"],
        "process": event["process"],
        "message": event["text"],
        **event["fields"],
    }


def _value(value: object) -> object:
    return printable(value) if isinstance(value, str) else value


def _key(key: str) -> str:
    return re.sub(r"[^\w.-]", "_", key)


def _quoted(value: object) -> str:
    if isinstance(value, str):
        return value if _BARE.fullmatch(value) else json.dumps(value, ensure_ascii=False)
    return json.dumps(value)
