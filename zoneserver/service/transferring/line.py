"""The line to one other server: what it is told and asked over UDP, a little at a time."""

import asyncio
import heapq
import itertools
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress

from zoneserver.names import Name
from zoneserver.transfer.follower import Due, Event, Follower, Moment
from zoneserver.transfer.keys import Key
from zoneserver.transfer.notify import Reply, make_soa_query
from zoneserver.transfer.question import Question
from zoneserver.transports.endpoint import Endpoint

MOST_AT_ONCE = 16  # questions without a reply yet; one, as long as the server is silent
PAUSE_SECONDS = 0.002  # from one to the next: 500 a second at most
_MOST_OCTETS = 65_535

# Makes the NOTIFY of a zone with an id; None: the zone is not there any more.
MakeNotify = Callable[[int, Name], bytes | None]
# Is shown a follower after something has come of it: of a NOTIFY (True), or of a look.
Note = Callable[[Follower, bool, Event | None], None]


class Line:
    """Does for each follower what is due, as long as `run` runs."""

    def __init__(
        self, endpoint: Endpoint, key: Key | None, make_notify: MakeNotify, note: Note
    ) -> None:
        """NOTIFY is signed with the key; the question for an SOA is anybody's."""
        self._endpoint, self._key = endpoint, key
        self._make_notify, self._note = make_notify, note
        self._heap: list[tuple[float, int, Follower]] = []  # by when they are due
        # Those that are due: whoever has to be told first, and of these the newest first.
        self._ready: list[tuple[tuple[bool, float, int], Follower, float]] = []
        self._count = itertools.count()
        self._has_more = asyncio.Event()
        self._is_silent = False
        self._busy: set[Follower] = set()  # a reply of theirs is waited for
        self._open: set[asyncio.Task[None]] = set()
        self._closed = asyncio.Event()  # one of those that were open has ended

    def add(self, follower: Follower) -> None:
        """Do what is due for it, once it is; what was due for it before is not any more."""
        heapq.heappush(self._heap, (follower.due, next(self._count), follower))
        self._has_more.set()

    async def run(self) -> None:
        """Go on until this is cancelled."""
        try:
            while True:
                follower = await self._next()
                self._busy.add(follower)
                task = asyncio.create_task(self._serve(follower))
                self._open.add(task)
                task.add_done_callback(self._close)
                await asyncio.sleep(PAUSE_SECONDS)
        finally:
            for task in self._open:
                task.cancel()

    def _close(self, task: "asyncio.Task[None]") -> None:
        self._open.discard(task)
        self._closed.set()

    async def _next(self) -> Follower:
        """The next follower that something is due for, when it may be done."""
        while True:
            while len(self._open) >= (1 if self._is_silent else MOST_AT_ONCE):
                self._closed.clear()
                await self._closed.wait()
            self._has_more.clear()
            now = time.monotonic()
            while self._heap and self._heap[0][0] <= now:
                due, number, follower = heapq.heappop(self._heap)
                rank = follower.what is not Due.TELL, -due, number
                heapq.heappush(self._ready, (rank, follower, due))
            while self._ready:
                _, follower, due = heapq.heappop(self._ready)
                # If not, another entry has taken its place, or will once there is a reply.
                if not follower.dropped and follower.due == due and follower not in self._busy:
                    return follower
            rest = self._heap[0][0] - now if self._heap else None
            with suppress(TimeoutError):
                await asyncio.wait_for(self._has_more.wait(), rest)

    async def _serve(self, follower: Follower) -> None:
        """Do what is due for a follower, and see to it that what follows is done."""
        wanted, is_notify = follower.wanted, follower.what is Due.TELL
        try:
            question = self._make_question(follower.origin, is_notify=is_notify)
            if question is None:
                return
            reply = await ask(self._endpoint, question, follower.patience)
        finally:
            self._busy.discard(follower)
        self._is_silent = reply is None
        if follower.dropped:
            return
        if follower.wanted == wanted:  # else it is about what is past
            now = Moment(time.monotonic(), time.time())
            if reply is None:
                event = follower.heed_silence(now, question.problem)
            elif is_notify:
                event = follower.heed_told(reply, now)
            else:
                event = follower.heed_look(reply, now)
            self._note(follower, is_notify, event)
        self.add(follower)

    def _make_question(self, origin: Name, *, is_notify: bool) -> Question | None:
        number = secrets.randbits(16)
        if not is_notify:
            return Question(make_soa_query(number, origin), None, 0)
        message = self._make_notify(number, origin)
        return None if message is None else Question(message, self._key, int(time.time()))


async def ask(endpoint: Endpoint, question: Question, seconds: float) -> Reply | None:
    """The reply to a question over UDP; None: there is none in time."""
    family = socket.AF_INET6 if endpoint.is_ipv6 else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as asker:
            asker.setblocking(False)
            return await asyncio.wait_for(_ask(asker, endpoint, question), seconds)
    except (OSError, TimeoutError):  # no route, nobody there, or nobody who answers
        return None


async def _ask(asker: socket.socket, endpoint: Endpoint, question: Question) -> Reply:
    loop = asyncio.get_running_loop()
    # Connected, so that nobody else's datagrams come; each from a port of its own.
    await loop.sock_connect(asker, (endpoint.address, endpoint.port))
    await loop.sock_sendall(asker, question.octets)
    while True:
        octets = await loop.sock_recv(asker, _MOST_OCTETS)
        reply = question.read(octets, int(time.time()))
        if reply is not None:
            return reply
