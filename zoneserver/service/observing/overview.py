"""What the main process knows of the zones that are served: a line for each, kept up to date.

The builder tells what has changed, and the outcome of each reload. Whoever shows it to people
or to programs (the control socket, metrics, the status page) looks here and asks nobody.
"""

import time
from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from zoneserver import __version__
from zoneserver.service.observing.transfers import Transfers
from zoneserver.zonefile.source import Kind

Document = dict[str, Any]

AT_ONCE = 500  # zones in one message, so that none is long to read


@dataclass(frozen=True, slots=True)
class ZoneState:
    """One zone, as it is served or refused.

    `route` is where mail for the origin goes, in words. `loaded` is when this version was read,
    in seconds since 1970. `findings` are those of the files as they are on disk, hints left
    out; each is what `Finding.document` gives. A zone is `stale` if the files on disk are not
    what is served, and `refused` if no version may be served: then it has no serial. `kind`
    says where it comes from: one of `Kind`; if it is `signed`, it is by us.
    """

    origin: str
    serial: int = 0
    records: int = 0
    route: str = ""
    loaded: int = 0
    files: tuple[str, ...] = ()
    findings: tuple[Document, ...] = ()
    stale: bool = False
    refused: bool = False
    kind: str = Kind.PRIMARY
    signed: bool = False

    @classmethod
    def read(cls, document: Document) -> "ZoneState":
        """The value of what `document` made, after it went through JSON."""
        files, findings = tuple(document["files"]), tuple(document["findings"])
        return cls(**{**document, "files": files, "findings": findings})

    def document(self) -> Document:
        """The same as plain values."""
        return asdict(self)

    @property
    def blocked(self) -> bool:
        """Whether something keeps the files on disk from being served."""
        return self.stale or self.refused


@dataclass(frozen=True, slots=True)
class Reload:
    """The outcome of one look at the zones folder.

    `at` is when it ended, in seconds since 1970; `seconds` is how long it took. `result` is
    `ok`, `kept` where some zone keeps an older version or is refused, or `failed`: then
    nothing has changed, and `error` says why. `changed` zones were read, or went. `state` says
    why a restart will not remember all of it, if that is so.
    """

    at: float
    seconds: float
    result: str
    error: str = ""
    changed: int = 0
    state: str = ""

    def document(self) -> Document:
        """The same as plain values."""
        return asdict(self)


@dataclass(slots=True)
class Overview:
    """The server as a whole. Only `update` changes it, by what builder and courier say."""

    version: str = __version__
    started: float = field(default_factory=time.time)
    engine: str = ""
    zones: dict[str, ZoneState] = field(default_factory=dict)
    reload: Reload | None = None
    reloads: int = 0
    failures: int = 0
    builders: int = 0  # how many there have been, one after the other
    certificate_end: float = 0  # when that for DNS over TLS expires; 0: there is none
    transfers: Transfers = field(default_factory=Transfers)
    _blocked: dict[str, ZoneState] = field(default_factory=dict)

    def update(self, document: Document) -> None:
        """Take in one of the documents that `tell` made, or one of the courier's."""
        if document.get("anew"):
            self.zones.clear()
            self._blocked.clear()
        for origin in document.get("gone", ()):
            self.zones.pop(origin, None)
            self._blocked.pop(origin, None)
        for each in document.get("zones", ()):
            state = ZoneState.read(each)
            self.zones[state.origin] = state
            self._blocked.pop(state.origin, None)
            if state.blocked:
                self._blocked[state.origin] = state
        if "transfers" in document:
            self.transfers.update(document["transfers"])
        if "reload" in document:
            self.reload = Reload(**document["reload"])
            self.reloads += 1
            self.failures += self.reload.result == "failed"

    def stale(self) -> Collection[ZoneState]:
        """The zones that wait for somebody: stale ones and refused ones."""
        return self._blocked.values()


def tell(
    states: Iterable[ZoneState], gone: Iterable[str], reload: Reload, *, anew: bool
) -> Iterator[Document]:
    """What the builder sends: a few zones at a time, the outcome last.

    `anew` means that they are all the zones there are.
    """
    part: list[Document] = []
    yield {"anew": anew, "gone": list(gone)}
    for state in states:
        part.append(state.document())
        if len(part) == AT_ONCE:
            yield {"zones": part}
            part = []
    yield {"zones": part, "reload": reload.document()}
