"""A worker: one of the processes that answer, from the zones that the main process names.

It knows no zone file and judges nothing. Its sockets are the main process's, which keeps them,
so that whoever takes a dead worker's place finds what was queued.
"""

import asyncio
import gc
import itertools
import socket
import sys
import time
from collections.abc import Container, Sequence
from dataclasses import asdict
from functools import partial
from typing import Any

from zoneserver.errors import CertificateError, ZoneserverError
from zoneserver.service.answering.engines import Engine
from zoneserver.service.answering.responder import Throttle
from zoneserver.service.keeping.store import Served
from zoneserver.service.logs import log
from zoneserver.service.logs.observations import Observer
from zoneserver.service.logs.witness import StreamWitness
from zoneserver.service.observing.statistics import Document
from zoneserver.service.running.certificates import Pair
from zoneserver.service.running.channel import AsyncChannel
from zoneserver.service.transferring.post import Parcel, Post
from zoneserver.transfer.requests import Wanted
from zoneserver.transports.latency import Latency
from zoneserver.transports.limits import TcpCounters, TcpLimits
from zoneserver.transports.listen import Sockets
from zoneserver.transports.listen_tls import TlsListener
from zoneserver.transports.tcp import TcpServer
from zoneserver.transports.terms import Leave
from zoneserver.transports.tls import Tls

BEAT_SECONDS = 0.25
BEATS_PER_REPORT = 4
STOP_SECONDS = 1.5  # for TCP clients to take what is theirs
SWITCH_SECONDS = 0.0005  # how long one thread may keep another from the interpreter


class Worker:
    """Answers on its sockets until it is told to stop."""

    def __init__(
        self,
        engine: Engine,
        bound: Sequence[Sockets | TlsListener],
        limits: TcpLimits,
        proxies: Container[bytes] = (),
        *,
        observer: Observer | None = None,
        post: Post | None = None,
    ) -> None:
        """From `proxies` connections begin with a PROXY header.

        `observer` is shown queries and their answers. Over `post` go connections that get a
        zone, and NOTIFYs.
        """
        self._engine = engine
        self._bound = [each for each in bound if isinstance(each, Sockets)]
        self._encrypted = [each for each in bound if isinstance(each, TlsListener)]
        self._post = post
        self._tls = Tls()
        self._latencies = {"tcp": Latency(), "tls": Latency()}
        self._tcp_counters = TcpCounters()
        self._observer, self._spent = observer, 0
        show = StreamWitness(observer, lambda: self._spent).show if observer else None
        self._tcp = TcpServer(self._tcp_counters, limits, proxies, show)
        self._throttle = Throttle()
        self._beats = 0

    async def run(self, end: socket.socket) -> int:
        """Do what the main process says over `end`. Returns the exit status."""
        asyncio.get_running_loop().set_exception_handler(self._report)
        channel = await AsyncChannel.open(end)
        beating = None
        while (message := await channel.receive()) is not None and "stop" not in message:
            if "log_level" in message:
                log.set_level(message["log_level"])
                continue
            if "pair" in message:
                self._show(Pair(**message["pair"]))
                continue
            try:
                self._engine.publish(Served.read(message["publish"]))
            except (OSError, ZoneserverError) as error:
                text = f"zones could not be put into service: {error}"
                log.error("zones-unusable", text, reason=str(error))
                return 1
            gc.freeze()  # what lives long is not looked through again and again
            if beating is None:
                await self._answer()
                beating = asyncio.create_task(self._beat(channel))
            channel.send({"published": message["version"]})
        if beating is not None:
            beating.cancel()
            self._engine.stop()
            await self._tcp.stop(STOP_SECONDS)
        return 0

    def _show(self, pair: Pair) -> None:
        try:
            pair.show(self._tls)
        except CertificateError as error:  # the main process could: it is for want of memory
            log.error("certificate-unusable", f"a worker cannot use the certificate: {error}")

    async def _answer(self) -> None:
        if self._observer is not None:
            self._engine.observe(self._observer)
        if self._post is not None:
            self._engine.hear(self._pass_on)
        self._engine.start(self._bound)
        for sockets in self._bound:
            await self._tcp.listen(sockets.tcp, self._answer_stream)
        answer = partial(self._answer_stream, encrypted=True)
        for listener in self._encrypted:
            await self._tcp.listen(listener.tcp, answer, self._tls)

    def _answer_stream(
        self, message: bytes, address: bytes, *, encrypted: bool = False
    ) -> bytes | Leave | None:
        since = time.perf_counter_ns()
        answer = self._engine.answer_stream(message, address, encrypted=encrypted)
        if isinstance(answer, Wanted):
            return self._leave(Parcel(address, message, encrypted=encrypted))
        if answer is not None:
            latency = self._latencies["tls" if encrypted else "tcp"]
            self._spent = time.perf_counter_ns() - since
            latency.add(self._spent)
        return answer

    def _leave(self, parcel: Parcel) -> Leave | None:
        """Have the courier take a connection; without one there is only silence."""
        post = self._post
        if post is None:
            return None
        return Leave(lambda end, rest: post.hand_over(parcel._replace(rest=rest), end))

    def _pass_on(self, address: bytes, message: bytes) -> bool:
        """Have the courier hear a NOTIFY, if there is room."""
        return self._post is not None and self._post.notify(Parcel(address, message))

    async def _beat(self, channel: AsyncChannel) -> None:
        """Tell the main process that queries are being answered, as long as they are."""
        for number in itertools.count():
            beats = self._engine.beats()
            if beats != self._beats:
                self._beats = beats
                channel.send({"beat": self._count()})
            if number % BEATS_PER_REPORT == 0:
                channel.send({"statistics": self._take_statistics()})
            await asyncio.sleep(BEAT_SECONDS)

    def _count(self) -> dict[str, int]:
        """What the engine has counted, and `tcp_` what connections have been."""
        tcp = {f"tcp_{name}": many for name, many in asdict(self._tcp_counters).items()}
        counters = {**self._engine.counters(), **tcp, "log_lost": log.count_lost()}
        if self._observer is not None:
            counters["unobserved"] = counters.get("unobserved", 0) + self._observer.lost
        return counters

    def _take_statistics(self) -> Document:
        taken = self._engine.take_statistics()
        streams = {name: latency.take() for name, latency in self._latencies.items()}
        return {**taken, "latency": {**taken["latency"], **streams}}

    def _report(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Say what went wrong in the event loop, now and then."""
        more = self._throttle.take()
        if more is not None:
            error = repr(context.get("exception"))
            text = f"{context['message']}{more}: {error}"
            log.error("loop-failed", text, exception=error)


def run_worker(
    engine: Engine,
    bound: Sequence[Sockets | TlsListener],
    limits: TcpLimits,
    proxies: Container[bytes],
    end: socket.socket,
    *,
    observer: Observer | None = None,
    post: Post | None = None,
) -> int:
    """The life of a worker process. Returns its exit status."""
    sys.setswitchinterval(SWITCH_SECONDS)
    worker = Worker(engine, bound, limits, proxies, observer=observer, post=post)
    return asyncio.run(worker.run(end))
