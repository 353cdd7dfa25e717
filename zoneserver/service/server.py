"""The server process: load, listen, answer, reload on SIGHUP, stop on SIGTERM.

The only place that puts zones into service. Reading happens in a thread of its own, so
that answers go on meanwhile.
"""

import asyncio
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar, cast

from zoneserver import __version__
from zoneserver.engine.respond import Transport
from zoneserver.errors import ConfigurationError, OperatorError
from zoneserver.service.announce import log_changes, log_findings, say_zones
from zoneserver.service.garbage import collector_resting
from zoneserver.service.keeper import Keeper, Renewal
from zoneserver.service.report import count
from zoneserver.service.responder import Responder, Throttle
from zoneserver.service.serials import Serials, StateError
from zoneserver.service.settings import Settings
from zoneserver.service.terminal import log, printable, say
from zoneserver.service.words import describe_changes
from zoneserver.transports.limits import TcpCounters, TcpLimits
from zoneserver.transports.listen import Endpoint, Sockets, bind, has_ipv6_loopback
from zoneserver.transports.tcp import TcpServer
from zoneserver.transports.udp import UdpCounters, UdpServer
from zoneserver.zone.zoneset import ZoneSet

STOP_SECONDS = 1.5  # for TCP clients to take what is theirs
RELOAD_SECONDS = 1.0  # from one reload to the next, however many are asked for
RESERVED_DESCRIPTORS = 32  # for sockets, logs, and the files of a reload
SWITCH_SECONDS = 0.0005  # how long reading zones may keep an answer from the interpreter

SIGNALS = {signal.SIGHUP, signal.SIGTERM, signal.SIGINT}
DEFAULT_LISTEN = (Endpoint("127.0.0.1", 5300), Endpoint("::1", 5300))

Result = TypeVar("Result")


