"""Signals, as the main process heeds them."""

import asyncio
import signal
from collections.abc import Callable


def heed_signals(reload: Callable[[], None], finish: Callable[[int], None]) -> None:
    """Have SIGHUP reload, and SIGTERM or SIGINT end the server with status 0."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, reload)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, finish, 0)
    # In a storm the pipe that wakes the loop fills up, and the warning of it takes a lock
    # within the C signal handler, which may wait for itself. One octet wakes it, too.
    wakeup = signal.set_wakeup_fd(-1)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)


def ignore_signals() -> None:
    """Let no further one end the process before it has done what the last one asked for."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGTERM, signal.SIGINT})
