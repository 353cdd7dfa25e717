"""Answers that limits keep back: said now and then, for whoever is limited does not say it."""

import asyncio

from zoneserver.service.answering.responder import Throttle
from zoneserver.service.logs import log
from zoneserver.service.observing.counters import Counters

LOOK_SECONDS = 1.0


async def watch_limits(counters: Counters, *, log_only: bool) -> None:
    """Say what was kept back since this was said last, or with `log_only` would have been."""
    throttle, before = Throttle(), (0, 0)
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        total = counters.total()
        now = total.get("limited", 0), total.get("errors_capped", 0)
        if now == before or throttle.take() is None:
            continue
        limited, errors = (new - old for new, old in zip(now, before, strict=True))
        verb = "would be" if log_only else "were"
        many = f"{limited} beyond limits.rate, {errors} beyond limits.errors"
        text = f"answers {verb} kept back: {many}"
        log.warning("answers-limited", text, limited=limited, errors=errors)
        before = now
