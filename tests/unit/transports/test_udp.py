"""DNS over UDP: one datagram in, at most one out, and no error that stops it."""

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.servers import ADDRESSES
from zoneserver.transports.listen import Endpoint, bind
from zoneserver.transports.udp import UdpCounters, UdpServer

QUERY = b"\x12\x34\0\0\0\1" + bytes(14)
REFUSED = b"\x12\x34\x80\5\0\1" + bytes(14)
# Linux binds the wildcard on request; what a neighbour's port may be is up to the host.
WILDCARDS = [("0.0.0.0", "127.0.0.5"), ("::", "::1")][: len(ADDRESSES)]


@dataclass
class Running:
    """A server that answers on a port."""

    server: UdpServer
    port: int
    counters: UdpCounters


@asynccontextmanager
async def serving(
    answer: Callable[[bytes], bytes | None], address: str = "127.0.0.1"
) -> AsyncIterator[Running]:
    """Answer while the block runs."""
    sockets = bind(Endpoint(address, 0))
    sockets.tcp.close()
    counters = UdpCounters()
    server = UdpServer(sockets.udp, answer, counters)
    server.start()
    try:
        yield Running(server, sockets.endpoint.port, counters)
    finally:
        server.stop()


def client(address: str = "127.0.0.1", port: int = 0) -> socket.socket:
    """A socket to ask from."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    asking = socket.socket(family, socket.SOCK_DGRAM)
    asking.setblocking(False)
    try:
        asking.bind((address, port))
    except PermissionError:
        asking.close()
        pytest.skip(f"no permission to bind port {port}")
    return asking


async def receive(asking: socket.socket, seconds: float = 3.0) -> tuple[bytes, Any]:
    """The next datagram and who sent it. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        return await asyncio.get_running_loop().sock_recvfrom(asking, 65_535)


@pytest.mark.parametrize("octets", [0, 1, 12, 1232, 65_507])
def test_datagram_of_any_length_is_answered(octets: int) -> None:
    """What the kernel lets through reaches the answer whole."""
    seen = []

    def answer(message: bytes) -> bytes:
        seen.append(message)
        return QUERY

    async def scenario() -> None:
        async with serving(answer) as server:
            with client() as asking:
                asking.sendto(bytes(octets), ("127.0.0.1", server.port))
                assert await receive(asking) == (QUERY, ("127.0.0.1", server.port))

    asyncio.run(scenario())
    assert seen == [bytes(octets)]


def test_silence() -> None:
    """No answer, no datagram."""

    async def scenario() -> None:
        answers = iter([None, QUERY])
        async with serving(lambda _: next(answers)) as server:
            with client() as asking:
                asking.sendto(b"first", ("127.0.0.1", server.port))
                asking.sendto(b"second", ("127.0.0.1", server.port))
                assert (await receive(asking))[0] == QUERY

    asyncio.run(scenario())


@pytest.mark.parametrize(("address", "asked"), WILDCARDS)
def test_answer_leaves_from_the_address_that_was_asked(address: str, asked: str) -> None:
    """On a wildcard too: a resolver takes no answer from elsewhere."""

    async def scenario() -> None:
        async with serving(lambda message: message, address) as server:
            with client("::1" if ":" in asked else "127.0.0.9") as asking:
                asking.sendto(QUERY, (asked, server.port))
                message, sender = await receive(asking)
                assert (message, sender[:2]) == (QUERY, (asked, server.port))

    asyncio.run(scenario())


def link_local() -> str:
    """A link-local address of this host with its scope, such as fe80::1%eth0."""
    try:
        with open("/proc/net/if_inet6") as table:  # noqa: PTH123 - no file, but the kernel
            rows = [row.split() for row in table]
    except OSError:
        return ""
    for digits, _, _, _, flags, interface in rows:
        tentative = int(flags, 16) & 0x40
        if digits.startswith("fe80") and not tentative:
            groups = ":".join(digits[at : at + 4] for at in range(0, 32, 4))
            return f"{groups}%{interface}"
    return ""


