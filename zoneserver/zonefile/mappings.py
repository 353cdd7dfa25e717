"""Mappings put together: no key twice, merge keys filled in, included files joined."""

from collections.abc import Sequence as Nodes
from typing import Any

from zoneserver.zonefile.nodes import (
    Mapping,
    Missing,
    Node,
    NodeError,
    ReportedError,
    Scalar,
    Sequence,
    show,
)
from zoneserver.zonefile.report import Report

_MERGE_KEY = "<<"  # https://yaml.org/type/merge.html

Pairs = dict[str, tuple[Scalar, Node]]


def make_mapping(start: Node, items: Nodes[Node], report: Report) -> Node:
    """The mapping whose keys and values alternate in `items`; Missing if its merge fails."""
    keys = items[::2]
    texts = {key.text for key in keys if type(key) is Scalar}
    if len(texts) == len(keys) and _MERGE_KEY not in texts and "" not in texts:
        alike: Any = list(zip(keys, items[1::2], strict=True))  # all keys are scalars
        return Mapping(start.file, start.line, start.column, alike)
    own: Pairs = {}
    merges: list[Node] = []
    for key, value in zip(keys, items[1::2], strict=True):
        try:
            _add_pair(own, merges, key, value)
        except NodeError as problem:
            report.note(problem)
    try:
        merged = _merge(merges)
    except NodeError as problem:
        report.note(problem)
        merged = None
    if merged is None:
        return Missing(start.file, start.line, start.column)
    pairs = [pair for text, pair in merged.items() if text not in own] + list(own.values())
    return Mapping(start.file, start.line, start.column, pairs)


def is_merge(key: Node) -> bool:
    """Whether a key is the merge key."""
    return type(key) is Scalar and key.plain and key.text == _MERGE_KEY


def check_key(key: Node) -> Scalar:
    """The key, if it is a text. Raises NodeError."""
    if type(key) is not Scalar:
        if type(key) is Missing:
            raise ReportedError(key)
        reason = f"a key is {key.kind}; keys are names and words"
        raise NodeError("SY008", key, reason, "write a plain key")
    if key.is_empty:
        reason = "no key stands before the colon"
        raise NodeError("SY008", key, reason, "the apex is written ''")
    return key


def _add_pair(own: Pairs, merges: list[Node], key: Node, value: Node) -> None:
    """Sort one pair: to the merges or to the mapping's own. Raises NodeError."""
    if is_merge(key) and not merges:
        merges.append(value)
        return
    key = check_key(key)
    if key.text not in own:
        own[key.text] = key, value
        return
    first, _ = own[key.text]
    # Which of the two is meant nobody knows: neither is read.
    own[key.text] = first, Missing(key.file, key.line, key.column)
    raise duplicate(key, first)


def duplicate(key: Scalar, first: Scalar) -> NodeError:
    """The finding about a key that stands twice."""
    return NodeError(
        "SY008",
        key,
        f"{show(key.text)} stands twice; YAML would silently drop one of the two, with all that"
        " belongs to it",
        "make one of them, with all records in a list, or remove one",
        ((first.mark, f"{show(first.text)} stands here first"),),
    )


def _merge(merges: list[Node]) -> Pairs | None:
    """What the merge key brings in, earlier mappings before later ones. Raises NodeError."""
    merged: Pairs = {}
    for value in merges:
        for source in value.items if type(value) is Sequence else (value,):
            if type(source) is Missing:
                return None
            if type(source) is not Mapping:
                raise NodeError(
                    "SY008",
                    source,
                    f"the merge key << takes a mapping, and this is {source.kind}",
                    "write <<: *anchor, where &anchor stands before a mapping",
                )
            for key, node in source.pairs:
                merged.setdefault(key.text, (key, node))
    return merged


def join(start: Node, parts: Nodes[Node], report: Report) -> Node:
    """Several included files as one: all mappings, or all lists. Raises NodeError."""
    if any(type(part) is Missing for part in parts):
        return Missing(start.file, start.line, start.column)
    if parts and all(type(part) is Sequence for part in parts):
        items = [item for part in parts if type(part) is Sequence for item in part.items]
        return Sequence(start.file, start.line, start.column, items)
    if parts and all(type(part) is Mapping for part in parts):
        pairs = [pair for part in parts if type(part) is Mapping for pair in part.pairs]
        return make_mapping(start, [node for pair in pairs for node in pair], report)
    raise NodeError(
        "SY008",
        start,
        "!include of several files takes files that all hold mappings, or all lists",
        "include them one by one",
    )
