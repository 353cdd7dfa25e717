"""The monitor as the main process sees it: started, told everything, replaced."""

import asyncio
import os
import signal
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from zoneserver.service.logs import log
from zoneserver.service.observing.counters import Counters
from zoneserver.service.observing.overview import AT_ONCE, Overview
from zoneserver.service.running.channel import AsyncChannel
from zoneserver.service.running.processes import fork, wait_for_end
from zoneserver.service.running.workers import WorkerSlot, describe_end
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import bind_socket

TELL_SECONDS = 1.0
PAUSE_SECONDS = 1.0  # before a monitor that ended is replaced
MOST_UNHEARD = 128 << 20  # octets that wait for a monitor, after which it is taken for hung

Document = dict[str, Any]


class MonitorKeeper:
    """Keeps one monitor alive, where HTTP is wanted at all.

    It tells the monitor what is in `overview` and `counters`, and of the workers in `slots`.
    """

    def __init__(
        self,
        endpoints: Sequence[Endpoint],
        overview: Overview,
        counters: Counters,
        slots: Sequence[WorkerSlot],
        left: dict[Endpoint, socket.socket],
    ) -> None:
        """Binds the endpoints, or takes from what another server has left. Raises StartError.

        `listeners` are their sockets.
        """
        self.listeners = {
            each: left.pop(each)
            if each in left
            else bind_socket(each, socket.SOCK_STREAM, shared=False)
            for each in endpoints
        }
        self._overview = overview
        self._counters = counters
        self._slots = slots
        counters.on_report = lambda report: self.tell({"statistics": report})
        self._channel: AsyncChannel | None = None
        self._pid = 0

    def tell(self, message: Document) -> None:
        """Pass on what has changed."""
        if self._channel is None:
            return
        self._channel.send(message)
        if self._channel.unheard > MOST_UNHEARD:
            self._channel = None
            log.error("monitor-hung", "the monitor has stopped listening")
            self._kill()

    async def run(self) -> None:
        """Keep a monitor."""
        self._announce()
        while self.listeners:
            status = await self._run_once()
            text = f"the monitor ended {describe_end(status)}; it is replaced"
            log.error("monitor-ended", text, status=status)
            await asyncio.sleep(PAUSE_SECONDS)

    def _announce(self) -> None:
        for listener in self.listeners.values():
            endpoint = Endpoint(*listener.getsockname()[:2])
            url = f"http://{endpoint}/"
            log.announce("http", f"status page on {url}", url=url)
            if not ip_address(endpoint.address).is_loopback:
                text = f"whoever reaches {endpoint} can read the status page"
                log.warning("http-open", text, endpoint=str(endpoint))

    def _kill(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)

    async def _run_once(self) -> int:
        ours, theirs = socket.socketpair()
        listeners = list(self.listeners.values())
        keep = [each.fileno() for each in (theirs, *listeners)]

        def life() -> int:
            # Only monitors speak HTTP: a server starts without what it takes.
            from zoneserver.service.monitor.process import run_monitor  # noqa: PLC0415

            return run_monitor(listeners, theirs)

        self._pid = fork("monitor", life, keep)
        theirs.close()
        channel = self._channel = await AsyncChannel.open(ours)
        telling = asyncio.create_task(self._keep_telling())
        try:
            return await wait_for_end(self._pid)
        finally:
            telling.cancel()
            self._channel = None
            channel.close()

    async def _keep_telling(self) -> None:
        self.tell({"statistics": self._counters.statistics.document()})
        for document in self._zones():
            self.tell({"overview": document})
            await asyncio.sleep(0)  # there may be very many
        while True:
            self.tell({"server": self._describe()})
            await asyncio.sleep(TELL_SECONDS)

    def _zones(self) -> Iterator[Document]:
        """What is known of the zones, as it is told here; each as it is by then."""
        zones, origins = self._overview.zones, list(self._overview.zones)
        for start in range(0, len(origins), AT_ONCE):
            part = [zones.get(origin) for origin in origins[start : start + AT_ONCE]]
            yield {"zones": [zone.document() for zone in part if zone]}
        if self._overview.reload is not None:
            yield {"reload": self._overview.reload.document()}
        for document in self._overview.transfers.documents():
            yield {"transfers": document}

    def _describe(self) -> Document:
        overview = self._overview
        return {
            "version": overview.version,
            "engine": overview.engine,
            "started": overview.started,
            "reloads": [overview.reloads, overview.failures],
            "ready": any(slot.published for slot in self._slots),
            "counters": self._counters.total(),
            "workers": [
                {"starts": slot.starts, "published": slot.published} for slot in self._slots
            ],
            "builders": overview.builders,
            "certificate_end": overview.certificate_end,
        }
