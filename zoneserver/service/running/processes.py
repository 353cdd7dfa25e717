"""Processes of our own: how they are made, and how they end with the one that made them."""

import asyncio
import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress

from zoneserver.service.logs import log
from zoneserver.service.running.privileges import give_up_capabilities

FAILED = 70  # EX_SOFTWARE of sysexits.h: a defect of ours
_NICENESS = 10
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15  # prctl(2)


def fork(
    name: str,
    run: Callable[[], int],
    keep: Collection[int],
    *,
    logs: bool = True,
    patience: float = 0.0,
) -> int:
    """Make a process that does nothing but `run`, and ends with the status that returns.

    It has no capability, and no descriptor of this process but those of its terminal, of the
    log unless it does without (`logs`), and `keep`. It ends as soon as this process does. Its
    name is in the log and in what `ps` shows. `patience`: how many seconds it may wait for its
    log to be taken. Returns its id. This process must have no other threads.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    parent = os.getpid()
    pid = os.fork()
    if pid:
        return pid
    status = FAILED
    try:
        if not logs:
            log.detach()
        _start_anew(parent, {*keep, *log.descriptors()})
        log.name_process(name, patience)
        ctypes.CDLL(None).prctl(_PR_SET_NAME, f"zone-{name}".encode(), 0, 0, 0)
        status = run()
    except BaseException:  # noqa: BLE001 - nothing of it may go on in the parent's place
        trace = traceback.format_exc().rstrip()
        shown = f"error: a process failed\n{trace}"
        log.error("process-failed", "a process failed", shown=shown, trace=trace)
    finally:
        os._exit(status)


def _start_anew(parent: int, keep: Collection[int]) -> None:
    """Leave the parent's signals, capabilities and descriptors behind."""
    signal.set_wakeup_fd(-1)
    # A terminal's Ctrl-C and a service manager's SIGTERM reach every process; the main one
    # alone heeds them, and tells the others when to end.
    for number in (signal.SIGHUP, signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    give_up_capabilities()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we had asked
        os._exit(FAILED)
    first = 3
    for descriptor in sorted(keep):
        os.closerange(first, descriptor)
        first = descriptor + 1
    os.closerange(first, os.sysconf("SC_OPEN_MAX"))


def let_others_go_first() -> None:
    """Stay behind the workers, wherever both want a core."""
    with suppress(OSError):  # a service manager may have forbidden it, as ours does
        os.nice(_NICENESS)


async def wait_for_end(pid: int) -> int:
    """The exit status of a child, once it has ended; negative: the signal that ended it."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    descriptor = os.pidfd_open(pid)
    loop.add_reader(descriptor, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(descriptor)
        os.close(descriptor)
    return _reap(pid)


def _reap(pid: int) -> int:
    """The exit status of a child that has ended."""
    _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
