"""A zone read back from its image is the zone that it was made of."""

import time
from dataclasses import replace

import dns.name
import pytest

from tests.zones_text import name, zone
from zoneserver.errors import ImageError
from zoneserver.findings import Mark
from zoneserver.image import format as f
from zoneserver.image.compile import compile_zone, redescribe
from zoneserver.image.reader import ZoneImage
from zoneserver.records import rtypes
from zoneserver.zone.zone import Zone

DIGEST = "0123456789abcdef" * 4
ZONE = zone(rf"""
    WWW           300 A     192.0.2.1
    www           300 A     192.0.2.2
    www           60  AAAA  2001:db8::1
    a.b.c             TXT   "empty" "" "above"
    *.w               MX    5 Www
    alias             CNAME a.B.c
    sub               NS    ns.deep.sub
    sub               DS    1 8 2 {DIGEST}
    ns.deep.sub       A     192.0.2.3
    old               DNAME www
    hidden.old        A     192.0.2.4
    cut.hidden.old    NS    ns.test.
    \000\255\.x       TYPE65280 \# 3 00ff2e
""")  # fmt: skip


def _read(zone: Zone) -> Zone:
    return ZoneImage(memoryview(compile_zone(zone))).zone()


def test_zone_comes_back() -> None:
    """Every name with its case, every record with its TTL and its mark, every flag."""
    read = _read(ZONE)

    assert ZONE.origin == read.origin
    assert ZONE.negative == read.negative
    assert set(ZONE.nodes) == {node.owner.key for node in read.nodes.values()}
    assert len(ZONE.nodes) == len(read.nodes)
    for key, node in ZONE.nodes.items():
        found = read.nodes[key]
        assert node.owner.wire == found.owner.wire
        assert node.rrsets == found.rrsets
        assert [each.marks for each in node.rrsets] == [each.marks for each in found.rrsets]
        assert node.is_cut == found.is_cut
        assert (node.cover and node.cover.owner) == (found.cover and found.cover.owner)


def test_order_is_canonical() -> None:
    """RFC 4034 6.1: by labels from the right, each as octets without case."""
    owners = [dns.name.from_text(str(node.owner)) for node in _read(ZONE).nodes.values()]

    assert len(ZONE.nodes) == len(owners)
    assert sorted(owners) == owners  # dnspython's own order is that


def test_names_that_do_not_exist() -> None:
    """They are not found, and what encloses them is."""
    read = _read(ZONE)

    assert read.find(name("nope.example.")) is None
    assert read.find(name("www.example.")) is not None
    assert name("b.c.example.") == read.closest(name("x.y.b.c.example.")).owner


def test_what_covers_a_name_far_below() -> None:
    """It is found in a walk, however many covered names are between."""
    deep = ".".join("a" * 110)
    read = _read(zone(f"cut NS {deep}.cut\n{deep}.cut A 192.0.2.1"))
    begin = time.monotonic()
    node = read.find(name(f"{deep}.cut.example."))

    assert node is not None
    assert node.cover is not None
    assert name("cut.example.") == node.cover.owner
    assert time.monotonic() - begin < 1.0


def test_marks() -> None:
    """File, line and column, up to the columns that there is room for."""
    marks = (Mark("a\udcff.yaml", 3, 7), Mark("zones/é.yaml", 2**32 - 1, 70_000))
    www = ZONE.nodes[name("www.example.").key]
    first = replace(www.rrsets[0], marks=marks)
    nodes = {**ZONE.nodes, www.owner.key: replace(www, rrsets=(first,))}
    found = _read(Zone(ZONE.origin, nodes, ZONE.negative)).nodes[www.owner.key]

    assert (marks[0], Mark("zones/é.yaml", 2**32 - 1, 65_535)) == found.rrsets[0].marks


def test_what_its_keeper_wants_to_know_again() -> None:
    """Serial, numbers, description and texts; the latter two can be replaced."""
    octets = compile_zone(ZONE, b"described", b"texts")
    for image, description, texts in (
        (ZoneImage(memoryview(octets)), b"described", b"texts"),
        (ZoneImage(memoryview(redescribe(memoryview(octets), b"anew", b""))), b"anew", b""),
    ):
        assert (1, len(ZONE.nodes), 15) == (image.serial, image.names, image.records)
        assert (description, texts) == (image.description, image.texts)
        assert (
            ZONE.nodes[b"\x03www\x07example\0"].rrsets
            == image.zone().nodes[b"\x03www\x07example\0"].rrsets
        )


@pytest.mark.parametrize("length", [0, f.ZONE_HEADER.size - 1])
def test_shorter_than_its_header(length: int) -> None:
    """Nothing is read of it."""
    with pytest.raises(ImageError, match="shorter"):
        ZoneImage(memoryview(compile_zone(ZONE))[:length])


def test_no_zone_image() -> None:
    """What does not begin as one is none."""
    with pytest.raises(ImageError, match="no zone image"):
        ZoneImage(memoryview(b"zone" + compile_zone(ZONE)[4:]))


def test_owner_is_of_its_index() -> None:
    """A node whose RRsets are another name's is not taken for it."""
    octets = bytearray(compile_zone(ZONE))
    image = ZoneImage(memoryview(octets))
    www, alias = (image.find_node(name(f"{each}.example.").key) for each in ("www", "alias"))
    assert www
    assert alias
    octets[www + 16 : www + 20] = octets[alias + 16 : alias + 20]

    with pytest.raises(ImageError, match="another name"):
        image.zone().find(name("www.example."))
    assert image.zone().nodes[name("alias.example.").key].find(rtypes.CNAME)
