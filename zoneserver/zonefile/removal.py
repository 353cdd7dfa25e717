"""Taking one item out of a list: its lines and its comment go, all the others stay."""

import re

from zoneserver.findings import Mark
from zoneserver.zonefile.edit import Edit
from zoneserver.zonefile.pieces import Page, Path, Piece

# What may follow an item on its last line and go with it.
_REST_OF_BLOCK_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?\r?(?:\n|\Z)")
_REST_OF_FLOW_LINE = re.compile(r"[ \t]*(?:,[ \t]*)?(?:#[^\n]*)?\r?\n")
_COMMA = re.compile(r"\s*,\s*")
_DASH = re.compile(r" *-[ \t]+")


def remove_item(page: Page, mark: Mark) -> Edit | None:
    """The edit that takes away what stands at a mark: an item of a list of several.

    The only item of a list goes with what the list belongs to, if that is such an item. None
    where nothing can go without touching what stands beside it.
    """
    path = page.find(mark)
    place = _find_place(path) if path else None
    if place is None:
        return None
    parent, item = place
    if item.holds_pinned() or item.holds_block_text():
        return None  # something else may need it; where it ends is not plain to see
    text = page.text
    span = _flow_span(text, parent, item) if parent.is_flow else _block_span(text, item)
    if span is None:
        return None
    start, end = span
    return Edit(page.file, start, text[start:end], "")


def _find_place(path: Path) -> tuple[Piece, Piece] | None:
    """The nearest list of several items that the path leads through, and the item."""
    for parent, item in zip(path[-2::-1], path[:0:-1], strict=True):
        if parent.is_list and len(parent.items) > 1:
            return parent, item
    return None


def _block_span(text: str, item: Piece) -> tuple[int, int] | None:
    """The lines of an item. None if it does not begin right behind a dash of its own."""
    start = _line_start(text, item.start)
    rest = _REST_OF_BLOCK_LINE.match(text, item.end)
    if rest is None or not _DASH.fullmatch(text, start, item.start):
        return None
    return start, rest.end()


def _flow_span(text: str, parent: Piece, item: Piece) -> tuple[int, int] | None:
    """The lines of an item that has them for itself, or else the item and one comma."""
    start = _line_start(text, item.start)
    rest = _REST_OF_FLOW_LINE.match(text, item.end)
    if rest and start > parent.start and not text[start : item.start].strip(" \t"):
        return start, rest.end()
    index = next(at for at, each in enumerate(parent.items) if each is item)
    if index:
        start, end = parent.items[index - 1].end, item.end
        comma = _COMMA.fullmatch(text, start, item.start)
    else:
        start, end = item.start, parent.items[1].start
        comma = _COMMA.fullmatch(text, item.end, end)
    return (start, end) if comma else None


def _line_start(text: str, at: int) -> int:
    return text.rfind("\n", 0, at) + 1
