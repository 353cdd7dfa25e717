"""What is under every answer: the zones as they are now, and a net for our own mistakes."""

import time
import traceback
from collections.abc import Callable

from zoneserver.engine.respond import Transport, respond, servfail
from zoneserver.service.logs import log
from zoneserver.zone.zoneset import Zones

QUIET_SECONDS = 60.0  # from one report of the same kind to the next
SHOWN_OCTETS = 128  # of a query that could not be answered


class Throttle:
    """Lets something be said now and then, and counts how often it was not."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = clock()
        self._silent = 0

    def take(self) -> str | None:
        """None: be quiet. Else what to add about the times that passed in silence."""
        if self._clock() < self._next:
            self._silent += 1
            return None
        self._next = self._clock() + QUIET_SECONDS
        silent, self._silent = self._silent, 0
        return f" ({silent} more since the last report)" if silent else ""


class Responder:
    """Answers every query that deserves it, from the zones that it is given."""

    def __init__(self) -> None:
        self.failures = 0
        self._throttle = Throttle()

    def answer(self, zones: Zones, message: bytes, transport: Transport) -> bytes | None:
        """What `respond` says, or SERVFAIL where that fails."""
        try:
            return respond(zones, message, transport)
        except Exception:  # noqa: BLE001 - the one place that no error of ours may pass
            self._report(message)
        try:
            return servfail(message, transport)
        except Exception:  # noqa: BLE001 - not even words of regret
            return None

    def _report(self, message: bytes) -> None:
        self.failures += 1
        more = self._throttle.take()
        if more is not None:
            octets, trace = message[:SHOWN_OCTETS].hex(), traceback.format_exc().rstrip()
            text = f"a query could not be answered{more}: {octets}"
            shown = f"error: {text}\n{trace}"
            log.error("query-failed", text, shown=shown, query=octets, trace=trace)