class Server:
    """One process that serves a zones folder. `run` is its life."""

    def __init__(self, read_settings: Callable[[], Settings]) -> None:
        """`read_settings` is called now and at every reload. Raises ConfigurationError."""
        self._read_settings = read_settings
        self._settings = read_settings()
        self._keeper = Keeper(_open_serials(self._settings))
        self._responder = Responder(ZoneSet())
        self._stop = asyncio.Event()
        self._reload = asyncio.Event()
        self._udp: list[UdpServer] = []
        self._tcp: TcpServer | None = None
        self._throttle = Throttle()

    async def run(self) -> int:
        """Serve until a signal says stop. Returns the exit status; raises OperatorError."""
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(self._report)
        loop.add_signal_handler(signal.SIGHUP, self._reload.set)
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)
        # In a storm the pipe that wakes the loop fills up, and the warning of it takes a lock
        # within the C signal handler, which may wait for itself. One octet wakes it, too.
        wakeup = signal.set_wakeup_fd(-1)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        serving = loop.create_task(self._serve())
        stopping = loop.create_task(self._stop.wait())
        await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if serving.done():
            return serving.result()
        # Further signals may not end the process before it has done what this one asked for.
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        serving.cancel()
        for udp in self._udp:
            udp.stop()
        if self._tcp:
            await self._tcp.stop(STOP_SECONDS)
        return 0

    async def _serve(self) -> int:
        """Start, then reload whenever that is asked for. Returns only if it may not start."""
        say(f"zoneserver {__version__}")
        renewal = await in_thread(self._renew)
        log_findings(renewal)
        refused = renewal.admission.refused
        if refused and self._settings.strict_start:
            log(f"error: not started, because {count(len(refused), 'zone')} would be refused")
            return 1
        self._responder.zones = renewal.admission.zones
        say_zones(renewal)
        await self._listen()
        say("ready")
        while True:
            await self._reload.wait()
            self._reload.clear()
            await self._renew_zones()
            await asyncio.sleep(RELOAD_SECONDS)

    async def _listen(self) -> None:
        """Bind every endpoint, then answer on all. Raises StartError."""
        bound: list[Sockets] = []
        try:
            for endpoint in _endpoints(self._settings):
                bound.append(bind(endpoint))  # noqa: PERF401 - those before a failure are closed
        except OperatorError:
            for sockets in bound:
                sockets.close()
            raise
        nsid, udp_counters = self._settings.nsid, UdpCounters()
        answer_datagram = self._responder.over(Transport(stream=False, nsid=nsid))
        answer_stream = self._responder.over(Transport(stream=True, nsid=nsid))
        limits = TcpLimits(connections=_connections())
        self._tcp = TcpServer(answer_stream, TcpCounters(), limits)
        for sockets in bound:
            udp = UdpServer(sockets.udp, answer_datagram, udp_counters)
            udp.start()
            self._udp.append(udp)
            await self._tcp.listen(sockets.tcp)
            say(f"listening on {sockets.endpoint} (UDP and TCP)")

    async def _renew_zones(self) -> None:
        """Put new versions into service; whatever goes wrong, the old ones stay."""
        begin = time.monotonic()
        try:
            self._settings = self._reread_settings()
            renewal = await in_thread(self._renew)
        except OperatorError as error:
            log(printable(f"error: {error}\nwhat is served stays as it is", keep="\n"))
            return
        except Exception:  # noqa: BLE001 - a failed reload may not cost a single answer
            trace = printable(traceback.format_exc(), keep="\n")
            log(f"error: the reload failed, what is served stays\n{trace}")
            return
        old, new = self._responder.zones, renewal.admission.zones
        self._responder.zones = new
        seconds = time.monotonic() - begin
        log_findings(renewal)
        changes = await in_thread(lambda: list(describe_changes(old, new)))
        log_changes(renewal, changes, seconds)

    def _renew(self) -> Renewal:
        with collector_resting():
            return self._keeper.renew(self._settings.zones, self._settings.defaults)

    def _reread_settings(self) -> Settings:
        """The settings as they are now, or as they were if the file has a mistake."""
        try:
            settings = self._read_settings()
        except ConfigurationError as error:
            log(printable(f"error: {error}\nthe old configuration stays", keep="\n"))
            return self._settings
        if settings.needs_restart(self._settings):
            log("warning: listen, state and nsid change at the next start only")
        return settings

    def _report(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say what went wrong in the event loop, now and then."""
        more = self._throttle.take()
        if more is not None:
            error = context.get("exception")
            log(f"error: {context['message']}{more}: {printable(repr(error))}")


def serve(read_settings: Callable[[], Settings]) -> int:
    """Run a server until it is told to stop. Returns the exit status; raises OperatorError."""
    sys.setswitchinterval(SWITCH_SECONDS)
    return asyncio.run(_run(read_settings))


async def _run(read_settings: Callable[[], Settings]) -> int:
    return await Server(read_settings).run()


async def in_thread(work: Callable[[], Result]) -> Result:
    """What `work` returns or raises, done in a thread that no stop has to wait for."""
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()

    def finish(result: Result | None, error: BaseException | None) -> None:
        if outcome.done():  # a stop came first
            return
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(cast("Result", result))

    def run() -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)  # they are for the event loop
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001 - raised again where it is awaited
            error = raised
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(finish, result, error)

    threading.Thread(target=run, daemon=True).start()
    return await outcome


def _open_serials(settings: Settings) -> Serials:
    """The serials of the last run; a state that is of no use costs the memory of them."""
    if settings.state is None:
        return Serials(None)
    try:
        return Serials.load(settings.state)
    except StateError as error:
        log(f"warning: {printable(str(error))}; serials are kept in memory only")
        return Serials(None)


def _endpoints(settings: Settings) -> tuple[Endpoint, ...]:
    if settings.listen:
        return settings.listen
    ours = has_ipv6_loopback()
    return tuple(each for each in DEFAULT_LISTEN if ours or not each.is_ipv6)


def _connections() -> int:
    """How many TCP connections the limit of open files leaves room for."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = TcpLimits().connections + RESERVED_DESCRIPTORS
    if soft < wanted:
        soft = min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return max(1, min(TcpLimits().connections, soft - RESERVED_DESCRIPTORS))
