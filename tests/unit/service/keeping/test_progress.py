"""How far a long load has come."""

import io

from zoneserver.service.keeping.progress import Progress


class Terminal(io.StringIO):
    """A stream that somebody looks at."""

    def isatty(self) -> bool:
        """It is one."""
        return True


def _progress(stream: io.StringIO, times: list[float]) -> Progress:
    ticks = iter(times)
    return Progress(200, 1000, stream, lambda: next(ticks))


def test_zones_records_rate_and_time_left() -> None:
    """Half of it took ten seconds, so the rest will."""
    terminal = Terminal()
    _progress(terminal, [0.0, 10.0]).add(100, 5000, 500)

    line = "reading: 100 of 200 zones, 5,000 records, 500/s, 10 s left"
    assert f"\r\x1b[K{line}" == terminal.getvalue()


def test_short_work_is_not_told() -> None:
    """Nothing is shown within two seconds, and nothing has to be taken away."""
    terminal = Terminal()
    progress = _progress(terminal, [0.0, 1.9, 1.9])
    progress.add(100, 5000, 500)
    progress.say("judging")
    progress.end()

    assert "" == terminal.getvalue()


def test_line_is_taken_away() -> None:
    """What follows begins on an empty line."""
    terminal = Terminal()
    progress = _progress(terminal, [0.0, 3.0])
    progress.say("judging")
    progress.end()

    assert "\r\x1b[Kjudging\r\x1b[K" == terminal.getvalue()


def test_log_file_gets_none_of_it() -> None:
    """Only a terminal is written over."""
    log = io.StringIO()
    progress = _progress(log, [0.0, 10.0, 11.0])
    progress.add(100, 5000, 500)
    progress.say("judging")
    progress.end()

    assert "" == log.getvalue()
