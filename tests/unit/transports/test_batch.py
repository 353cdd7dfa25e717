"""Batches of datagrams: what came, from whom, and where the answers go."""

import ctypes
import errno
import gc
import os
import resource
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.servers import ADDRESSES
from zoneserver.transports.batch import BATCH, Batch
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import bind
from zoneserver.transports.pktinfo import IP_PKTINFO, turn_round

WILDCARDS = {"127.0.0.1": "0.0.0.0", "::1": "::"}


ID = b"id"  # goes back as it came, whatever the answer


class Exchange:
    """What came in one batch, and what goes back for it."""

    def __init__(self, batch: Batch) -> None:
        self.batch = batch
        self.datagrams: list[tuple[bytes, bytes, int]] = []
        self.answers: list[bytes | None] = []

    def receive(self) -> int:
        """How many datagrams came."""
        self.datagrams = self.batch.receive()
        self.answers = [None] * len(self.datagrams)
        return len(self.datagrams)

    def message(self, number: int) -> bytes:
        """What follows the id in a datagram."""
        return self.datagrams[number][0]

    def peer(self, number: int) -> tuple[bytes, int]:
        """Who sent it."""
        _, address, port = self.datagrams[number]
        return address, port

    def send(self) -> int:
        """How many of the answers could not be sent."""
        return self.batch.send(self.answers)


@contextmanager
def _batch(address: str = "127.0.0.1") -> Iterator[tuple[Exchange, int]]:
    """A batch on a bound socket, and its port."""
    endpoint = Endpoint(address, 0)
    sockets = bind(endpoint)
    with sockets.udp, sockets.tcp:
        yield (
            Exchange(Batch(sockets.udp, with_control=endpoint.is_wildcard)),
            sockets.endpoint.port,
        )


@contextmanager
def _client(address: str = "127.0.0.1") -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.bind((address, 0))
        client.settimeout(5)
        yield client


