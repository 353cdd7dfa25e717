"""The courier: a process that sends zones out and fetches them, and tells of new versions.

However long a transfer takes, and however slow the other side is, no query waits for it: it
shares nothing with those who answer, and runs behind them wherever both want a core.
"""

import asyncio
import socket
from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Protocol

from zoneserver.errors import ZoneserverError
from zoneserver.image.images import Images
from zoneserver.image.lookup import Identity
from zoneserver.names import Name
from zoneserver.service.answering.engines import choose_writer
from zoneserver.service.answering.fallback import Fallback
from zoneserver.service.answering.hearing import read_notice
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.store import Served
from zoneserver.service.logs import log
from zoneserver.service.observing.transfers import Document
from zoneserver.service.running.channel import AsyncChannel, Message
from zoneserver.service.running.processes import let_others_go_first
from zoneserver.service.transferring.announcer import Announcer
from zoneserver.service.transferring.history import History
from zoneserver.service.transferring.post import Post, take_notice
from zoneserver.service.transferring.secondaries import Secondaries
from zoneserver.service.transferring.sender import Sender
from zoneserver.transports.endpoint import Endpoint

PER_TURN = 16  # of what the workers have sent that is taken before others get their turn
_HOMELESS = "there is no state folder for copies: zones of other servers are not fetched"
COUNT_SECONDS = 1.0  # from one report of what was counted to the next


class Part(Protocol):
    """A part of the courier's work. `counters` has what it has done, by name."""

    @property
    def counters(self) -> Mapping[str, int]:
        """What has been counted since the start."""

    def start(self) -> None:
        """Go to work in the running event loop."""

    def stop(self) -> None:
        """Let it all be."""

    def publish(self, images: Images) -> None:
        """These are the zones from now on."""


class Courier:
    """Does its work, from the zones that the main process names, until that is gone."""

    def __init__(self, settings: Settings, identity: Identity, post: Post) -> None:
        """Within a running event loop."""
        self._fallback = Fallback(identity, settings.access, settings.transfers)
        self._notices = post.notices
        sender = Sender(
            settings.transfers,
            self._fallback,
            post.connections,
            idle=settings.tcp_limits.idle,
            write=choose_writer(settings),
            history=History(settings.state).find,
        )
        self._announcer = Announcer(settings.transfers, self._tell, self._primaries_of)
        sender.on_known = self._announcer.learn
        self._parts: list[Part] = [sender, self._announcer]
        self._channel: AsyncChannel | None = None
        self._secondaries: Secondaries | None = None
        transfers, state = settings.transfers, settings.state
        if state is not None:
            means = transfers, state, self._note_change, self._tell
            self._secondaries = Secondaries(*means)
            self._parts.append(self._secondaries)
        elif transfers.secondaries or transfers.catalogs:
            log.warning("copies-homeless", _HOMELESS)

    async def run(self, end: socket.socket) -> int:
        """Do what the main process says over `end`. Returns the exit status."""
        loop = asyncio.get_running_loop()
        channel = self._channel = await AsyncChannel.open(end)
        self._tell({"anew": True})
        for part in self._parts:
            part.start()
        loop.add_reader(self._notices, self._take_notices)
        counting = asyncio.create_task(self._count(channel))
        try:
            while (message := await channel.receive()) is not None:
                if "log_level" in message:
                    log.set_level(message["log_level"])
                elif "announce" in message:
                    self._announcer.announce()
                elif "publish" in message and not self._publish(message):
                    return 1
        finally:
            counting.cancel()
            loop.remove_reader(self._notices)
            for part in self._parts:
                part.stop()
        return 0

    def _publish(self, message: Message) -> bool:
        """Work with these zones from now on, if they can be read."""
        self._fallback.publish(Served.read(message["publish"]))
        try:
            images = self._fallback.images
        except (OSError, ZoneserverError) as error:
            text = f"zones could not be opened for transfers: {error}"
            log.error("zones-unusable", text, reason=str(error))
            return False
        for part in self._parts:
            part.publish(images)
        return True

    def _tell(self, document: Document) -> None:
        """Have it known which server has what."""
        if self._channel is not None:
            self._channel.send({"overview": {"transfers": document}})

    def _primaries_of(self, origin: Name) -> Collection[Endpoint]:
        """The servers that a zone comes from, if that is elsewhere."""
        return self._secondaries.primaries(origin) if self._secondaries else ()

    def _note_change(self) -> None:
        """A copy has come or gone: the builder shall look."""
        if self._channel is not None:
            self._channel.send({"changed": True})

    def _take_notices(self) -> None:
        """Heed the NOTIFYs that workers have accepted."""
        for _ in range(PER_TURN):
            parcel = take_notice(self._notices)
            if parcel is None:
                return
            notice = read_notice(parcel.message)
            if notice is not None and self._secondaries is not None:
                self._secondaries.call(notice[0], str(ip_address(parcel.address)), notice[1])

    async def _count(self, channel: AsyncChannel) -> None:
        while True:
            counters = {name: n for part in self._parts for name, n in part.counters.items()}
            channel.send({"counters": counters})
            await asyncio.sleep(COUNT_SECONDS)


def run_courier(settings: Settings, identity: Identity, post: Post, end: socket.socket) -> int:
    """The life of a courier process. Returns its exit status."""
    let_others_go_first()
    return asyncio.run(_run(settings, identity, post, end))


async def _run(settings: Settings, identity: Identity, post: Post, end: socket.socket) -> int:
    return await Courier(settings, identity, post).run(end)
