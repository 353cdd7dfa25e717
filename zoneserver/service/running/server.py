"""The main process: it binds the sockets, keeps the workers and the builder, heeds signals.

It reads no zone and answers no query. The builder tells it what may be served; the workers
serve it. So it is small, has no threads, and is always there to replace either.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoneserver import __version__
from zoneserver.errors import StartError
from zoneserver.service.answering.engines import choose_engine
from zoneserver.service.answering.worker import run_worker
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.control.desk import Desk
from zoneserver.service.control.requests import open_control
from zoneserver.service.keeping.store import Served, Store, StoreError
from zoneserver.service.logs import log
from zoneserver.service.monitor.keeper import MonitorKeeper
from zoneserver.service.observing.counters import Counters
from zoneserver.service.observing.overview import Overview
from zoneserver.service.running.binding import count_connections, settle_user
from zoneserver.service.running.builders import BuilderSlot
from zoneserver.service.running.channel import Message
from zoneserver.service.running.encrypted import Encrypted
from zoneserver.service.running.held_back import watch_limits
from zoneserver.service.running.manager import ServiceManager
from zoneserver.service.running.overflows import watch_queues
from zoneserver.service.running.places import Places
from zoneserver.service.running.privileges import require_user
from zoneserver.service.running.reloads import Order, Reloads
from zoneserver.service.running.scribes import Writers
from zoneserver.service.running.watching import keep_watching
from zoneserver.service.running.workers import WorkerSlot, describe_end, stop_all
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import Sockets
from zoneserver.transports.listen_tls import TlsListener
from zoneserver.transports.passed import take_sockets

RETRY_SECONDS = 60.0  # before a state directory is tried again that was of no use
PAUSE_SECONDS = 1.0  # before a builder that failed is replaced

Bound = Sockets | TlsListener


class Server:
    """The main process of one server. `run` is its life."""

    def __init__(self, read_settings: Callable[[], Settings]) -> None:
        """`read_settings` is called now, and by the builder. Raises OperatorError."""
        self._manager = ServiceManager(os.environ)
        self._passed = take_sockets(self._manager.descriptors)
        settle_user(read_settings(), self._passed)
        # Once more, as whom it will be read by at a reload: that must be possible, too.
        self._settings = read_settings()
        self._make_engine = choose_engine(self._settings)
        self._writers = Writers(self._settings.log, self._settings.recorder)
        self._store = Store.choose(self._settings.state, self._settings.zones)
        self.overview = Overview(engine=self._make_engine.name)
        self.counters = Counters()
        self._places = Places(self._settings.workers)
        self._made = 0  # workers, one after the other
        self._slots: list[WorkerSlot] = []
        self._encrypted = Encrypted(self._settings.tls, self._slots, self.overview)
        self._version, self._served = 0, Served()
        self._published = asyncio.Event()  # some worker's version has changed
        self.reloads = Reloads()
        self._ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._builder = BuilderSlot(read_settings, self._store, self.reloads)
        known = self._settings, self.overview, self.counters, self.reloads, self._slots
        desk = Desk(*known, self._places.endpoints, self._set_level)
        self._control = open_control(self._settings.control, desk.answer)
        self._monitor = MonitorKeeper(
            self._settings.http, self.overview, self.counters, self._slots
        )

    async def run(self) -> int:
        """Serve until a signal says stop. Returns the exit status; raises OperatorError."""
        self._heed_signals()
        engine = self._make_engine.name
        text = f"zoneserver {__version__}, {engine} engine"
        log.announce("starting", text, version=__version__, engine=engine)
        try:
            self._spawn(self._monitor.run())
            self._spawn(self._keep_zones())
            if self._control is not None:
                self._spawn(self._control.run())
            self._watch(self._settings.zones if self._settings.watch else None)
            return await self._ending
        finally:
            await self._end()

    def _heed_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGHUP, self.reloads.ask)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._finish, 0)
        # In a storm the pipe that wakes the loop fills up, and the warning of it takes a lock
        # within the C signal handler, which may wait for itself. One octet wakes it, too.
        wakeup = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)

    def _watch(self, zones: Path | None) -> None:
        """Have the zones read again whenever the files in a folder change; None: no more."""
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        if zones is not None:
            self._watching = self._spawn(keep_watching(zones, self._note_change))

    def _note_change(self) -> None:
        self.reloads.ask(Order(quiet=True))

    def _set_level(self, level: str) -> None:
        """Have this process, the workers and the builder log from a level on."""
        log.set_level(level)
        self._builder.tell({"log_level": level})
        for slot in self._slots:
            slot.tell({"log_level": level})

    def _finish(self, status: int) -> None:
        if not self._ending.done():
            self._ending.set_result(status)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Let something go on beside everything else; where it fails, the server ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._note_end)
        return task

    def _note_end(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) and not self._ending.done():
            self._ending.set_exception(error)

    def _restore(self) -> Served | None:
        """The zones of the last run, if they are whole."""
        try:
            return self._store.restore()
        except StoreError as error:
            log.warning("state-damaged", f"{error}; the zones are read anew")
            return None

    async def _serve(self, served: Served) -> None:
        """Have every worker answer from these zones. Raises StartError."""
        self._version, self._served = self._version + 1, served
        if self._slots:
            for slot in self._slots:
                slot.publish(self._version, served)
        else:
            self._start_workers()
        while not self._all_published():
            await self._published.wait()
            self._published.clear()
        if self._version == 1:
            self._places.announce()
            self._encrypted.announce()
            log.announce("ready", "ready")
            self._manager.tell_ready(self.overview)
            self._spawn(self._manager.keep_watchdog(self._places.endpoints))

    def _all_published(self) -> bool:
        """Whether no worker answers from an older version; at least one has to answer."""
        versions = [slot.published for slot in self._slots]
        return self._version in versions and set(versions) <= {0, self._version}

    def _start_workers(self) -> None:
        """Bind every endpoint, and start a worker for each core. Raises StartError."""
        self._places.bind(self._settings, self._passed)
        self._encrypted.bind(self._places.workers)
        self._spawn(self._encrypted.keep())
        self._make_workers()
        self._spawn(watch_queues(self._places.queues, self.counters))
        log_only = self._settings.rate_limits.log_only
        self._spawn(watch_limits(self.counters, log_only=log_only))

    def _make_workers(self) -> None:
        """Start a worker for each core, in place of those there are."""
        workers = self._places.workers
        wanted = self._settings.tcp_limits
        connections = max(1, count_connections(wanted.connections) // workers)
        limits, proxies = replace(wanted, connections=connections), self._settings.proxies
        self._slots.clear()
        for number in range(workers):
            bound: list[Bound] = [*self._places.share(number), *self._encrypted.share(number)]

            def life(end: socket.socket, bound: Sequence[Bound] = bound) -> int:
                worker = (self._make_engine(), bound, limits, proxies, end)
                return run_worker(*worker, observer=self._writers.observer)

            slot = WorkerSlot(self._made, bound, life, self._published, self.counters)
            slot.keep(self._writers.descriptors())
            self._made += 1
            self._slots.append(slot)
            self._encrypted.greet(slot)
            self._spawn(self._keep_worker(slot))

    async def _move(self, endpoints: Sequence[Endpoint]) -> None:
        """Listen elsewhere: first there is whoever answers there, then the others go."""
        try:
            require_user(self._settings.privileges, endpoints)
            old_places = self._places.move(endpoints)
        except StartError as error:
            log.error("listen-refused", f"{error}; it listens where it did")
            return
        old = list(self._slots)
        self._make_workers()
        while not self._all_published():
            await self._published.wait()
            self._published.clear()
        await stop_all(old)
        self._places.close(old_places)
        self._places.announce()

    async def _keep_worker(self, slot: WorkerSlot) -> None:
        await slot.run(lambda: (self._version, self._served))
        if all(each.is_given_up for each in self._slots):
            log.error("no-worker", "no worker could be started")
            self._finish(1)

    async def _keep_zones(self) -> None:
        """Have the zones of the last run served, then those that a builder makes.

        It reads them at the start and whenever a reload is asked for.
        """
        restored = self._restore()
        if restored is not None:
            await self._serve(restored)
        while not self._ending.done():
            self.overview.builders += 1
            served = self._served if self._version else None
            status = await self._builder.run_once(served, self._heed)
            if self._ending.done():
                break
            text = f"the builder ended {describe_end(status)}; it is replaced"
            log.error("builder-ended", text, status=status)
            await asyncio.sleep(PAUSE_SECONDS)

    async def _heed(self, message: Message) -> None:
        """Do what the builder says. Raises StartError where there is nothing to be served."""
        if "serve" in message:
            await self._serve(Served.read(message["serve"]))
        elif "overview" in message:
            self._learn(message["overview"])
        elif "watch" in message:
            self._watch(Path(message["watch"]) if message["watch"] else None)
        elif "listen" in message:
            await self._move(list(map(Endpoint.parse, message["listen"])))
        elif "idle" in message:
            self._manager.tell_ready(self.overview)
        elif "renew" in message and not message["renew"]["quiet"]:
            self._manager.tell_reloading()
        elif "fail" in message:
            raise StartError(message["fail"])
        elif "end" in message:
            self._finish(message["end"])

    def _learn(self, document: dict[str, Any]) -> None:
        """Take in what the builder says; where the state was of no use, it shall try again."""
        self.overview.update(document)
        self._monitor.tell({"overview": document})
        if "reload" in document and self.overview.reload and self.overview.reload.state:
            asyncio.get_running_loop().call_later(RETRY_SECONDS, self._note_change)

    async def _end(self) -> None:
        """Let the workers answer what has come, and leave nothing behind."""
        self._manager.tell("STOPPING=1")
        # Further signals may not end the process before it has done what this one asked for.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP, signal.SIGTERM, signal.SIGINT})
        self._builder.kill()
        await stop_all(self._slots)
        for task in self._tasks:
            task.cancel()
        if self._control is not None:
            self._control.close()
        self._store.close()
        await self._writers.stop()


def serve(read_settings: Callable[[], Settings]) -> int:
    """Run a server until it is told to stop. Returns the exit status; raises OperatorError."""
    return asyncio.run(_run(read_settings))


async def _run(read_settings: Callable[[], Settings]) -> int:
    return await Server(read_settings).run()
