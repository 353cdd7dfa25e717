"""Reloads that somebody has asked for: many wishes become one reload, with one outcome."""

import asyncio
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from zoneserver.dnssec.parent import ParentDs
from zoneserver.dnssec.wish import Wish
from zoneserver.names import Name

Document = dict[str, Any]

LOOK_SECONDS = 900.0  # from one look at what the time has changed to the next

GONE: Document = {"result": "failed", "error": "the process that reads zones has ended"}


@dataclass(frozen=True, slots=True)
class Order:
    """How the zones are to be read again.

    What the guard would keep out of zones in `forced` is let in; with `force_all` out of
    every zone. With `quiet` nothing is said where nothing has changed. Changed are the files
    of `paths`; None: it may be any of them. `parents` is what the parents of zones have said
    since, `wishes` are what is to be done with their keys.
    """

    quiet: bool = False
    force_all: bool = False
    forced: frozenset[Name] = frozenset()
    paths: frozenset[str] | None = None
    parents: Mapping[Name, ParentDs] = field(default_factory=dict)
    wishes: tuple[Wish, ...] = ()

    def forces(self, origin: Name) -> bool:
        """Whether the guard is off for a zone."""
        return self.force_all or origin in self.forced

    def merge(self, other: "Order") -> "Order":
        """One order in place of two."""
        both = None
        if self.paths is not None and other.paths is not None:
            both = self.paths | other.paths
        return Order(
            self.quiet and other.quiet,
            self.force_all or other.force_all,
            self.forced | other.forced,
            both,
            {**self.parents, **other.parents},
            (*self.wishes, *other.wishes),
        )

    def document(self) -> Document:
        """The same as plain values."""
        forced = sorted(map(str, self.forced))
        return {
            "quiet": self.quiet,
            "force_all": self.force_all,
            "forced": forced,
            "paths": None if self.paths is None else sorted(self.paths),
            "parents": {str(zone): each.document() for zone, each in self.parents.items()},
            "wishes": [each.document() for each in self.wishes],
        }

    @classmethod
    def read(cls, document: Document) -> "Order":
        """The value again. Raises KeyError or NameSyntaxError."""
        forced = frozenset(map(Name.parse, document["forced"]))
        paths = document["paths"]
        return cls(
            document["quiet"],
            document["force_all"],
            forced,
            None if paths is None else frozenset(paths),
            read_parents(document["parents"]),
            tuple(map(Wish.read, document["wishes"])),
        )


def read_parents(document: Mapping[str, Any]) -> dict[Name, ParentDs]:
    """What parents say, by zone. Raises KeyError, ValueError or NameSyntaxError."""
    return {Name.parse(zone): ParentDs.read(each) for zone, each in document.items()}


@dataclass(slots=True)
class Reloads:
    """What has been asked for and not begun, and who waits for what came of it."""

    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _urgent: asyncio.Event = field(default_factory=asyncio.Event)  # somebody waits
    _order: Order | None = None
    _free: asyncio.Event = field(default_factory=asyncio.Event)  # not held back
    _resting: asyncio.Event = field(default_factory=asyncio.Event)  # nothing is being read
    _waiting: list["asyncio.Future[Document]"] = field(default_factory=list)
    _running: list["asyncio.Future[Document]"] = field(default_factory=list)
    _due: float = 0.0
    _moved: asyncio.Event = field(default_factory=asyncio.Event)  # it is another time

    def __post_init__(self) -> None:
        self._free.set()

    def ask(self, order: Order | None = None) -> None:
        """Have the zones read again, soon."""
        order = order or Order()
        self._order = self._order.merge(order) if self._order else order
        self._asked.set()

    def wait(self, order: Order) -> "asyncio.Future[Document]":
        """The same, and what will come of it."""
        self.ask(order)
        waiting: asyncio.Future[Document] = asyncio.get_running_loop().create_future()
        self._waiting.append(waiting)
        self._urgent.set()
        return waiting

    async def take(self, pause: float) -> Order:
        """What is to be done, once there is anything.

        It is gathered for `pause` seconds at least, unless somebody waits for it.
        """
        self._resting.set()
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._urgent.wait()
            await self._asked.wait()
            await self._free.wait()
        finally:
            self._resting.clear()
        self._asked.clear()
        self._urgent.clear()
        order, self._order = self._order or Order(), None
        self._running, self._waiting = self._running + self._waiting, []
        return order

    async def hold(self) -> None:
        """Have nothing begun from now on, and return once what was begun is done."""
        self._free.clear()
        await self._resting.wait()

    def release(self) -> None:
        """Have begun what was held back."""
        self._free.set()

    async def wait_until_free(self) -> None:
        """Return when nothing is held back."""
        await self._free.wait()

    def note_due(self, due: float) -> None:
        """Something is to be done at a time, in seconds since 1970; 0: nothing is."""
        self._due = due
        self._moved.set()

    async def keep_asking(self) -> None:
        """Ask now and then, though no file has changed: signatures and waivers run out.

        That is when something is due, and every so often, should a clock have been set.
        """
        loop = asyncio.get_running_loop()
        next_look = loop.time() + LOOK_SECONDS
        while True:
            rest = next_look - loop.time()
            if self._due:
                rest = min(rest, self._due - time.time())
            self._moved.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), max(rest, 0.0))
                continue
            self._due, next_look = 0.0, loop.time() + LOOK_SECONDS
            self.ask(Order(quiet=True, paths=frozenset()))

    def finish(self, outcome: Document) -> None:
        """What came of the order that was taken last."""
        for waiting in self._running:
            if not waiting.done():
                waiting.set_result(outcome)
        self._running = []
