"""The scribe as the main process sees it: started, replaced, and let finish at the end."""

import asyncio
import os
import signal
import socket
from contextlib import suppress

from zoneserver.service import log
from zoneserver.service.log import LogSettings
from zoneserver.service.processes import fork, wait_for_end
from zoneserver.service.scribe import run_scribe

PAUSE_SECONDS = 1.0  # before a scribe that ended is replaced
END_SECONDS = 0.2  # to write down what was said at the end


class ScribeSlot:
    """One scribe after the other, all on the same pair of sockets, so that nothing is lost."""

    def __init__(self, settings: LogSettings) -> None:
        """From now on, what this process and those it makes log goes to the scribe.

        In the running event loop.
        """
        self._settings = settings
        self._ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._pid = 0
        self._ended = asyncio.Event()
        log.attach(self._ours, settings.level)
        self._start()
        self._keeping = asyncio.get_running_loop().create_task(self._keep())

    async def _keep(self) -> None:
        while True:
            await wait_for_end(self._pid)
            self._pid = 0
            self._ended.set()
            await asyncio.sleep(PAUSE_SECONDS)
            self._ended.clear()
            log.error("scribe-ended", "the process that writes the log ended; it is replaced")
            self._start()

    async def stop(self) -> None:
        """Let the scribe write what it has been told, if anybody takes it."""
        log.detach()
        self._ours.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), END_SECONDS)
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        self._keeping.cancel()
        self._theirs.close()

    def _start(self) -> None:
        end, wanted = self._theirs, self._settings.format
        self._pid = fork("scribe", lambda: run_scribe(end, wanted), [end.fileno()], logs=False)
