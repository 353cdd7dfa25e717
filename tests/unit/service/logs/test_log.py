"""Events: how they are made, sent, counted where nobody takes them, and written."""

import io
import json
import logging
import os
import pty
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from zoneserver.service.logs import log
from zoneserver.service.logs.log import LEVELS, MOST_CHARACTERS, MOST_OCTETS
from zoneserver.service.logs.log_format import Form, choose_form, format_event
from zoneserver.service.logs.scribe import MOST_LINES, MOST_OF_ZONES, Limiter, Output, Scribe

NASTY = '\x1b[2J\r\n\t\x00\x7f\x9b \u202e\u2028\udcff "q" a=b \\ é'
SHOWN = r'\x1b[2J\r\n\t\x00\x7f\x9b \u202e\u2028\udcff "q" a=b \ é'


@pytest.fixture
def reader() -> Iterator[socket.socket]:
    """The end that the scribe would read."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with ours, theirs:
        log.attach(ours, "info")
        theirs.settimeout(10)
        yield theirs
        log.detach()


def _take(reader: socket.socket) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(reader.recv(MOST_OCTETS))
    return event


def _event(text: str = "a text", **changes: Any) -> dict[str, Any]:
    event = {"time": 1.5, "level": "warning", "event": "a-kind", "process": "main"}
    return {**event, "text": text, "shown": "", "aloud": False, "fields": {}, **changes}


def test_an_event_has_its_fields(reader: socket.socket) -> None:
    """What was logged arrives, with the name of the process."""
    log.name_process("worker 3", 0.0)
    log.error("worker-ended", "a %s b", worker=3, reason=None)
    event = _take(reader)

    assert event.pop("time") > 1_700_000_000
    assert event == {
        "level": "error",
        "event": "worker-ended",
        "process": "worker 3",
        "text": "a %s b",
        "shown": "",
        "aloud": False,
        "fields": {"worker": 3, "reason": None},
    }


@pytest.mark.parametrize("level", LEVELS)
def test_level(reader: socket.socket, level: str) -> None:
    """What is below it is not sent; announcements are always."""
    log.set_level(level)
    for tell in (log.debug, log.info, log.warning, log.error):
        tell("kind", "text")
    log.announce("ready", "ready")

    assert level == log.get_level()
    expected = [*LEVELS[LEVELS.index(level) :], "info"]
    assert expected == [_take(reader)["level"] for _ in expected]
    reader.setblocking(False)
    with pytest.raises(BlockingIOError):
        reader.recv(MOST_OCTETS)


def test_what_libraries_log_goes_the_same_way(reader: socket.socket) -> None:
    """Under the name of their logger, with the exception."""
    logging.getLogger("asyncio").error("a %s", "task", exc_info=ValueError("no"))
    event = _take(reader)

    assert (event["event"], event["text"]) == ("asyncio", "a task")
    assert event["fields"] == {"exception": "ValueError('no')"}


@pytest.mark.parametrize("patience", [0.0, 0.01])
def test_nobody_waits_for_a_reader(reader: socket.socket, patience: float) -> None:
    """What finds no room is counted, and told with the next that does."""
    log.name_process("builder", patience)
    for _ in range(2000):
        log.info("kind", "x" * 1000)
    lost = log.count_lost()
    assert 0 < lost < 2000
    for _ in range(2000 - lost):
        assert "lost" not in _take(reader)
    log.info("kind", "there is room again")
    log.info("kind", "and still")

    assert lost == _take(reader)["lost"]
    assert "lost" not in _take(reader)
    assert lost == log.count_lost()


def test_nobody_to_read(reader: socket.socket) -> None:
    """No exception, no signal."""
    reader.close()
    log.info("kind", "text")

    assert log.count_lost() == 1


def test_events_are_bounded(reader: socket.socket) -> None:
    """Whatever is logged fits a message."""
    wide = "\U0001f4ec" * MOST_CHARACTERS * 2
    log.error("kind", wide, shown=wide, one=wide, two=wide, odd="\udcff")
    octets = reader.recv(1 << 20)

    assert len(octets) <= MOST_OCTETS
    assert json.loads(octets)["text"] == wide[:MOST_CHARACTERS]


def test_json_line() -> None:
    """One line, whatever is in it."""
    line = format_event(_event(NASTY, fields={"zone": NASTY, "n": 1}), Form.JSON, colour=True)

    assert line.endswith("}\n")
    assert line[:-1].isprintable()
    assert json.loads(line) == {
        "time": "1970-01-01T00:00:01.500Z",
        "level": "warning",
        "event": "a-kind",
        "process": "main",
        "message": SHOWN,
        "zone": SHOWN,
        "n": 1,
    }


def test_logfmt_line() -> None:
    """Values with blanks, quotes or equal signs stand in quotes."""
    fields = {"zone": "a.", "n": 1, "ok": True, "no": None, "empty": "", "a b": "c\nd"}
    line = format_event(_event('say "x"', fields=fields), Form.LOGFMT, colour=True)

    assert line == (
        "time=1970-01-01T00:00:01.500Z level=warning event=a-kind process=main"
        ' message="say \\"x\\"" zone=a. n=1 ok=true no=null empty="" a_b="c\\\\nd"\n'
    )
    assert format_event(_event(NASTY), Form.LOGFMT, colour=True)[:-1].isprintable()


@pytest.mark.parametrize(
    ("event", "text", "journal"),
    [
        (_event(), "warning: a text\n", "<4>warning: a text\n"),
        (_event(level="info"), "a text\n", "<6>a text\n"),
        (_event(level="error", shown="a\n  b"), "a\n  b\n", "<3>a\n<3>  b\n"),
        (_event("\x1b[31mred\x1b[2J"), "warning: red\\x1b[2J\n", "<4>warning: red\\x1b[2J\n"),
    ],
    ids=["warning", "info", "shown", "colour"],
)
def test_text_lines(event: dict[str, Any], text: str, journal: str) -> None:
    """People see the level where it matters; journald has it as a number."""
    assert text == format_event(event, Form.TEXT, colour=False)
    assert journal == format_event(event, Form.JOURNAL, colour=True)


def test_colour_is_kept_for_a_terminal() -> None:
    """And no other sequence."""
    event = _event(shown="\x1b[1;31mred\x1b[0m \x1b[2J")

    assert format_event(event, Form.TEXT, colour=True) == "\x1b[1;31mred\x1b[0m \\x1b[2J\n"


def test_form() -> None:
    """Auto is text for a terminal and for journald, else JSON."""
    terminal, side = pty.openpty()
    with Path(os.devnull).open("w") as file, os.fdopen(side, "w") as tty:
        stat = os.fstat(file.fileno())
        journal = {"JOURNAL_STREAM": f"{stat.st_dev}:{stat.st_ino}"}
        assert choose_form("auto", tty, {}) is Form.TEXT
        assert choose_form("auto", file, {}) is Form.JSON
        assert choose_form("auto", file, journal) is Form.JOURNAL
        assert choose_form("text", file, journal) is Form.JOURNAL
        assert choose_form("auto", tty, journal) is Form.TEXT
        assert choose_form("text", file, {}) is Form.TEXT
        assert choose_form("json", tty, journal) is Form.JSON
        assert choose_form("logfmt", tty, {}) is Form.LOGFMT
    assert choose_form("auto", io.StringIO(), journal) is Form.JSON
    os.close(terminal)


class Clock:
    """A time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        """The time."""
        return self.now


