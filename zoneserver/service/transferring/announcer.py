"""Tells other servers of new serials, and finds out which serial each of them has.

It knows that from their answers for the SOA, from what they have taken of us, and from what
they say they have when they ask for differences (RFC 1995 3). That somebody asks for an SOA
says nothing of what they have.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Collection, Coroutine
from typing import Any

from zoneserver.errors import ImageError
from zoneserver.image.images import Images, Place, open_image
from zoneserver.names import Name
from zoneserver.service.observing.transfers import Document
from zoneserver.service.transferring.line import Line
from zoneserver.service.transferring.named import NamedServers
from zoneserver.service.transferring.register import Register
from zoneserver.service.transferring.telling import say
from zoneserver.transfer.follower import Due, Event, Follower, Moment
from zoneserver.transfer.notify import make_notify
from zoneserver.transfer.settings import Peer, TransferSettings
from zoneserver.transports.endpoint import Endpoint

AT_ONCE = 10  # zones that are taken up before others get their turn
SPREAD_SECONDS = 0.005  # from one zone to the next, where many change at once


class Announcer:
    """Sees to it that other servers have what is served here, from `start` to `stop`.

    `counters` has what it has done, by name.
    """

    def __init__(
        self,
        settings: TransferSettings,
        tell: Callable[[Document], None],
        primaries: Callable[[Name], Collection[Endpoint]] = lambda _: (),
    ) -> None:
        """`tell` is told what has changed of which server has what.

        `primaries` are the servers that a zone comes from: they need not be told of it.
        """
        self.counters: Counter[str] = Counter()
        self._settings = settings
        self._primaries = primaries
        self._register = Register(tell)
        self._named = NamedServers(self._follow_named)
        self._latest = self._images = Images({})
        self._serials: dict[bytes, int] = {}
        self._has_begun = False
        # What has changed and is not taken up yet; and what was there at the start.
        self._news: dict[bytes, None] = {}
        self._first: dict[bytes, None] = {}
        self._has_more = asyncio.Event()
        self._followers: dict[bytes, dict[Endpoint, Follower]] = {}
        self._lines: dict[Peer, Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Go to work in the running event loop."""
        self._spawn(self._register.run())
        self._spawn(self._work_off())
        if self._settings.notify_ns:
            self._spawn(self._named.run())

    def stop(self) -> None:
        """Let it all be."""
        for task in self._tasks:
            task.cancel()

    def publish(self, images: Images) -> None:
        """These are the zones from now on."""
        self._latest = images

    def announce(self) -> None:
        """Whoever asks here has answers from these zones now, so others are told of them.

        A secondary that is told asks for the SOA first: with the old one it would leave it at
        that. The first zones may be nothing new, so first it is asked who lacks them.
        """
        images = self._latest
        before, self._images = self._images.places, images
        queue = self._news if self._has_begun else self._first
        self._has_begun = True
        for key, place in images.places.items():
            if place is None or _is_same(before.get(key), place):
                continue
            try:
                serial = open_image(place).serial
            except ImageError:  # it is answered SERVFAIL, and is nothing to tell of
                continue
            if self._serials.get(key) != serial:
                self._serials[key] = serial
                queue.pop(key, None)  # so that it is the newest
                queue[key] = None
        for key in [key for key in self._serials if not images.places.get(key)]:
            self._forget(key)
        self._has_more.set()

    async def _work_off(self) -> None:
        """Take up what has changed, a few zones at a time, the newest first."""
        while True:
            await self._has_more.wait()
            self._has_more.clear()
            while self._news or self._first:
                for _ in range(AT_ONCE):
                    queue, what = self._news, Due.TELL
                    if not queue:
                        queue, what = self._first, Due.PATROL
                    if not queue:
                        break
                    key, _ = queue.popitem()
                    self._announce(key, what)
                await asyncio.sleep(AT_ONCE * SPREAD_SECONDS)

    def learn(self, origin: Name, address: str, serial: int) -> None:
        """Who asks from this address has this serial: it has said so, or has taken it."""
        now = Moment(time.monotonic(), time.time())
        followers = self._followers.get(origin.key, {}).values()
        known = [each for each in followers if each.peer.endpoint.address == address]
        for follower in known:
            follower.learn(serial, now)
            self._lines[follower.peer].add(follower)
            self._register.note(follower)
        if not known:
            self._register.note_other(origin, address, serial, now.date)

    def _announce(self, key: bytes, what: Due) -> None:
        """See to it that whoever should have a zone gets its serial."""
        serial = self._serials.get(key)
        if serial is None:
            return
        origin, due = Name(key), time.monotonic()
        followers = self._followers.setdefault(key, {})
        for follower in followers.values():
            follower.want(serial, due)
            self._lines[follower.peer].add(follower)
        primaries = self._primaries(origin)
        for target in self._settings.notify:
            endpoint = target.peer.endpoint
            if target.covers(origin) and endpoint not in primaries:
                self._follow(origin, target.peer, what, due)
        if self._settings.notify_ns:
            self._named.seek(origin, self._images)

    def _follow_named(self, origin: Name, endpoints: list[Endpoint]) -> None:
        """The servers that a zone names itself are these."""
        if origin.key not in self._serials:
            return
        followers = self._followers.setdefault(origin.key, {})
        configured = {target.peer.endpoint for target in self._settings.notify}
        for endpoint in followers.keys() - configured - set(endpoints):
            self._drop(followers.pop(endpoint))
        avoided = self._primaries(origin)
        for endpoint in endpoints:
            if endpoint not in avoided:
                self._follow(origin, Peer(endpoint), Due.PATROL, time.monotonic())

    def _follow(self, origin: Name, peer: Peer, what: Due, due: float) -> None:
        followers = self._followers[origin.key]
        if peer.endpoint in followers:
            return
        wanted = self._serials[origin.key]
        follower = followers[peer.endpoint] = Follower(origin, peer, wanted, due, what)
        if known := self._register.take_other(origin, peer.endpoint.address):
            follower.serial, follower.since, follower.seen = known
        if peer not in self._lines:
            key = self._settings.keyring.find(peer.key) if peer.key else None
            self._lines[peer] = Line(peer.endpoint, key, self._make_notify, self._note)
            self._spawn(self._lines[peer].run())
        self._lines[peer].add(follower)
        self._register.note(follower)

    def _forget(self, key: bytes) -> None:
        del self._serials[key]
        for follower in self._followers.pop(key, {}).values():
            self._drop(follower)
        self._register.forget_others(Name(key))

    def _drop(self, follower: Follower) -> None:
        follower.dropped = True
        self._register.forget(follower)

    def _make_notify(self, number: int, origin: Name) -> bytes | None:
        """As `line` has it."""
        place = self._images.places.get(origin.key)
        try:
            soa = open_image(place).zone().soa if place else None
        except ImageError:
            return None
        if soa is None:
            return None
        return make_notify(number, origin, soa.rdatas[0].wire, soa.ttl)

    def _note(self, follower: Follower, is_notify: bool, event: Event | None) -> None:  # noqa: FBT001
        """Something has come of what was due for a follower."""
        if is_notify:
            self.counters["notify_sent"] += 1
        if event is not None:
            self.counters[f"secondary_{event.name.lower()}"] += 1
            say(event, follower, time.monotonic() - follower.wanted_at)
        self._register.note(follower)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _is_same(before: Place | None, place: Place) -> bool:
    """Whether it is the same image; their octets are not compared."""
    return (
        before is not None and before.octets is place.octets and before.offset == place.offset
    )
