"""The query log: one line for each query, with what was answered to whom, and how fast."""

import os
import select
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import dns.rcode
import dns.rdataclass

from zoneserver.errors import MessageError
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.service.answering.responder import Throttle
from zoneserver.service.logs import log
from zoneserver.service.logs.log_format import Form, format_event
from zoneserver.service.logs.observations import Carrier, Observation
from zoneserver.wire.decode import decode_query
from zoneserver.wire.message import Query

MOST_ATOMIC = select.PIPE_BUF  # octets that a pipe takes whole, or not at all
_CLIENT_COOKIE = 8  # octets: the client has none of ours yet (RFC 7873 4.1)
_AA, _TC, _RD = 0x04, 0x02, 0x01  # in the third octet of a header (RFC 1035 4.1.1)


@dataclass(frozen=True, slots=True)
class QueryLogSettings:
    """Which queries are logged, one of `sample` or none, and where.

    Only those at or below `zones`, if there are any. Without a `file` they go to standard
    output. A file is set aside when it has `megabytes`, in the place of the last one.
    """

    sample: int = 0
    zones: tuple[Name, ...] = ()
    file: Path | None = None
    megabytes: int = 100


def describe_query(seen: Observation) -> dict[str, Any]:
    """The fields of a line."""
    query = _decode(seen.query)
    qclass = dns.rdataclass.RdataClass.make(query.qclass) if query else None
    return {
        "client": str(ip_address(seen.client.address)),
        "client_port": seen.client.port,
        "server": str(ip_address(seen.server.address)),
        "server_port": seen.server.port,
        "transport": seen.carrier.name.lower(),
        "qname": str(query.qname) if query else None,
        "qtype": rtypes.mnemonic(query.qtype) if query else None,
        "qclass": dns.rdataclass.to_text(qclass) if qclass is not None else None,
        "rcode": dns.rcode.to_text(dns.rcode.Rcode.make(seen.rcode)),
        "size": len(seen.answer),
        "flags": " ".join(_flags(seen, query)),
        "cookie": _describe_cookie(seen, query),
        "verdict": seen.verdict.name.lower(),
        "latency_us": seen.latency // 1000,
    }


def is_within(qname: Name, zones: Collection[bytes]) -> bool:
    """Whether a name is at or below one of these, which are keys of names."""
    key = qname.key
    while key not in zones:
        if key == ROOT.key:
            return False
        key = key[1 + key[0] :]
    return True


class QueryLog:
    """Writes the lines of queries."""

    def __init__(self, settings: QueryLogSettings, form: Form, output: "Output") -> None:
        self._zones = frozenset(zone.key for zone in settings.zones)
        self._form = form
        self._output = output

    def take(self, batch: Collection[Observation]) -> None:
        """Write a line for each that is to be logged; those that find no room are lost."""
        lines = [self._format(seen).encode() for seen in batch if self._is_wanted(seen)]
        if lines:
            self._output.write(lines)

    def _is_wanted(self, seen: Observation) -> bool:
        if not self._zones:
            return True
        query = _decode(seen.query)
        return query is not None and is_within(query.qname, self._zones)

    def _format(self, seen: Observation) -> str:
        fields = describe_query(seen)
        text = (
            "query: {client}#{client_port} {qname} {qtype} {transport} {rcode} {size} octets"
            " [{flags}] cookie {cookie} {verdict} {latency_us} us"
        ).format(**fields)
        event = {"time": seen.received / 1e9, "level": "info", "event": "query"}
        event |= {"process": "recorder", "text": "query", "shown": text, "fields": fields}
        return format_event(event, self._form, colour=False)


class Output:
    """Where lines go: a descriptor that may be a pipe which nobody reads, or a file."""

    def __init__(self, settings: QueryLogSettings, descriptor: int) -> None:
        """`descriptor` is used where there is no file."""
        self._file = settings.file
        self._most = settings.megabytes << 20
        self._descriptor = descriptor if settings.file is None else -1
        self._size = 0
        self._throttle = Throttle()
        self.lost = 0

    def write(self, lines: list[bytes]) -> None:
        """Write lines, or lose them where nobody takes them."""
        for piece in _pieces(lines):
            try:
                self._write(piece)
            except OSError as error:
                self._lose(piece.count(b"\n"), error.strerror or str(error))

    def _write(self, octets: bytes) -> None:
        if self._file is None:
            # A pipe that says so has room for this much, and nobody else writes into it often.
            if not select.select([], [self._descriptor], [], 0)[1]:
                raise BlockingIOError(0, "nobody reads it fast enough")
            os.write(self._descriptor, octets)
            return
        if self._descriptor < 0:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            self._descriptor = os.open(self._file, flags, 0o640)
            self._size = os.fstat(self._descriptor).st_size
        os.write(self._descriptor, octets)
        self._size += len(octets)
        if self._size >= self._most:
            self._set_aside(self._file)

    def _set_aside(self, file: Path) -> None:
        os.close(self._descriptor)
        self._descriptor = -1
        with suppress(FileNotFoundError):  # somebody else has taken it
            file.rename(file.with_name(f"{file.name}.1"))

    def _lose(self, lines: int, reason: str) -> None:
        self.lost += lines
        if (more := self._throttle.take()) is not None:
            text = f"lines of the query log are lost: {reason}{more}"
            log.warning("query-log-lost", text, reason=reason, lost=self.lost)


def _pieces(lines: list[bytes]) -> Iterator[bytes]:
    """Whole lines together, as many as a pipe takes at once."""
    piece = b""
    for line in lines:
        if piece and len(piece) + len(line) > MOST_ATOMIC:
            yield piece
            piece = b""
        piece += line
    yield piece


def _decode(octets: bytes) -> Query | None:
    try:
        return decode_query(octets)
    except MessageError:
        return None


def _flags(seen: Observation, query: Query | None) -> Iterator[str]:
    """What the answer says, then what the query says."""
    flags = seen.answer[2] if seen.answer else 0
    yield from (name for name, bit in (("aa", _AA), ("tc", _TC)) if flags & bit)
    if len(seen.query) > 2 and seen.query[2] & _RD:
        yield "rd"
    if query and query.edns:
        yield "edns"
        if query.edns.do:
            yield "do"


def _describe_cookie(seen: Observation, query: Query | None) -> str:
    cookie = query.edns.cookie if query and query.edns else None
    if cookie is None:
        return "none"
    if seen.is_proven:
        return "valid"
    if len(cookie) == _CLIENT_COOKIE:
        return "client"
    return "invalid" if seen.carrier is Carrier.UDP else "unchecked"
