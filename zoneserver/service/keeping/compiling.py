"""One large zone, compiled by several processes at once."""

from collections.abc import Sequence
from functools import partial

from zoneserver.image.compile import (
    Part,
    compile_part,
    compile_zone,
    join_parts,
    list_files,
    sort_nodes,
)
from zoneserver.service.keeping.hands import Helper, deal_out
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

FEWEST_NAMES = 10_000  # of a part; fewer are compiled sooner than a process is made
_SIGNED = 4  # as much work is a name of a signed zone


def compile_by(hands: int, zone: Zone, description: bytes = b"", texts: bytes = b"") -> bytes:
    """The image of a zone, made by as many processes as it is worth, at most `hands`.

    The octets are those of `compile_zone`, but for what two parts have in common, which each
    has for itself. Raises StartError where a process fails.
    """
    work = len(zone.nodes) * (_SIGNED if zone.denial else 1)
    shares = min(hands, work // FEWEST_NAMES)
    if shares < 2:
        return compile_zone(zone, description, texts)
    files = list_files(zone)
    first, *others = deal_out(sort_nodes(zone), shares)
    helpers = [Helper("compiler", partial(_compile, zone, share, files)) for share in others]
    parts = [compile_part(zone, first, files)]
    parts += [Part.unpack(helper.result()) for helper in helpers]
    return join_parts(zone, parts, files, description, texts)


def _compile(zone: Zone, nodes: Sequence[Node], files: Sequence[str]) -> bytes:
    return compile_part(zone, nodes, files).pack()
