"""Who is asked for, and when: the asking for DS records as the main process sees it."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from zoneserver.names import Name
from zoneserver.service.logs import log
from zoneserver.service.running.channel import AsyncChannel, Message
from zoneserver.service.running.processes import fork, wait_for_end
from zoneserver.transports.endpoint import Endpoint

MOST_ZONES = 100  # of one process
ROUND_SECONDS = 120.0  # for one process
LONGER, LONGEST = 1.5, 8.0  # a parent that says the same is asked less and less often

Document = dict[str, Any]
# Takes what parents say, by zone.
Note = Callable[[Mapping[str, Document]], None]


@dataclass(slots=True)
class _Sought:
    """A zone that is asked for every so many seconds, next when it is `due`."""

    seconds: float
    due: float
    factor: float = 1.0
    records: object = None  # what its parent said last

    def hear(self, records: object, now: float) -> bool:
        """Whether what its parent says is new. It is asked again later."""
        is_new = self.records != records
        self.factor = 1.0 if is_new else min(self.factor * LONGER, LONGEST)
        self.records = records
        self.wait(now)
        return is_new

    def wait(self, now: float) -> None:
        """Ask again later."""
        self.due = now + self.seconds * self.factor


class ParentsKeeper:
    """Has the parents of zones asked as long as the builder waits for what they say."""

    def __init__(self, note: Note) -> None:
        """`note` is given what is new."""
        self._note = note
        self._sought: dict[str, _Sought] = {}
        self._resolvers: list[Endpoint] = []
        self._changed = asyncio.Event()
        self._failures: dict[str, str] = {}

    def seek(self, wish: Message) -> None:
        """Ask for these zones from now on, every so many seconds, and for no others.

        The wish has `zones`, the seconds by name, and `resolvers`; none: those of this host.
        """
        now = asyncio.get_running_loop().time()
        self._resolvers = list(map(Endpoint.parse, wish["resolvers"]))
        known = self._sought
        self._sought = {
            zone: known[zone]
            if zone in known and known[zone].seconds == seconds
            else _Sought(seconds, now)
            for zone, seconds in wish["zones"].items()
        }
        self._failures = {
            zone: why for zone, why in self._failures.items() if zone in self._sought
        }
        self._changed.set()

    def forget(self) -> None:
        """Another builder is there, which knows nothing of what was said so far."""
        self._sought = {}

    async def run(self) -> None:
        """Go on until this is cancelled."""
        while True:
            self._changed.clear()
            now = asyncio.get_running_loop().time()
            due = [zone for zone, sought in self._sought.items() if sought.due <= now]
            if due:
                await self._ask(due[:MOST_ZONES])
                continue
            rest = min((each.due - now for each in self._sought.values()), default=None)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), rest)

    async def _ask(self, zones: list[str]) -> None:
        answers: Mapping[str, Document | str] = {}
        with suppress(TimeoutError):
            async with asyncio.timeout(ROUND_SECONDS):
                answers = await self._run_asker(zones)
        now = asyncio.get_running_loop().time()
        news: dict[str, Document] = {}
        for zone in zones:
            sought, answer = self._sought.get(zone), answers.get(zone, "no answer at all")
            if sought is None:
                continue
            if isinstance(answer, str):
                sought.wait(now)
                self._complain(zone, answer)
            elif sought.hear(answer["records"], now):
                news[zone] = answer
            if not isinstance(answer, str):
                self._failures.pop(zone, None)
        if news:
            self._note(news)

    def _complain(self, zone: str, why: str) -> None:
        """Say that a parent could not be asked: once for each reason, until it can be."""
        if self._failures.get(zone) == why:
            return
        self._failures[zone] = why
        text = f"the DS records of {zone} could not be asked for: {why}"
        log.warning("parent-unknown", text, zone=zone, reason=why)

    async def _run_asker(self, zones: Iterable[str]) -> Mapping[str, Document | str]:
        """What a process has found; nothing where it has failed."""
        ours, theirs = socket.socketpair()
        resolvers = self._resolvers

        def life() -> int:
            # Most servers never ask, and start without what that takes.
            from zoneserver.service.parents.asking import run_asker  # noqa: PLC0415

            return run_asker(list(map(Name.parse, zones)), resolvers, theirs)

        pid = fork("asker", life, [theirs.fileno()])
        theirs.close()
        channel = await AsyncChannel.open(ours)
        try:
            message = await channel.receive()
        finally:
            channel.close()
            os.kill(pid, signal.SIGKILL)  # it has said all that it had to say
            await wait_for_end(pid)
        return message["answers"] if message else {}
