"""One large zone, compiled by several processes at once."""

import os
from collections.abc import Iterator, Sequence

from zoneserver.errors import StartError
from zoneserver.image.compile import (
    Part,
    compile_part,
    compile_zone,
    join_parts,
    list_files,
    sort_nodes,
)
from zoneserver.service.running.processes import fork
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

FEWEST_NAMES = 10_000  # of a part; fewer are compiled sooner than a process is made


def compile_by(hands: int, zone: Zone) -> bytes:
    """The image of a zone, made by as many processes as it is worth, at most `hands`.

    The octets are those of `compile_zone`, but for what two parts have in common, which each
    has for itself. Raises StartError where a process fails.
    """
    shares = min(hands, len(zone.nodes) // FEWEST_NAMES)
    if shares < 2:
        return compile_zone(zone)
    files = list_files(zone)
    first, *others = _deal_out(sort_nodes(zone), shares)
    helpers = [_Helper(zone, share, files) for share in others]
    parts = [compile_part(zone, first, files), *(helper.part() for helper in helpers)]
    return join_parts(zone, parts, files)


def _deal_out(nodes: Sequence[Node], shares: int) -> Iterator[Sequence[Node]]:
    size = -(-len(nodes) // shares)
    return (nodes[at : at + size] for at in range(0, len(nodes), size))


class _Helper:
    """A process that compiles a part into memory that both have."""

    def __init__(self, zone: Zone, nodes: Sequence[Node], files: Sequence[str]) -> None:
        self._memory = os.memfd_create("zoneserver")

        def run() -> int:
            with open(self._memory, "wb", closefd=False) as file:
                file.write(compile_part(zone, nodes, files).pack())
            return 0

        self._pid = fork("compiler", run, [self._memory])

    def part(self) -> Part:
        """What it has made, once it has. Raises StartError."""
        _, status = os.waitpid(self._pid, 0)
        with open(self._memory, "rb") as file:  # noqa: PTH123 - no path
            if status:
                raise StartError("a process that compiles a zone has ended too early")
            file.seek(0)
            return Part.unpack(file.read())
