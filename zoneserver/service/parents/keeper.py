"""Who is asked for, and when: the asking for DS records as the main process sees it."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from zoneserver.names import Name
from zoneserver.service.logs import log
from zoneserver.service.running.channel import Message
from zoneserver.service.running.errands import run_errand
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
    records: list[str] | None = None  # what its parent said last
    asked: float = 0.0  # when that was tried last, in seconds since 1970
    error: str = ""  # why that failed

    def hear(self, records: list[str], now: float) -> bool:
        """Whether what its parent says is new. It is asked again later."""
        is_new = self.records != records
        self.factor = 1.0 if is_new else min(self.factor * LONGER, LONGEST)
        self.records = records
        self.wait(now)
        return is_new

    def document(self) -> Document:
        """What is known, as plain values."""
        return {"asked": self.asked, "records": self.records, "error": self.error}

    def wait(self, now: float, error: str = "") -> bool:
        """Ask again later. Whether an error is told for the first time."""
        self.due = now + self.seconds * self.factor
        self.asked = time.time()
        is_new, self.error = error != self.error, error
        return bool(error) and is_new


class ParentsKeeper:
    """Has the parents of zones asked as long as the builder waits for what they say."""

    def __init__(self, note: Note) -> None:
        """`note` is given what is new."""
        self._note = note
        self._sought: dict[str, _Sought] = {}
        self._resolvers: list[Endpoint] = []
        self._changed = asyncio.Event()

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
        self._changed.set()

    def describe(self, zone: str) -> Document | None:
        """What is known of the parent of a zone; None: it was not asked, or need not be."""
        sought = self._sought.get(zone)
        return sought.document() if sought and sought.asked else None

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
                if sought.wait(now, answer):
                    self._complain(zone, answer)
            elif sought.hear(answer["records"], now):
                news[zone] = answer
        if news:
            self._note(news)

    @staticmethod
    def _complain(zone: str, why: str) -> None:
        """Say that a parent could not be asked: once for each reason, until it can be."""
        text = f"the DS records of {zone} could not be asked for: {why}"
        log.warning("parent-unknown", text, zone=zone, reason=why)

    async def _run_asker(self, zones: Iterable[str]) -> Mapping[str, Document | str]:
        """What a process has found; nothing where it has failed."""
        resolvers = self._resolvers

        def work() -> Message:
            # Most servers never ask, and start without what that takes.
            from zoneserver.service.parents.asking import ask_all  # noqa: PLC0415

            return ask_all(list(map(Name.parse, zones)), resolvers)

        return await run_errand("asker", work) or {}
