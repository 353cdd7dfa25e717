"""What is sent of a zone, made while it is sent, and kept for whoever wants the same.

When a zone changes, all its secondaries come at once, and all are sent the same octets.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator

from zoneserver.transfer.outgoing import Section

MOST_OCTETS = 64 << 20  # of sections that are kept


class Ready:
    """The sections of one answer, each made when somebody gets to it first."""

    def __init__(self, sections: Iterator[Section]) -> None:
        self._rest = sections
        self._made: list[Section] = []

    def read(self) -> Iterator[Section]:
        """All of them, from the first. Raises what making them raises."""
        number = 0
        while True:
            if number == len(self._made):
                made = next(self._rest, None)
                if made is None:
                    return
                self._made.append(made)
            yield self._made[number]
            number += 1


class Shelf:
    """The answers that are kept, those that were wanted last.

    They are told apart by the key of a zone, and by what of it they are.
    """

    def __init__(self, most_octets: int = MOST_OCTETS) -> None:
        self._most_octets = most_octets
        self._known: OrderedDict[tuple[bytes, Hashable], tuple[int, Ready]] = OrderedDict()

    def find(
        self, key: bytes, part: Hashable, octets: int, make: Callable[[], Iterator[Section]]
    ) -> Iterator[Section]:
        """The sections of an answer, of about so many octets.

        Where they are too many to be kept, they are made for everybody anew.
        """
        if octets > self._most_octets:
            return make()
        name = key, part
        if name not in self._known:
            self._known[name] = octets, Ready(make())
        self._known.move_to_end(name)
        while sum(size for size, _ in self._known.values()) > self._most_octets:
            self._known.popitem(last=False)
        return self._known[name][1].read()

    def zones(self) -> set[bytes]:
        """The keys of those of which something is kept."""
        return {key for key, _ in self._known}

    def drop(self, key: bytes) -> None:
        """Keep nothing of a zone any more."""
        for name in [each for each in self._known if each[0] == key]:
            del self._known[name]
