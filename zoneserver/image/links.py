"""The chain of a signed zone, searched where it stands in the image."""

from bisect import bisect_right
from collections.abc import Callable
from struct import error as StructError  # noqa: N812 - struct's name for it is too short here

from zoneserver.errors import ImageError
from zoneserver.image import format as f
from zoneserver.names import Name
from zoneserver.zone.node import Node


class Links:
    """The chain: the offsets of its nodes, in canonical order.

    `at` is where they stand, `read` reads the node at an offset. Raises ImageError.
    """

    def __init__(
        self, octets: memoryview, at: int, count: int, read: Callable[[int], Node]
    ) -> None:
        self._octets, self._at, self._count, self._read = octets, at, count, read

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: int) -> tuple[bytes, ...]:
        """The owner of a link, as owners are sorted."""
        try:
            at = self._offset(place)
            _, length = f.OWNER.unpack_from(self._octets, at)
            start = at + f.OWNER.size
            return Name(bytes(self._octets[start : start + length])).canonical()
        except (StructError, IndexError) as error:
            raise ImageError(f"its chain is damaged: {error}") from error

    def find(self, name: Name) -> Node:
        """The last one at or before a name; where none is before it, the last of all."""
        place = bisect_right(self, name.canonical()) - 1
        return self._read(self._offset(place % self._count))

    def _offset(self, place: int) -> int:
        try:
            at: int = f.LINK.unpack_from(self._octets, self._at + f.LINK.size * place)[0]
        except StructError as error:
            raise ImageError(f"its chain is damaged: {error}") from error
        return at
