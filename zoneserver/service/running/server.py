"""The main process: it binds the sockets, keeps the workers and the builder, heeds signals.

It reads no zone and answers no query. The builder tells it what may be served; the workers
serve it. So it is small, has no threads, and is always there to replace either.
"""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from zoneserver import __version__
from zoneserver.errors import StartError
from zoneserver.service.answering.engines import choose_engine
from zoneserver.service.configuration.keys_file import warn_of_keys
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.control.desk import Desk
from zoneserver.service.control.requests import open_control
from zoneserver.service.keeping.store import Served, Store, StoreError
from zoneserver.service.logs import log
from zoneserver.service.monitor.keeper import MonitorKeeper
from zoneserver.service.observing.counters import Counters
from zoneserver.service.observing.overview import Overview
from zoneserver.service.parents.keeper import ParentsKeeper
from zoneserver.service.replacing.estate import Estate
from zoneserver.service.replacing.predecessor import Predecessor
from zoneserver.service.replacing.succession import Succession
from zoneserver.service.running.builders import BuilderSlot
from zoneserver.service.running.channel import Message
from zoneserver.service.running.held_back import watch_limits
from zoneserver.service.running.reloads import Order, Reloads, read_parents
from zoneserver.service.running.scribes import Writers
from zoneserver.service.running.signals import heed_signals, ignore_signals
from zoneserver.service.running.start import Start, begin
from zoneserver.service.running.watching import keep_watching
from zoneserver.service.running.workers import describe_end
from zoneserver.service.running.workforce import Workforce
from zoneserver.service.transferring.keeper import CourierKeeper
from zoneserver.transports.endpoint import Endpoint

RETRY_SECONDS = 60.0  # before a state directory is tried again that was of no use
PAUSE_SECONDS = 1.0  # before a builder that failed is replaced
CLOSE_SECONDS = 0.1  # for those who are being answered on the control socket


