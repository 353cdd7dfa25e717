"""Processes that write what all others send them, as the main process sees them.

Each is replaced when it ends, on the same pair of sockets, so that nothing sent is lost, and
may finish at the end.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from zoneserver.service.logs import log
from zoneserver.service.logs.log import LogSettings
from zoneserver.service.logs.observations import Observer
from zoneserver.service.logs.recorder import RecorderSettings, run_recorder
from zoneserver.service.logs.scribe import run_scribe
from zoneserver.service.running.processes import fork, wait_for_end

PAUSE_SECONDS = 1.0  # before one that ended is replaced
BUFFER_OCTETS = 4 << 20  # of queries that wait for the recorder; the kernel may allow fewer
END_SECONDS = 0.2  # to write down what was said at the end


class WriterSlot:
    """One process after the other that reads what is sent over `ours`."""

    def __init__(self, name: str, life: Callable[[socket.socket], int], *, logs: bool) -> None:
        """Starts the first, in the running event loop. `logs`: whether it may log itself."""
        self.ours, self._theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._name, self._life, self._logs = name, life, logs
        self._pid = 0
        self._ended = asyncio.Event()
        self._start()
        self._keeping = asyncio.get_running_loop().create_task(self._keep())

    async def stop(self) -> None:
        """Let it write what it has been sent, if anybody takes that."""
        self.ours.close()
        with suppress(TimeoutError):
            await asyncio.wait_for(self._ended.wait(), END_SECONDS)
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
        self._keeping.cancel()
        self._theirs.close()

    async def _keep(self) -> None:
        while True:
            await wait_for_end(self._pid)
            self._pid = 0
            self._ended.set()
            await asyncio.sleep(PAUSE_SECONDS)
            self._ended.clear()
            log.error(f"{self._name}-ended", f"the {self._name} ended; it is replaced")
            self._start()

    def _start(self) -> None:
        end = self._theirs
        self._pid = fork(self._name, lambda: self._life(end), [end.fileno()], logs=self._logs)


class Writers:
    """The scribe, and the recorder where there is something to be recorded."""

    def __init__(self, log_settings: LogSettings, settings: RecorderSettings) -> None:
        """From now on, what this process and those it makes log goes to the scribe."""
        form, level = log_settings.format, log_settings.level
        self._scribe = WriterSlot("scribe", lambda end: run_scribe(end, form), logs=False)
        log.attach(self._scribe.ours, level)
        self._recorder: WriterSlot | None = None
        self.observer: Observer | None = None
        if settings.every:
            life = partial(run_recorder, settings)
            self._recorder = WriterSlot("recorder", life, logs=True)
            end = self._recorder.ours
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_OCTETS)
            self.observer = Observer(end, settings.every)

    def descriptors(self) -> list[int]:
        """What a worker has to keep open to show queries."""
        return [self.observer.end.fileno()] if self.observer else []

    async def stop(self) -> None:
        """Let both finish; from now on nothing is logged."""
        if self._recorder is not None:
            await self._recorder.stop()
        log.detach()
        await self._scribe.stop()
