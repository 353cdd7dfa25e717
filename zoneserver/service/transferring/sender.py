"""Zones out: the connections that workers have handed over, and what is sent over them.

Each is served as a worker would, one message after the other, but for the messages that want a
zone: only so many of those are answered at a time.
"""

import asyncio
import socket
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from ipaddress import ip_address
from typing import Any

from zoneserver.errors import ImageError, ZoneserverError
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.service.answering.engines import WriteWhole
from zoneserver.service.answering.fallback import Fallback
from zoneserver.service.disk.files import reason
from zoneserver.service.logs import log
from zoneserver.service.transferring.post import Parcel, take_connection
from zoneserver.service.transferring.stock import FindHistory, Stock
from zoneserver.service.transferring.stream import Stream
from zoneserver.transfer.outgoing import write_whole
from zoneserver.transfer.requests import MAX_MESSAGE, Wanted, write_error, write_message
from zoneserver.transfer.settings import TransferSettings
from zoneserver.wire import message as m

PER_TURN = 16  # connections that are taken before others get their turn
MOST_CONNECTIONS = 256  # beyond which one that comes is closed

# Is told that who asks from an address has this serial of a zone.
Learn = Callable[[Name, str, int], None]


class Sender:
    """Sends zones until `stop`, as soon as there are any that `fallback` answers from.

    `counters` has what it has done, by name. `on_known` is told which serials others
    have: those that they name, and those that they were sent.
    """

    def __init__(
        self,
        settings: TransferSettings,
        fallback: Fallback,
        connections: socket.socket,
        *,
        idle: float,
        write: WriteWhole = write_whole,
        history: FindHistory | None = None,
    ) -> None:
        """For `idle` seconds a connection may be silent. `write` writes whole zones."""
        self.counters: Counter[str] = Counter()
        self._settings = settings
        self._fallback = fallback
        self._connections = connections
        self._idle = idle
        self.on_known: Learn = lambda *_: None
        self._stock = Stock(history, write)
        self._free = asyncio.Semaphore(settings.sessions)
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Wait for the first zones: until then nobody could be answered."""

    def stop(self) -> None:
        """Let it all be."""
        asyncio.get_running_loop().remove_reader(self._connections)
        for task in self._tasks:
            task.cancel()

    def publish(self, images: Images) -> None:
        """These are the zones from now on; what is being sent goes on as it began."""
        self._stock.publish(images)
        asyncio.get_running_loop().add_reader(self._connections, self._take)

    def _take(self) -> None:
        """Take connections that are waiting, a few at a time."""
        for _ in range(PER_TURN):
            taken = take_connection(self._connections)
            if taken is None:
                return
            parcel, connection = taken
            if len(self._tasks) >= MOST_CONNECTIONS:
                self.counters["transfers_crowded"] += 1
                connection.close()
            else:
                self._spawn(self._serve(parcel, connection))

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, parcel: Parcel, connection: socket.socket) -> None:
        """Answer what comes over a connection, until its end or until a limit is reached."""
        stream = Stream(connection, parcel.rest)
        message: bytes | None = parcel.message
        try:
            while message is not None and await self._answer(stream, parcel, message):
                message = await stream.read(self._idle)
        except OSError:  # a TimeoutError is one, too
            pass
        finally:
            stream.close()

    async def _answer(self, stream: Stream, parcel: Parcel, message: bytes) -> bool:
        """Answer one message; whether to read on. Raises OSError."""
        answer = self._fallback.answer_stream(
            message, parcel.address, int(time.time()), encrypted=parcel.encrypted
        )
        if isinstance(answer, Wanted):
            return await self._queue(stream, answer, str(ip_address(parcel.address)))
        if answer is None:
            return False
        await stream.write(answer, self._settings.stall)
        return True

    async def _queue(self, stream: Stream, wanted: Wanted, address: str) -> bool:
        """Send a zone once others have theirs; whether that went well. Raises OSError."""
        try:
            async with asyncio.timeout(self._settings.stall):
                await self._free.acquire()
        except TimeoutError:
            self.counters["transfers_crowded"] += 1
            await stream.write(
                _sign(wanted, write_error(wanted.query, m.REFUSED)), self._settings.stall
            )
            return True
        try:
            async with asyncio.timeout(self._settings.seconds):
                await self._send(stream, wanted, address)
        except (OSError, ZoneserverError) as error:
            self.counters["transfers_failed"] += 1
            text = f"{wanted.origin} could not be sent to {address}: {_describe(error)}"
            log.warning("transfer-failed", text, zone=str(wanted.origin), address=address)
            return False
        finally:
            self._free.release()
        return True

    async def _send(self, stream: Stream, wanted: Wanted, address: str) -> None:
        """Send a zone, as it is now. Raises OSError and ZoneserverError."""
        start, stall = time.monotonic(), self._settings.stall
        found = self._stock.find(wanted)
        if found is None:
            await stream.write(_sign(wanted, write_error(wanted.query, m.SERVFAIL)), stall)
            return
        if wanted.serial is not None:
            self.on_known(wanted.origin, address, wanted.serial)
        records = octets = 0
        for section in found.sections:
            message = write_message(wanted.query, section, with_opt=not records)
            records += section.records
            octets += len(message)
            await stream.write(_sign(wanted, message), stall)
        await stream.settle(stall)
        self.counters["transfers_sent"] += 1
        self.counters["transfer_octets_sent"] += octets
        origin, seconds = str(wanted.origin), time.monotonic() - start
        text = (
            f"{found.kind} of {origin} serial {found.serial} sent to {address}: "
            f"{records} records in {seconds:.2f} s"
        )
        serial = found.serial
        log.info("transfer-sent", text, zone=origin, address=address, serial=serial)
        if found.kind != "SOA":
            self.on_known(wanted.origin, address, found.serial)


def _describe(error: OSError | ZoneserverError) -> str:
    """Why a zone did not arrive."""
    if isinstance(error, TimeoutError):
        return "it took too long"
    return reason(error) if isinstance(error, OSError) else str(error)


def _sign(wanted: Wanted, message: bytes) -> bytes:
    """The message as it goes out. Raises ImageError where it is too large."""
    signed = wanted.sign(message, int(time.time()))
    if len(signed) > MAX_MESSAGE:
        raise ImageError("a record of it is too large for any message")
    return signed
