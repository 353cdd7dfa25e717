"""A worker's place: whoever dies in it is replaced, as long as that is of use."""

import asyncio
import signal
import socket
from collections.abc import Callable

import pytest

from tests.logs import read_log
from zoneserver.service.keeping.store import Served
from zoneserver.service.observing.counters import Counters
from zoneserver.service.running import workers as module
from zoneserver.service.running.channel import Channel
from zoneserver.service.running.workers import MOST_FAILURES, WorkerSlot, describe_end

SECONDS = 20.0


def _fail(_: socket.socket) -> int:
    return 3


def _obey(end: socket.socket) -> int:
    """Publish whatever is told, until the stop."""
    channel = Channel(end)
    while (message := channel.receive()) is not None and "stop" not in message:
        channel.send({"published": message["version"]})
    return 0


def _ignore(end: socket.socket) -> int:
    """Publish, and never say anything again."""
    channel = Channel(end)
    message = channel.receive()
    assert message
    channel.send({"published": message["version"]})
    signal.pause()
    return 0


def _publish_and_fail(end: socket.socket) -> int:
    channel = Channel(end)
    message = channel.receive()
    assert message
    channel.send({"published": message["version"]})
    return 5


async def _until(condition: Callable[[], bool], changed: asyncio.Event) -> None:
    while not condition():
        await changed.wait()
        changed.clear()


def test_place_that_is_given_up(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Ten starts in a row that fail; not one more."""
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.0)

    async def scenario() -> None:
        slot = WorkerSlot(7, [], _fail, asyncio.Event(), Counters())
        async with asyncio.timeout(SECONDS):
            await slot.run(lambda: (1, Served()))
        assert slot.is_given_up
        assert slot.ended.is_set()
        assert slot.published == 0

    asyncio.run(scenario())
    log = read_log(caplog)
    assert MOST_FAILURES == log.count("error: worker 7 ended with status 3; it is replaced")


def test_pauses_grow_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acceptance 96: a crash loop does not eat the processor, and is not waited for long
    either.
    """
    pauses = []

    async def note(seconds: float) -> None:
        pauses.append(round(seconds, 3))

    async def scenario() -> None:
        slot = WorkerSlot(0, [], _fail, asyncio.Event(), Counters())
        monkeypatch.setattr(slot, "_watch", asyncio.Event().wait)
        monkeypatch.setattr(asyncio, "sleep", note)
        async with asyncio.timeout(SECONDS):
            await slot.run(lambda: (1, Served()))

    asyncio.run(scenario())
    assert [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0, 5.0, 5.0] == pauses


def test_worker_that_answered_is_replaced_at_once() -> None:
    """However often: it is no start that failed."""

    async def scenario() -> None:
        changed, starts = asyncio.Event(), 0

        def current() -> tuple[int, Served]:
            nonlocal starts
            starts += 1
            if starts > 2 * MOST_FAILURES:
                slot._life = _obey
            return 1, Served()

        slot = WorkerSlot(0, [], _publish_and_fail, changed, Counters())
        running = asyncio.create_task(slot.run(current))
        async with asyncio.timeout(SECONDS):
            await _until(lambda: starts > 2 * MOST_FAILURES and slot.published == 1, changed)
            slot.stop()
            await running
        assert not slot.is_given_up

    asyncio.run(scenario())


def test_versions() -> None:
    """The one at the start, and each that follows; then the stop."""

    async def scenario() -> None:
        changed = asyncio.Event()
        slot = WorkerSlot(0, [], _obey, changed, Counters())
        running = asyncio.create_task(slot.run(lambda: (5, Served())))
        async with asyncio.timeout(SECONDS):
            await _until(lambda: slot.published == 5, changed)
            slot.publish(6, Served(("file",)))
            slot.publish(7, Served(("file",)))
            await _until(lambda: slot.published == 7, changed)
            slot.stop()
            await running
        assert slot.ended.is_set()

    asyncio.run(scenario())


def test_stop_while_a_worker_is_being_made() -> None:
    """It is told as soon as it can be, and waited for."""

    async def scenario() -> None:
        slot = WorkerSlot(0, [], _obey, asyncio.Event(), Counters())
        running = asyncio.create_task(slot.run(lambda: (1, Served())))
        async with asyncio.timeout(SECONDS):
            while not slot._pid:
                await asyncio.sleep(0)
            slot.stop()
            assert not slot.ended.is_set()
            await running
        assert slot.ended.is_set()

    asyncio.run(scenario())


def test_silence_is_taken_for_death(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Who has not been heard of for too long is ended, and replaced."""
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.2)

    async def scenario() -> None:
        changed = asyncio.Event()
        slot = WorkerSlot(0, [], _ignore, changed, Counters())
        running = asyncio.create_task(slot.run(lambda: (1, Served())))
        async with asyncio.timeout(SECONDS):
            await _until(lambda: slot.published == 1, changed)
            slot._life = _obey
            await _until(lambda: slot.published == 0, changed)
            slot.stop()
            await running

    asyncio.run(scenario())
    log = read_log(caplog)
    assert "worker 0 has stopped answering" in log
    assert "worker 0 ended by signal SIGKILL; it is replaced" in log


@pytest.mark.parametrize(
    ("status", "text"),
    [(0, "with status 0"), (70, "with status 70"), (-9, "by signal SIGKILL")],
)
def test_ends_in_words(status: int, text: str) -> None:
    """As the log has them."""
    assert text == describe_end(status)
