"""Which server has which serial, in rows: what has changed of them is told, a few at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import asdict

from zoneserver.names import Name
from zoneserver.service.observing.transfers import AT_ONCE, Document, SecondaryState
from zoneserver.transfer.follower import Follower
from zoneserver.transfer.settings import DNS_PORT
from zoneserver.transports.endpoint import Endpoint

TELL_SECONDS = 0.2  # from one message to the next
MOST_OTHERS = 10_000  # rows of servers that nobody has named here: they have taken a zone

Pair = tuple[str, str]  # a zone, a server


class Register:
    """Keeps no row longer than until it is told, but those of servers that nobody named."""

    def __init__(self, tell: Callable[[Document], None]) -> None:
        self._tell = tell
        self._changed: dict[Pair, SecondaryState | None] = {}
        self._others: dict[Pair, SecondaryState] = {}  # the one heard of longest ago first
        self._has_changed = asyncio.Event()

    async def run(self) -> None:
        """Tell what changes, until this is cancelled."""
        while True:
            await self._has_changed.wait()
            self._has_changed.clear()
            while self._changed:
                pairs = list(self._changed)[:AT_ONCE]
                rows = [(pair, self._changed.pop(pair)) for pair in pairs]
                self._tell(
                    {
                        "gone": [pair for pair, row in rows if row is None],
                        "secondaries": [asdict(row) for _, row in rows if row is not None],
                    }
                )
                await asyncio.sleep(TELL_SECONDS)

    def note(self, follower: Follower) -> None:
        """What is known of it now."""
        zone, server = _pair(follower)
        row = SecondaryState(
            zone,
            server,
            follower.serial,
            follower.since,
            follower.seen,
            follower.told,
            follower.problem,
        )
        self._set((zone, server), row)

    def forget(self, follower: Follower) -> None:
        """It is followed no longer."""
        self._set(_pair(follower), None)

    def note_other(self, origin: Name, address: str, serial: int, date: float) -> None:
        """A server that is not followed has a serial."""
        pair = say_zone(origin), address
        before = self._others.pop(pair, None)
        since = before.since if before and before.serial == serial else date
        row = self._others[pair] = SecondaryState(*pair, serial, since, date)
        self._set(pair, row)
        if len(self._others) > MOST_OTHERS:
            oldest = next(iter(self._others))
            del self._others[oldest]
            self._set(oldest, None)

    def take_other(self, origin: Name, address: str) -> tuple[int | None, float, float] | None:
        """A server is followed from now on: the serial that it had, since when, seen when."""
        pair = say_zone(origin), address
        row = self._others.pop(pair, None)
        if row is None:
            return None
        self._set(pair, None)
        return row.serial, row.since, row.seen

    def forget_others(self, origin: Name) -> None:
        """A zone is not here any more."""
        zone = say_zone(origin)
        for pair in [pair for pair in self._others if pair[0] == zone]:
            del self._others[pair]
            self._set(pair, None)

    def _set(self, pair: Pair, row: SecondaryState | None) -> None:
        self._changed[pair] = row
        self._has_changed.set()


def say_zone(origin: Name) -> str:
    """The name of a zone as rows have it: in small letters."""
    return str(origin).lower()


def say_server(endpoint: Endpoint) -> str:
    """A server as rows have it: without the port that everybody has."""
    return endpoint.address if endpoint.port == DNS_PORT else str(endpoint)


def _pair(follower: Follower) -> Pair:
    return say_zone(follower.origin), say_server(follower.peer.endpoint)
