"""What is made for one transfer is there for the next."""

from collections.abc import Iterator
from itertools import islice

from zoneserver.service.transferring.ready import Shelf
from zoneserver.transfer.outgoing import Section

SECTIONS = [Section(number, bytes(10)) for number in range(5)]


class Maker:
    """Makes sections, and counts how many."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self) -> Iterator[Section]:
        """All of them."""
        for section in SECTIONS:
            self.made += 1
            yield section


def test_made_once_as_far_as_somebody_reads() -> None:
    """Two that read at the same time get the same, made when the first one gets there."""
    shelf, maker = Shelf(), Maker()
    first, second = (shelf.find(b"zone", None, 50, maker) for _ in range(2))
    assert list(islice(first, 2)) == SECTIONS[:2]
    assert maker.made == 2
    assert list(second) == SECTIONS
    assert list(first) == SECTIONS[2:]
    assert maker.made == 5


def test_parts_are_told_apart() -> None:
    """The zone, and what has become of one version, are not the same."""
    shelf, maker = Shelf(), Maker()
    for part in (None, 1, 2, None, 1, 2):
        assert list(shelf.find(b"zone", part, 10, maker)) == SECTIONS
    assert maker.made == 15
    assert shelf.zones() == {b"zone"}
    shelf.drop(b"zone")
    assert shelf.zones() == set()


def test_bounds() -> None:
    """What is too large is never kept; of what is kept, what was wanted longest ago goes."""
    shelf, maker = Shelf(100), Maker()
    for _ in range(2):
        list(shelf.find(b"huge", None, 101, maker))
    assert maker.made == 10
    for zone in (b"a", b"b", b"a", b"c"):
        list(shelf.find(zone, None, 40, maker))
    assert shelf.zones() == {b"a", b"c"}


def test_reading_goes_on_when_it_is_dropped() -> None:
    """Who has begun gets the rest of what it began with."""
    shelf = Shelf()
    reader = shelf.find(b"zone", None, 50, Maker())
    next(reader)
    shelf.drop(b"zone")
    assert list(reader) == SECTIONS[1:]
