"""What comes from outside to the keys of zones: wishes of people, and DS records at parents."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from zoneserver.dnssec.life import Life
from zoneserver.dnssec.lifecycle import begin, confirm, leave, see, stay
from zoneserver.dnssec.policy import Role
from zoneserver.dnssec.rolls import Kind
from zoneserver.dnssec.wish import CONFIRM, LEAVE, ROLL, Wish
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
            if _change(state, wish.zone, partial(_fulfil, wish=wish, now=now)):
                tended.changed.add(wish.zone)
        except SigningKeyError as error:
            tended.refusals[wish.zone] = str(error)
    return tended


def _fulfil(life: Life, wish: Wish, now: int) -> Life:
    """The keys as somebody wants them. Raises SigningKeyError where that cannot be."""
    if wish.what == CONFIRM:
        return confirm(life, now, wish.tag or None)
    if wish.what == ROLL:
        return begin(life, _find_kind(life, wish), now)
    return leave(life, now) if wish.what == LEAVE else stay(life, now)


def _find_kind(life: Life, wish: Wish) -> Kind:
    if wish.kind:
        return Kind(wish.kind)
    if any(key.role is Role.CSK for key in life.keys):
        return Kind.CSK
    raise SigningKeyError("the zone has a KSK and a ZSK: say which is to be replaced")


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
