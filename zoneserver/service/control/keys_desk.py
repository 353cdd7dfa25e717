"""What is told of the keys of zones, and what is done with them when somebody says so."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoneserver.dnssec.wish import CONFIRM, ROLL, Wish
from zoneserver.dnssec.words import describe_life
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name
from zoneserver.service.control.control_socket import Document
from zoneserver.service.keeping.zone_keys import read_life
from zoneserver.service.observing.overview import AT_ONCE, ZoneState
from zoneserver.service.running.reloads import Order, Reloads

COMMANDS = {"dnssec-roll": ROLL, "dnssec-confirm": CONFIRM}


@dataclass(frozen=True, slots=True)
class KeysDesk:
    """Reads the files of keys in `state`; it is the builder who writes them."""

    state: Path | None
    zones: Mapping[str, ZoneState]
    reloads: Reloads

    async def describe(self, names: Sequence[str]) -> AsyncIterator[list[Document]]:
        """The keys of zones that are signed here, all or some, a few at a time."""
        chosen = [name for name in names or sorted(self.zones) if self._is_signed(name)]
        for start in range(0, len(chosen), AT_ONCE):
            part = chosen[start : start + AT_ONCE]
            yield await asyncio.to_thread(self._describe_all, part)

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Those that are not signed here."""
        return [name for name in names if not self._is_signed(name)]

    async def fulfil(self, request: Document) -> Document:
        """Do something with keys, and tell of them. Raises what is no request."""
        wish = Wish.read({**request, "what": COMMANDS[request["command"]]})
        if not self._is_signed(name := str(wish.zone)):
            return {"result": "failed", "error": f"{name} is not signed here"}
        order = Order(quiet=True, paths=frozenset(), wishes=(wish,))
        outcome = await self.reloads.wait(order)
        refusal = outcome.get("refusals", {}).get(name) or outcome.get("error")
        if refusal:
            return {"result": "failed", "error": refusal}
        return {"result": "ok", "error": "", **await asyncio.to_thread(self._describe, name)}

    def _is_signed(self, name: str) -> bool:
        return name in self.zones and self.zones[name].signed

    def _describe_all(self, names: Sequence[str]) -> list[Document]:
        return [self._describe(name) for name in names]

    def _describe(self, name: str) -> Document:
        origin = Name.parse(name)
        try:
            life = read_life(self.state, origin) if self.state else None
        except SigningKeyError as error:
            return _empty(name, str(error))
        if life is None:
            return _empty(name, "its file of keys is gone")
        return {**describe_life(life, origin), "error": ""}


def _empty(name: str, error: str) -> Document:
    return {"zone": name, "keys": [], "rollovers": [], "todo": [], "error": error}
