"""Orders: what a reload is told, on its way to the builder."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable

import pytest

from zoneserver.dnssec.parent import ParentDs
from zoneserver.dnssec.wish import Wish
from zoneserver.errors import NameSyntaxError
from zoneserver.names import Name
from zoneserver.records.rdata import DS
from zoneserver.service.running import reloads
from zoneserver.service.running.reloads import Order, Reloads

COM, NET = Name.parse("example.com."), Name.parse("example.net.")
NONE = ParentDs(frozenset(), 60, 1_795_000_000)
ONE = ParentDs(frozenset({DS(1, 13, 2, b"\xab" * 32)}), 86_400, 1_795_000_060)


def test_order_as_a_document() -> None:
    """Nothing of it is lost."""
    for order in (
        Order(),
        Order(quiet=True, force_all=True, forced=frozenset({COM}), paths=frozenset({"a"})),
        Order(parents={COM: ONE, NET: NONE}),
        Order(wishes=(Wish(COM, "roll", "ksk"), Wish(NET, "confirm", tag=5))),
    ):
        assert order == Order.read(json.loads(json.dumps(order.document())))


def test_what_parents_say_is_gathered() -> None:
    """The last word of each counts."""
    merged = Order(parents={COM: NONE, NET: NONE}).merge(Order(parents={COM: ONE}))
    assert {COM: ONE, NET: NONE} == merged.parents


def test_wishes_are_gathered() -> None:
    """In their order."""
    first, second = Wish(COM, "roll"), Wish(COM, "confirm")
    assert (first, second) == Order(wishes=(first,)).merge(Order(wishes=(second,))).wishes


@pytest.mark.parametrize(
    "document",
    [
        {"zone": "a.", "what": "lose"},
        {"zone": "a.", "what": "roll", "kind": "first"},
        {"zone": "a.", "what": "roll", "kind": "xsk"},
        {"zone": "a.", "what": "confirm", "tag": "x"},
        {"zone": "a", "what": "roll"},
        {"what": "roll"},
    ],
)
def test_what_is_no_wish(document: dict[str, object]) -> None:
    """Is refused before anybody hears of it."""
    with pytest.raises((KeyError, ValueError, NameSyntaxError)):
        Wish.read(document)


def asked(work: Callable[[Reloads], Awaitable[None]]) -> Order:
    """What is asked for first while some work is done."""

    async def life() -> Order:
        wishes = Reloads()
        asking = asyncio.create_task(wishes.keep_asking())
        await work(wishes)
        async with asyncio.timeout(20):
            order = await wishes.take(0)
        asking.cancel()
        return order

    return asyncio.run(life())


async def _nothing(_: Reloads) -> None:
    pass


def test_zones_are_looked_at_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody has to ask, and no file is read for it."""
    monkeypatch.setattr(reloads, "LOOK_SECONDS", 0.01)
    assert Order(quiet=True, paths=frozenset()) == asked(_nothing)


def test_zones_are_looked_at_when_something_is_due() -> None:
    """Long before the next look; another time takes the place of the one before."""

    async def note(wishes: Reloads) -> None:
        wishes.note_due(time.time() + 3600)
        await asyncio.sleep(0)
        wishes.note_due(time.time() - 1)

    assert Order(quiet=True, paths=frozenset()) == asked(note)


def test_nothing_is_due() -> None:
    """Then nothing is asked for before the next look."""

    async def life() -> bool:
        wishes = Reloads()
        wishes.note_due(0)
        asking = asyncio.create_task(wishes.keep_asking())
        taking = asyncio.create_task(wishes.take(0))
        for _ in range(100):
            await asyncio.sleep(0)
        taken = taking.done()
        taking.cancel()
        asking.cancel()
        return taken

    assert not asyncio.run(life())
