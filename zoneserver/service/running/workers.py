"""A worker as the main process sees it: started, watched, replaced, stopped."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress

from zoneserver.service.keeping.store import Served
from zoneserver.service.logs import log
from zoneserver.service.observing.counters import Counters
from zoneserver.service.running.certificates import Pair
from zoneserver.service.running.channel import AsyncChannel, Message
from zoneserver.service.running.processes import fork, wait_for_end
from zoneserver.transports.listen import Sockets
from zoneserver.transports.listen_tls import TlsListener

WATCH_SECONDS = 0.25
SILENT_SECONDS = 1.5  # without a beat, after which a worker is taken for hung
START_SECONDS = 30.0  # for the first beat: images are being opened
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0  # before one that failed at its start is replaced
KILL_SECONDS = 1.8  # after which one that was told to stop is ended
MOST_FAILURES = 10  # starts in a row that failed, after which it is given up

# The life of a worker: its end of the channel, to its exit status.
Life = Callable[[socket.socket], int]


class WorkerSlot:
    """One worker after the other, all on the same sockets.

    `published` is the version that the worker answers from, 0 as long as it does not; with
    every change of it, `changed` is set. `ended` is set once there is no worker any more.
    What workers count goes into `counters`. `starts` is how many workers there have been.
    """

    def __init__(
        self,
        number: int,
        bound: Sequence[Sockets | TlsListener],
        life: Life,
        changed: asyncio.Event,
        counters: Counters,
    ) -> None:
        self.published = 0
        self.starts = 0
        self.ended = asyncio.Event()
        self._number = number
        self._descriptors = [each.fileno() for one in bound for each in one[1:]]
        self._life = life
        self._changed = changed
        self._counters = counters
        self._pair: Pair | None = None
        self._channel: AsyncChannel | None = None
        self._pid = 0
        self._beat = 0.0
        self._failures = 0  # starts in a row without an answer
        self._stopping = asyncio.Event()

    @property
    def is_given_up(self) -> bool:
        """Whether too many starts in a row have failed."""
        return self._failures >= MOST_FAILURES

    def keep(self, descriptors: Collection[int]) -> None:
        """Let the worker have these, beside those of its sockets."""
        self._descriptors += descriptors

    async def run(self, current: Callable[[], tuple[int, Served]]) -> None:
        """Keep a worker alive until `stop`, or until it is given up.

        `current` is what it answers from at its start: a version and the zones.
        """
        while not (self._stopping.is_set() or self.is_given_up):
            status = await self._run_once(*current())
            if self._stopping.is_set():
                break
            text = f"worker {self._number} ended {describe_end(status)}; it is replaced"
            log.error("worker-ended", text, worker=self._number, status=status)
            self._failures = 0 if self.published else self._failures + 1
            self._note(0)
            if self._failures:
                await asyncio.sleep(min(FIRST_PAUSE * 2**self._failures, LONGEST_PAUSE))
        self.ended.set()

    @property
    def pid(self) -> int:
        """The process id of the worker; 0: there is none at the moment."""
        return self._pid

    def tell(self, message: Message) -> None:
        """Send something to the worker that is there, if one is."""
        if self._channel is not None:
            self._channel.send(message)

    def publish(self, version: int, served: Served) -> None:
        """Have the worker answer from these zones, as one that starts does anyway."""
        self.tell({"publish": served.document(), "version": version})

    def show(self, pair: Pair) -> None:
        """Have the worker show this certificate over TLS, and every one after it."""
        self._pair = pair
        self.tell({"pair": pair.document()})

    def stop(self) -> None:
        """Have the worker answer what has come, and end."""
        self._stopping.set()
        if self._channel is not None:
            self._channel.send({"stop": True})
        elif not self._pid:
            self.ended.set()

    def kill(self) -> None:
        """End the worker at once."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    async def _run_once(self, version: int, served: Served) -> int:
        ours, theirs = socket.socketpair()
        keep = [theirs.fileno(), *self._descriptors]
        self._pid = fork(f"worker {self._number}", lambda: self._life(theirs), keep)
        theirs.close()
        self.starts += 1
        self._channel = await AsyncChannel.open(ours)
        self._beat = asyncio.get_running_loop().time() + START_SECONDS
        if self._pair:  # before it takes the first connection
            self.show(self._pair)
        self.publish(version, served)
        if self._stopping.is_set():  # while it was being made
            self._channel.send({"stop": True})
        listening = asyncio.create_task(self._listen(self._channel))
        watching = asyncio.create_task(self._watch())
        status = await wait_for_end(self._pid)
        self._pid = 0
        watching.cancel()
        await listening
        self._counters.end(self._number)
        self._channel.close()
        self._channel = None
        return status

    async def _listen(self, channel: AsyncChannel) -> None:
        while (message := await channel.receive()) is not None:
            self._beat = asyncio.get_running_loop().time()
            if "beat" in message:
                self._counters.note(self._number, message["beat"])
            if "statistics" in message:
                self._counters.report(message["statistics"])
            if "published" in message:
                self._note(message["published"])

    def _note(self, published: int) -> None:
        self.published = published
        self._changed.set()

    async def _watch(self) -> None:
        """End a worker that has not been heard of for too long."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + WATCH_SECONDS
            await asyncio.sleep(WATCH_SECONDS)
            if loop.time() > due + WATCH_SECONDS:
                # It was us who did not run: its beats may be waiting to be read.
                self._beat = max(self._beat, loop.time())
            elif loop.time() > self._beat + SILENT_SECONDS and not self._stopping.is_set():
                text = f"worker {self._number} has stopped answering"
                log.error("worker-hung", text, worker=self._number)
                self.kill()


async def stop_all(slots: Sequence[WorkerSlot]) -> None:
    """Let workers answer what has come to them, and end."""
    for slot in slots:
        slot.stop()
    running = [slot.ended.wait() for slot in slots]
    with suppress(TimeoutError):
        await asyncio.wait_for(asyncio.gather(*running), KILL_SECONDS)
    for slot in slots:
        slot.kill()


def describe_end(status: int) -> str:
    """How a process ended, in words."""
    if status >= 0:
        return f"with status {status}"
    return f"by signal {signal.Signals(-status).name}"
