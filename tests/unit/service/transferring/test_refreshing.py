"""When primaries are asked for a zone, which of them, and what is made of the answers."""

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.figures import Figures
from tests.unit.transfer.answers import A1, NOW, NS, ORIGIN, answer, soa, whole
from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records.rdata import SOA
from zoneserver.service.observing.transfers import CopyState
from zoneserver.service.transferring.copies import Copies, Facts
from zoneserver.service.transferring.fetching import Fetched, Fetcher
from zoneserver.service.transferring.refreshing import Refresher, Surroundings
from zoneserver.transfer.settings import Peer, Secondary, TransferSettings
from zoneserver.transfer.timers import Timers
from zoneserver.transports.endpoint import Endpoint

FIRST, SECOND = (Peer(Endpoint(f"192.0.2.{n}", 53)) for n in (1, 2))
WAIT_SECONDS = 5.0
NOBODY = "no connection"

# What a primary has: a serial, or why it cannot be asked.
World = dict[Peer, int | str]


class Pretender(Fetcher):
    """Instead of the network there is a world; copies are written all the same."""

    def __init__(self, copies: Copies, world: World) -> None:
        super().__init__(TransferSettings(), copies)
        self.world = world
        self.copies = copies
        self.asked: list[Peer] = []
        self.came = asyncio.Condition()
        self.held: asyncio.Event | None = None  # until this is set, nobody answers
        self.at_once = self.most_at_once = 0

    async def fetch(self, origin: Name, peer: Peer, ours: SOA | None) -> Fetched:
        """As the world has it."""
        async with self.came:
            self.asked.append(peer)
            self.came.notify_all()
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        if self.held:
            await self.held.wait()
        self.at_once -= 1
        has = self.world[peer]
        if isinstance(has, str):
            raise TransferError(has)
        if ours and ours.serial == has:
            return Fetched(ours)
        keep(self.copies, has, origin)
        found = self.copies.read_soa(origin)
        assert found
        return Fetched(found, "AXFR", 4, 100, 0.1)

    async def wait_for(self, count: int) -> None:
        """Return when so many have been asked."""
        async with self.came, asyncio.timeout(WAIT_SECONDS):
            await self.came.wait_for(lambda: len(self.asked) >= count)


class Case:
    """One zone with two primaries, in a loop."""

    def __init__(self, folder: Path, world: World) -> None:
        self.copies = Copies(folder)
        self.fetcher = Pretender(self.copies, world)
        self.told: list[CopyState] = []
        self.news = asyncio.Condition()
        self.changes = 0
        self.around = Surroundings(
            self.copies,
            self.fetcher,
            Timers(Random(1)),
            self._count_change,
            self._note,
            asyncio.Semaphore(2),
        )
        self.refresher = Refresher(Secondary(ORIGIN, (FIRST, SECOND)), self.around)

    def _count_change(self) -> None:
        self.changes += 1

    def _note(self, document: dict[str, Any]) -> None:
        (copy,) = document["copies"]
        self.told.append(CopyState(**copy))

    async def settle(self, check: Callable[[CopyState], bool]) -> CopyState:
        """What is known of the copy, once it is as it is to be."""
        async with asyncio.timeout(WAIT_SECONDS):
            while not (self.told and check(self.told[-1])):
                await asyncio.sleep(0)
        return self.told[-1]


def keep(copies: Copies, serial: int, origin: Name = ORIGIN) -> None:
    """Write a copy."""
    with copies.begin(origin, 1 << 20) as copy:
        copy.add(whole().receive(answer(soa(serial), NS, A1, soa(serial)), NOW))
        copy.keep()


def run(
    folder: Path,
    world: World,
    live: Callable[[Case], Awaitable[None]],
    *,
    ours: int | None = None,
    age: float = 0,
) -> Case:
    """Let a refresher work, perhaps from a copy that was checked so many seconds ago."""

    async def go() -> Case:
        if ours is not None:
            keep(Copies(folder), ours)
            Copies(folder).note(ORIGIN, Facts("192.0.2.9:53", 1000.0, time.time() - age))
            os.utime(folder / "copies/example.org.zone", (1000, 1000))
        case = Case(folder, world)
        case.refresher.start(0)
        try:
            await live(case)
        finally:
            case.refresher.stop()
        return case

    return asyncio.run(go())


