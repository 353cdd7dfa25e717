"""Zones of ours that speak for one another: parents for children, servers' zones for others."""

from tests.servers import write_zones
from tests.unit.service.keeping.test_keeper import Keeping
from tests.unit.service.keeping.test_signing import Clock, clock, kept
from zoneserver.dnssec.wish import LEAVE, Wish
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.service.keeping.versions import Imaged
from zoneserver.service.keeping.zone_keys import read_life
from zoneserver.service.running.reloads import Order

__all__ = ["clock", "kept"]

CHILD = """\
$dnssec: true
$ttl: 300
'': {type: NS, values: [ns1.example.net., ns2.example.com.]}
ns2: {type: A, value: 192.0.2.2}
mail: {type: A, value: 192.0.2.25}
"""
PARENT = """\
$dnssec: true
$ttl: 300
'': {type: NS, values: [ns1.example.net., ns2.example.org.]}
example: {type: NS, values: [ns1.example.net., ns2.example.com.]}
ns2.example: {type: A, value: 192.0.2.2}
"""
HOST = """\
$dnssec: true
$ttl: 300
'': {type: NS, values: [ns1.example.net., ns2.example.org.]}
ns1: {type: A, value: 192.0.2.1}
"""
COM, NET, CHILD_ZONE = map(Name.parse, ("com.", "example.net.", "example.com."))
SIGNAL = Name.parse("_dsboot.example.com._signal.ns1.example.net.")
HOURS = 3 * 3600  # until every cache has the signed zone
DAYS = 2 * 86_400  # until no cache has a DS


def wires(kept: Keeping, origin: Name, owner: Name, rtype: int) -> set[bytes]:
    """The rdata that a zone has for a name."""
    version = kept.keeper.standing.get(origin)
    assert isinstance(version, Imaged)
    node = version.zone.find(owner)
    rrset = node.find(rtype) if node else None
    return {rdata.wire for rdata in rrset.rdatas} if rrset else set()


def look(kept: Keeping, times: int = 2) -> None:
    """Look at what others have to say, and at what comes of that."""
    for _ in range(times):
        kept.renew()
        assert set() == kept.codes()


def is_settled(kept: Keeping) -> bool:
    """Whether the child waits for nothing."""
    life = read_life(kept.folder / "state", CHILD_ZONE)
    return life is not None and not life.rolls


def test_a_parent_of_ours_has_the_ds(kept: Keeping, clock: Clock) -> None:
    """When the child asks for it; and that is all that has to be done."""
    kept.renew(com=PARENT, example_com=CHILD)
    look(kept)
    assert set() == wires(kept, COM, CHILD_ZONE, rtypes.DS)
    clock.now += HOURS
    look(kept)
    requests = wires(kept, CHILD_ZONE, CHILD_ZONE, rtypes.CDS)

    assert requests
    assert requests == wires(kept, COM, CHILD_ZONE, rtypes.DS)
    assert wires(kept, COM, CHILD_ZONE, rtypes.RRSIG)
    look(kept)
    assert is_settled(kept)


def test_a_child_that_is_not_signed_any_more(kept: Keeping, clock: Clock) -> None:
    """Has no DS, if somebody insists: what would be true of no zone, is not said."""
    kept.renew(com=PARENT, example_com=CHILD)
    clock.now += HOURS
    look(kept)
    assert wires(kept, COM, CHILD_ZONE, rtypes.DS)
    write_zones(kept.folder, example_com=CHILD.replace("$dnssec: true\n", ""))
    forced = Order(forced=frozenset({CHILD_ZONE}))
    kept.renewal = kept.keeper.renew(kept.settings, forced)
    look(kept)

    assert set() == wires(kept, COM, CHILD_ZONE, rtypes.DS)


def test_a_child_that_is_to_be_signed_no_longer(kept: Keeping, clock: Clock) -> None:
    """Loses its DS first, and is free to go when no cache has that any more."""
    kept.renew(com=PARENT, example_com=CHILD)
    clock.now += HOURS
    look(kept, 4)
    assert is_settled(kept)
    kept.keeper.renew(kept.settings, Order(wishes=(Wish(CHILD_ZONE, LEAVE),)))
    look(kept, 4)
    assert set() == wires(kept, COM, CHILD_ZONE, rtypes.DS)
    clock.now += DAYS
    look(kept)
    kept.renew(example_com=CHILD.replace("$dnssec: true\n", ""))

    assert set() == kept.codes()
    assert set() == wires(kept, CHILD_ZONE, CHILD_ZONE, rtypes.DNSKEY)


def test_a_parent_that_comes_later(kept: Keeping, clock: Clock) -> None:
    """Speaks for a child that was there before."""
    kept.renew(example_com=CHILD)
    clock.now += HOURS
    look(kept)
    kept.renew(com=PARENT)
    look(kept)

    assert wires(kept, CHILD_ZONE, CHILD_ZONE, rtypes.CDS)
    assert wires(kept, CHILD_ZONE, CHILD_ZONE, rtypes.CDS) == wires(
        kept, COM, CHILD_ZONE, rtypes.DS
    )


def test_signals(kept: Keeping, clock: Clock) -> None:
    """RFC 9615 4.1: as long as the parent is waited for."""
    kept.renew(example_net=HOST, example_com=CHILD)
    clock.now += HOURS
    look(kept)
    for rtype in (rtypes.CDS, rtypes.CDNSKEY):
        assert wires(kept, CHILD_ZONE, CHILD_ZONE, rtype)
        assert wires(kept, CHILD_ZONE, CHILD_ZONE, rtype) == wires(kept, NET, SIGNAL, rtype)
    kept.renew(com=PARENT)
    look(kept, 4)

    assert is_settled(kept)
    assert set() == wires(kept, NET, SIGNAL, rtypes.CDS)


def test_what_is_said_outlives_a_restart(kept: Keeping, clock: Clock) -> None:
    """Nothing is read again for it."""
    kept.renew(com=PARENT, example_com=CHILD)
    clock.now += HOURS
    look(kept, 4)
    before = kept.renewal.served
    kept.start_anew(before)
    kept.renew()

    assert before == kept.renewal.served


def test_zones_that_are_not_signed_say_nothing(kept: Keeping, clock: Clock) -> None:
    """Nobody would believe it."""
    kept.renew(com=PARENT.replace("$dnssec: true\n", ""), example_com=CHILD)
    clock.now += HOURS
    look(kept)

    assert set() == wires(kept, COM, CHILD_ZONE, rtypes.DS)
