"""YAML to node trees: libyaml's events, composed here.

PyYAML's own composer is not used: it recurses, takes `no` for false and `010` for 8, and
lets the second of two equal keys win. Here scalars stay text, depth and size are bounded,
and an alias costs what it stands for, so that a bomb of aliases is refused at once.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
)

from zoneserver.zonefile.mappings import check_key, is_merge, join, make_mapping
from zoneserver.zonefile.nodes import (
    Missing,
    Node,
    NodeError,
    Scalar,
    Sequence,
    scalar,
    show,
)
from zoneserver.zonefile.report import Report

MAX_DEPTH = 16  # octoDNS's dynamic records are 9 deep
MAX_SCALAR = 65536  # characters; no rdata is longer
MAX_ANCHORS = 1000

_INCLUDE_TAG = "!include"

# PyYAML's own scanner stands in where libyaml is not installed; it is slower.
_LOADER: Any = getattr(yaml, "CLoader", yaml.Loader)


class Tree(NamedTuple):
    """A node, and how many nodes it has when aliases count as what they stand for."""

    node: Node
    size: int


class _Open(NamedTuple):
    """A list or a mapping whose end has not come yet."""

    start: Node
    event: CollectionStartEvent
    size_before: int
    items: list[Node]


def parse(text: str) -> Iterator[Event]:
    """The events of libyaml. Raises yaml.YAMLError where it cannot go on."""
    parser = _LOADER(text)
    try:
        yield from iter(parser.get_event, None)
    finally:
        parser.dispose()


# What takes the pairs of a file's outermost mapping, one by one as they are complete.
Take = Callable[[Scalar, Node], None]


class Composer:
    """Builds the tree of one file.

    `include` reads a file that this one names; `expand` accounts for what an alias adds.
    Both raise NodeError. With `take` the tree does not keep the pairs of the outermost
    mapping, except for merged ones: a large zone never stands in memory as a tree.
    """

    def __init__(
        self,
        file: str,
        report: Report,
        include: Callable[[Scalar], Tree],
        expand: Callable[[Node, int], None],
        take: Take | None = None,
    ) -> None:
        self._file = file
        self._report = report
        self._include = include
        self._expand = expand
        self._take = take
        self._outermost: list[Node] | None = None
        self._open: list[_Open] = []
        self._anchors: dict[str, Tree | None] = {}  # None: its node is not closed yet
        self._size = 0

    def compose(self, events: Iterable[Event]) -> Tree | None:
        """The tree of the file's only document; None if there is nothing in it.

        Raises NodeError where the rest of the file cannot be read.
        """
        items = root = list[Node]()
        documents = 0
        for event in events:
            if isinstance(event, ScalarEvent):
                items.append(self._scalar(event))
            elif isinstance(event, CollectionStartEvent):
                items = self._start(event)
            elif isinstance(event, CollectionEndEvent):
                node = self._end()
                items = self._open[-1].items if self._open else root
                items.append(node)
            elif isinstance(event, AliasEvent):
                items.append(self._alias(event))
            elif isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    self._second_document(event)
                    break
            if items is self._outermost:
                self._hand_over(items)
        return Tree(root[0], self._size) if root else None

    def _place(self, event: Event) -> Node:
        at: Any = event.start_mark
        return Node(self._file, at.line, at.column)

    def _scalar(self, event: ScalarEvent) -> Node:
        at: Any = event.start_mark
        text = event.value
        node = Scalar(self._file, at.line, at.column, text, not event.style)
        self._size += 1
        if len(text) > MAX_SCALAR:
            raise NodeError(
                "SY010",
                node,
                f"one text has {len(text)} characters; {MAX_SCALAR} is the most",
                "close its quote, or shorten it",
            )
        if not text.isascii() and not _encodes(text):
            raise NodeError(
                "SY008", node, "an escape writes half a character", "write it whole"
            )
        if event.tag is None and event.anchor is None:
            return node
        return self._tagged_or_anchored(event, node, self._size - 1)

    def _start(self, event: CollectionStartEvent) -> list[Node]:
        place = self._place(event)
        if len(self._open) >= MAX_DEPTH:
            raise NodeError(
                "SY010",
                place,
                f"lists and mappings are nested over {MAX_DEPTH} deep; no zone needs that",
                "close the brackets, or mend the indentation",
            )
        if event.anchor is not None:
            self._anchor(event.anchor, place, None)
        items: list[Node] = []
        plain = event.anchor is None and event.tag is None
        if self._take and not self._open and plain and isinstance(event, MappingStartEvent):
            self._outermost = items
        self._open.append(_Open(place, event, self._size, items))
        self._size += 1
        return items

    def _hand_over(self, items: list[Node]) -> None:
        """Let `take` have the pair that is complete now; a merge waits for the end."""
        if not items or len(items) % 2 or is_merge(items[-2]) or self._take is None:
            return
        key, value = items[-2:]
        del items[-2:]
        try:
            self._take(check_key(key), value)
        except NodeError as problem:
            self._report.note(problem)

    def _end(self) -> Node:
        start, event, size_before, items = self._open.pop()
        node: Node
        if isinstance(event, MappingStartEvent):
            node = make_mapping(start, items, self._report)
        else:
            node = Sequence(start.file, start.line, start.column, items)
        if event.tag is None and event.anchor is None:
            return node
        return self._tagged_or_anchored(event, node, size_before)

    def _tagged_or_anchored(
        self, event: ScalarEvent | CollectionStartEvent, node: Node, size_before: int
    ) -> Node:
        if event.tag is not None:
            try:
                node = self._tagged(event.tag, node)
            except NodeError as problem:
                self._report.note(problem)
                node = Missing(node.file, node.line, node.column)
        if event.anchor is not None:
            self._anchor(event.anchor, node, Tree(node, self._size - size_before))
        return node

    def _tagged(self, tag: str, node: Node) -> Node:
        """What a tag makes of a node. Raises NodeError."""
        if tag != _INCLUDE_TAG or type(node) not in {Scalar, Sequence}:
            raise NodeError(
                "SY008",
                node,
                f"the tag {show(tag)} has no meaning here; only !include of a file has",
                "remove it; a text that starts with ! must stand in quotes",
            )
        if type(node) is Sequence:
            return join(node, [self._included(item) for item in node.items], self._report)
        return self._included(node)

    def _included(self, node: Node) -> Node:
        tree = self._include(scalar(node, "the path of !include", example="mx.yaml"))
        self._size += tree.size
        return tree.node

    def _anchor(self, name: str, place: Node, tree: Tree | None) -> None:
        """Keep what an anchor names: first None, then the tree. Raises NodeError."""
        if self._anchors.get(name) is not None:
            raise NodeError(
                "SY008", place, f"the anchor &{name[:64]} stands twice", "rename one of the two"
            )
        if name not in self._anchors and len(self._anchors) >= MAX_ANCHORS:
            raise NodeError(
                "SY010", place, f"there are over {MAX_ANCHORS} anchors", "write the records out"
            )
        self._anchors[name] = tree

    def _alias(self, event: AliasEvent) -> Node:
        """What an alias stands for. Raises NodeError where that would be too much."""
        place, name = self._place(event), event.anchor or ""
        tree = self._anchors.get(name)
        if tree is not None:
            self._expand(place, tree.size)
            self._size += tree.size
            return tree.node
        if name in self._anchors:
            reason = f"the alias *{name[:64]} stands inside what it stands for, without an end"
        else:
            reason = f"*{name[:64]} is an alias in YAML, and there is no &{name[:64]} above it"
        self._report.add(
            "SY008", place.mark, reason, f"quote it if it is a name or a text: '*{name[:64]}'"
        )
        return Missing(place.file, place.line, place.column)

    def _second_document(self, event: Event) -> None:
        self._report.add(
            "SY008",
            self._place(event).mark,
            "a second document starts here; a zone file holds one, and the rest would be lost",
            "remove the line ---, and give each zone its own file",
        )


def _encodes(text: str) -> bool:
    """Whether a text is free of lone surrogates, which PyYAML's own scanner lets through."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
