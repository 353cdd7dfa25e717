"""The guard: what counts as lost when a zone is exchanged, and what does not."""

import pytest

from tests.zones_text import zone
from zoneserver.image.compile import compile_zone
from zoneserver.image.owners import list_owners
from zoneserver.image.reader import ZoneImage
from zoneserver.validator.guard import MOST_NAMES, find_losses
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

MANY = "".join(f"host{number} A 192.0.2.{number}\n" for number in range(10))
OLD = f"""
@ MX 10 mail
mail A 192.0.2.25
sales MX 10 mail
quiet MX 0 .
{MANY}
"""


def _imaged(built: Zone) -> Zone:
    """The same zone, read from its image."""
    return ZoneImage(memoryview(compile_zone(built))).zone()


def _lost(new: str, *others: Zone | RefusedZone) -> list[str]:
    """The names that lose their mail, whichever of the versions are images."""
    old, built = zone(OLD), zone(new)
    kinds = [
        [str(name) for name in find_losses(was, now, ZoneSet([now, *others])).mail]
        for was in (old, _imaged(old))
        for now in (built, _imaged(built))
    ]
    assert all(each == kinds[0] for each in kinds)
    return kinds[0]


@pytest.mark.parametrize(
    ("new", "lost"),
    [
        (OLD, []),
        (OLD.replace("sales MX 10 mail", ""), ["sales.example."]),
        (OLD.replace("sales MX 10 mail", "sales A 192.0.2.1"), ["sales.example."]),
        (OLD.replace("@ MX 10 mail", ""), ["example."]),
        (MANY, ["example.", "sales.example."]),
        (OLD.replace("sales MX 10 mail", "sales MX 20 other.test."), []),
        (OLD.replace("sales MX 10 mail", "sales MX 0 ."), []),
        (OLD.replace("sales MX 10 mail", "sales CNAME mail.test."), []),
        (OLD.replace("sales MX 10 mail", "* MX 10 mail"), []),
        (OLD.replace("sales MX 10 mail", "sales NS ns.test."), []),
        (OLD.replace("quiet MX 0 .", ""), []),
        (OLD.replace("mail A 192.0.2.25", ""), []),
    ],
)
def test_mail(new: str, lost: list[str]) -> None:
    """A name that senders are told nothing about any more, and no other."""
    assert lost == _lost(new)


def test_zone_that_takes_a_name_over() -> None:
    """It may have an MX for it, or not; one that is refused has none."""
    rest = OLD.replace("sales MX 10 mail", "")
    taken = zone("@ MX 5 mail.example.", "sales.example.")

    assert [] == _lost(rest, taken)
    assert ["sales.example."] == _lost(rest, zone("", "sales.example."))
    assert ["sales.example."] == _lost(rest, RefusedZone(taken.origin))


@pytest.mark.parametrize(
    ("stay", "is_shrunk"), [(10, False), (6, False), (5, True), (1, True), (0, True)]
)
def test_names(stay: int, *, is_shrunk: bool) -> None:
    """More than half have to go; empty non-terminals are no names of anybody's."""
    names = [f"a.b.host{number} A 192.0.2.1\n" for number in range(13)]
    old, new = zone("".join(names)), zone("".join(names[:stay]))
    losses = find_losses(old, new, ZoneSet([new]))

    assert 14 == losses.before
    assert 13 - stay == len(losses.gone)
    assert is_shrunk is losses.is_shrunk is bool(losses)


def test_owners_of_an_image_are_those_of_its_zone() -> None:
    """Found without reading it whole."""
    built = zone(OLD + "below.deep A 192.0.2.1\ncut NS ns.cut\nns.cut A 192.0.2.2\n")
    plain, imaged = list_owners(built), list_owners(_imaged(built))

    assert [set(each) for each in plain] == [set(each) for each in imaged]
    assert {built.origin.key, built.origin.prefixed(b"sales").key} == set(imaged.mail)
    assert {built.origin.prefixed(b"quiet").key} == set(imaged.null)


def test_most_names_are_told() -> None:
    """A zone of thousands is no reason for a log of thousands."""
    old = zone("".join(f"h{number} MX 10 mail.test.\n" for number in range(100)))
    losses = find_losses(old, zone(""), ZoneSet([zone("")]))

    assert 100 == len(losses.mail) > MOST_NAMES
