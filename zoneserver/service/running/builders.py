"""The builder as the main process sees it: started, heard, told when to read again."""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from contextlib import suppress

from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.store import Served, Store
from zoneserver.service.running.channel import AsyncChannel, Message
from zoneserver.service.running.processes import fork, wait_for_end
from zoneserver.service.running.reloads import GONE, Reloads

RELOAD_SECONDS = 1.0  # from one reload to the next, however many are asked for
LOG_PATIENCE = 0.5  # seconds for which the builder waits for a log that is slow

# Does what a message asks for.
Heed = Callable[[Message], Awaitable[None]]


class BuilderSlot:
    """One builder after the other."""

    def __init__(
        self, read_settings: Callable[[], Settings], store: Store, reloads: Reloads
    ) -> None:
        self._read_settings = read_settings
        self._store = store
        self._reloads = reloads
        self._channel: AsyncChannel | None = None
        self._pid = 0

    async def run_once(self, served: Served | None, heed: Heed) -> int:
        """Have a builder do its work, until it ends: its exit status.

        `served` is what is served already. What it says is given to `heed`, one message after
        the other, and `{"renew": ORDER}` before it is told to read the zones again.
        """
        ours, theirs = socket.socketpair()

        def life() -> int:
            # Only builders read zones: a server that starts with zones of its last run answers
            # before all that is loaded.
            from zoneserver.service.keeping.builder import run_builder  # noqa: PLC0415

            return run_builder(self._read_settings, self._store, served, theirs)

        keep = [theirs.fileno()]
        self._pid = fork("builder", life, keep, patience=LOG_PATIENCE)
        theirs.close()
        self._channel = channel = await AsyncChannel.open(ours)
        asking, pause = None, 0.0
        # Where `heed` fails the server ends, and the builder with it: nothing is closed before.
        while (message := await channel.receive()) is not None:
            if "outcome" in message:
                self._reloads.finish(message["outcome"])
                continue
            await heed(message)
            if "serve" in message:
                channel.send({"served": True})
            elif "idle" in message:
                asking = asyncio.create_task(self._ask_for_renewal(channel, pause, heed))
                pause = RELOAD_SECONDS
        if asking is not None:
            asking.cancel()
        self._reloads.finish(GONE)
        self._channel = None
        channel.close()
        status = await wait_for_end(self._pid)
        self._pid = 0
        return status

    def tell(self, message: Message) -> None:
        """Send something to the builder that is there, if one is."""
        if self._channel is not None:
            self._channel.send(message)

    def kill(self) -> None:
        """End the builder at once."""
        if self._pid:
            with suppress(ProcessLookupError):
                os.kill(self._pid, signal.SIGKILL)

    async def _ask_for_renewal(self, channel: AsyncChannel, pause: float, heed: Heed) -> None:
        order = await self._reloads.take(pause)
        message = {"renew": order.document()}
        await heed(message)
        channel.send(message)
