"""What there is to be sent: of each zone all of it, or what has become of a version of it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from zoneserver.image.images import Images, Place, open_image
from zoneserver.image.reader import ZoneImage
from zoneserver.names import Name
from zoneserver.service.answering.engines import WriteWhole
from zoneserver.service.transferring.ready import Shelf
from zoneserver.transfer.journal import Difference
from zoneserver.transfer.outgoing import (
    Section,
    list_differences,
    read_soa,
    write_sections,
    write_whole,
)
from zoneserver.transfer.requests import Wanted
from zoneserver.transfer.serial import is_newer

# The differences from a serial of a zone to the version that an image has; none: not known.
FindHistory = Callable[[Name, ZoneImage, int], Sequence[Difference]]


class Parts(NamedTuple):
    """An answer in sections; its kind is AXFR, IXFR, or SOA where there is nothing newer."""

    kind: str
    serial: int
    sections: Iterator[Section]


class Stock:
    """The zones that are served, and what is ready to be sent of them.

    Without a `history` every zone is sent whole.
    """

    def __init__(self, history: FindHistory | None, write: WriteWhole = write_whole) -> None:
        """`write` writes the sections of a zone that is sent whole."""
        self._history, self._write_whole = history, write
        self._places: Mapping[bytes, Place | None] = {}
        self._shelf = Shelf()

    def publish(self, images: Images) -> None:
        """These are the zones from now on; what is being sent goes on as it began."""
        old, self._places = self._places, images.places
        for key in self._shelf.zones():
            if not _is_same(old.get(key), self._places.get(key)):
                self._shelf.drop(key)

    def find(self, wanted: Wanted) -> Parts | None:
        """The answer; None: there is no such zone any more.

        Raises ImageError or JournalError, as do the sections.
        """
        place = self._places.get(wanted.origin.key)
        if place is None:
            return None
        image = open_image(place)
        if wanted.serial is not None:
            # RFC 1995 2: who has this version, or a newer one, is told so.
            if wanted.serial == image.serial or is_newer(wanted.serial, image.serial):
                soa = read_soa(image)
                return Parts("SOA", image.serial, write_sections([soa], soa[0]))
            find = self._history
            if find and (differences := find(wanted.origin, image, wanted.serial)):
                return self._find_differences(wanted.origin, image, differences)
        return self._find_whole(wanted.origin, image)

    def _find_whole(self, origin: Name, image: ZoneImage) -> Parts:
        def make() -> Iterator[Section]:
            return self._write_whole(image)

        sections = self._shelf.find(origin.key, None, image.rrset_octets, make)
        return Parts("AXFR", image.serial, sections)

    def _find_differences(
        self, origin: Name, image: ZoneImage, differences: Sequence[Difference]
    ) -> Parts:
        def make() -> Iterator[Section]:
            return write_sections(list_differences(image, differences), read_soa(image)[0])

        octets, since = sum(len(each.octets) for each in differences), differences[0].before
        sections = self._shelf.find(origin.key, since, octets, make)
        return Parts("IXFR", image.serial, sections)


def _is_same(old: Place | None, new: Place | None) -> bool:
    """Whether both are the same octets of the same file."""
    return (
        old is not None
        and new is not None
        and old.octets is new.octets
        and old.offset == new.offset
    )