def test_first_time(tmp_path: Path) -> None:
    """The first primary that can be asked is enough."""

    async def live(case: Case) -> None:
        state = await case.settle(lambda state: state.serial == 7 and state.next > time.time())
        assert ("example.org.", "192.0.2.1:53", "") == (
            state.zone,
            state.primary,
            state.problem,
        )
        assert state.fetched == state.checked
        assert abs(state.checked - time.time()) < WAIT_SECONDS
        assert state.expires == state.checked + 1_209_600
        assert 6480 <= state.next - state.checked <= 7200 + WAIT_SECONDS

    case = run(tmp_path, {FIRST: 7, SECOND: 7}, live)
    assert [FIRST] == case.fetcher.asked
    assert case.changes == 1
    assert "192.0.2.1:53" == case.copies.read_facts(ORIGIN).primary


def test_nothing_new(tmp_path: Path) -> None:
    """All are asked: one of them may be behind."""

    async def live(case: Case) -> None:
        state = await case.settle(lambda state: state.checked > time.time() - 100)
        assert (7, "192.0.2.9:53", 1000.0) == (state.serial, state.primary, state.fetched)

    case = run(tmp_path, {FIRST: 7, SECOND: 7}, live, ours=7, age=5000)
    assert [FIRST, SECOND] == case.fetcher.asked
    assert case.changes == 0
    assert case.copies.read_facts(ORIGIN).checked > time.time() - 100


def test_second_has_a_newer_one(tmp_path: Path) -> None:
    """It is taken."""

    async def live(case: Case) -> None:
        state = await case.settle(lambda state: state.serial == 8)
        assert state.primary == "192.0.2.2:53"

    case = run(tmp_path, {FIRST: 7, SECOND: 8}, live, ours=7)
    assert [FIRST, SECOND] == case.fetcher.asked
    assert case.changes == 1


def test_first_is_away(tmp_path: Path) -> None:
    """As long as one can be asked, all is well."""

    async def live(case: Case) -> None:
        state = await case.settle(lambda state: state.serial == 7)
        assert ("192.0.2.2:53", "") == (state.primary, state.problem)

    run(tmp_path, {FIRST: NOBODY, SECOND: 7}, live)


@pytest.mark.parametrize(("ours", "retry"), [(None, 5), (7, 1800)])
def test_nobody_can_be_asked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, ours: int | None, retry: float
) -> None:
    """It is said once, and tried again; what there is stays."""

    async def live(case: Case) -> None:
        for time_round in (1, 2):
            await case.fetcher.wait_for(2 * time_round)
            state = await case.settle(lambda state: state.problem != "")
            assert state.serial == ours
            assert f"192.0.2.1:53: {NOBODY}; 192.0.2.2:53: {NOBODY}" == state.problem
            if time_round == 1:
                await case.settle(lambda state: state.next > time.time() + 0.8 * retry)
            case.refresher.call("192.0.2.1", None)
        await case.settle(lambda state: state.next > time.time() + 1.7 * retry)

    case = run(tmp_path, {FIRST: NOBODY, SECOND: NOBODY}, live, ours=ours)
    said = [record for record in caplog.records if "cannot be fetched" in record.getMessage()]
    assert len(said) == 1
    assert case.changes == 0


def test_the_one_who_calls_is_asked_first(tmp_path: Path) -> None:
    """RFC 1996 4.7: it is the one who has the new version."""

    async def live(case: Case) -> None:
        await case.settle(lambda state: state.next > time.time())
        case.fetcher.world[SECOND] = 9
        assert case.refresher.call("192.0.2.2", 9)
        await case.settle(lambda state: state.serial == 9)

    case = run(tmp_path, {FIRST: 8, SECOND: 8}, live, ours=8)
    assert [FIRST, SECOND, SECOND] == case.fetcher.asked


