"""The servers that are measured beside each other, by the labels that the tables show."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from benchmarks.echo import Echo
from benchmarks.generated import ORIGIN, GeneratedZone
from benchmarks.settings import Settings
from tests.peers import MEASURED, Bind, Knot, Nsd, Pdns, Server, ServerError, Zoneserver
from tests.peers.server import Probe

LOAD_SECONDS = 300.0
NATIVE, PORTABLE, OURS = "native", "portable", "zoneserver"
FASTEST = (Nsd.name, Knot.name)
WITH_TCP = (Bind.name, Pdns.name)
PEERS = tuple(peer.name for peer in MEASURED)
LABELS = (Echo.name, *PEERS, NATIVE, PORTABLE, OURS)


class Make(Protocol):
    """Makes a server, not yet started, in a folder of its own, for a zone and some workers."""

    def __call__(
        self, folder: Path, zone: GeneratedZone, workers: int, *, sends: bool = False
    ) -> Server:
        """With `sends` it lets anybody take the zone."""


@dataclass(frozen=True)
class Entry:
    """A server to measure."""

    label: str
    make: Make


def ours() -> Entry:
    """Our server with the engine that it chooses by itself."""
    return Entry(OURS, partial(_ours, "auto"))


def engines() -> list[Entry]:
    """Our server with each of its engines; the native one may not have been built."""
    return [Entry(name, partial(_ours, name)) for name in (NATIVE, PORTABLE)]


def floor() -> list[Entry]:
    """The echo server, where there is a compiler for it."""
    return [Entry(kind.name, partial(_peer, kind)) for kind in _installed([Echo])]


def peers() -> list[Entry]:
    """Every other nameserver that is installed."""
    return [Entry(kind.name, partial(_peer, kind)) for kind in _installed(MEASURED)]


def transferred() -> list[Entry]:
    """Every other nameserver that serves a zone that comes signed, if it is installed."""
    return [Entry(kind.name, partial(_peer, kind)) for kind in _installed((Nsd, Knot, Bind))]


def select(settings: Settings, *groups: Iterable[Entry]) -> list[Entry]:
    """The servers of these groups that are to be measured."""
    wanted = settings.servers
    return [each for group in groups for each in group if not wanted or each.label in wanted]


@contextmanager
def serving(
    entries: Sequence[Entry],
    folder: Path,
    zone: GeneratedZone,
    workers: int,
    *,
    sends: bool = False,
) -> Iterator[dict[str, Server]]:
    """All of `entries`, up and answering; one that does not start is named and left out.

    With `sends` they let anybody take the zone.
    """
    servers: dict[str, Server] = {}
    with ExitStack() as stack:
        for entry in entries:
            server = entry.make(folder / entry.label, zone, workers, sends=sends)
            stack.callback(server.stop)
            try:
                server.spawn()
                server.wait_until_answering(Probe(zone.last_owner, "MX"), LOAD_SECONDS)
            except ServerError as error:
                print(f"without {entry.label}: {error}")
            else:
                servers[entry.label] = server
        yield servers


def _installed(kinds: Sequence[type[Server]]) -> Iterator[type[Server]]:
    for kind in kinds:
        if kind.found():
            yield kind
        else:
            print(f"without {kind.name}: install Debian package {kind.package}")


def _peer(
    kind: type[Server], folder: Path, zone: GeneratedZone, workers: int, *, sends: bool = False
) -> Server:
    return kind(folder, {ORIGIN: zone.master}, workers=workers, sends=sends)


def _ours(
    engine: str, folder: Path, zone: GeneratedZone, workers: int, *, sends: bool = False
) -> Server:
    zones = {ORIGIN: zone.yaml}
    return Zoneserver(folder, zones, workers=workers, sends=sends, engine=engine)
