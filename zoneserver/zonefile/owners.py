"""Owner names as keys of a zone file: relative to the origin, each of them once."""

import re

from zoneserver.errors import NameSyntaxError
from zoneserver.names import Name
from zoneserver.zonefile.mappings import duplicate
from zoneserver.zonefile.nodes import NodeError, Scalar, show
from zoneserver.zonefile.targets import name_problem, split_name

_BLANK = re.compile(r"[\x00-\x20\x7f]")


class Owners:
    """The owners of one zone, as they are met."""

    def __init__(self, origin: Name) -> None:
        self._origin = origin
        self._seen: dict[Name, Scalar] = {}

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, key: Scalar) -> tuple[Name | None, NodeError | None]:
        """The name that a key writes, as far as it can be told, and what is wrong with it.

        Two keys for one name are wrong however they are spelt: case, escapes, U-label or
        A-label, even a final dot too many.
        """
        try:
            name, problem = self._parse(key)
        except NodeError as unreadable:
            return None, unreadable
        first = self._seen.setdefault(name, key)
        if first is not key:
            return name, duplicate(key, first)
        return name, problem

    def find(self, key: Scalar) -> Scalar | None:
        """The earlier key for the name that a key writes, if there was one."""
        try:
            name, _ = self._parse(key)
        except NodeError:
            return None
        return self._seen.get(name)

    def read(self, node: Scalar) -> Name:
        """The name of an owner that is mentioned. Raises NodeError."""
        name, problem = self._parse(node)
        if problem is not None:
            raise problem
        return name

    def _parse(self, node: Scalar) -> tuple[Name, NodeError | None]:
        text = node.text
        if not text and not node.plain:
            return self._origin, None
        if text == "@":
            raise NodeError("SY008", node, "`@` is no owner here", "write '' for the apex")
        if not text or _BLANK.search(text):
            raise NodeError(
                "SY003",
                node,
                f"the owner {show(text)} is empty or holds a blank",
                r"write '' for the apex, and \032 where a name really has a blank",
            )
        try:
            labels, absolute = split_name(text)
            if not absolute:
                return self._origin.prefixed(*labels), None
            return self._absolute(node, Name.from_labels(labels))
        except NameSyntaxError as error:
            raise name_problem(node, f"the owner {show(text)}", error) from error

    def _absolute(self, node: Scalar, name: Name) -> tuple[Name, NodeError]:
        """What an owner with a final dot was meant to be. Raises NameSyntaxError."""
        if name.is_below(self._origin):
            relative = "''" if name == self._origin else name.relative_to(self._origin)
            return name, NodeError(
                "SY008",
                node,
                f"the owner {show(node.text)} has a final dot; owners are relative to the zone",
                f"write {relative}",
            )
        return self._origin.prefixed(*name.labels), NodeError(
            "NS009",
            node,
            f"{show(node.text)} is not below {self._origin}: a dot too many, or the wrong file",
            f"write {show(node.text[:-1])} if it is a name of this zone",
        )
