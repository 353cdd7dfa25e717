"""DNS over UDP: one datagram in, at most one out, and no error that stops it."""

import asyncio
import ctypes
import errno
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any

import dns.message
import pytest

from tests.servers import ADDRESSES
from zoneserver.transports.batch import BATCH
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.latency import Latency
from zoneserver.transports.listen import bind
from zoneserver.transports.udp import BATCHES_PER_TURN, Answer, UdpCounters, UdpServer

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
async def serving(answer: Answer, address: str = "127.0.0.1") -> AsyncIterator[Running]:
    """Answer while the block runs."""
    sockets = bind(Endpoint(address, 0))
    sockets.tcp.close()
    counters = UdpCounters()
    server = UdpServer(sockets.udp, answer, counters, Latency())
    server.start()
    try:
        yield Running(server, sockets.endpoint.port, counters)
    finally:
        server.stop()


def echo(message: bytes, _: bytes) -> bytes:
    """An answer that shows its query, of which it is given what follows the id."""
    return message


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


@pytest.mark.parametrize("octets", [2, 12, 1232, 65_507])
def test_datagram_of_any_length_is_answered(octets: int) -> None:
    """What the kernel lets through reaches the answer whole, but for its id."""
    seen = []

    def answer(message: bytes, _: bytes) -> bytes:
        seen.append(message)
        return QUERY[2:]

    async def scenario() -> None:
        async with serving(answer) as server:
            with client() as asking:
                message = QUERY[:2] + bytes(octets - 2)
                asking.sendto(message, ("127.0.0.1", server.port))
                assert await receive(asking) == (QUERY, ("127.0.0.1", server.port))

    asyncio.run(scenario())
    assert seen == [bytes(octets - 2)]


@pytest.mark.parametrize("octets", [0, 1])
def test_datagram_without_an_id(octets: int) -> None:
    """There is nothing behind the id of less than an id."""
    seen = []

    def answer(message: bytes, _: bytes) -> bytes | None:
        seen.append(message)
        return message or None

    async def scenario() -> None:
        async with serving(answer) as server:
            with client() as asking:
                asking.sendto(bytes(octets), ("127.0.0.1", server.port))
                asking.sendto(QUERY, ("127.0.0.1", server.port))
                assert (await receive(asking))[0] == QUERY

    asyncio.run(scenario())
    assert seen == [b"", QUERY[2:]]


def test_silence() -> None:
    """No answer, no datagram."""

    async def scenario() -> None:
        answers = iter([None, QUERY[2:]])
        async with serving(lambda *_: next(answers)) as server:
            with client() as asking:
                asking.sendto(QUERY[:2] + b"first", ("127.0.0.1", server.port))
                asking.sendto(QUERY[:2] + b"second", ("127.0.0.1", server.port))
                assert (await receive(asking))[0] == QUERY

    asyncio.run(scenario())


@pytest.mark.parametrize(("address", "asked"), WILDCARDS)
def test_answer_leaves_from_the_address_that_was_asked(address: str, asked: str) -> None:
    """Acceptance 101: on a wildcard too: a resolver takes no answer from elsewhere."""

    async def scenario() -> None:
        async with serving(echo, address) as server:
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
    """Acceptance 101: a link-local peer is answered on its own link."""
    if not link_local():
        pytest.skip("no link-local address")

    async def scenario() -> None:
        async with serving(echo, address) as server:
            target = socket.getaddrinfo(link_local(), server.port)[0][4]
            with client("::") as asking:
                asking.sendto(QUERY, target)
                assert (await receive(asking))[0] == QUERY

    asyncio.run(scenario())


@pytest.mark.parametrize("port", [7, 13, 19, 37])
def test_ports_that_would_loop_are_not_heard(port: int) -> None:
    """Acceptance 9: echo, discard's neighbours and time get no answer."""

    async def scenario() -> None:
        async with serving(echo) as server:
            with client(port=port) as asking:
                asking.sendto(QUERY, ("127.0.0.1", server.port))
                with pytest.raises(TimeoutError):
                    await receive(asking, 0.1)
            assert server.counters.dropped_ports == 1

    asyncio.run(scenario())


def test_kpasswd_port_gets_answers_but_no_errors() -> None:
    """Acceptance 9: port 464 answers an error with an error."""

    async def scenario() -> None:
        answers = iter([REFUSED[2:], QUERY[2:]])
        async with serving(lambda *_: next(answers)) as server:
            with client(port=464) as asking:
                asking.sendto(QUERY[:2] + b"first", ("127.0.0.1", server.port))
                asking.sendto(QUERY[:2] + b"second", ("127.0.0.1", server.port))
                assert (await receive(asking))[0] == QUERY
            assert server.counters.dropped_ports == 1

    asyncio.run(scenario())


Call = Callable[..., int]


def failing(call: Call, codes: list[int]) -> Call:
    """A system call that fails with these errors before it works."""

    def fail(*arguments: object) -> int:
        if not codes:
            return call(*arguments)
        ctypes.set_errno(codes.pop(0))
        return -1

    return fail


