"""The recorder: the process that writes the query log and feeds dnstap.

Workers show it queries and answers, and do not wait for it.
"""

import asyncio
import math
import os
import socket
import sys
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from zoneserver.service.logs.dnstap import Tap
from zoneserver.service.logs.log_format import choose_form
from zoneserver.service.logs.observations import MOST_OCTETS, Observation, unpack
from zoneserver.service.logs.query_log import Output, QueryLog, QueryLogSettings

MESSAGES_PER_TURN = 16  # read before dnstap gets its turn


@dataclass(frozen=True, slots=True)
class DnstapSettings:
    """To which Unix socket queries and answers go, one of `sample`, and from whom."""

    socket: Path | None = None
    sample: int = 1
    identity: str = ""


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """What is made of queries; by default nothing."""

    query_log: QueryLogSettings = field(default_factory=QueryLogSettings)
    dnstap: DnstapSettings = field(default_factory=DnstapSettings)
    form: str = "auto"  # of the log

    @property
    def every(self) -> int:
        """One of how many queries workers show; 0: none."""
        return math.gcd(self.query_log.sample, self.dnstap.sample if self.dnstap.socket else 0)


class Sample:
    """Takes every so manieth."""

    def __init__(self, every: int) -> None:
        """`every` 0 takes none."""
        self._every = every
        self._count = 0

    def take(self, batch: Collection[Observation]) -> list[Observation]:
        """Those of a batch."""
        if not self._every:
            return []
        begin, self._count = self._count, self._count + len(batch)
        return [seen for at, seen in enumerate(batch, begin) if at % self._every == 0]


class Recorder:
    """Hands what it is shown to the query log and to dnstap."""

    def __init__(self, settings: RecorderSettings, end: socket.socket) -> None:
        queries, tap, every = settings.query_log, settings.dnstap, settings.every
        wanted = "json" if queries.file and settings.form == "auto" else settings.form
        form = choose_form(wanted, sys.stdout, os.environ)
        self._end = end
        self._log = QueryLog(queries, form, Output(queries, sys.stdout.fileno()))
        self._logged = Sample(queries.sample // every)
        self._tap = Tap(tap.socket, tap.identity.encode()) if tap.socket else None
        self._tapped = Sample(tap.sample // every if tap.socket else 0)
        self._ended = asyncio.Event()

    async def run(self) -> int:
        """Record until nobody is left to show anything. Returns the exit status."""
        self._end.setblocking(False)
        asyncio.get_running_loop().add_reader(self._end, self._take_turn)
        tapping = asyncio.create_task(self._tap.run()) if self._tap else None
        await self._ended.wait()
        if self._tap and tapping:
            tapping.cancel()
            await self._tap.close()
        return 0

    def _take_turn(self) -> None:
        with suppress(BlockingIOError):
            for _ in range(MESSAGES_PER_TURN):
                octets = self._end.recv(MOST_OCTETS)
                if not octets:
                    asyncio.get_running_loop().remove_reader(self._end)
                    self._ended.set()
                    return
                self._take(list(unpack(octets)))

    def _take(self, batch: list[Observation]) -> None:
        self._log.take(self._logged.take(batch))
        if self._tap:
            for seen in self._tapped.take(batch):
                self._tap.take(seen)


def run_recorder(settings: RecorderSettings, end: socket.socket) -> int:
    """The life of the recorder process. Returns its exit status."""
    return asyncio.run(Recorder(settings, end).run())
