"""The main process's side: a monitor that hangs, and one that has to be told everything."""

import asyncio
import os
import signal
from contextlib import suppress

import pytest

from tests.logs import read_log
from tests.unit.service.monitor.mirrors import ZONES, make_mirror
from zoneserver.errors import StartError
from zoneserver.service.monitor import keeper as module
from zoneserver.service.monitor.keeper import MonitorKeeper
from zoneserver.service.observing.counters import Counters
from zoneserver.transports.endpoint import Endpoint

SECONDS = 20.0


async def _get(keeper: MonitorKeeper) -> str:
    """The metrics, from whoever answers."""
    address = keeper.listeners[Endpoint("127.0.0.1", 0)].getsockname()[:2]
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"GET /metrics HTTP/1.0\r\nHost: x\r\n\r\n")
    said = (await reader.read()).decode()
    writer.close()
    return said


async def _until(keeper: MonitorKeeper, text: str) -> None:
    """Ask until the metrics have it."""
    said = ""
    while text not in said:
        with suppress(ConnectionError):
            said = await _get(keeper)


def test_a_monitor_that_hangs_is_replaced(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """What it does not hear has a bound; its successor is told all there was before."""
    monkeypatch.setattr(module, "MOST_UNHEARD", 1 << 20)
    monkeypatch.setattr(module, "PAUSE_SECONDS", 0.0)
    known, counters = make_mirror(), Counters()
    report = {"queries": [("udp", "MX", "NOERROR", 2)], "mail": [], "latency": {}}

    async def scenario() -> int:
        endpoints = [Endpoint("127.0.0.1", 0)]
        keeper = MonitorKeeper(endpoints, known.overview, counters, [], {})
        keeper.tell({"overview": {}})  # nobody is there to be told
        running = asyncio.create_task(keeper.run())
        async with asyncio.timeout(SECONDS):
            await _until(keeper, f'zoneserver_zones{{state="served"}} {len(ZONES) - 1}.0')
            counters.report(report)
            await _until(keeper, 'rcode="NOERROR",transport="udp",type="MX"} 2.0')
            os.kill(keeper._pid, signal.SIGSTOP)
            first = keeper._pid
            while keeper._pid == first:
                counters.report(report | {"queries": [("udp", "A", "NOERROR", 1)] * 500})
                await asyncio.sleep(0)
            await _until(keeper, 'rcode="NOERROR",transport="udp",type="MX"} 2.0')
        running.cancel()
        await asyncio.wait([running])
        await asyncio.sleep(0)
        keeper.listeners[Endpoint("127.0.0.1", 0)].close()
        return keeper._pid

    last = asyncio.run(scenario())
    os.kill(last, signal.SIGKILL)
    os.waitpid(last, 0)
    said = read_log(caplog)
    assert said.count("the monitor has stopped listening") == 1
    assert "the monitor ended by signal SIGKILL; it is replaced" in said


def test_whoever_reaches_it_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    """Beyond loopback the page is everybody's; a port that is taken is said."""
    known, anywhere = make_mirror().overview, Endpoint("0.0.0.0", 0)
    keeper = MonitorKeeper([anywhere], known, Counters(), [], {})
    keeper._announce()
    port = keeper.listeners[anywhere].getsockname()[1]
    assert f"whoever reaches 0.0.0.0:{port} can read the status page" in read_log(caplog)
    with pytest.raises(StartError, match="in use"):
        MonitorKeeper([Endpoint("0.0.0.0", port)], known, Counters(), [], {})
    keeper.listeners[anywhere].close()