class Server:
    """The main process of one server. `run` is its life."""

    def __init__(self, read_settings: Callable[[], Settings], start: Start) -> None:
        """`read_settings` is called by the builder. Raises OperatorError."""
        self._start, self._manager, self._settings = start, start.manager, start.settings
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
        self._parents = ParentsKeeper(self._note_parents)
        self._courier = CourierKeeper(
            self._settings, make_engine.identity, self.counters, self._heed_courier
        )
        self._workers = Workforce(
            self._settings,
            make_engine,
            self._writers,
            overview=self.overview,
            counters=self.counters,
            spawn=self._spawn,
            finish=self._finish,
            post=self._courier.post,
        )
        slots, endpoints = self._workers.slots, self._workers.endpoints
        known = self.overview, self.counters
        ways = self._set_level, self._parents.describe
        desk = Desk(self._settings, *known, self.reloads, slots, endpoints, *ways)
        self._succession = Succession(
            self._manager, self.reloads, self._leave, partial(self._finish, 0)
        )
        talk = desk.answer, self._succession.offer
        self._control = open_control(self._settings.control, *talk, start.left.control)
        self._monitor = MonitorKeeper(self._settings.http, *known, slots, start.left.http)
        self._doors: list[asyncio.Task[None]] = []

    async def run(self) -> int:
        """Serve until a signal says stop. Returns the exit status; raises OperatorError."""
        heed_signals(self.reloads.ask, self._finish)
        engine = self.overview.engine
        text = f"zoneserver {__version__}, {engine} engine"
        log.announce("starting", text, version=__version__, engine=engine)
        warn_of_keys(self._settings.keys)
        try:
            if self._start.predecessor is None:
                self._open()
            self._spawn(self._keep_zones())
            self._spawn(self.reloads.keep_asking())
            return await self._ending
        finally:
            await self._end()

    def _open(self) -> None:
        """Be there for people, and for what changes."""
        doors = [self._monitor.run(), self._courier.run(), self._parents.run()]
        if self._control is not None:
            doors.append(self._control.run())
        self._doors = list(map(self._spawn, doors))
        self._watch(self._settings.watched)

    def _watch(self, folders: Sequence[Path]) -> None:
        """Have the zones read again whenever the files in these folders change."""
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None
        if folders:
            self._watching = self._spawn(keep_watching(folders, self._note_change))

    def _note_change(self, paths: frozenset[str] | None = None) -> None:
        self.reloads.ask(Order(quiet=True, paths=paths))

    def _note_parents(self, found: Message) -> None:
        """Parents of zones say something else of their keys."""
        self.reloads.ask(Order(quiet=True, paths=frozenset(), parents=read_parents(found)))

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
        """The zones of the last run, if they are whole, and what a predecessor answers from."""
        try:
            restored = self._store.restore()
        except StoreError as error:
            log.warning("state-damaged", f"{error}; the zones are read anew")
            return None
        predecessor = self._start.predecessor
        return restored if not predecessor or predecessor.estate.served == restored else None

    async def _serve(self, served: Served) -> None:
        """Have every worker answer from these zones. Raises StartError."""
        is_first = not self._workers.version
        if is_first:
            self._workers.bind(self._start.passed, self._start.left)
        self._workers.publish(served)
        self._courier.publish(self._workers.version, served)
        if is_first:
            self._start_workers()
        await self._workers.wait()
        self._courier.announce()
        if is_first:
            if self._start.predecessor is not None:
                await self._replace(self._start.predecessor)
            self._workers.announce()
            log.announce("ready", "ready")
            self._manager.tell_ready(self.overview)
            self._spawn(self._manager.keep_watchdog(self._workers.endpoints))

    async def _replace(self, predecessor: Predecessor) -> None:
        """Be the one who answers. Raises StartError."""
        await predecessor.replace()
        self._manager.inherit(predecessor.estate.manager)
        pid = predecessor.estate.pid
        log.announce("replaces", f"in the place of process {pid}", pid=pid)
        self._open()

    def _leave(self) -> Estate:
        """What another server needs to take this one's place."""
        estate = self._workers.leave()
        estate.http, estate.manager = self._monitor.listeners, self._manager.document()
        estate.control = self._control.listener if self._control else None
        return estate

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
            await self.reloads.wait_until_free()
            self.overview.builders += 1
            self._parents.forget()
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
            self._watch([Path(each) for each in message["watch"]])
        elif "listen" in message:
            await self._workers.move(list(map(Endpoint.parse, message["listen"])))
        elif "ahead" in message:
            self._look_ahead(message["ahead"])
        elif "idle" in message:
            self._manager.tell_ready(self.overview)
        elif "renew" in message and not message["renew"]["quiet"]:
            self._manager.tell_reloading()
        elif "fail" in message:
            raise StartError(message["fail"])
        elif "end" in message:
            self._finish(message["end"])

    def _look_ahead(self, ahead: Message) -> None:
        """Know what is to be done about keys of zones, and when."""
        self.reloads.note_due(ahead["due"])
        self._parents.seek(ahead["parents"])

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
        ignore_signals()
        self._builder.kill()
        self._courier.kill()
        await self._close_doors()
        await self._succession.settle()
        await self._workers.stop()
        for task in self._tasks:
            task.cancel()
        if self._control is not None:
            self._control.close()
        self._store.close()
        await self._writers.stop()

    async def _close_doors(self) -> None:
        """Be there no more, for people and for what changes."""
        for door in self._doors:
            door.cancel()
        if self._doors:  # some wait until who is still there has gone
            await asyncio.wait(self._doors, timeout=CLOSE_SECONDS)
        if self._control is not None and self._succession.is_over:
            self._control.leave()


def serve(read_settings: Callable[[], Settings], *, replace: bool = False) -> int:
    """Run a server until it is told to stop. Returns the exit status; raises OperatorError.

    With `replace` it takes the place of the one that runs, and its sockets.
    """
    return asyncio.run(_run(read_settings, begin(read_settings, replace=replace)))


async def _run(read_settings: Callable[[], Settings], start: Start) -> int:
    return await Server(read_settings, start).run()
