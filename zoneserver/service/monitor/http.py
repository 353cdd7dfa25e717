"""HTTP/1.1 (RFC 9110, RFC 9112) for a few pages: GET and HEAD, no bodies, little patience.

h11 reads and writes the messages; here is what a client may cost. Knows no page: every request
goes through one callable.
"""

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, cast
from urllib.parse import parse_qs, urlsplit

import h11

BACKLOG = 128
SWEEP_SECONDS = 0.5

# Nothing but our own pages, scripts and styles; nobody may frame them.
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cache-Control", "no-store"),
)


@dataclass(frozen=True, slots=True)
class HttpLimits:
    """What clients may hold: connections in all, octets of a request's head, seconds.

    `request` from the start of a connection, or from the last response, to the end of the next
    request; `response` for the client to take one.
    """

    connections: int = 64
    head: int = 8192
    request: float = 5.0
    response: float = 10.0


class Request(NamedTuple):
    """What is asked for: a path, and the last value of each parameter behind it."""

    path: str
    parameters: dict[str, str]


class Response(NamedTuple):
    """What is said."""

    status: int
    body: bytes
    content_type: str = "text/plain; charset=utf-8"


Respond = Callable[[Request], Response]
DEFAULT_LIMITS = HttpLimits()


class HttpServer:
    """Answers on any number of listening sockets, under one set of limits."""

    def __init__(self, respond: Respond, limits: HttpLimits = DEFAULT_LIMITS) -> None:
        self._respond = respond
        self._limits = limits
        self._connections: dict[Connection, None] = {}  # the oldest first
        self._listeners: list[asyncio.Server] = []

    async def listen(self, listener: socket.socket) -> None:
        """Take connections from a bound socket from now on."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(self._make_connection, sock=listener, backlog=BACKLOG)
        self._listeners.append(server)

    def stop(self) -> None:
        """Close everything at once."""
        for listener in self._listeners:
            listener.close()
        for connection in list(self._connections):
            connection.abort()

    async def keep_time(self) -> None:
        """End connections whose time is up, for as long as this runs."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(SWEEP_SECONDS)
            now = loop.time()
            for connection in [each for each in self._connections if each.deadline < now]:
                connection.abort()

    def _make_connection(self) -> "Connection":
        return Connection(self._respond, self._limits, self._keep, self._forget)

    def _keep(self, connection: "Connection") -> None:
        """Make room for a new connection, at the cost of the one that has waited longest."""
        if len(self._connections) >= self._limits.connections:
            longest = min(self._connections, key=lambda each: each.deadline)
            longest.abort()
            self._forget(longest)
        self._connections[connection] = None

    def _forget(self, connection: "Connection") -> None:
        self._connections.pop(connection, None)


class Connection(asyncio.Protocol):
    """One client. `deadline` is when it is ended unless it moves on."""

    def __init__(
        self,
        respond: Respond,
        limits: HttpLimits,
        made: Callable[["Connection"], None],
        lost: Callable[["Connection"], None],
    ) -> None:
        self._respond = respond
        self._limits = limits
        self._made = made
        self._lost = lost
        self._loop = asyncio.get_running_loop()
        self._http = self._start()
        self._request: h11.Request | None = None
        self._blocked = False  # the client does not take its response
        self.deadline = self._loop.time() + limits.request

    def _start(self) -> h11.Connection:
        return h11.Connection(h11.SERVER, max_incomplete_event_size=self._limits.head)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask to be kept."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=0)  # to be told of whatever is not taken
        self._made(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's name
        """The connection is gone, whoever ended it."""
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        """Octets have come."""
        try:
            self._http.receive_data(data)
        except h11.RemoteProtocolError:  # after the end: there is nothing left to say
            self.abort()
            return
        self._proceed()

    def pause_writing(self) -> None:
        """A response is not taken at once: no request is read before it is."""
        self._blocked = True
        self._transport.pause_reading()
        self.deadline = self._loop.time() + self._limits.response

    def resume_writing(self) -> None:
        """The client has caught up."""
        self._blocked = False
        self.deadline = self._loop.time() + self._limits.request
        self._transport.resume_reading()
        self._proceed()

    def abort(self) -> None:
        """Close at once."""
        self._transport.abort()

    def _proceed(self) -> None:
        """Answer the requests that are complete."""
        while not self._blocked and not self._transport.is_closing():
            try:
                event = self._http.next_event()
            except h11.RemoteProtocolError as error:
                self._refuse(error.error_status_hint, str(error))
                return
            if event is h11.NEED_DATA or event is h11.PAUSED:
                return
            self._take(event)

    def _take(self, event: object) -> None:
        if isinstance(event, h11.Request):
            self._request = event
            if _count_octets(event) > self._limits.head:  # all at once: h11 bounds the rest
                self._refuse(431, "there are too many headers, or too long ones")
        elif isinstance(event, h11.Data):
            self._refuse(413, "a request here has no body")
        elif isinstance(event, h11.EndOfMessage) and self._request is not None:
            if self._request.method not in (b"GET", b"HEAD"):
                self._refuse(405, "GET and HEAD only")
                return
            self._send(self._respond(_read(self._request)), [])
            self._go_on()
        elif isinstance(event, h11.ConnectionClosed):
            self._transport.close()

    def _go_on(self) -> None:
        self._request = None
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
            if not self._blocked:
                self.deadline = self._loop.time() + self._limits.request
        else:
            self._transport.close()

    def _refuse(self, status: int, text: str) -> None:
        """Say why nothing is answered, and close."""
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            headers = [("Connection", "close")]
            if status == 405:
                headers.append(("Allow", "GET, HEAD"))
            self._send(Response(status, f"{text}\n".encode()), headers)
        self._transport.close()

    def _send(self, response: Response, headers: list[tuple[str, str]]) -> None:
        own = [("Content-Type", response.content_type)]
        own.append(("Content-Length", str(len(response.body))))
        head = h11.Response(status_code=response.status, headers=[*own, *_HEADERS, *headers])
        octets = self._http.send(head) or b""
        if self._request is None or self._request.method != b"HEAD":
            octets += self._http.send(h11.Data(data=response.body)) or b""
        self._transport.write(octets + (self._http.send(h11.EndOfMessage()) or b""))


def _count_octets(request: h11.Request) -> int:
    headers = sum(len(name) + len(value) + len(": \r\n") for name, value in request.headers)
    return headers + len(request.target)


def _read(request: h11.Request) -> Request:
    try:
        parts = urlsplit(request.target.decode("ascii", "replace"))
        parameters = parse_qs(parts.query, max_num_fields=8)
    except ValueError:  # a bracket without its pair, or too many parameters
        return Request("", {})
    return Request(parts.path, {name: values[-1] for name, values in parameters.items()})
