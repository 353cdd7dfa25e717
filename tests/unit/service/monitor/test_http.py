"""HTTP as clients speak it, rightly and wrongly: over real sockets, against real limits."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from zoneserver.service.monitor.http import HttpLimits, HttpServer, Request, Response
from zoneserver.service.monitor.process import Monitor

LIMITS = HttpLimits(connections=4, head=1024, request=0.6, response=0.6)
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE = 32 << 20  # octets, more than the kernel keeps for a client that does not read

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def respond(request: Request) -> Response:
    """Tells what was asked for."""
    if request.path == "/large":
        return Response(200, bytes(LARGE))
    return Response(200, f"{request.path} {request.parameters}\n".encode())


class Clients:
    """Makes connections to a server, and closes them."""

    def __init__(self, server: HttpServer, address: tuple[str, int]) -> None:
        self.server = server
        self._address = address
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, limit: int = 65_536) -> Client:
        """One more, that reads ahead so many octets."""
        reader, writer = await asyncio.open_connection(*self._address, limit=limit)
        self._writers.append(writer)
        return reader, writer

    async def see_off(self, connections: int) -> None:
        """Wait until the server has no more connections than that."""
        while len(self.server._connections) > connections:
            await asyncio.sleep(0)

    def close(self) -> None:
        """Close all of them."""
        for writer in self._writers:
            writer.transport.abort()


def run(scenario: Callable[[Clients], Awaitable[None]]) -> None:
    """Have a scenario play against a server."""

    async def play() -> None:
        server, listener = HttpServer(respond, LIMITS), socket.create_server(("127.0.0.1", 0))
        await server.listen(listener)
        timing = asyncio.create_task(server.keep_time())
        clients = Clients(server, listener.getsockname())
        try:
            async with asyncio.timeout(10):
                await scenario(clients)
        finally:
            timing.cancel()
            server.stop()
            clients.close()
            await asyncio.sleep(0)

    asyncio.run(play())


async def read_response(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The head and the body of one response."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head, await reader.readexactly(length)


@pytest.mark.parametrize(
    ("request_line", "said"),
    [
        (b"GET /metrics HTTP/1.1", b"/metrics {}\n"),
        (b"GET /?zone=a&page=2&zone=b HTTP/1.1", b"/ {'zone': 'b', 'page': '2'}\n"),
        (b"GET http://[::1/ HTTP/1.1", b" {}\n"),
        (b"GET /?" + b"&".join([b"a=1"] * 9) + b" HTTP/1.1", b" {}\n"),
    ],
)
def test_requests(request_line: bytes, said: bytes) -> None:
    """Path and parameters; what cannot be read is no path."""

    async def scenario(clients: Clients) -> None:
        reader, writer = await clients.connect()
        writer.write(request_line + b"\r\nHost: x\r\n\r\n")
        head, body = await read_response(reader)
        assert said == body
        assert b"Content-Security-Policy: default-src 'none'" in head

    run(scenario)


def test_several_requests_on_one_connection() -> None:
    """Also such as come before they are due, byte by byte, or half of the next with one."""

    async def scenario(clients: Clients) -> None:
        reader, writer = await clients.connect()
        writer.write(GET * 2 + GET[:10])
        for _ in range(2):
            assert (await read_response(reader))[0].startswith(b"HTTP/1.1 200")
        for octet in GET[10:]:
            writer.write(bytes((octet,)))
            await writer.drain()
        assert (await read_response(reader))[0].startswith(b"HTTP/1.1 200")
        writer.write(GET.replace(b"GET", b"HEAD"))
        assert b"Content-Length: 5" in await reader.readuntil(b"\r\n\r\n")
        writer.write(GET.replace(b"1.1", b"1.0"))
        assert (await read_response(reader))[1] == b"/ {}\n"
        assert await reader.read() == b""

    run(scenario)


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (GET.replace(b"GET", b"POST"), b"405"),
        (GET.replace(b"GET", b"DELETE"), b"405"),
        (GET[:-2] + b"Content-Length: 4\r\n\r\nbody", b"413"),
        (GET[:-2] + b"Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n", b"413"),
        (GET[:-2] + b"X: " + bytes(2000).replace(b"\0", b"x") + b"\r\n\r\n", b"431"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\n\r\n", b"400"),
        (GET[:-2] + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", b"400"),
    ],
    ids=["post", "delete", "body", "chunked", "head", "tls", "no host", "two lengths"],
)
def test_what_is_refused(octets: bytes, status: bytes) -> None:
    """With a reason, and the end of the connection."""

    async def scenario(clients: Clients) -> None:
        reader, writer = await clients.connect()
        writer.write(octets)
        said = await reader.read()
        assert said.startswith(b"HTTP/1.1 " + status)
        assert b"Connection: close" in said
        assert (b"Allow: GET, HEAD" in said) == (status == b"405")

    run(scenario)


@pytest.mark.parametrize("octets", [b"", GET[:5], GET], ids=["silent", "half", "idle"])
def test_silence_has_an_end(octets: bytes) -> None:
    """A request must be there in time; the clock starts again with each response."""

    async def scenario(clients: Clients) -> None:
        reader, writer = await clients.connect()
        begin = asyncio.get_running_loop().time()
        writer.write(octets)
        said = await reader.read()
        assert said.startswith(b"HTTP/1.1 200") == (octets == GET)
        assert LIMITS.request <= asyncio.get_running_loop().time() - begin < 3

    run(scenario)


def test_a_response_must_be_taken() -> None:
    """Who reads nothing of a large one loses the connection, and who does gets all of it."""

    async def scenario(clients: Clients) -> None:
        (_, deaf), (reader, writer) = await clients.connect(limit=1), await clients.connect()
        for each in (deaf, writer):
            each.write(GET.replace(b"/ ", b"/large "))
        head, body = await read_response(reader)
        assert (len(body), head[:12]) == (LARGE, b"HTTP/1.1 200")
        writer.write(GET)
        assert (await read_response(reader))[1] == b"/ {}\n"
        writer.write(GET[:5])
        await clients.see_off(0)

    run(scenario)


def test_the_longest_waiting_makes_room() -> None:
    """Of more clients than there is room for, the one that has waited longest goes."""

    async def scenario(clients: Clients) -> None:
        connected = [await clients.connect() for _ in range(LIMITS.connections + 1)]
        reader, writer = connected[-1]
        writer.write(GET)
        assert (await read_response(reader))[1] == b"/ {}\n"
        assert await connected[0][0].read() == b""
        await clients.see_off(LIMITS.connections)

    run(scenario)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        ("/healthz", 200, b"ok"),
        ("/readyz", 503, b"no worker"),
        ("/metrics", 200, b"zoneserver_ready 0.0"),
        ("/", 200, b"<!doctype html>"),
        ("/status.js", 200, b"use strict"),
        ("/status.css", 200, b"body"),
        ("/favicon.ico", 404, b"/metrics"),
        ("", 404, b"There are /"),
    ],
)
def test_pages(path: str, status: int, text: bytes) -> None:
    """What a monitor says that has not been told anything yet."""
    response = Monitor().respond(Request(path, {}))
    assert (response.status, text in response.body) == (status, True)


def test_readiness_follows_the_workers() -> None:
    """Ready is who answers queries."""
    monitor: Any = Monitor()
    monitor._mirror.ready = True
    assert monitor.respond(Request("/readyz", {})).status == 200
