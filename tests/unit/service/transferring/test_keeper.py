"""The main process's side of the courier: told what is served, and replaced where it hangs."""

import asyncio
import os
import signal

import pytest

from tests.images import IDENTITY
from tests.logs import read_log
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.store import Served
from zoneserver.service.observing.counters import Counters
from zoneserver.service.transferring import keeper as module
from zoneserver.service.transferring.keeper import CourierKeeper
from zoneserver.transfer.settings import TransferSettings

SECONDS = 60.0
USED = Settings(transfers=TransferSettings(notify_ns=True))


def test_a_courier_that_hangs_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It has not said for too long what it has counted; the next one goes on from there."""
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(module, "WATCH_SECONDS", 0.1)
    monkeypatch.setattr(module, "SILENT_SECONDS", 5.0)  # it speaks every second
    heard: asyncio.Queue[object] = asyncio.Queue()

    async def scenario() -> int:
        keeper = CourierKeeper(USED, IDENTITY, Counters(), heard.put_nowait)
        keeper.publish(1, Served())
        keeper.announce()
        running = asyncio.create_task(keeper.run())
        async with asyncio.timeout(SECONDS):
            assert {"overview": {"transfers": {"anew": True}}} == await heard.get()
            first = keeper._pid
            os.kill(first, signal.SIGSTOP)
            assert {"overview": {"transfers": {"anew": True}}} == await heard.get()
            assert keeper._pid != first
        running.cancel()
        await asyncio.wait([running])
        await asyncio.sleep(0)
        assert keeper.post
        keeper.post.close()
        return keeper._pid

    last = asyncio.run(scenario())
    os.kill(last, signal.SIGKILL)
    os.waitpid(last, 0)
    said = read_log(caplog)
    assert "the courier has stopped working" in said
    assert "the courier ended by signal SIGKILL; it is replaced" in said


def test_without_transfers_there_is_none() -> None:
    """Nor anything to reach it by."""
    keeper = CourierKeeper(Settings(), IDENTITY, Counters(), lambda _: None)
    assert keeper.post is None
    asyncio.run(keeper.run())
    keeper.publish(1, Served())
    keeper.kill()
