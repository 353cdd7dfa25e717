"""From records to a zone: RRsets, names in between, what hides what."""

import pytest

from tests.zones_text import name, rrset_lines, zone
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX, TXT, A, Opaque
from zoneserver.records.rrset import Record, RRset
from zoneserver.zone.build import build_zone, make_rrset
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet
from zoneserver.zonefile.source import ZoneSource

ORIGIN = Name.parse("example.")
MARKS = [Mark("example.yaml", line, 1) for line in range(10)]


def _record(owner: str, rdata: A | MX | TXT, ttl: int = 3600, line: int = 0) -> Record:
    return Record(Name.parse(owner), rdata.rtype, ttl, rdata, MARKS[line])


def _names(served: Zone) -> set[str]:
    return {str(node.owner) for node in served.nodes.values()}


def test_names_in_between_exist() -> None:
    """Every name from an owner up to the origin has a node, the empty ones without RRsets."""
    served = zone("a.b.c A 192.0.2.1\n*.w A 192.0.2.2")
    assert {
        "example.", "c.example.", "b.c.example.", "a.b.c.example.",
        "w.example.", "*.w.example.",
    } == _names(served)  # fmt: skip
    empty = {str(n.owner) for n in served.nodes.values() if n.is_empty_non_terminal}
    assert {"c.example.", "b.c.example.", "w.example."} == empty


def test_records_elsewhere_are_left_out() -> None:
    """What is not below the origin is not the zone's (the validator reports it)."""
    served = zone("www.test. A 192.0.2.1\nxexample. A 192.0.2.2\nwww A 192.0.2.3")
    assert {"example.", "www.example."} == _names(served)


def test_empty_source() -> None:
    """A zone of nothing has its apex, no SOA, and serial 0."""
    served = build_zone(ZoneSource(ORIGIN, ()))
    assert {"example."} == _names(served)
    assert (None, 0) == (served.soa, served.serial)
    assert [] == list(served.rrsets())


def test_soa_and_serial() -> None:
    """The SOA of the apex, and of no other name."""
    soa = "SOA ns.test. host.test. 2024010101 1 2 3 4"
    assert 2024010101 == zone("", apex=f"@ {soa}").serial
    assert 0 == zone(f"www {soa}", apex="").serial


def test_soa_that_is_none() -> None:
    """A serial is taken from an SOA only."""
    odd = Record(ORIGIN, rtypes.SOA, 1, Opaque(rtypes.SOA, b""), MARKS[0])
    assert 0 == build_zone(ZoneSource(ORIGIN, (odd,))).serial


def test_rrset_of_several_records() -> None:
    """Order of the file, lowest TTL, each rdata once with the place where it stands first."""
    one, two = A(bytes((192, 0, 2, 1))), A(bytes((192, 0, 2, 2)))
    rrset = make_rrset([
        _record("WWW.example.", two, 300, line=1),
        _record("www.example.", one, 200, line=2),
        _record("www.example.", two, 900, line=3),
    ])  # fmt: skip
    expected = RRset(name("www.example."), rtypes.A, 200, (two, one), (MARKS[1], MARKS[2]))
    assert expected == rrset
    assert ("WWW.example.", MARKS[1]) == (str(rrset.owner), rrset.mark)


def test_rrset_of_one_record() -> None:
    """The record as it is."""
    text = TXT((b"x",))
    expected = RRset(name("x.example."), rtypes.TXT, 7, (text,), (MARKS[4],))
    assert expected == make_rrset([_record("x.example.", text, 7, line=4)])


def test_duplicates_differ_in_case_only() -> None:
    """Names in rdata are compared without case, so these are one record."""
    rrset = make_rrset([
        _record("x.example.", MX(10, Name.parse("Mail.example."))),
        _record("x.example.", MX(10, Name.parse("mail.EXAMPLE."))),
    ])  # fmt: skip
    assert ("x.example. 3600 MX 10 Mail.example.",) == rrset_lines([rrset])


def test_owned_by() -> None:
    """A wildcard's set under the name that was asked."""
    rrset = make_rrset([_record("*.example.", A(bytes(4)))])
    assert ("q.example. 3600 A 0.0.0.0",) == rrset_lines([rrset.owned_by(name("q.example."))])


COVERS = [
    ("cut NS ns.test.\na.cut A 192.0.2.1", "a.cut.example.", "cut.example."),
    ("cut NS ns.test.\na.cut NS ns.test.\nb.a.cut A 192.0.2.1", "b.a.cut.example.",
     "cut.example."),
    ("old DNAME new\nx.y.old A 192.0.2.1", "x.y.old.example.", "old.example."),
    ("old DNAME new\nx.y.old A 192.0.2.1", "y.old.example.", "old.example."),
    ("old DNAME new\ncut.old NS ns.test.\nx.cut.old A 192.0.2.1", "x.cut.old.example.",
     "old.example."),
    ("cut NS ns.test.\nold.cut DNAME x\nx.old.cut A 192.0.2.1", "x.old.cut.example.",
     "cut.example."),
    ("cut NS ns.test.", "cut.example.", None),
    ("@ DNAME test.\nwww A 192.0.2.1", "www.example.", "example."),
    ("@ NS ns.test.\nwww A 192.0.2.1", "www.example.", None),
    ("www A 192.0.2.1", "www.example.", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "owner", "cover"), COVERS)