def test_serials_that_are_not_newer(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 89: a NOTIFY with a serial that we have, or an older one: nobody is asked."""
    serials = (7, 6, 0, 7 + (1 << 31))

    async def live(case: Case) -> None:
        await case.settle(lambda state: state.next > time.time())
        assert not any(case.refresher.call("192.0.2.1", serial) for serial in serials)
        assert case.refresher.call("192.0.2.1", 8)
        await case.fetcher.wait_for(4)

    case = run(tmp_path, {FIRST: 7, SECOND: 7}, live, ours=7)
    assert len(case.fetcher.asked) == 4
    figures.add("89 NOTIFY with serials that are not newer", f"0 questions for {len(serials)}")


def test_many_calls_are_one(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 88: however many NOTIFYs come, one check is under way, and one waits."""

    async def live(case: Case) -> None:
        await case.settle(lambda state: state.next > time.time())
        held = case.fetcher.held = asyncio.Event()
        for _ in range(5000):
            case.refresher.call("192.0.2.1", None)
        await case.fetcher.wait_for(3)
        for _ in range(5000):
            case.refresher.call("192.0.2.1", None)
            await asyncio.sleep(0)
        assert len(case.fetcher.asked) == 3
        held.set()
        await case.fetcher.wait_for(6)
        await case.settle(lambda state: state.next > time.time())

    case = run(tmp_path, {FIRST: 7, SECOND: 7}, live, ours=7)
    assert len(case.fetcher.asked) == 6  # at the start, and twice more: two primaries each
    assert case.fetcher.most_at_once == 1
    figures.add("88 checks for 10000 NOTIFYs", "2, never two at a time")


def test_copy_expires(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """RFC 1034 4.3.5: it is put aside, also where that was due while we were away."""

    async def live(case: Case) -> None:
        state = await case.settle(lambda state: state.serial is None)
        assert state.expires == 0
        case.fetcher.world[SECOND] = 5  # whatever serial it has: it is better than nothing
        case.refresher.call("192.0.2.1", 5)
        await case.settle(lambda state: state.serial == 5)
        assert case.copies.read_soa(ORIGIN)

    case = run(tmp_path, {FIRST: NOBODY, SECOND: NOBODY}, live, ours=7, age=1_209_601)
    assert case.changes == 2
    assert "has expired" in caplog.text
    assert ["example.org.json", "example.org.zone"] == sorted(
        path.name for path in (tmp_path / "copies").iterdir()
    )


def test_copy_expires_while_it_is_checked(tmp_path: Path) -> None:
    """It is the newest after all, and comes back."""

    async def live(case: Case) -> None:
        held = case.fetcher.held = asyncio.Event()
        await case.settle(lambda state: state.serial is None)
        await case.fetcher.wait_for(1)
        held.set()
        await case.settle(lambda state: state.serial == 7)
        assert case.copies.read_soa(ORIGIN)

    # It expires a second after the start.
    case = run(tmp_path, {FIRST: 7, SECOND: 7}, live, ours=7, age=1_209_599)
    assert case.changes == 2


def test_clock_was_set_back(tmp_path: Path) -> None:
    """Acceptance 82: a copy that was checked tomorrow is as if it were checked now."""

    async def live(case: Case) -> None:
        await case.settle(lambda state: state.problem != "")
        assert case.told[-1].serial == 7

    assert (
        run(tmp_path, {FIRST: NOBODY, SECOND: NOBODY}, live, ours=7, age=-86_400).changes == 0
    )


def test_defect_of_ours(tmp_path: Path) -> None:
    """The zone is not forgotten for it."""

    async def live(case: Case) -> None:
        await case.settle(lambda state: "KeyError" in state.problem)
        case.fetcher.world[FIRST] = 7
        case.refresher.call("192.0.2.1", None)
        state = await case.settle(lambda state: state.serial == 7)
        assert state.problem == ""

    run(tmp_path, {}, live)


def test_facts_cannot_be_written(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Acceptance 93: the zone is served all the same."""

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    async def live(case: Case) -> None:
        case.copies.note = fail  # type: ignore[method-assign,assignment]
        state = await case.settle(lambda state: state.serial == 7)
        assert state.problem == ""
        await case.settle(lambda state: state.next > time.time())

    run(tmp_path, {FIRST: 7, SECOND: 7}, live)
    assert "cannot be written: No space left" in caplog.text


def test_zones_take_turns(tmp_path: Path) -> None:
    """No more zones come in at a time than is set."""

    async def go() -> int:
        case = Case(tmp_path, {FIRST: 7})
        held = case.fetcher.held = asyncio.Event()
        origins = [Name.parse(f"example{n}.") for n in range(10)]
        refreshers = [Refresher(Secondary(each, (FIRST,)), case.around) for each in origins]
        for each in refreshers:
            each.start(0)
        await case.fetcher.wait_for(2)
        for _ in range(20):
            await asyncio.sleep(0)
        held.set()
        await case.fetcher.wait_for(10)
        for each in refreshers:
            each.stop()
        return case.fetcher.most_at_once

    assert asyncio.run(go()) == 2
