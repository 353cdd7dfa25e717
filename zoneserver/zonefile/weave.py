"""The names that were read by pattern, put back between what libyaml reads of the rest.

libyaml also tells whether they stood where they seemed to: a line within a quoted text or
within brackets may look like a name, and so may one behind the end of the document.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from yaml.events import (
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    StreamEndEvent,
)

from zoneserver.errors import ZoneserverError
from zoneserver.zonefile.nodes import Node, Scalar


class MisreadError(ZoneserverError):
    """What the patterns took may be no name: the zone must be read again without them."""


def weave(
    events: Iterator[Event],
    names: Sequence[tuple[Scalar, Node]],
    take: Callable[[Scalar, Node], None],
) -> Iterator[Event]:
    """The events of the rest of a file; each name is taken before the key that it precedes.

    Raises MisreadError.
    """
    lines = [key.line for key, _ in names]
    yield from _opening(events, lines[0])
    taken = items = 0  # names, and keys and values of the outermost mapping
    starts: list[CollectionStartEvent] = []  # of what is open within it
    for event in events:
        start: Any = event.start_mark
        is_end = isinstance(event, CollectionEndEvent)
        ending = _ending(events) if is_end and not starts else ()
        if not starts and items % 2 == 0:
            before = len(names) if ending else bisect_left(lines, start.line)
            for name in names[taken:before]:
                take(*name)
            taken = before
        if isinstance(event, CollectionStartEvent):
            starts.append(event)
        # Where lists and mappings without brackets end, only what follows them tells.
        elif not is_end or (starts and starts.pop().flow_style):
            _check_end(event, lines[taken : taken + 1])
        items += not starts
        yield event
        yield from ending


def _opening(events: Iterator[Event], first: int) -> Iterator[Event]:
    """The events up to the start of a mapping that may have the names in it."""
    for event in events:
        start: Any = event.start_mark
        if isinstance(event, DocumentStartEvent) and event.explicit and start.line > first:
            break
        if isinstance(event, NodeEvent):
            if not isinstance(event, MappingStartEvent) or event.flow_style or start.column:
                break
            if event.anchor is not None or event.tag is not None:
                break
            yield event
            return
        yield event
    raise MisreadError


def _ending(events: Iterator[Event]) -> tuple[Event, ...]:
    """The events behind the outermost mapping, if nothing follows it."""
    ending = tuple(event for event, _ in zip(events, range(2), strict=False))
    match ending:
        case (DocumentEndEvent(explicit=False), StreamEndEvent()):
            return ending
    raise MisreadError


def _check_end(event: Event, following: Sequence[int]) -> None:
    """Raises MisreadError if the name that comes next stands before the end of an event."""
    end: Any = event.end_mark
    if following and (following[0], 0) < (end.line, end.column):
        raise MisreadError