@pytest.mark.parametrize(
    "code",
    [
        errno.EAGAIN, errno.ENOBUFS, errno.EMSGSIZE, errno.ECONNREFUSED, errno.EHOSTUNREACH,
        errno.ENETUNREACH, errno.EPERM, errno.ENETDOWN, errno.EINVAL,
    ],
    ids=errno.errorcode.get,
)  # fmt: skip
def test_errors_are_counted_and_forgotten(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """Acceptance 98: the datagrams before and after the one that failed are answered, each
    once.
    """

    async def scenario() -> None:
        async with serving(echo) as server:
            batch = server.server._batch
            monkeypatch.setattr(
                batch, "_receive", failing(batch._receive, [errno.ECONNREFUSED])
            )
            monkeypatch.setattr(batch, "_send", failing(batch._send, [code]))
            with client() as asking:
                for number in range(3):
                    asking.sendto(bytes((0, 0, number)), ("127.0.0.1", server.port))
                answered = [(await receive(asking))[0] for _ in range(2)]
                with pytest.raises(BlockingIOError):
                    asking.recv(512)
        assert answered == [b"\0\0\1", b"\0\0\2"]
        assert server.counters == UdpCounters(answered=2, receive_errors=1, send_errors=1)

    asyncio.run(scenario())


def test_answer_that_is_too_long_for_its_way_is_cut() -> None:
    """Acceptance 45: it says TC, and those beside it are not touched.

    The most that IPv4 takes is 65,507 octets: this kernel refuses more.
    """
    question = dns.message.make_query("a.example.", "TXT").to_wire()
    flags_and_counts = bytes.fromhex("8400 0001 0001 0000 0000")
    whole = flags_and_counts + question[12:] + bytes(65_510)
    answers = iter([whole, None, question[2:]])

    async def scenario() -> None:
        async with serving(lambda *_: next(answers)) as server, asyncio.timeout(5):
            with client() as asking:
                for number in range(3):
                    asking.sendto(bytes((1, number, 0)), ("127.0.0.1", server.port))
                first, second = [(await receive(asking))[0] for _ in range(2)]
        assert first == bytes.fromhex("0100 8600 0001 0000 0000 0000") + question[12:]
        assert second == b"\1\2" + question[2:]
        assert server.counters == UdpCounters(answered=2)

    asyncio.run(scenario())


def test_answers_of_a_batch_go_to_their_askers() -> None:
    """Whoever else gets none, each with its own id and octets."""

    def answer(message: bytes, _: bytes) -> bytes | None:
        return message * message[0] if message[0] % 3 else None

    async def scenario() -> None:
        with ExitStack() as stack:
            clients = [stack.enter_context(client()) for _ in range(BATCH)]
            async with serving(answer) as server:
                for number, asking in enumerate(clients):
                    message = bytes((number, 99, number))
                    asking.sendto(message, ("127.0.0.1", server.port))
                server.server.take_turn()
                for number, asking in enumerate(clients):
                    if number % 3:
                        expected = bytes((number, 99)) + bytes((number,)) * number
                        assert expected == (await receive(asking))[0]
                    else:
                        with pytest.raises(BlockingIOError):
                            asking.recv(512)
            assert server.counters == UdpCounters(answered=BATCH - BATCH // 3 - 1)

    asyncio.run(scenario())


def test_no_datagrams_are_no_error() -> None:
    """A wake-up for nothing is not counted."""

    async def scenario() -> None:
        async with serving(echo) as server:
            assert not server.server.take_turn()
        assert server.counters == UdpCounters()

    asyncio.run(scenario())


def test_one_turn_is_bounded() -> None:
    """A flood leaves the loop some time for TCP and signals."""
    answered = []

    def answer(message: bytes, _: bytes) -> None:
        answered.append(message)

    async def scenario() -> None:
        async with serving(answer) as server:
            with client() as asking:
                for _ in range(BATCH * BATCHES_PER_TURN + 1):
                    asking.sendto(QUERY, ("127.0.0.1", server.port))
            assert server.server.take_turn()
            assert len(answered) == BATCH * BATCHES_PER_TURN
            assert not server.server.take_turn()
            assert len(answered) == BATCH * BATCHES_PER_TURN + 1

    asyncio.run(scenario())


@pytest.mark.parametrize("address", ADDRESSES)
def test_answer_is_told_who_asks(address: str) -> None:
    """The octets of the sender's address."""
    seen = []

    def answer(message: bytes, asker: bytes) -> bytes:
        seen.append(asker)
        return message

    async def scenario() -> None:
        async with serving(answer, address) as server:
            with client(address) as asking:
                asking.sendto(QUERY, (address, server.port))
                await receive(asking)

    asyncio.run(scenario())
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    assert seen == [socket.inet_pton(family, address)]


def test_stop_answers_what_is_queued() -> None:
    """Queries that have come before the stop are answered."""

    async def scenario() -> None:
        with client() as asking:
            async with serving(echo) as server:
                for _ in range(200):
                    asking.sendto(QUERY, ("127.0.0.1", server.port))
            for _ in range(200):
                assert (await receive(asking))[0] == QUERY

    asyncio.run(scenario())
