"""Orders: what a reload is told, on its way to the builder."""

import json

from zoneserver.dnssec.parent import ParentDs
from zoneserver.names import Name
from zoneserver.records.rdata import DS
from zoneserver.service.running.reloads import Order

COM, NET = Name.parse("example.com."), Name.parse("example.net.")
NONE = ParentDs(frozenset(), 60, 1_795_000_000)
ONE = ParentDs(frozenset({DS(1, 13, 2, b"\xab" * 32)}), 86_400, 1_795_000_060)


def test_order_as_a_document() -> None:
    """Nothing of it is lost."""
    for order in (
        Order(),
        Order(quiet=True, force_all=True, forced=frozenset({COM}), paths=frozenset({"a"})),
        Order(parents={COM: ONE, NET: NONE}),
    ):
        assert order == Order.read(json.loads(json.dumps(order.document())))


def test_what_parents_say_is_gathered() -> None:
    """The last word of each counts."""
    merged = Order(parents={COM: NONE, NET: NONE}).merge(Order(parents={COM: ONE}))
    assert {COM: ONE, NET: NONE} == merged.parents
