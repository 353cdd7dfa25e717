"""What comes from outside to the keys of zones: wishes of people, and DS records at parents."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from zoneserver.dnssec.life import Life
from zoneserver.dnssec.lifecycle import see
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name
from zoneserver.service.keeping.zone_keys import keys_path, read_life, write_life
from zoneserver.service.running.reloads import Order


@dataclass(slots=True)
class Tended:
    """The zones whose keys changed, and why wishes were not fulfilled, by zone."""

    changed: set[Name] = field(default_factory=set)
    refusals: dict[Name, str] = field(default_factory=dict)


def tend(state: Path | None, order: Order, now: int) -> Tended:
    """Write into the files of keys what an order has for them."""
    tended = Tended()
    for origin, parent in order.parents.items():
        with suppress(SigningKeyError):  # the zone says so itself, when it is to be signed
            if _change(state, origin, partial(see, origin=origin, parent=parent)):
                tended.changed.add(origin)
    for wish in order.wishes:
        try:
            if _change(state, wish.zone, partial(wish.fulfil, now=now)):
                tended.changed.add(wish.zone)
        except SigningKeyError as error:
            tended.refusals[wish.zone] = str(error)
    return tended


def _change(state: Path | None, origin: Name, change: Callable[[Life], Life]) -> bool:
    """Write the keys of a zone as they are after a change; whether they are others.

    Raises SigningKeyError.
    """
    life = read_life(state, origin) if state else None
    if life is None or state is None:
        where = f": there is no {keys_path(state, origin)}" if state else ""
        raise SigningKeyError(f"{origin} has no keys{where}")
    after = change(life)
    if after != life:
        write_life(state, origin, after)
    return after != life
