"""The YAML files of one zone, and the files that they include, within one budget."""

from collections.abc import Sequence

import yaml

from zoneserver.zonefile.encoding import MAX_FILE_OCTETS, decode_text
from zoneserver.zonefile.events import Composer, Take, Tree, parse
from zoneserver.zonefile.nodes import Missing, Node, NodeError, Scalar, show
from zoneserver.zonefile.plain import PlainName, read_plain_names
from zoneserver.zonefile.report import Report
from zoneserver.zonefile.source import Include
from zoneserver.zonefile.syntax import explain
from zoneserver.zonefile.values import ValueReader
from zoneserver.zonefile.weave import MisreadError, weave

MAX_INCLUDE_DEPTH = 4
FREE_EXPANSION = 20_000  # nodes that aliases may add, beside one for each octet that is read


class YamlFiles:
    """Reads the trees of one zone's files."""

    def __init__(self, include: Include, report: Report) -> None:
        self._include = include
        self._report = report
        self._included: dict[str, Tree] = {}
        self._octets = 0
        self._expanded = 0
        self._top = ""

    def read(
        self, file: str, octets: bytes, take: Take, values: ValueReader | None = None
    ) -> Node | None:
        """Read a file; `take` gets the pairs of its outermost mapping one by one.

        With `values` plain names are read by pattern; raises MisreadError where that fails.
        What is left: None where the file is empty, Missing where it cannot be read, or a
        node, with the pairs that a merge or an include brings in.
        """
        self._top = file
        tree = self._compose((file,), octets, take, values)
        return tree.node if tree else None

    def fetch(self, path: Scalar) -> bytes:
        """The octets of a file that is no YAML. Its path is relative as those of includes are.

        Raises OSError and ValueError.
        """
        octets = self._include(_from_top(_beside(path), self._top))
        self._octets += len(octets)
        return octets

    def _compose(
        self,
        chain: tuple[str, ...],
        octets: bytes,
        take: Take | None = None,
        values: ValueReader | None = None,
    ) -> Tree | None:
        """The tree of the last file of `chain`, each of which includes the next."""
        self._octets += len(octets)
        file, text = chain[-1], ""
        composer = Composer(
            file,
            self._report,
            include=lambda path: self._included_tree(path, chain),
            expand=self._expand,
            take=take,
        )
        names: Sequence[PlainName] = ()
        try:
            text = rest = decode_text(file, octets)
            if take and values:
                names, rest = read_plain_names(file, text, values)
            events = parse(rest)
            return composer.compose(weave(events, names, take) if take and names else events)
        except (NodeError, yaml.YAMLError, ValueError, OverflowError) as error:
            if names:
                raise MisreadError from error
            self._report.note(_problem(error, file, text))
        return Tree(Missing(file, 0, 0), 1)

    def _expand(self, place: Node, size: int) -> None:
        """Account for nodes that an alias or a second include adds. Raises NodeError."""
        self._expanded += size
        if self._expanded > FREE_EXPANSION + self._octets:
            raise NodeError(
                "SY010",
                place,
                "aliases and includes blow the zone up to many times the size of its files",
                "write the records out",
            )

    def _included_tree(self, path: Scalar, chain: tuple[str, ...]) -> Tree:
        """The tree of a file that the last of `chain` names. Raises NodeError.

        As in octoDNS a path is relative to the folder of the file that it stands in.
        """
        file = _beside(path)
        if file in chain:
            circle = " includes ".join([*chain[chain.index(file) :], file])
            raise NodeError("SY008", path, f"a file includes itself: {circle}", "remove one")
        if len(chain) > MAX_INCLUDE_DEPTH:
            raise NodeError(
                "SY010",
                path,
                f"files include one another over {MAX_INCLUDE_DEPTH} deep",
                "include the file from the zone's own",
            )
        if file in self._included:
            self._expand(path, self._included[file].size)
        else:
            octets = self._fetch(path, _from_top(file, chain[0]))
            empty = Tree(Scalar(file, 0, 0, "", plain=True), 1)
            self._included[file] = self._compose((*chain, file), octets) or empty
        return self._included[file]

    def _fetch(self, path: Scalar, file: str) -> bytes:
        """The octets of an included file. Raises NodeError."""
        try:
            octets = self._include(file)
        except (OSError, ValueError) as error:  # ValueError: a NUL in the path
            reason = getattr(error, "strerror", None) or str(error)
            raise NodeError(
                "SY008",
                path,
                f"{show(path.text)} cannot be read ({reason}): its records would be missing",
                "correct the path; it is relative to the folder of this file",
            ) from error
        if self._octets + len(octets) > MAX_FILE_OCTETS:
            raise NodeError(
                "SY010",
                path,
                f"the zone's files have over {MAX_FILE_OCTETS >> 20} MB",
                "split the zone",
            )
        return octets


def _problem(error: Exception, file: str, text: str) -> NodeError:
    """Why a file cannot be read any further."""
    if isinstance(error, NodeError):
        return error
    if isinstance(error, yaml.YAMLError):
        return explain(error, file, text)
    # PyYAML's own scanner: no such character
    reason = f"an escape in double quotes is no character: {error}"
    fix = "use single quotes, where a backslash is only a backslash"
    return NodeError("SY008", Node(file, 0, 0), reason, fix)


def _beside(path: Scalar) -> str:
    """A path that is relative to the folder of the file that it stands in."""
    folder, slash, _ = path.file.rpartition("/")
    return path.text if path.text.startswith("/") else f"{folder}{slash}{path.text}"


def _from_top(file: str, top: str) -> str:
    """The path of an included file from the folder of the zone's own file."""
    folder, slash, _ = top.rpartition("/")
    return file.removeprefix(f"{folder}{slash}")
