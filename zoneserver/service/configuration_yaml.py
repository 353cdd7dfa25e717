"""The values of a configuration file, and where each of them stands."""

import errno
from dataclasses import dataclass, field

from zoneserver.errors import ConfigurationError
from zoneserver.findings import Mark
from zoneserver.names import ROOT
from zoneserver.zonefile.includes import YamlFiles
from zoneserver.zonefile.nodes import Mapping, Node, Scalar, Sequence
from zoneserver.zonefile.report import GiveUpError, Report

# The keys and indexes that lead to a value.
Route = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """The marks of a file's keys and values."""

    file: str
    keys: dict[Route, Mark] = field(default_factory=dict)
    values: dict[Route, Mark] = field(default_factory=dict)

    def of_key(self, route: Route) -> Mark:
        """Where a key stands."""
        return self.keys.get(route) or self.of_value(route)

    def of_value(self, route: Route) -> Mark:
        """Where a value stands, or what it belongs to."""
        while route and route not in self.values:
            route = route[:-1]
        return self.values.get(route, Mark(self.file, 1, 1))


def read_values(file: str, octets: bytes) -> tuple[object, Places]:
    """Mappings, lists and texts as the file has them. Raises ConfigurationError."""
    report, places = Report(ROOT), Places(file)
    values: object = {}
    try:
        root = YamlFiles(_include_nothing, report).read(file, octets)
        if root is not None and not _is_null(root):
            values = _convert(root, (), places, report)
    except GiveUpError:
        pass  # enough of them are in the report
    if report.findings:
        lines = [
            f"{finding.mark}: {finding.reason}" + (f" ({finding.fix})" if finding.fix else "")
            for finding in report.findings
        ]
        raise ConfigurationError("\n".join(lines))
    return values, places


def _include_nothing(_: str) -> bytes:
    raise OSError(errno.ENOTSUP, "a configuration is one file")


def _convert(node: Node, route: Route, places: Places, report: Report) -> object:
    # Recursion is safe: the composer bounds the depth.
    places.values[route] = node.mark
    if isinstance(node, Mapping):
        for key, _ in node.pairs:
            places.keys[*route, key.text] = key.mark
        return {
            key.text: _convert(value, (*route, key.text), places, report)
            for key, value in node.pairs
        }
    if isinstance(node, Sequence):
        return [
            _convert(item, (*route, index), places, report)
            for index, item in enumerate(node.items)
        ]
    if _is_null(node):
        report.add("SY008", node.mark, "no value stands here", "write one, or remove the key")
    return node.text if isinstance(node, Scalar) else None


def _is_null(node: Node) -> bool:
    return isinstance(node, Scalar) and node.is_null
