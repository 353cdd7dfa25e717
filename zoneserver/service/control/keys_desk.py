"""What is told of the keys of zones, and what is done with them when somebody says so."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from zoneserver.dnssec.wish import CONFIRM, LEAVE, ROLL, STAY, Wish
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name
from zoneserver.service.control.control_socket import Document
from zoneserver.service.observing.overview import AT_ONCE, ZoneState
from zoneserver.service.running.errands import run_errand
from zoneserver.service.running.reloads import Order, Reloads

FAILED = "what its file of keys says could not be found out"
KEY_COMMANDS = {
    "dnssec-roll": ROLL,
    "dnssec-confirm": CONFIRM,
    "dnssec-unsign": LEAVE,
    "dnssec-stay": STAY,
}


@dataclass(frozen=True, slots=True)
class KeysDesk:
    """Has the files of keys in `state` read; it is the builder who writes them.

    `look_at_parent` is what is known of the parent of a zone, where that is waited for.
    """

    state: Path | None
    zones: Mapping[str, ZoneState]
    reloads: Reloads
    look_at_parent: Callable[[str], Document | None]

    async def describe(self, names: Sequence[str]) -> AsyncIterator[list[Document]]:
        """The keys of zones that are signed here, all or some, a few at a time."""
        chosen = [name for name in names or sorted(self.zones) if self._is_signed(name)]
        for start in range(0, len(chosen), AT_ONCE):
            part = chosen[start : start + AT_ONCE]
            yield await self._describe(part)

    def unknown(self, names: Sequence[str]) -> list[str]:
        """Those that are not signed here."""
        return [name for name in names if not self._is_signed(name)]

    async def fulfil(self, request: Document) -> Document:
        """Do something with keys, and tell of them. Raises what is no request."""
        wish = Wish.read({**request, "what": KEY_COMMANDS[request["command"]]})
        if not self._is_signed(name := str(wish.zone)):
            return {"result": "failed", "error": f"{name} is not signed here"}
        order = Order(quiet=True, paths=frozenset(), wishes=(wish,))
        outcome = await self.reloads.wait(order)
        refusal = outcome.get("refusals", {}).get(name) or outcome.get("error")
        if refusal:
            return {"result": "failed", "error": refusal}
        (zone,) = await self._describe([name])
        return {"result": "ok", "error": "", **zone}

    def _is_signed(self, name: str) -> bool:
        return name in self.zones and self.zones[name].signed

    async def _describe(self, names: Sequence[str]) -> list[Document]:
        """What there is to be told of zones. This process does not read secrets itself."""
        state = self.state
        found = await run_errand("keys", lambda: {name: _read(state, name) for name in names})
        zones = [(found or {}).get(name) or _empty(name, FAILED) for name in names]
        return [{**zone, "parent": self.look_at_parent(zone["zone"])} for zone in zones]


def _read(state: Path | None, name: str) -> Document:
    # The main process itself does without all that knows keys.
    from zoneserver.dnssec.words import describe_life  # noqa: PLC0415
    from zoneserver.service.keeping.zone_keys import read_life  # noqa: PLC0415

    origin = Name.parse(name)
    try:
        life = read_life(state, origin) if state else None
    except SigningKeyError as error:
        return _empty(name, str(error))
    if life is None:
        return _empty(name, "its file of keys is gone")
    return {**describe_life(life, origin), "error": ""}


def _empty(name: str, error: str) -> Document:
    return {"zone": name, "keys": [], "rollovers": [], "todo": [], "error": error}