def _pack(address: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


@pytest.mark.parametrize("is_wildcard", [False, True], ids=["bound", "wildcard"])
@pytest.mark.parametrize("address", ADDRESSES)
def test_exchange(address: str, *, is_wildcard: bool) -> None:
    """Every message with its sender, and every answer to whom it is for."""
    with _batch(WILDCARDS[address] if is_wildcard else address) as (batch, port):
        with _client(address) as first, _client(address) as second:
            first.sendto(ID + b"one", (address, port))
            second.sendto(ID + b"", (address, port))
            first.sendto(ID + b"three", (address, port))
            assert batch.receive() == 3
            assert [b"one", b"", b"three"] == [batch.message(number) for number in range(3)]
            assert [
                (_pack(address), each.getsockname()[1]) for each in (first, second, first)
            ] == [batch.peer(number) for number in range(3)]
            batch.answers[0] = b"to the first"
            batch.answers[1] = b""
            batch.answers[2] = b"again"
            assert batch.send() == 0
            answers = [each.recvfrom(100) for each in (first, first, second)]

        assert [b"to the first", b"again", b""] == [octets[2:] for octets, _ in answers]
        assert {(address, port)} == {sender[:2] for _, sender in answers}


def test_each_answer_leaves_from_the_address_that_its_query_was_sent_to() -> None:
    """Within one batch, and for as long as there are batches."""
    asked = [f"127.0.0.{number}" for number in (5, 6, 5, 9)]
    with _batch("0.0.0.0") as (batch, port), _client() as client:
        for _ in range(3):
            for address in asked:
                client.sendto(ID + address.encode(), (address, port))
            assert batch.receive() == len(asked)
            for number in range(len(asked)):
                batch.answers[number] = batch.message(number)
            assert batch.send() == 0
            answers = [client.recvfrom(100) for _ in asked]

            assert asked == [octets[2:].decode() for octets, _ in answers]
            assert asked == [sender[0] for _, sender in answers]


def test_silence_between_answers() -> None:
    """Some datagrams deserve none; the other answers find their way."""
    with _batch() as (batch, port), _client() as first, _client() as second:
        for client in (first, second) * 2:
            client.sendto(ID + b"?", ("127.0.0.1", port))
        assert batch.receive() == 4
        batch.answers[3] = b"second"
        assert batch.send() == 0

        assert ID + b"second" == second.recv(100)
        first.setblocking(False)
        with pytest.raises(BlockingIOError):
            first.recv(100)


def test_largest_datagram() -> None:
    """Whole, on both ways."""
    largest = bytes(range(256)) * 256
    largest = largest[: 65_507 - len(ID)]
    with _batch() as (batch, port), _client() as client:
        client.sendto(ID + largest, ("127.0.0.1", port))
        assert batch.receive() == 1
        assert largest == batch.message(0)
        batch.answers[0] = largest
        assert batch.send() == 0

        assert ID + largest == client.recv(65_536)


def test_no_more_than_a_batch_at_a_time() -> None:
    """The rest waits for the next; none is lost, and none is seen twice."""
    with _batch() as (batch, port), _client() as client:
        for number in range(2 * BATCH + 1):
            client.sendto(ID + bytes((number,)), ("127.0.0.1", port))
        counts, seen = [], []
        for _ in range(3):
            counts.append(batch.receive())
            seen += [batch.message(number) for number in range(counts[-1])]

        assert [BATCH, BATCH, 1] == counts
        assert [bytes((number,)) for number in range(2 * BATCH + 1)] == seen
        with pytest.raises(BlockingIOError):
            batch.receive()


Call = Callable[..., int]


@pytest.mark.parametrize("code", [errno.EAGAIN, errno.ECONNREFUSED, errno.ENETDOWN])
def test_error_of_receiving(monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    """It is raised with its number."""

    def fail(*_: object) -> int:
        ctypes.set_errno(code)
        return -1

    with _batch() as (batch, _):
        monkeypatch.setattr(batch.batch, "_receive", fail)
        with pytest.raises(OSError, match=os.strerror(code)) as caught:
            batch.receive()

    assert code == caught.value.errno


@pytest.mark.parametrize(
    ("results", "failed", "delivered"),
    [
        ([-1], 1, [1, 2, 3, 4]),
        ([2, -1], 1, [0, 1, 3, 4]),
        ([-1, -1, -1, -1, -1], 5, []),
        ([1, 1, 1, 1, 1], 0, [0, 1, 2, 3, 4]),
        ([4, -1], 1, [0, 1, 2, 3]),
    ],
)
def test_errors_of_sending(
    monkeypatch: pytest.MonkeyPatch, results: list[int], failed: int, delivered: list[int]
) -> None:
    """Acceptance 45: the one that fails is skipped and counted, wherever it stands; all
    others are sent.
    """
    with _batch() as (batch, port), _client() as client:
        send: Call = batch.batch._send

        def faulty(descriptor: int, headers: object, count: int, flags: int) -> int:
            result = results.pop(0) if results else count
            return send(descriptor, headers, result, flags) if result > 0 else result

        monkeypatch.setattr(batch.batch, "_send", faulty)
        for _ in range(5):
            client.sendto(ID + b"?", ("127.0.0.1", port))
        assert batch.receive() == 5
        for number in range(5):
            batch.answers[number] = bytes((number,))
        assert failed == batch.send()
        client.setblocking(False)
        received: list[int] = []
        while len(received) < len(delivered):
            received += client.recv(100)[2:]

        assert delivered == received
        with pytest.raises(BlockingIOError):
            client.recv(100)


def test_nothing_is_left_behind() -> None:
    """Neither descriptors nor memory, however many batches there were."""

    def held() -> tuple[int, int]:
        gc.collect()
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        return len(os.listdir("/proc/self/fd")), pages * resource.getpagesize()  # noqa: PTH208

    with _batch():
        pass
    descriptors, octets = held()
    for _ in range(20):
        with _batch() as (batch, port), _client() as client:
            client.sendto(bytes(60_000), ("127.0.0.1", port))
            batch.receive()
        del batch
    after = held()

    assert descriptors == after[0]
    assert after[1] - octets < 10 << 20  # one batch has over 4 MB


def _control(level: int, kind: int, info: bytes) -> bytes:
    return struct.pack("@Nii", 16 + len(info), level, kind) + info + bytes(-len(info) % 8)


IPV4, IPV6 = socket.IPPROTO_IP, socket.IPPROTO_IPV6
GLOBAL, LINK_LOCAL = _pack("2001:db8::1"), _pack("febf::1")
INTERFACE = struct.pack("@i", 7)


@pytest.mark.parametrize(
    ("came", "goes"),
    [
        (b"", b""),
        (bytes(15), b""),
        (
            _control(IPV4, IP_PKTINFO, INTERFACE + bytes((127, 0, 0, 5, 10, 0, 0, 1))),
            _control(IPV4, IP_PKTINFO, bytes(4) + bytes((127, 0, 0, 5)) + bytes(4)),
        ),
        (
            _control(IPV6, socket.IPV6_PKTINFO, GLOBAL + INTERFACE),
            _control(IPV6, socket.IPV6_PKTINFO, GLOBAL + bytes(4)),
        ),
        (
            _control(IPV6, socket.IPV6_PKTINFO, LINK_LOCAL + INTERFACE),
            _control(IPV6, socket.IPV6_PKTINFO, LINK_LOCAL + INTERFACE),
        ),
        (_control(socket.SOL_SOCKET, 29, bytes(16)), b""),
    ],
    ids=["none", "cut", "IPv4", "IPv6", "link-local", "other"],
)  # fmt: skip
def test_control_data_turned_round(came: bytes, goes: bytes) -> None:
    """The address that was asked, and the interface only where an address needs it."""
    assert goes == turn_round(came)
