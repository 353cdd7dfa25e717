"""The chain of a signed zone, searched where it stands in the image."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from struct import error as StructError  # noqa: N812 - struct's name for it is too short here
from typing import NamedTuple

from zoneserver.errors import ImageError
from zoneserver.image import format as f
from zoneserver.names import Name
from zoneserver.zone.node import Node

_IS_LITTLE_ENDIAN = memoryview(f.BEGINNING.pack(1)).cast("Q")[0] == 1


class Link(NamedTuple):
    """One link: its owner, and its records from behind their first owner on.

    Two octets are left for each further owner.
    """

    owner: bytes
    records: int
    octets: memoryview


class RawChain:
    """The links of the zone image at `base`. Raises StructError or IndexError.

    `origin` is the number of octets that the name of its origin has.
    """

    __slots__ = ("_base", "_beginnings", "_octets", "_origin", "_places_at", "count")

    def __init__(self, octets: memoryview, base: int, origin: int) -> None:
        header = f.ZONE_HEADER.unpack_from(octets, base)
        self._octets, self._base, self._origin = octets, base, origin
        self.count: int = header[f.LINKS]
        at = base + header[f.CHAIN_AT]
        self._places_at = at + f.BEGINNING.size * self.count
        self._beginnings = _read_beginnings(octets[at : self._places_at], self.count)

    def locate(self, key: bytes) -> int:
        """The number of the last one at or before a name; where there is none, of the last."""
        return self.search(f.order(key, self._origin))

    def search(self, wanted: bytes) -> int:
        """As `locate`, for what a name is sorted by."""
        begin = f.begin(wanted)
        after = bisect_right(self._beginnings, begin)
        if after and self._beginnings[after - 1] == begin:
            first = bisect_left(self._beginnings, begin, 0, after)
            after = bisect_right(self, wanted, first, after)
        return (after - 1) % self.count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, number: int) -> bytes:
        """What a link is sorted by."""
        at = self._place(number)[1]
        size, *_ = f.LINK.unpack_from(self._octets, at)
        at += f.LINK.size
        return bytes(self._octets[at : at + size])

    def read(self, number: int) -> Link:
        """A link."""
        at = self._place(number)[1]
        size, owner, records, length = f.LINK.unpack_from(self._octets, at)
        at += f.LINK.size + size
        start = at + owner
        octets = self._octets[start : start + length]
        if len(octets) < length:
            raise IndexError(number)
        return Link(bytes(self._octets[at:start]), records, octets)

    def find_rrsets(self, number: int) -> int:
        """The offset in the image of the RRsets of a link's node."""
        return self._place(number)[0] - self._base

    def _place(self, number: int) -> tuple[int, int]:
        at = self._places_at + f.LINK_PLACE.size * number
        rrsets, link = f.LINK_PLACE.unpack_from(self._octets, at)
        return self._base + rrsets, self._base + link


def _read_beginnings(octets: memoryview, count: int) -> Sequence[int]:
    """The beginnings of what links are sorted by. Raises IndexError."""
    if len(octets) != f.BEGINNING.size * count:
        raise IndexError(count)
    if _IS_LITTLE_ENDIAN:
        return octets.cast("Q")  # as they stand there
    return [beginning for (beginning,) in f.BEGINNING.iter_unpack(octets)]


class Links:
    """The chain as `prove` wants it. `read` reads the node at an offset. Raises ImageError."""

    def __init__(self, chain: RawChain, read: Callable[[int], Node]) -> None:
        self._chain, self._read = chain, read

    def locate(self, name: Name) -> int:
        """The number of the last at or before a name; if there is none, of the last."""
        try:
            return self._chain.locate(name.key)
        except (StructError, IndexError) as error:
            raise ImageError(f"its chain is damaged: {error}") from error

    def read(self, number: int) -> Node:
        """The node of that number."""
        try:
            at = self._chain.find_rrsets(number)
        except StructError as error:
            raise ImageError(f"its chain is damaged: {error}") from error
        return self._read(at)
