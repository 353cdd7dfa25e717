"""What a YAML file is made of: scalars, sequences and mappings, each with its place.

Every scalar stays text: whoever reads it knows whether a number, a name or a text is due,
and types it. So an owner `no` is that owner, and never the word false.
"""

from dataclasses import dataclass
from typing import ClassVar

from zoneserver.errors import ZoneserverError
from zoneserver.findings import Mark

Related = tuple[tuple[Mark, str], ...]

_SHOWN = 60  # characters of a text that a message repeats
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})  # YAML 1.1 tag:yaml.org,2002:null


@dataclass(slots=True)
class Node:
    """A piece of a file; `line` and `column` count from 0, as libyaml does."""

    kind: ClassVar[str] = "something unreadable"

    file: str
    line: int
    column: int

    @property
    def mark(self) -> Mark:
        """The place, counted as editors show it."""
        return Mark(self.file, self.line + 1, self.column + 1)


@dataclass(slots=True)
class Scalar(Node):
    """A text; a `plain` one stands there without quotes."""

    kind = "a text"

    text: str
    plain: bool

    @property
    def is_null(self) -> bool:
        """Whether YAML 1.1 takes this for the absence of a value."""
        return self.plain and self.text in _NULLS

    @property
    def is_empty(self) -> bool:
        """Whether nothing at all is written here."""
        return self.plain and not self.text


@dataclass(slots=True)
class Sequence(Node):
    """A list."""

    kind = "a list"

    items: list[Node]


@dataclass(slots=True)
class Mapping(Node):
    """Keys and what they map to, in the order of the file; no two keys are equal."""

    kind = "a mapping"

    pairs: list[tuple[Scalar, Node]]


class Missing(Node):
    """A node that could not be read; the finding about it has been made."""

    __slots__ = ()


class NodeError(ZoneserverError):
    """What is wrong at one place, for the report; it never leaves the reader."""

    def __init__(
        self, code: str, node: Node, reason: str, fix: str = "", related: Related = ()
    ) -> None:
        super().__init__(reason)
        self.code = code
        self.mark = node.mark
        self.reason = reason
        self.fix = fix
        self.related = related


class ReportedError(NodeError):
    """A node that cannot be read, and the report says so already."""

    def __init__(self, node: Node) -> None:
        super().__init__("SY008", node, "it was reported before")


def show(text: str) -> str:
    """A text as messages quote it, in backticks, cut where it is long."""
    short = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    if not short.isprintable():
        short = "".join(each if each.isprintable() else ascii(each)[1:-1] for each in short)
    return f"`{short}`"


def scalar(node: Node, what: str, code: str = "SY008", example: str = "") -> Scalar:
    """The node, if it is a scalar. Raises NodeError; `what` is what is due."""
    if type(node) is Scalar:
        return node
    if type(node) is Missing:
        raise ReportedError(node)
    fix = f"write {example}" if example else "write one text"
    raise NodeError(code, node, f"{what} is {node.kind}, where one text is due", fix)


def mapping(node: Node, what: str, example: str) -> Mapping:
    """The node, if it is a mapping. Raises NodeError; `what` is what is due."""
    if type(node) is Mapping:
        return node
    if type(node) is Missing:
        raise ReportedError(node)
    found = "empty" if type(node) is Scalar and node.is_null else node.kind
    reason = f"{what} is {found}, where a mapping is due"
    raise NodeError("SY008", node, reason, f"write {example}")


def as_list(node: Node) -> list[Node]:
    """The items of a sequence; anything else is the only item."""
    return node.items if type(node) is Sequence else [node]
