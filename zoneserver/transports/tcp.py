"""DNS over TCP and TLS: the connections of all listeners, their number and their time.

Knows no zones: every message goes through one callable, octets in and octets out.
"""

import asyncio
import socket
from collections.abc import Container, Iterable
from contextlib import suppress

from zoneserver.transports.connection import Connection
from zoneserver.transports.limits import TcpCounters, TcpLimits
from zoneserver.transports.listen import BACKLOG
from zoneserver.transports.terms import Answer, Show, Terms
from zoneserver.transports.tls import Tls

# Connections taken before the other sockets get their turn. Those of three turns hold a
# descriptor before the first of them can make an idle one give up its own.
ACCEPTS_PER_TURN = 4
READ_OCTETS = 16_384  # read from one connection in one turn
SWEEPS_PER_LIMIT = 10  # the shortest time limit is kept to within this fraction
LAST_TURNS = 8  # turns of the loop in which stop() still takes and reads connections
LAST_LOOKS, LOOK_SECONDS = 25, 0.02  # how long it waits for queries that are on their way

DEFAULT_LIMITS = TcpLimits()


class TcpServer:
    """Answers on any number of listening sockets, under one set of limits."""

    def __init__(
        self,
        counters: TcpCounters,
        limits: TcpLimits = DEFAULT_LIMITS,
        proxies: Container[bytes] = (),
        show: Show | None = None,
    ) -> None:
        """From `proxies` connections begin with a PROXY header; `show` is shown all answers."""
        self._counters = counters
        self._limits = limits
        self._proxies = proxies
        self._show = show
        self._listeners: list[asyncio.Server] = []
        self._connections: dict[Connection, bytes] = {}  # each with its source
        self._scratch = bytearray(READ_OCTETS)
        self._sweep: asyncio.TimerHandle | None = None
        self._deserted = asyncio.Event()  # set while there is no connection
        self._deserted.set()

    async def listen(
        self, listener: socket.socket, answer: Answer, tls: Tls | None = None
    ) -> None:
        """Take connections from a bound socket from now on, with `tls` encrypted ones."""
        terms = Terms(answer, self._limits, self._counters, tls, self._proxies, self._show)
        loop = asyncio.get_running_loop()
        # To asyncio the backlog is how many it accepts at a time. Out of descriptors, it
        # leaves the listener alone for a second.
        server = await loop.create_server(
            lambda: Connection(terms, self._scratch, made=self._keep, lost=self._forget),
            sock=listener,
            backlog=ACCEPTS_PER_TURN,
        )
        listener.listen(BACKLOG)
        with suppress(OSError):  # what waits in the kernel may not stall for longer
            stall = int(self._limits.stall * 1000)
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, stall)
        self._listeners.append(server)

    async def stop(self, seconds: float) -> None:
        """Answer what has come or is on its way, then close all; after `seconds`, by force."""
        for _ in range(LAST_TURNS):
            await asyncio.sleep(0)
        for listener in self._listeners:
            listener.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._finish()
                await self._deserted.wait()
        for connection in self._connections:
            connection.abort()
        if self._sweep:
            self._sweep.cancel()

    async def _finish(self) -> None:
        """Have all connections end, those that may be about to ask a little later."""
        for _ in range(LAST_LOOKS):
            for connection in list(self._connections):
                if not connection.is_awaited:
                    connection.finish()
            if not self._connections:
                return
            await asyncio.sleep(LOOK_SECONDS)
        for connection in list(self._connections):
            connection.finish()

    def _keep(self, connection: Connection) -> None:
        """Make room for a connection, if need be at the cost of the longest idle one.

        One whose client a proxy has told since is kept already, and has a source now.
        """
        is_new = connection not in self._connections
        source = _source(connection.address)
        same = [other for other, its in self._connections.items() if source and its == source]
        if len(same) >= self._limits.per_source:
            self._evict(same)
            self._counters.evicted_by_source += 1
        elif is_new and len(self._connections) >= self._limits.connections:
            self._evict(self._connections)
            self._counters.evicted += 1
        self._counters.accepted += is_new
        self._connections[connection] = source
        self._deserted.clear()
        if self._sweep is None:
            self._schedule_sweep()

    def _forget(self, connection: Connection) -> None:
        self._connections.pop(connection, None)
        if not self._connections:
            self._deserted.set()

    def _evict(self, connections: Iterable[Connection]) -> None:
        longest_idle = min(connections, key=lambda connection: connection.active)
        longest_idle.abort()
        self._forget(longest_idle)

    def _schedule_sweep(self) -> None:
        limits = self._limits
        shortest = min(limits.first_octet, limits.message, limits.idle, limits.stall)
        self._sweep = asyncio.get_running_loop().call_later(
            shortest / SWEEPS_PER_LIMIT, self._end_overdue
        )

    def _end_overdue(self) -> None:
        """Close what has been silent, slow or deaf for too long (RFC 7766 6.2.3)."""
        now = asyncio.get_running_loop().time()
        for connection in [each for each in self._connections if each.is_overdue(now)]:
            connection.abort()
            self._counters.expired += 1
        self._sweep = None
        if self._connections:
            self._schedule_sweep()


def _source(address: bytes) -> bytes:
    """What the connections of one client have in common: an IPv4 address, an IPv6 /56."""
    return address if len(address) == 4 else address[:7]
