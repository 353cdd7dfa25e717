"""The watcher as the main process sees it: started, heard, replaced."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from zoneserver.service.disk.watcher import run_watcher
from zoneserver.service.logs import log
from zoneserver.service.running.channel import AsyncChannel
from zoneserver.service.running.processes import fork, wait_for_end
from zoneserver.service.running.workers import describe_end

PAUSE_SECONDS = 1.0  # before one that ended is replaced


# Is told which files have changed; None: it may be any of them.
Changed = Callable[[frozenset[str] | None], None]


async def keep_watching(folders: Sequence[Path], changed: Changed) -> None:
    """Keep a watcher of folders alive, and call `changed` whenever it says so."""
    while True:
        status = await _watch_once(folders, changed)
        text = f"the watcher ended {describe_end(status)}; it is replaced"
        log.error("watcher-ended", text, status=status)
        await asyncio.sleep(PAUSE_SECONDS)
        changed(None)  # while nobody looked, perhaps


async def _watch_once(folders: Sequence[Path], changed: Changed) -> int:
    ours, theirs = socket.socketpair()
    pid = fork("watcher", lambda: run_watcher(folders, theirs), [theirs.fileno()])
    theirs.close()
    channel = await AsyncChannel.open(ours)
    status = None
    try:
        while (message := await channel.receive()) is not None:
            if "changed" in message:
                paths = message["changed"]
                changed(None if paths is None else frozenset(paths))
        status = await wait_for_end(pid)
        return status
    finally:
        channel.close()
        if status is None:  # nobody needs it any more
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)  # noqa: ASYNC222 - it has no say in when it ends
