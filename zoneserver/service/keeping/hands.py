"""Work on one large zone that several processes share."""

import gc
import os
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from zoneserver.errors import StartError
from zoneserver.service.running.processes import fork

_Item = TypeVar("_Item")


class Helper:
    """A process that makes octets, in memory that both have."""

    def __init__(self, name: str, make: Callable[[], bytes]) -> None:
        self._name = name
        self._memory = os.memfd_create("zoneserver")

        def run() -> int:
            gc.disable()  # it would touch, and so copy, all that the parent has
            with open(self._memory, "wb", closefd=False) as file:
                file.write(make())
            return 0

        self._pid = fork(name, run, [self._memory])

    def result(self) -> bytes:
        """What it has made, once it has. Raises StartError."""
        _, status = os.waitpid(self._pid, 0)
        with open(self._memory, "rb") as file:  # noqa: PTH123 - no path
            if status:
                raise StartError(f"a process has ended too early: the {self._name} of a zone")
            file.seek(0)
            return file.read()


def deal_out(items: Sequence[_Item], shares: int) -> Iterator[Sequence[_Item]]:
    """The items in as many parts of the same size, in their order."""
    size = -(-len(items) // shares)
    return (items[at : at + size] for at in range(0, len(items), size))
