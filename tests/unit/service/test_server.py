"""The parts of the server process that no client sees."""

import asyncio
import resource
from pathlib import Path

import pytest

from tests.servers import GOOD_ZONE, write_zones
from zoneserver.service import server as module
from zoneserver.service.server import Server, in_thread
from zoneserver.service.settings import Settings


def test_thread_returns_and_raises() -> None:
    """As if the work had been done here."""

    async def scenario() -> None:
        assert await in_thread(lambda: 3) == 3
        with pytest.raises(ZeroDivisionError):
            await in_thread(lambda: 1 // 0)

    asyncio.run(scenario())


def test_thread_that_nobody_waits_for() -> None:
    """A stop does not wait for it, and what it yields later does no harm."""
    begun, released = [], []

    async def scenario() -> None:
        gate = asyncio.Event()
        loop = asyncio.get_running_loop()

        def work() -> None:
            begun.append(1)
            asyncio.run_coroutine_threadsafe(gate.wait(), loop).result()
            released.append(1)

        waiting = loop.create_task(in_thread(work))
        while not begun:
            await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        gate.set()
        while not released:
            await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)

    asyncio.run(scenario())


def make_server(folder: Path) -> Server:
    """A server of one zone that keeps its serials in memory."""
    return Server(lambda: Settings(zones=write_zones(folder, example_com=GOOD_ZONE)))


def test_reload_that_fails_unexpectedly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is served stays, and the log has the traceback."""

    def explode() -> None:
        raise MemoryError("\x1bout of it")

    async def scenario() -> None:
        server = make_server(tmp_path)
        await server._renew_zones()
        before = server._responder.zones
        monkeypatch.setattr(server, "_renew", explode)
        await server._renew_zones()

        assert len(before) == 1
        assert server._responder.zones is before

    asyncio.run(scenario())
    log = capsys.readouterr().err
    assert "the reload failed, what is served stays" in log
    assert "MemoryError: \\x1bout of it" in log


def test_trouble_in_the_loop_is_said_now_and_then(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Once for many, on one line."""

    async def scenario() -> None:
        server, loop = make_server(tmp_path), asyncio.get_running_loop()
        for _ in range(100):
            server._report(
                loop, {"message": "no descriptors", "exception": OSError(24, "x\ny")}
            )

    asyncio.run(scenario())
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: no descriptors: OSError(24")


@pytest.mark.parametrize(
    ("soft", "hard", "connections"),
    [(64, 64, 32), (1024, 1024, 992), (1024, 4096, 1024), (65_536, 65_536, 1024), (8, 8, 1)],
)
def test_connections_that_the_limit_of_files_allows(
    monkeypatch: pytest.MonkeyPatch, soft: int, hard: int, connections: int
) -> None:
    """The soft limit is raised as far as may be; some descriptors are kept for ourselves."""
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, hard))
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)

    assert module._connections() == connections
