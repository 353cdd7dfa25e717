"""What is known of transfers: which serial other servers have, and how old our copies are.

The courier tells what has changed, in documents; the main process and the monitor keep it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from itertools import islice
from typing import Any, TypeVar

Document = dict[str, Any]
Row = TypeVar("Row")

AT_ONCE = 500  # rows in one message, so that none is long to read


@dataclass(frozen=True, slots=True)
class SecondaryState:
    """Another server that has a zone from us, or shall have it.

    `server` is its address, with the port where it is told of changes. `serial` is the one that
    it is known to have; None: nobody knows. Times are in seconds since 1970, 0 for never:
    `since` it was seen with that serial first, `seen` last. `told` is the serial of the last
    NOTIFY that it has acknowledged. `problem` is what is wrong with it, in words.
    """

    zone: str
    server: str
    serial: int | None = None
    since: float = 0
    seen: float = 0
    told: int | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class CopyState:
    """A zone that we have from another server.

    `primary` is who it came from last. `serial` None: there is no copy. Times are in seconds
    since 1970, 0 for never: `fetched` when this version came, `checked` when a primary said
    last that there is no newer one, `expires` when it may be served no longer unless one says
    so again, `next` when they are asked again. `problem` is why the last try failed, in words.
    """

    zone: str
    primary: str = ""
    serial: int | None = None
    fetched: float = 0
    checked: float = 0
    expires: float = 0
    next: float = 0
    problem: str = ""


@dataclass(slots=True)
class Transfers:
    """All of it. `secondaries` are by zone, then by server; `copies` by zone.

    Zones are written in small letters.
    """

    secondaries: dict[str, dict[str, SecondaryState]] = field(default_factory=dict)
    copies: dict[str, CopyState] = field(default_factory=dict)

    def update(self, document: Document) -> None:
        """Take in what a courier says.

        `anew`: it is a new one, and nothing that was known before counts. `gone` are pairs of
        a zone and a server, `no_copies` zones.
        """
        if document.get("anew"):
            self.secondaries.clear()
            self.copies.clear()
        for zone, server in document.get("gone", ()):
            servers = self.secondaries.get(zone, {})
            servers.pop(server, None)
            if not servers:
                self.secondaries.pop(zone, None)
        for zone in document.get("no_copies", ()):
            self.copies.pop(zone, None)
        for each in document.get("secondaries", ()):
            secondary = SecondaryState(**each)
            self.secondaries.setdefault(secondary.zone, {})[secondary.server] = secondary
        for each in document.get("copies", ()):
            copy = CopyState(**each)
            self.copies[copy.zone] = copy

    def documents(self) -> Iterator[Document]:
        """All of it as `update` takes it, some rows at a time."""
        yield {"anew": True}
        for part in _parts(self.each_secondary()):
            yield {"secondaries": [asdict(each) for each in part]}
        for copies in _parts(self.copies.values()):
            yield {"copies": [asdict(each) for each in copies]}

    def servers(self, origin: str) -> list[SecondaryState]:
        """The other servers of a zone, by name."""
        servers = self.secondaries.get(origin.lower(), {})
        return [servers[name] for name in sorted(servers)]

    def copy(self, origin: str) -> CopyState | None:
        """Our copy of a zone, if it is from elsewhere."""
        return self.copies.get(origin.lower())

    def each_secondary(self) -> Iterator[SecondaryState]:
        """Every server of every zone."""
        for servers in self.secondaries.values():
            yield from servers.values()


def is_behind(secondary: SecondaryState, serial: int) -> bool:
    """Whether a server is not known to have the serial that is served here."""
    return secondary.serial != serial


def _parts(rows: Iterable[Row]) -> Iterator[list[Row]]:
    """All of them as they are now, in lists of a few."""
    rest = iter(list(rows))
    while part := list(islice(rest, AT_ONCE)):
        yield part
