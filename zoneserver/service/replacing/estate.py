"""What a server leaves to the one that takes its place: its sockets, and what it knows.

It goes over a Unix socket in parcels: a line of JSON each, with the sockets that it is about.
Those who share an endpoint have a parcel each, so that none holds more than the kernel takes.
"""

import json
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from zoneserver.errors import StartError
from zoneserver.service.keeping.store import Served
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import Sockets
from zoneserver.transports.listen_tls import TlsListener

MOST_SOCKETS = 8  # of a parcel, which has two at most
_PIECE = 1 << 16

Document = dict[str, Any]


class Parcel(NamedTuple):
    """What some sockets are for: `document` has a `kind`, and where they were to listen."""

    document: Document
    sockets: Sequence[socket.socket] = ()


@dataclass(slots=True)
class Estate:
    """Sockets by the endpoint that was asked for, which may have had port 0.

    With `is_fixed` they are a service manager's; `manager` is how that is told. `served` is
    what is answered from, `pid` who does.
    """

    dns: dict[Endpoint, list[Sockets]] = field(default_factory=dict)
    tls: dict[Endpoint, list[TlsListener]] = field(default_factory=dict)
    http: dict[Endpoint, socket.socket] = field(default_factory=dict)
    control: socket.socket | None = None
    is_fixed: bool = False
    manager: Mapping[str, Any] = field(default_factory=dict)
    served: Served = field(default_factory=Served)
    pid: int = 0

    def parcels(self) -> Iterator[Parcel]:
        """All of it; the last parcel is of kind `rest`."""
        for asked, shares in self.dns.items():
            for each in shares:
                yield Parcel({"kind": "dns", "asked": str(asked)}, (each.udp, each.tcp))
        for asked, listeners in self.tls.items():
            for listener in listeners:
                yield Parcel({"kind": "tls", "asked": str(asked)}, (listener.tcp,))
        for asked, page in self.http.items():
            yield Parcel({"kind": "http", "asked": str(asked)}, (page,))
        if self.control is not None:
            yield Parcel({"kind": "control"}, (self.control,))
        rest = {"fixed": self.is_fixed, "manager": self.manager, "pid": self.pid}
        yield Parcel({"kind": "rest", **rest, "served": self.served.document()})

    @classmethod
    def collect(cls, parcels: Iterable[Parcel]) -> Self:
        """The value again. Raises LookupError, TypeError or ValueError."""
        estate = cls()
        for document, sockets in parcels:
            kind = document["kind"]
            if kind == "rest":
                estate.is_fixed, estate.manager = document["fixed"], document["manager"]
                estate.served, estate.pid = Served.read(document["served"]), document["pid"]
                break
            estate._add(kind, document, *sockets)
        return estate

    def close(self) -> None:
        """Close what nobody has taken out."""
        for document, sockets in self.parcels():
            for each in sockets if document["kind"] != "control" else ():
                each.close()

    def _add(self, kind: str, document: Document, *sockets: socket.socket) -> None:
        if kind == "control":
            (self.control,) = sockets
            return
        asked, port = Endpoint.parse(document["asked"]), sockets[0].getsockname()[1]
        bound = Endpoint(asked.address, port)
        if kind == "dns":
            udp, tcp = sockets
            self.dns.setdefault(asked, []).append(Sockets(bound, udp, tcp))
        elif kind == "tls":
            (tcp,) = sockets
            self.tls.setdefault(asked, []).append(TlsListener(bound, tcp))
        elif kind == "http":
            (self.http[asked],) = sockets


def receive(connection: socket.socket) -> Parcel:
    """The next parcel. Raises StartError where there is none, and OSError."""
    octets, descriptors = bytearray(), list[int]()
    while not octets.endswith(b"\n"):
        piece, more, _, _ = socket.recv_fds(
            connection, _PIECE, MOST_SOCKETS, socket.MSG_CMSG_CLOEXEC
        )
        descriptors += more
        if not piece:
            raise StartError("the running server has ended before this one had its sockets")
        octets += piece
    sockets = [socket.socket(fileno=each) for each in descriptors]
    for each in sockets:
        each.settimeout(0)
    document: Document = json.loads(octets)
    return Parcel(document, sockets)
