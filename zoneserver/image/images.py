"""The zone images that are served, found by the longest suffix of a name."""

from collections.abc import Iterable, Mapping, Sequence
from operator import is_
from typing import NamedTuple

from zoneserver.errors import ImageError
from zoneserver.image import format as f
from zoneserver.image.reader import ZoneImage
from zoneserver.names import ROOT, Name
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone

_MOST_OPENED = 64


class Place(NamedTuple):
    """Where a zone image is: its file's octets, and its offset in them."""

    octets: memoryview
    offset: int
    length: int


class _Merged(NamedTuple):
    """What image files have, of which a later one replaces zones of earlier ones."""

    files: Sequence[memoryview]
    places: Mapping[bytes, Place | None]

    def replaced(self, files: Sequence[memoryview]) -> "_Merged":
        """What these have; read is what others than those so far have. Raises ImageError."""
        count = len(self.files)
        goes_on = count <= len(files) and all(map(is_, self.files, files))
        places = dict(self.places) if goes_on else {}
        for octets in files[count:] if goes_on else files:
            for key, offset, length in f.read_directory(octets):
                places[key] = Place(octets, offset, length)
        return _Merged(files, places)


_NOTHING = _Merged((), {})


class Images:
    """Zone images by origin. A change makes a new set.

    `places` maps the key of an origin to its image, or to None where the zone is refused.
    """

    def __init__(
        self, places: Mapping[bytes, Place | None], merged: _Merged = _NOTHING
    ) -> None:
        """`merged` is what an image of another set need not be sought anew for."""
        self.places = places
        self._merged = merged
        # Zones that were found lately: a signed one has many records at its apex.
        self._opened: dict[bytes, Zone] = {}

    @classmethod
    def gather(
        cls, files: Sequence[memoryview], gone: Iterable[bytes], refused: Iterable[bytes]
    ) -> "Images":
        """The zones of checked image files, of which a later one replaces an earlier one's.

        Those in `gone` are left out; `refused` are such as have no version to be served.
        Raises ImageError.
        """
        return cls({}).replaced(files, gone, refused)

    def replaced(
        self, files: Sequence[memoryview], gone: Iterable[bytes], refused: Iterable[bytes]
    ) -> "Images":
        """The same, where files that this set was made from are mostly among them."""
        merged = self._merged.replaced(files)
        places = dict(merged.places)
        for key in gone:
            places.pop(key, None)
        places.update(dict.fromkeys(refused))
        return Images(places, merged)

    def find(self, name: Name) -> Zone | RefusedZone | None:
        """The zone whose origin is the longest at or above `name` (RFC 1034 4.3.2, step 2).

        Raises ImageError, as does the zone where its nodes are damaged.
        """
        key = name.key
        while key not in self.places:
            if key == ROOT.key:
                return None
            key = key[1 + key[0] :]
        place = self.places[key]
        if place is None:
            return RefusedZone(Name(key))
        return self._opened.get(key) or self._open(key, place)

    def _open(self, key: bytes, place: Place) -> Zone:
        zone = open_image(place).zone()
        if zone.origin.key != key:
            raise ImageError("it is of another zone than its directory says")
        if len(self._opened) >= _MOST_OPENED:
            self._opened.clear()
        self._opened[key] = zone
        return zone

    def find_parent(self, origin: Name) -> Zone | RefusedZone | None:
        """The zone that a zone with this origin is delegated from, if we serve it."""
        return None if origin == ROOT else self.find(origin.parent)


def open_image(place: Place) -> ZoneImage:
    """The zone image at a place. Raises ImageError."""
    return ZoneImage(place.octets[place.offset : place.offset + place.length])
