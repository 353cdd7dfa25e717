"""The main process: it binds the sockets, keeps the workers and the builder, heeds signals.

It reads no zone and answers no query. The builder tells it what may be served; the workers
serve it. So it is small, has no threads, and is always there to replace either.
"""

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from zoneserver import __version__
from zoneserver.errors import StartError
from zoneserver.service.answering.engines import choose_engine
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.control.desk import Desk
from zoneserver.service.control.requests import open_control
from zoneserver.service.keeping.store import Served, Store, StoreError
from zoneserver.service.logs import log
from zoneserver.service.monitor.keeper import MonitorKeeper
from zoneserver.service.observing.counters import Counters
from zoneserver.service.observing.overview import Overview
from zoneserver.service.running.binding import settle_user
from zoneserver.service.running.builders import BuilderSlot
from zoneserver.service.running.channel import Message
from zoneserver.service.running.held_back import watch_limits
from zoneserver.service.running.manager import ServiceManager
from zoneserver.service.running.reloads import Order, Reloads
from zoneserver.service.running.scribes import Writers
from zoneserver.service.running.watching import keep_watching
from zoneserver.service.running.workers import describe_end
from zoneserver.service.running.workforce import Workforce
from zoneserver.service.transferring.keeper import CourierKeeper
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.passed import take_sockets

RETRY_SECONDS = 60.0  # before a state directory is tried again that was of no use
PAUSE_SECONDS = 1.0  # before a builder that failed is replaced


class Server:
    """The main process of one server. `run` is its life."""

    def __init__(self, read_settings: Callable[[], Settings]) -> None:
        """`read_settings` is called now, and by the builder. Raises OperatorError."""
        self._manager = ServiceManager(os.environ)
        self._passed = take_sockets(self._manager.descriptors)
        settle_user(read_settings(), self._passed)
        # Once more, as whom it will be read by at a reload: that must be possible, too.
        self._settings = read_settings()
        make_engine = choose_engine(self._settings)
        self._writers = Writers(self._settings.log, self._settings.recorder)
        self._store = Store.choose(self._settings.state, self._settings.zones)
        self.overview = Overview(engine=make_engine.name)
        self.counters = Counters()
        self.reloads = Reloads()
        self._ending: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self._tasks: set[asyncio.Task[None]] = set()
        self._watching: asyncio.Task[None] | None = None
        self._builder = BuilderSlot(read_settings, self._store, self.reloads)
        self._workers = Workforce(
            self._settings,
            make_engine,
            self._writers,
            overview=self.overview,
            counters=self.counters,
            spawn=self._spawn,
            finish=self._finish,
        )
        self._courier = CourierKeeper(
            self._settings, make_engine.identity, self.counters, self._heed_courier
        )
        slots, endpoints = self._workers.slots, self._workers.endpoints
        known = self.overview, self.counters
        desk = Desk(self._settings, *known, self.reloads, slots, endpoints, self._set_level)
        self._control = open_control(self._settings.control, desk.answer)
        self._monitor = MonitorKeeper(self._settings.http, *known, slots)

    async def run(self) -> int:
        """Serve until a signal says stop. Returns the exit status; raises OperatorError."""
        self._heed_signals()
        engine = self.overview.engine
        text = f"zoneserver {__version__}, {engine} engine"
        log.announce("starting", text, version=__version__, engine=engine)
        try:
            self._spawn(self._monitor.run())
            self._spawn(self._keep_zones())
            self._spawn(self._courier.run())
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

    def _note_change(self, paths: frozenset[str] | None = None) -> None:
        self.reloads.ask(Order(quiet=True, paths=paths))

    def _set_level(self, level: str) -> None:
        """Have this process, the workers and the builder log from a level on."""
        log.set_level(level)
        self._builder.tell({"log_level": level})
        self._workers.tell({"log_level": level})
        self._courier.tell({"log_level": level})

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
        is_first = not self._workers.version
        if is_first:
            self._workers.bind(self._passed)
        self._workers.publish(served)
        self._courier.publish(self._workers.version, served)
        if is_first:
            self._start_workers()
        await self._workers.wait()
        if is_first:
            self._workers.announce()
            log.announce("ready", "ready")
            self._manager.tell_ready(self.overview)
            self._spawn(self._manager.keep_watchdog(self._workers.endpoints))

    def _start_workers(self) -> None:
        self._workers.start()
        log_only = self._settings.rate_limits.log_only
        self._spawn(watch_limits(self.counters, log_only=log_only))

    async def _keep_zones(self) -> None:
        """Have the zones of the last run served, then those that a builder makes.

        It reads them at the start and whenever a reload is asked for.
        """
        restored = self._restore()
        if restored is not None:
            await self._serve(restored)
        while not self._ending.done():
            self.overview.builders += 1
            served = self._workers.served if self._workers.version else None
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
            await self._workers.move(list(map(Endpoint.parse, message["listen"])))
        elif "idle" in message:
            self._manager.tell_ready(self.overview)
        elif "renew" in message and not message["renew"]["quiet"]:
            self._manager.tell_reloading()
        elif "fail" in message:
            raise StartError(message["fail"])
        elif "end" in message:
            self._finish(message["end"])

    def _heed_courier(self, message: Message) -> None:
        """Do what the courier says."""
        if "changed" in message:
            self._note_change()
        elif "overview" in message:
            self._learn(message["overview"])

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
        self._courier.kill()
        await self._workers.stop()
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
