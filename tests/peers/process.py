"""A child process in the foreground, with its output in a file, that always ends."""

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

STOP_SECONDS = 10.0


class Child:
    """A program in a session of its own, so that all it forks can be found and ended.

    Standard output and standard error both go to `log`.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        directory: Path,
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Start `command` in `directory`; variables in `environment` are added."""
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=directory,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """The process id, which is also the id of the session."""
        return self._process.pid

    def exits_within(self, seconds: float) -> bool:
        """Wait up to `seconds` for the program to end, and tell whether it did."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    @property
    def status(self) -> int | None:
        """The exit status, negative for a signal; None while the program runs."""
        return self._process.poll()

    def stop(self) -> None:
        """End the program politely, then whatever is left of its session by force."""
        if self._process.poll() is None:
            self._process.terminate()
            self.exits_within(STOP_SECONDS)
        # The usual case is that nothing is left to end.
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def output(self) -> str:
        """Everything the program has printed so far."""
        return self.log.read_text(errors="replace")