@pytest.mark.parametrize("address", ["::", link_local()], ids=["wildcard", "bound"])
def test_link_local_scope_is_kept(address: str) -> None:
    """A link-local peer is answered on its own link."""
    if not link_local():
        pytest.skip("no link-local address")

    async def scenario() -> None:
        async with serving(lambda message: message, address) as server:
            target = socket.getaddrinfo(link_local(), server.port)[0][4]
            with client("::") as asking:
                asking.sendto(QUERY, target)
                assert (await receive(asking))[0] == QUERY

    asyncio.run(scenario())


@pytest.mark.parametrize("port", [7, 13, 19, 37])
def test_ports_that_would_loop_are_not_heard(port: int) -> None:
    """echo, discard's neighbours and time get no answer."""

    async def scenario() -> None:
        async with serving(lambda message: message) as server:
            with client(port=port) as asking:
                asking.sendto(QUERY, ("127.0.0.1", server.port))
                with pytest.raises(TimeoutError):
                    await receive(asking, 0.1)
            assert server.counters.dropped_ports == 1

    asyncio.run(scenario())


def test_kpasswd_port_gets_answers_but_no_errors() -> None:
    """Port 464 answers an error with an error."""

    async def scenario() -> None:
        answers = iter([REFUSED, QUERY])
        async with serving(lambda _: next(answers)) as server:
            with client(port=464) as asking:
                asking.sendto(b"first", ("127.0.0.1", server.port))
                asking.sendto(b"second", ("127.0.0.1", server.port))
                assert (await receive(asking))[0] == QUERY
            assert server.counters.dropped_ports == 1

    asyncio.run(scenario())


class FaultySocket:
    """A socket whose calls fail as they are told to."""

    def __init__(self, receive: list[object], send: list[int]) -> None:
        self.received, self.failures = receive, send
        self.sent: list[bytes] = []

    def recvmsg_into(self, buffers: Any, _: int) -> tuple[int, list[Any], int, tuple[str, int]]:
        """The next event: an error number, or a datagram."""
        if not self.received:
            raise BlockingIOError
        event = self.received.pop(0)
        if isinstance(event, int):
            raise OSError(event, "injected")
        assert isinstance(event, bytes)
        buffers[0][: len(event)] = event
        return len(event), [], 0, ("192.0.2.1", 5353)

    def sendmsg(self, buffers: Any, *_: object) -> None:
        """Fail, or keep what was sent."""
        if self.failures:
            raise OSError(self.failures.pop(0), "injected")
        self.sent.append(buffers[0])


@pytest.mark.parametrize(
    "code",
    [
        errno.EAGAIN, errno.ENOBUFS, errno.EMSGSIZE, errno.ECONNREFUSED, errno.EHOSTUNREACH,
        errno.ENETUNREACH, errno.EPERM, errno.ENETDOWN, errno.EINVAL,
    ],
    ids=errno.errorcode.get,
)  # fmt: skip
def test_errors_are_counted_and_forgotten(code: int) -> None:
    """The datagram after the one that failed is answered."""
    counters = UdpCounters()
    faulty = FaultySocket([QUERY, errno.ECONNREFUSED, QUERY], [code])
    server = UdpServer(faulty, lambda message: message, counters)  # type: ignore[arg-type]

    while server._take_turn() or faulty.received:
        pass

    assert faulty.sent == [QUERY]
    assert counters == UdpCounters(receive_errors=1, send_errors=1)


def test_one_turn_is_bounded() -> None:
    """A flood leaves the loop some time for TCP and signals."""
    faulty = FaultySocket([QUERY] * 1000, [])
    server = UdpServer(faulty, lambda message: message, UdpCounters())  # type: ignore[arg-type]

    assert server._take_turn()
    assert len(faulty.sent) == 64


def test_stop_answers_what_is_queued() -> None:
    """Queries that have come before the stop are answered."""

    async def scenario() -> None:
        with client() as asking:
            async with serving(lambda message: message) as server:
                for _ in range(200):
                    asking.sendto(QUERY, ("127.0.0.1", server.port))
            for _ in range(200):
                assert (await receive(asking))[0] == QUERY

    asyncio.run(scenario())