def test_limits() -> None:
    """Each kind has its own; what was left out is told when the minute is over."""
    clock = Clock()
    limiter = Limiter(clock)
    kinds = ("x", "finding", "reloaded")
    counts = {kind: sum(limiter.is_due(kind) for _ in range(5000)) for kind in kinds}
    many = dict.fromkeys(("finding", "reloaded"), MOST_OF_ZONES)
    assert counts == {"x": MOST_LINES, **many}
    assert limiter.take_left_out() == {}
    clock.now = 60.0
    assert limiter.take_left_out() == {kind: 5000 - count for kind, count in counts.items()}
    assert limiter.is_due("x")
    clock.now = 120.0
    assert limiter.take_left_out() == {}


def test_scribe(tmp_path: Path) -> None:
    """Announcements go to one stream, all else to the other, with what was lost or left out."""
    folder, clock = tmp_path, Clock()
    with (folder / "out").open("w") as out, (folder / "err").open("w") as err:
        to_out, to_err = Output(out, Form.TEXT), Output(err, Form.TEXT)
        scribe = Scribe(to_out, to_err, Limiter(clock))
        scribe.take(_event("ready", level="info", aloud=True))
        scribe.take(_event(lost=3))
        for _ in range(MOST_LINES):
            scribe.take(_event())
        clock.now = 60.0
        to_err.lost = 2
        scribe.look_back()
        scribe.look_back()

    assert (folder / "out").read_text() == "ready\n"
    first, *same, left_out, lost = (folder / "err").read_text().splitlines()
    assert first == "warning: 3 lines of the log are lost: they were not taken fast enough"
    assert same == ["warning: a text"] * MOST_LINES
    assert left_out == "warning: 1 more lines of kind a-kind within a minute were left out"
    assert lost == "warning: 2 lines of the log are lost: they could not be written"


def test_stream_that_takes_nothing() -> None:
    """A vanished reader costs the line; one that was made not to block is waited for."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with os.fdopen(writing, "w") as stream:
        output = Output(stream, Form.TEXT)
        output.write(_event())
        assert os.read(reading, 100) == b"warning: a text\n"
        os.close(reading)
        output.write(_event())

        assert output.lost == 1
