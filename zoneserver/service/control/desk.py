"""What the server tells over its control socket, and what it does when it is told to."""

import json
import os
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from zoneserver.names import Name
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.control.control_socket import Document
from zoneserver.service.control.describing import count_transfers, describe_zone
from zoneserver.service.control.keys_desk import KEY_COMMANDS, KeysDesk
from zoneserver.service.control.requests import effective_rights
from zoneserver.service.logs import log
from zoneserver.service.observing.counters import Counters
from zoneserver.service.observing.overview import AT_ONCE, Overview
from zoneserver.service.running.reloads import Order, Reloads
from zoneserver.service.running.workers import WorkerSlot
from zoneserver.transports.endpoint import Endpoint

MOST_LISTED = 100  # zones in the status that wait for somebody


@dataclass(frozen=True, slots=True)
class Desk:
    """Knows what the main process knows; `listening` are the endpoints that are bound."""

    settings: Settings
    overview: Overview
    counters: Counters
    reloads: Reloads
    slots: Sequence[WorkerSlot]
    listening: Sequence[Endpoint]
    set_level: Callable[[str], None]
    look_at_parent: Callable[[str], Document | None]

    @property
    def keys(self) -> KeysDesk:
        """What there is to be known of keys."""
        return KeysDesk(
            self.settings.state, self.overview.zones, self.reloads, self.look_at_parent
        )

    async def answer(self, request: Document) -> AsyncIterator[str]:
        """The answer to a request, in pieces of one JSON document.

        Raises KeyError, TypeError or NameSyntaxError for what is no request.
        """
        commands: dict[str, Callable[[Document], Awaitable[Document]]] = {
            "status": self._status,
            "stats": self._stats,
            "reload": self._reload,
            "log-level": self._log_level,
            **dict.fromkeys(KEY_COMMANDS, self.keys.fulfil),
        }
        lists = {"zones": self._zones, "dnssec-status": self._keys}
        command = request["command"]
        if command in lists:
            async for piece in lists[command](_names(request)):
                yield piece
        elif command in commands:
            yield json.dumps(await commands[command](request))
        else:
            raise TypeError(f"there is no command {command!r}")

    async def _status(self, _: Document) -> Document:
        overview = self.overview
        blocked = list(overview.stale())
        refused = sum(state.refused for state in blocked)
        return {
            "version": overview.version,
            "engine": overview.engine,
            "pid": os.getpid(),
            "user": os.geteuid(),
            "capabilities": effective_rights(),
            "started": overview.started,
            "uptime": time.time() - overview.started,
            "listening": list(map(str, self.listening)),
            "watch": self.settings.watch,
            "workers": [
                {"pid": slot.pid, "starts": slot.starts, "answers": bool(slot.published)}
                for slot in self.slots
            ],
            "zones": {
                "served": len(overview.zones) - refused,
                "stale": len(blocked) - refused,
                "refused": refused,
            },
            "waiting": [describe_zone(overview, state) for state in blocked[:MOST_LISTED]],
            "transfers": count_transfers(overview),
            "reload": overview.reload.document() if overview.reload else None,
            "reloads": overview.reloads,
            "failures": overview.failures,
            "counters": self.counters.total(),
        }

    async def _stats(self, _: Document) -> Document:
        return {"uptime": time.time() - self.overview.started, **self.counters.total()}

    async def _zones(self, names: Sequence[str]) -> AsyncIterator[str]:
        """A few zones in each piece: there may be a hundred thousand."""
        zones = self.overview.zones
        chosen = sorted(zones) if not names else [name for name in names if name in zones]
        yield '{"zones": ['
        for start in range(0, len(chosen), AT_ONCE):
            part = (zones[each] for each in chosen[start : start + AT_ONCE] if each in zones)
            texts = [json.dumps(describe_zone(self.overview, state)) for state in part]
            yield (", " if start else "") + ", ".join(texts)
        yield f'], "unknown": {json.dumps([name for name in names if name not in zones])}}}'

    async def _keys(self, names: Sequence[str]) -> AsyncIterator[str]:
        """The same of keys."""
        yield '{"zones": ['
        comma = ""
        async for part in self.keys.describe(names):
            yield comma + ", ".join(map(json.dumps, part))
            comma = ", "
        yield f'], "unknown": {json.dumps(self.keys.unknown(names))}}}'

    async def _log_level(self, request: Document) -> Document:
        """The level of the log, changed before where the request has one."""
        level = request.get("level")
        if level is not None:
            if level not in log.LEVELS:
                raise TypeError(f"a level is one of {', '.join(log.LEVELS)}")
            self.set_level(level)
        return {"level": log.get_level()}

    async def _reload(self, request: Document) -> Document:
        """Have the zones read again; `wait` for what comes of it."""
        names = frozenset(map(Name.parse, _names(request)))
        is_forced = bool(request.get("force"))
        order = Order(
            force_all=is_forced and not names, forced=names if is_forced else frozenset()
        )
        if not request.get("wait"):
            self.reloads.ask(order)
            return {"result": "asked"}
        return await self.reloads.wait(order)


def _names(request: Document) -> Sequence[str]:
    """The zones that a request names, as they are written here. Raises as `answer` does."""
    return [str(Name.parse(text)) for text in request.get("zones", ())]
