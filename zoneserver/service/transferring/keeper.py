"""The courier as the main process sees it: started, told what is served, heard, replaced."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable
from contextlib import suppress

from zoneserver.image.lookup import Identity
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.store import Served
from zoneserver.service.logs import log
from zoneserver.service.observing.counters import Counters
from zoneserver.service.running.channel import AsyncChannel, Message
from zoneserver.service.running.processes import fork, wait_for_end
from zoneserver.service.running.workers import describe_end
from zoneserver.service.transferring.post import Post

PAUSE_SECONDS = 1.0  # before a courier that ended is replaced
WATCH_SECONDS = 1.0
SILENT_SECONDS = 30.0  # without a word, after which a courier is taken for hung
COURIER = -2  # in the place of a worker: what the courier counts

# Does what a message asks for.
Heed = Callable[[Message], None]


class CourierKeeper:
    """Keeps one courier alive, where zones go out or come in at all; `post` is how to reach it.

    Without, there is no `post`, and `run` has nothing to do.
    """

    def __init__(
        self, settings: Settings, identity: Identity, counters: Counters, heed: Heed
    ) -> None:
        """`heed` is given what the courier says."""
        self.post = Post() if settings.transfers.is_used else None
        self._settings, self._identity = settings, identity
        self._counters = counters
        self._heed = heed
        self._latest: Message | None = None
        self._is_announced = False
        self._channel: AsyncChannel | None = None
        self._pid = 0
        self._heard = 0.0

    def publish(self, version: int, served: Served) -> None:
        """These are the zones from now on."""
        self._latest = {"publish": served.document(), "version": version}
        self._is_announced = False
        self.tell(self._latest)

    def announce(self) -> None:
        """Every worker answers from these zones now: others may be told of them."""
        self._is_announced = True
        self.tell({"announce": True})

    def tell(self, message: Message) -> None:
        """Send something to the courier that is there, if one is."""
        if self._channel is not None:
            self._channel.send(message)

    async def run(self) -> None:
        """Keep a courier."""
        while self.post is not None:
            status = await self._run_once(self.post)
            text = f"the courier ended {describe_end(status)}; it is replaced"
            log.error("courier-ended", text, status=status)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _run_once(self, post: Post) -> int:
        ours, theirs = socket.socketpair()
        keep = [theirs.fileno(), *post.receiving()]

        def life() -> int:
            # Only couriers transfer zones: a server starts without what it takes.
            from zoneserver.service.transferring.courier import run_courier  # noqa: PLC0415

            return run_courier(self._settings, self._identity, post, theirs)

        self._pid = fork("courier", life, keep)
        theirs.close()
        channel = self._channel = await AsyncChannel.open(ours)
        if self._latest is not None:
            channel.send(self._latest)
        if self._is_announced:
            channel.send({"announce": True})
        listening = asyncio.create_task(self._listen(channel))
        watching = asyncio.create_task(self._watch())
        try:
            status = await wait_for_end(self._pid)
            watching.cancel()
            await listening
            return status
        finally:
            listening.cancel()
            watching.cancel()
            self._counters.end(COURIER)
            self._channel = None
            channel.close()

    async def _listen(self, channel: AsyncChannel) -> None:
        while (message := await channel.receive()) is not None:
            self._heard = asyncio.get_running_loop().time()
            if "counters" in message:
                self._counters.note(COURIER, message["counters"])
            else:
                self._heed(message)

    async def _watch(self) -> None:
        """End a courier that has not been heard of for too long."""
        loop = asyncio.get_running_loop()
        self._heard = loop.time()
        while True:
            due = loop.time() + WATCH_SECONDS
            await asyncio.sleep(WATCH_SECONDS)
            if loop.time() > due + WATCH_SECONDS:
                self._heard = loop.time()  # it was us who did not run
            elif loop.time() > self._heard + SILENT_SECONDS:
                log.error("courier-hung", "the courier has stopped working")
                self.kill()

    def kill(self) -> None:
        """End the courier at once."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)
