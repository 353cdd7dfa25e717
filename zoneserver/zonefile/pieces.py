"""Where the parts of a YAML file begin and end, so that one of them can be rewritten.

The reader of zones keeps where a node begins and no more. Here the few nodes that are to be
changed are looked up again, each with everything that it stands in.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from zoneserver.findings import Mark
from zoneserver.zonefile.edit import Edit
from zoneserver.zonefile.encoding import decode_text
from zoneserver.zonefile.events import MAX_DEPTH
from zoneserver.zonefile.nodes import NodeError

_LOADER: Any = getattr(yaml, "CLoader", yaml.Loader)
# What may stand before the text of a scalar: an anchor, a tag.
_PROPERTIES = re.compile(r"(?:[&!]\S*\s+)*")
# A plain scalar that is one wherever it stands, and that no reader takes for two.
_PLAIN = re.compile(r"\w(?:[\w.-]*[\w.])?")


@dataclass(slots=True)
class Piece:
    """One node and the offsets of its text; `items` are its keys and values, or its items.

    `text` is what a scalar says, None for any other node; `style` the character that opens
    a scalar in quotes or a block scalar. A `pinned` piece is known elsewhere by its anchor,
    or stands for what is elsewhere: an alias, an included file.
    """

    start: int
    end: int
    is_list: bool = False
    is_flow: bool = False
    text: str | None = None
    style: str = ""
    pinned: bool = False
    items: list["Piece"] = field(default_factory=list)

    @property
    def is_block_text(self) -> bool:
        """Whether this is a scalar of several lines that `|` or `>` opens."""
        return self.style in {"|", ">"}

    def holds_pinned(self) -> bool:
        """Whether this or a part of it is pinned."""
        return self.pinned or any(item.holds_pinned() for item in self.items)

    def holds_block_text(self) -> bool:
        """Whether this or a part of it is a block scalar."""
        return self.is_block_text or any(item.holds_block_text() for item in self.items)


# From the outermost mapping of a file down to one node.
Path = tuple[Piece, ...]


class Page:
    """The text of one file, and the pieces at the `marks` that somebody is interested in.

    A file that cannot be read has no pieces.
    """

    def __init__(self, file: str, octets: bytes, marks: Collection[Mark]) -> None:
        self.file = file
        self.text = ""
        self._paths: dict[tuple[int, int], Path] = {}
        places = {(mark.line - 1, mark.column - 1) for mark in marks}
        try:
            self.text = decode_text(file, octets)
            self._paths = _find_paths(self.text, places)
        except (NodeError, yaml.YAMLError, ValueError, OverflowError):
            self._paths = {}  # what is wrong with the file is a finding of its reader

    def find(self, mark: Mark) -> Path | None:
        """The innermost node that begins at a mark, behind all that it stands in."""
        return self._paths.get((mark.line - 1, mark.column - 1))

    def find_scalar(self, mark: Mark) -> Piece | None:
        """The scalar that begins at a mark."""
        path = self.find(mark)
        return path[-1] if path and path[-1].text is not None else None

    def find_sibling(self, mark: Mark, keys: Collection[str]) -> Piece | None:
        """The value of one of these keys, in the mapping that the value at the mark is in."""
        path = self.find(mark)
        if path is None or len(path) < 2 or path[-2].is_list:
            return None
        items = path[-2].items
        pairs = zip(items[::2], items[1::2], strict=True)
        return next((value for key, value in pairs if key.text in keys), None)

    def rewrite(self, piece: Piece, text: str) -> Edit | None:
        """The edit that makes a scalar say something else, in its quotes if it has some.

        None for a scalar of several lines.
        """
        source = self.text[piece.start : piece.end]
        properties = _PROPERTIES.match(source)
        at = piece.start + (properties.end() if properties else 0)
        old = self.text[at : piece.end]
        if piece.text is None or piece.is_block_text or not old or "\n" in old:
            return None
        return Edit(self.file, at, old, _spell(text, piece.style))


def _spell(text: str, style: str) -> str:
    """A text as a scalar, in the style it had where that will do."""
    if style == '"' and text.isprintable() and not {'"', "\\"} & set(text):
        return f'"{text}"'
    if not style and _PLAIN.fullmatch(text):
        return text
    return "'" + text.replace("'", "''") + "'"


def _find_paths(text: str, places: Collection[tuple[int, int]]) -> dict[tuple[int, int], Path]:
    """The path to the innermost node at each place. Raises what PyYAML raises."""
    paths: dict[tuple[int, int], Path] = {}
    stack: list[Piece] = []
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, CollectionEndEvent):
            _close(stack.pop(), event)
            continue
        piece = _open(event)
        if piece is None:
            continue
        # Nobody asks for the items of the outermost mapping, and there may be a million.
        if len(stack) > 1 or (stack and stack[0].is_list):
            stack[-1].items.append(piece)
        at: Any = event.start_mark
        if (place := (at.line, at.column)) in places:
            paths[place] = (*stack, piece)
        if isinstance(event, CollectionStartEvent):
            stack.append(piece)
            if len(stack) > MAX_DEPTH:
                return {}
    return paths


def _open(event: Event) -> Piece | None:
    """The piece that an event begins."""
    start: Any = event.start_mark
    end: Any = event.end_mark
    if isinstance(event, ScalarEvent):
        return Piece(
            start.index,
            end.index,
            text=event.value,
            style=event.style or "",
            pinned=_is_pinned(event),
        )
    if isinstance(event, AliasEvent):
        return Piece(start.index, end.index, pinned=True)
    if isinstance(event, CollectionStartEvent):
        return Piece(
            start.index,
            end.index,
            is_list=not isinstance(event, MappingStartEvent),
            is_flow=bool(event.flow_style),
            pinned=_is_pinned(event),
        )
    return None


def _is_pinned(event: ScalarEvent | CollectionStartEvent) -> bool:
    return event.anchor is not None or event.tag is not None


def _close(piece: Piece, event: CollectionEndEvent) -> None:
    """Note where a list or a mapping ends: at its bracket, or with its last item.

    libyaml has a block end where the next thing begins, behind blank lines and comments.
    """
    end: Any = event.end_mark
    if piece.is_flow:
        piece.end = end.index
    elif piece.items:
        piece.end = piece.items[-1].end