def test_cover(text: str, owner: str, cover: str | None) -> None:
    """The topmost cut or DNAME above a name; NS at the apex are no cut."""
    node = zone(text).find(name(owner))
    assert node is not None
    assert cover == (str(node.cover.owner) if node.cover else None)


def test_cuts() -> None:
    """A node with NS is a cut, except the apex."""
    served = zone("cut NS ns.test.\nwww A 192.0.2.1")
    cuts = [str(node.owner) for node in served.nodes.values() if node.is_cut]
    assert ["cut.example."] == cuts


def test_find_and_get() -> None:
    """`find` may return None, `get` raises."""
    served = zone("www A 192.0.2.1")
    node = served.find(name("WWW.Example."))
    assert node is not None
    assert node.get(rtypes.A) is node.find(rtypes.A)
    assert node.find(rtypes.MX) is None
    with pytest.raises(KeyError):
        node.get(rtypes.MX)
    assert served.find(name("www.test.")) is None


def test_rrsets() -> None:
    """Every RRset of the zone, each once."""
    served = zone("www A 192.0.2.1\nwww A 192.0.2.2\nwww MX 10 mx\na.b TXT x")
    found = sorted(
        (str(rrset.owner), rtypes.mnemonic(rrset.rtype)) for rrset in served.rrsets()
    )
    assert [
        ("a.b.example.", "TXT"), ("example.", "NS"), ("example.", "SOA"),
        ("www.example.", "A"), ("www.example.", "MX"),
    ] == found  # fmt: skip


EXAMPLE, CHILD, ROOT_ZONE = zone(""), zone("", "a.child.example."), zone("", ".")

FOUND = [
    ([EXAMPLE], "www.example.", "example."),
    ([EXAMPLE], "EXAMPLE.", "example."),
    ([EXAMPLE], "test.", None),
    ([EXAMPLE], ".", None),
    ([EXAMPLE], "xexample.", None),
    ([EXAMPLE, CHILD], "x.child.example.", "example."),
    ([EXAMPLE, CHILD], "x.a.child.example.", "a.child.example."),
    ([EXAMPLE, ROOT_ZONE], "www.test.", "."),
    ([EXAMPLE, ROOT_ZONE], ".", "."),
    ([], "www.example.", None),
]


@pytest.mark.parametrize(("zones", "qname", "origin"), FOUND)
def test_find_zone(zones: list[Zone], qname: str, origin: str | None) -> None:
    """The longest origin at or above the name (RFC 1034 4.3.2, step 2)."""
    found = ZoneSet(zones).find(name(qname))
    assert origin == (str(found.origin) if found else None)


def test_find_parent() -> None:
    """The zone that holds the delegation, if it is here; the root has no parent."""
    zones = ZoneSet([EXAMPLE, CHILD, ROOT_ZONE])
    assert zones.find_parent(CHILD.origin) is EXAMPLE
    assert zones.find_parent(EXAMPLE.origin) is ROOT_ZONE
    assert zones.find_parent(ROOT_ZONE.origin) is None
    assert ZoneSet([CHILD]).find_parent(CHILD.origin) is None


def test_replace_makes_another_set() -> None:
    """The set in use is left alone."""
    old = ZoneSet([EXAMPLE, CHILD])
    refused = RefusedZone(EXAMPLE.origin)
    new = old.replace(refused, ROOT_ZONE)
    assert (2, 3) == (len(old), len(new))
    assert old.get(name("EXAMPLE.")) is EXAMPLE
    assert new.get(name("example.")) is refused
    assert new.get(name("child.example.")) is None
    assert {CHILD.origin, EXAMPLE.origin, ROOT_ZONE.origin} == {z.origin for z in new}


def test_serial_of_a_source() -> None:
    """A source with another serial differs in nothing else."""
    text = "@ SOA ns.test. host.test. 1 2 3 4 5"
    records = tuple(
        Record(rrset.owner, rrset.rtype, rrset.ttl, rrset.rdatas[0], rrset.mark)
        for rrset in zone("www A 192.0.2.1", apex=text).rrsets()
    )
    source = ZoneSource(ORIGIN, records, auto_serial=True)
    changed = source.with_serial(77)
    assert (1, 77) == (build_zone(source).serial, build_zone(changed).serial)
    assert source == changed.with_serial(1)
