"""All workers: where they listen, what they answer from, and how they move elsewhere."""

import asyncio
import os
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from typing import Any

from zoneserver.errors import StartError
from zoneserver.service.answering.engines import EngineKind
from zoneserver.service.answering.worker import run_worker
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.store import Served
from zoneserver.service.logs import log
from zoneserver.service.observing.counters import Counters
from zoneserver.service.observing.overview import Overview
from zoneserver.service.replacing.estate import Estate
from zoneserver.service.running.binding import count_connections
from zoneserver.service.running.channel import Message
from zoneserver.service.running.encrypted import Encrypted
from zoneserver.service.running.overflows import watch_queues
from zoneserver.service.running.places import Places
from zoneserver.service.running.privileges import require_user
from zoneserver.service.running.scribes import Writers
from zoneserver.service.running.workers import WorkerSlot, stop_all
from zoneserver.service.transferring.post import Post
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import Sockets
from zoneserver.transports.listen_tls import TlsListener

# Lets something go on beside everything else; where it fails, the server ends.
Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]

Bound = Sockets | TlsListener


class Workforce:
    """A worker for each core, once there is something to be served.

    `version` counts what was served, 0: nothing yet; `served` is what is. `slots` and
    `endpoints` are each one list for ever, which changes when the server moves.
    """

    def __init__(
        self,
        settings: Settings,
        make_engine: EngineKind,
        writers: Writers,
        *,
        overview: Overview,
        counters: Counters,
        spawn: Spawn,
        finish: Callable[[int], None],
        post: Post | None,
    ) -> None:
        """`finish` ends the server with a status: where no worker can be started.

        Over `post` workers hand connections over.
        """
        self.version, self.served = 0, Served()
        self.slots: list[WorkerSlot] = []
        self._settings = settings
        self._make_engine = make_engine
        self._writers = writers
        self._counters = counters
        self._post = post
        self._spawn, self._finish = spawn, finish
        self._places = Places(settings.workers)
        self._encrypted = Encrypted(settings.tls, self.slots, overview)
        self._made = 0  # workers, one after the other
        self._published = asyncio.Event()  # some worker's version has changed
        self.endpoints: Sequence[Endpoint] = self._places.endpoints

    def bind(self, passed: Sequence[Sockets], left: Estate) -> None:
        """Bind every endpoint, or take what was passed or left. Raises StartError."""
        if left.dns:
            self._places.take(left.dns, is_fixed=left.is_fixed)
        else:
            self._places.bind(self._settings, passed)
        self._encrypted.bind(self._places.workers, left.tls)

    def leave(self) -> Estate:
        """What another server needs to answer in this one's place."""
        dns, is_fixed = self._places.leave()
        tls, pid = self._encrypted.listeners, os.getpid()
        return Estate(dns, tls, is_fixed=is_fixed, served=self.served, pid=pid)

    def start(self) -> None:
        """Start a worker for each core, and keep them; behind `bind`."""
        self._spawn(self._encrypted.keep())
        self._make_workers()
        self._spawn(watch_queues(self._places.queues, self._counters))

    def announce(self) -> None:
        """Say where they listen."""
        self._places.announce()
        self._encrypted.announce()

    def publish(self, served: Served) -> None:
        """Have every worker answer from these zones, and each that starts."""
        self.version, self.served = self.version + 1, served
        for slot in self.slots:
            slot.publish(self.version, served)

    async def wait(self) -> None:
        """Wait until no worker answers from an older version; at least one has to answer."""
        while not self._all_published():
            await self._published.wait()
            self._published.clear()

    def tell(self, message: Message) -> None:
        """Send something to every worker."""
        for slot in self.slots:
            slot.tell(message)

    async def move(self, endpoints: Sequence[Endpoint]) -> None:
        """Listen elsewhere: first there is whoever answers there, then the others go."""
        try:
            require_user(self._settings.privileges, endpoints)
            old_places = self._places.move(endpoints)
        except StartError as error:
            log.error("listen-refused", f"{error}; it listens where it did")
            return
        old = list(self.slots)
        self._make_workers()
        await self.wait()
        await stop_all(old)
        self._places.close(old_places)
        self._places.announce()

    async def stop(self) -> None:
        """Let the workers answer what has come, and end."""
        await stop_all(self.slots)

    def _all_published(self) -> bool:
        versions = [slot.published for slot in self.slots]
        return self.version in versions and set(versions) <= {0, self.version}

    def _make_workers(self) -> None:
        """Start a worker for each core, in place of those there are."""
        workers = self._places.workers
        wanted = self._settings.tcp_limits
        connections = max(1, count_connections(wanted.connections) // workers)
        limits, proxies = replace(wanted, connections=connections), self._settings.proxies
        self.slots.clear()
        for number in range(workers):
            bound: list[Bound] = [
                *self._places.share(number),
                *self._encrypted.share(number, workers),
            ]

            def life(end: socket.socket, bound: Sequence[Bound] = bound) -> int:
                worker = (self._make_engine(), bound, limits, proxies, end)
                return run_worker(*worker, observer=self._writers.observer, post=self._post)

            slot = WorkerSlot(self._made, bound, life, self._published, self._counters)
            slot.keep(self._writers.descriptors())
            slot.keep(self._post.sending() if self._post else ())
            self._made += 1
            self.slots.append(slot)
            self._encrypted.greet(slot)
            self._spawn(self._keep_worker(slot))

    async def _keep_worker(self, slot: WorkerSlot) -> None:
        await slot.run(lambda: (self.version, self.served))
        if all(each.is_given_up for each in self.slots):
            log.error("no-worker", "no worker could be started")
            self._finish(1)
