"""What is said of limits that were reached."""

import asyncio

import pytest

from zoneserver.service.observing.counters import Counters
from zoneserver.service.running import held_back


@pytest.mark.parametrize(("log_only", "verb"), [(False, "were"), (True, "would be")])
def test_answers_kept_back(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    *,
    log_only: bool,
    verb: str,
) -> None:
    """Once, with both numbers; what comes soon after waits for the next time."""
    monkeypatch.setattr(held_back, "LOOK_SECONDS", 0.0)

    async def scenario() -> None:
        counters = Counters()
        watching = asyncio.create_task(held_back.watch_limits(counters, log_only=log_only))
        for limited in (0, 7, 9):
            counters.note(0, {"limited": limited, "errors_capped": 2 * limited})
            for _ in range(9):
                await asyncio.sleep(0)
        watching.cancel()

    asyncio.run(scenario())
    assert caplog.messages == [
        f"answers {verb} kept back: 7 beyond limits.rate, 14 beyond limits.errors"
    ]
