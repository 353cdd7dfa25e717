"""The values of a configuration file, and where each of them stands.

A configuration is small and its reader's own, so PyYAML's composer will do. Its nodes keep
the text of every scalar, and that is all that is taken from them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from zoneserver.errors import ConfigurationError
from zoneserver.findings import Mark

MAX_OCTETS = 1 << 20
_YAML_TAGS = "tag:yaml.org,2002:"

# The keys and indexes that lead to a value.
Route = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The marks of a file's keys and values, and the variables that stand above these."""

    file: str
    keys: dict[Route, Mark] = field(default_factory=dict)
    values: dict[Route, Mark] = field(default_factory=dict)
    variables: dict[Route, str] = field(default_factory=dict)

    def of_key(self, route: Route) -> Mark:
        """Where a key stands."""
        return self.keys.get(route) or self.of_value(route)

    def of_value(self, route: Route) -> Mark:
        """Where a value stands, or what it belongs to."""
        while route and route not in self.values:
            route = route[:-1]
        return self.values.get(route, Mark(self.file, 1, 1))

    def show(self, route: Route) -> str:
        """Where a value stands, in words."""
        for length in range(len(route), 0, -1):
            if variable := self.variables.get(route[:length]):
                return f"variable {variable}"
        return str(self.of_value(route))


def read_values(file: str, octets: bytes) -> tuple[object, Places]:
    """Mappings, lists and texts as the file has them. Raises ConfigurationError."""
    root = _compose(file, octets)
    reader = _Reader(file)
    if root is None or _is_null(root):
        return {}, reader.places
    return reader.read(root, ()), reader.places


def _compose(file: str, octets: bytes) -> yaml.Node | None:
    try:
        if len(octets) > MAX_OCTETS:
            raise ConfigurationError(f"{file} has over {MAX_OCTETS >> 20} MB")
        return yaml.compose(octets.decode("utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        line = octets[: error.start].count(b"\n") + 1
        raise ConfigurationError(f"{file}:{line}:1: this line is not UTF-8") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = ": ".join(filter(None, (error.context, error.problem)))
        raise _error(file, mark, problem) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise ConfigurationError(f"{file}:1:1: this is no YAML: {error}") from error


class _Reader:
    """Turns nodes into values, and notes where they stand."""

    def __init__(self, file: str) -> None:
        self.places = Places(file)
        self._seen: set[int] = set()

    def read(self, node: yaml.Node, route: Route) -> object:
        """The value of a node. Raises ConfigurationError."""
        if id(node) in self._seen or not node.tag.startswith(_YAML_TAGS):
            raise self._error(
                node, "a configuration has neither aliases nor tags: write it out"
            )
        self._seen.add(id(node))
        self.places.values[route] = _mark(self.places.file, node.start_mark)
        if isinstance(node, yaml.MappingNode):
            return dict(self._read_pairs(node, route))
        if isinstance(node, yaml.SequenceNode):
            return [self.read(item, (*route, index)) for index, item in enumerate(node.value)]
        if _is_null(node):
            raise self._error(node, "no value stands here: write one, or remove the key")
        return node.value

    def _read_pairs(self, node: yaml.MappingNode, route: Route) -> Iterator[tuple[str, object]]:
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._error(key, "a key is one word")
            step = (*route, key.value)
            if step in self.places.keys:
                raise self._error(
                    key,
                    f"{key.value!r} stands twice; the first is in line "
                    f"{self.places.keys[step].line}",
                )
            self.places.keys[step] = _mark(self.places.file, key.start_mark)
            yield key.value, self.read(value, step)

    def _error(self, node: yaml.Node, text: str) -> ConfigurationError:
        return _error(self.places.file, node.start_mark, text)


def _is_null(node: yaml.Node) -> bool:
    return node.tag == f"{_YAML_TAGS}null"


def _mark(file: str, mark: yaml.Mark | None) -> Mark:
    return Mark(file, mark.line + 1, mark.column + 1) if mark else Mark(file, 1, 1)


def _error(file: str, mark: yaml.Mark | None, text: str) -> ConfigurationError:
    return ConfigurationError(f"{_mark(file, mark)}: {text}")
