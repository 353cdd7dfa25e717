"""A process that goes on by itself, and whoever started it hears whether all went well."""

import os
import sys
from collections.abc import Callable
from contextlib import suppress

from zoneserver.service.running.processes import FAILED


def step_aside() -> Callable[[], None]:
    """Go on in a process of its own; the one that called ends when that says so.

    Returns, in the new process, what says that all is well. Where the new process ends before
    that, so does the old one, with its status. This process must have no other threads.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        os.close(ours)
        os.setsid()
        return lambda: _tell(theirs)
    os.close(theirs)
    if os.read(ours, 1):
        raise SystemExit(0)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    raise SystemExit(status if status >= 0 else FAILED)


def _tell(end: int) -> None:
    with suppress(OSError):  # nobody waits any more
        os.write(end, b"\n")
    os.close(end)
