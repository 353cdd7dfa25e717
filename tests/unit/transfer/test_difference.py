"""What leads from one version of a zone to another, record by record."""

import pytest

from tests.zones_text import APEX, lines, reply, zone
from zoneserver.errors import ImageError
from zoneserver.image.compile import compile_zone
from zoneserver.image.reader import ZoneImage
from zoneserver.transfer.difference import find_difference
from zoneserver.transfer.journal import Difference, Stamp

OLD = r"""
a       A      192.0.2.1
a       A      192.0.2.2
b  60   A      192.0.2.2
c       MX     10 a
*.w     TXT    "x" "y"
sub     NS     ns.sub
ns.sub  A      192.0.2.3
\000\.  TYPE65280 \# 3 00ff2e
"""
STAMPS = Stamp(1, bytes(32)), Stamp(2, bytes(32))
MUCH = 1 << 20

# What is changed in a zone, and how many records go and come for it, beside the SOA.
EDITS = [
    ("nothing", OLD, 0, 0),
    ("an address", OLD.replace("192.0.2.2\nb", "192.0.2.9\nb"), 1, 1),
    ("a TTL", OLD.replace("60", "90"), 1, 1),
    ("the order", "\n".join(sorted(OLD.splitlines(), reverse=True)), 0, 0),
    ("the case of an owner", OLD.replace("b  60", "B  60"), 0, 0),
    ("the case of a target", OLD.replace("10 a", "10 A"), 1, 1),
    ("a new type", OLD + "c A 192.0.2.7", 0, 1),
    ("a new name", OLD + "x.y.a TXT deep", 0, 1),
    ("a name", OLD.replace('*.w     TXT    "x" "y"\n', ""), 1, 0),
    ("a delegation", OLD.replace("sub     NS     ns.sub", "sub A 192.0.2.4"), 1, 1),
    ("all of it", "z A 192.0.2.1", 8, 1),
]  # fmt: skip


def _image(text: str, serial: int) -> ZoneImage:
    apex = APEX.replace(" 1 7200", f" {serial} 7200")
    return ZoneImage(memoryview(compile_zone(zone(text, apex=apex))))


def _find(old: str, new: str, most_octets: int = MUCH) -> Difference | None:
    return find_difference(_image(old, 1), _image(new, 2), STAMPS, most_octets)


def _read(difference: Difference) -> list[str]:
    """The records as dnspython reads them."""
    records = list(difference.records())
    header = b"\0\0\x80\0\0\0" + len(records).to_bytes(2) + bytes(4)
    return list(reply(header + b"".join(records)).answer)


@pytest.mark.parametrize(
    ("new", "gone", "come"), [e[1:] for e in EDITS], ids=[e[0] for e in EDITS]
)
def test_difference(new: str, gone: int, come: int) -> None:
    """RFC 1995 4: the old SOA and what goes, the new SOA and what comes, and no more."""
    difference = _find(OLD, new)
    assert difference
    records = _read(difference)
    first, second = (
        f"example. 3600 SOA ns.test. hostmaster.test. {n} 7200 1800 1209600 300" for n in (1, 2)
    )
    middle = records.index(second)
    deleted, added = records[1:middle], records[middle + 1 :]

    assert first == records[0]
    assert (gone, come) == (len(deleted), len(added)) == (difference.deleted, difference.added)
    assert STAMPS == (difference.before, difference.after)
    before, after = ({_fold(each) for each in lines(text)} for text in (OLD, new))
    assert set(map(_fold, deleted)) <= before
    assert after == (before - set(map(_fold, deleted))) | set(map(_fold, added))


def _fold(line: str) -> str:
    """A record with its owner in lower case."""
    owner, rest = line.split(" ", 1)
    return f"{owner.lower()} {rest}"


def test_difference_that_is_too_large() -> None:
    """It is given up as soon as that is known."""
    edited = {name: new for name, new, *_ in EDITS}

    assert _find(OLD, edited["all of it"], 100) is None
    assert _find(OLD, edited["an address"], 100)


def test_zone_without_its_soa() -> None:
    """No image has one, unless it is damaged."""
    image = ZoneImage(memoryview(compile_zone(zone(OLD, apex="@ NS ns.test."))))

    with pytest.raises(ImageError, match="no SOA"):
        find_difference(image, image, STAMPS, MUCH)
