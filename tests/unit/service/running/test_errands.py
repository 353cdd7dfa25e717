"""Errands: what other processes find out."""

import asyncio
import os
import signal
from collections.abc import Callable

from zoneserver.service.running.channel import Message
from zoneserver.service.running.errands import run_errand


def _run(work: Callable[[], Message]) -> Message | None:
    async def scenario() -> Message | None:
        async with asyncio.timeout(20):
            return await run_errand("errand", work)

    return asyncio.run(scenario())


def test_an_errand_is_run_elsewhere() -> None:
    """And tells of it, however much there is to tell."""
    found = _run(lambda: {"pid": os.getpid(), "much": "x" * 1_000_000})
    assert found
    assert found["pid"] != os.getpid()
    assert len(found["much"]) == 1_000_000


def test_an_errand_that_fails() -> None:
    """Tells nothing, and nobody waits for it."""

    def die() -> Message:
        os.kill(os.getpid(), signal.SIGKILL)
        return {}

    def explode() -> Message:
        raise ValueError

    assert _run(die) is None
    assert _run(explode) is None
