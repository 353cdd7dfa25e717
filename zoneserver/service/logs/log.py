"""The log: events, which every process sends to the one that writes them down.

An event has a kind, which programs may rely on, a text for people, and fields. Who logs waits
for nobody: what nobody takes in time is counted and lost. Python's `logging` carries events, so
that what libraries have to say goes the same way.
"""

import json
import logging
import select
import socket
from dataclasses import dataclass
from typing import Any

FORMATS = ("auto", "text", "json", "logfmt")
LEVELS = ("debug", "info", "warning", "error")
MOST_CHARACTERS = 8192  # of one text
MOST_OCTETS = 65_536  # of one event

Field = str | int | float | bool | None

_LOGGER = logging.getLogger("zoneserver")
_ANNOUNCER = logging.getLogger("zoneserver.announcements")


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How events are written, one of FORMATS, and the least of LEVELS that is."""

    format: str = "auto"
    level: str = "info"


def error(kind: str, text: str, /, *, shown: str = "", **fields: Field) -> None:
    """Something does not work. `shown` is what people read instead of `text`."""
    _LOGGER.error("%s", text, extra={"kind": kind, "shown": shown, "fields": fields})


def warning(kind: str, text: str, /, *, shown: str = "", **fields: Field) -> None:
    """Something works, but not as it should."""
    _LOGGER.warning("%s", text, extra={"kind": kind, "shown": shown, "fields": fields})


def info(kind: str, text: str, /, *, shown: str = "", **fields: Field) -> None:
    """Something has changed, as it should."""
    _LOGGER.info("%s", text, extra={"kind": kind, "shown": shown, "fields": fields})


def debug(kind: str, text: str, /, *, shown: str = "", **fields: Field) -> None:
    """Something that only who looks for a mistake wants to know."""
    _LOGGER.debug("%s", text, extra={"kind": kind, "shown": shown, "fields": fields})


def announce(kind: str, text: str, /, **fields: Field) -> None:
    """Something that is told at the start, whatever the level, on standard output."""
    extra = {"kind": kind, "shown": "", "fields": fields, "aloud": True}
    _ANNOUNCER.info("%s", text, extra=extra)


def set_level(level: str) -> None:
    """Log what has this level (one of LEVELS) or a higher one, in this process."""
    _LOGGER.setLevel(level.upper())


def get_level() -> str:
    """The least level that this process logs."""
    return logging.getLevelName(_LOGGER.getEffectiveLevel()).lower()


def count_lost() -> int:
    """How many events of this process nobody took."""
    return sum(each.lost for each in _senders())


def attach(end: socket.socket, level: str) -> None:
    """Send what this process logs over one end of a pair that keeps messages apart."""
    detach()
    logging.getLogger().addHandler(_Sender(end))
    _ANNOUNCER.setLevel(logging.INFO)
    set_level(level)


def detach() -> None:
    """Send no more."""
    for each in _senders():
        logging.getLogger().removeHandler(each)


def name_process(name: str, patience: float) -> None:
    """Say in every event of this process which one it is.

    Where many events come at once, it waits so many seconds, once, for the other end.
    """
    for each in _senders():
        each.process, each.patience = name, patience


def descriptors() -> list[int]:
    """What a process has to keep open to log."""
    return [each.end.fileno() for each in _senders()]


class _Sender(logging.Handler):
    """Sends events as JSON documents, each a message of its own."""

    def __init__(self, end: socket.socket) -> None:
        super().__init__()
        self.end = end
        self.process = "main"
        self.patience = 0.0
        self.lost = 0
        self._told = 0  # of the lost ones

    def emit(self, record: logging.LogRecord) -> None:
        """Send an event, or count it as lost; whatever is wrong with it or the other end."""
        try:
            event = make_event(record, self.process)
            if self.lost > self._told:
                event["lost"] = self.lost - self._told
            self._send(_pack(event))
        except (OSError, ValueError, TypeError):
            self.lost += 1
        else:
            self._told = self.lost

    def _send(self, octets: bytes) -> None:
        try:
            self.end.send(octets, socket.MSG_DONTWAIT)
        except BlockingIOError:
            if not self.patience or self.lost > self._told:  # it has been waited for already
                raise
            select.select([], [self.end], [], self.patience)
            self.end.send(octets, socket.MSG_DONTWAIT)


def make_event(record: logging.LogRecord, process: str) -> dict[str, Any]:
    """The event that a record is: one of ours, or one of a library."""
    fields = dict(getattr(record, "fields", {}))
    if record.exc_info and record.exc_info[1]:
        fields["exception"] = repr(record.exc_info[1])
    return {
        "time": record.created,
        "level": record.levelname.lower(),
        "event": getattr(record, "kind", record.name),
        "process": process,
        "text": record.getMessage()[:MOST_CHARACTERS],
        "shown": getattr(record, "shown", "")[:MOST_CHARACTERS],
        "aloud": getattr(record, "aloud", False),
        "fields": {key: _bounded(value) for key, value in fields.items()},
    }


def _pack(event: dict[str, Any]) -> bytes:
    octets = _encode(event)
    return (
        octets if len(octets) <= MOST_OCTETS else _encode({**event, "shown": "", "fields": {}})
    )


def _encode(event: dict[str, Any]) -> bytes:
    return json.dumps(event, ensure_ascii=False).encode("utf-8", "surrogatepass")


def _bounded(value: Field) -> Field:
    return value[:MOST_CHARACTERS] if isinstance(value, str) else value


def _senders() -> list[_Sender]:
    return [each for each in logging.getLogger().handlers if isinstance(each, _Sender)]
