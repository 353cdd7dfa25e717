"""DNS over TCP: framing, pipelining, half-close, and every limit."""

import asyncio
import socket
import time
from contextlib import AsyncExitStack
from dataclasses import replace

import pytest

from tests.figures import Figures
from tests.servers import ADDRESSES
from tests.unit.transports.streams import (
    QUICK,
    connected,
    echo,
    framed,
    in_loop,
    query,
    serving,
)
from zoneserver.transports.limits import TcpCounters


@in_loop
async def test_connection_is_reused() -> None:
    """One connection takes one query after the other."""
    async with serving() as server, connected(server.port) as client:
        for number in range(3):
            assert await client.ask(query(number)) == query(number)

    assert server.counters.accepted == 1


@in_loop
async def test_pipelined_queries_are_answered_in_order() -> None:
    """Acceptance 22: twenty queries in one segment get twenty answers."""
    messages = [query(number) for number in range(20)]
    async with serving() as server, connected(server.port) as client:
        client.send(framed(*messages))

        assert [await client.receive() for _ in messages] == messages


@in_loop
async def test_answers_do_not_wait_for_one_another() -> None:
    """Small answers leave at once: Nagle's algorithm would hold each batch for 40 ms."""
    async with serving() as server, connected(server.port) as client:
        begin = time.monotonic()
        for _ in range(50):
            client.send(framed(*[query()] * 20))
            for _ in range(20):
                await client.receive()

    assert time.monotonic() - begin < 1.0


@in_loop
async def test_more_than_a_turn_of_queries_is_answered() -> None:
    """Queries beyond one turn wait for the next; none is lost."""
    messages = [query(number) for number in range(1000)]
    async with serving() as server, connected(server.port) as client:
        client.send(framed(*messages))

        assert [await client.receive() for _ in messages] == messages


@in_loop
async def test_half_close_is_answered() -> None:
    """Acceptance 24: a client that has said all still hears all, then the end."""
    messages = [query(number, 4000) for number in range(100)]
    async with serving() as server, connected(server.port) as client:
        client.send(framed(*messages))
        client.writer.write_eof()

        assert await client.rest() == framed(*messages)


@in_loop
async def test_dribbled_query_is_answered() -> None:
    """Acceptance 20: octet by octet will do, as long as it is done in time."""
    async with serving() as server, connected(server.port) as client:
        for octet in framed(query(7)):
            client.send(bytes((octet,)))
            await asyncio.sleep(0.004)

        assert await client.receive() == query(7)


@in_loop
async def test_largest_message() -> None:
    """A message may have 65,535 octets, and so may its answer."""
    async with serving() as server, connected(server.port) as client:
        assert await client.ask(query(1, 65_535)) == query(1, 65_535)


@in_loop
@pytest.mark.parametrize(
    "octets",
    [
        b"\0\0",
        framed(b"x"),
        framed(bytes(11)),
        b"\0\5" + bytes(29),
        b"\xff\xff" + b"\xff" * 12,
        b"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"SSH-2.0-OpenSSH_9.2p1\r\n",
        b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 53\r\n",
        b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c" + bytes(12),
    ],
    ids=["0", "1", "11", "5+29", "QR", "HTTP", "TLS", "SSH", "PROXY v1", "PROXY v2"],
)
async def test_what_cannot_be_answered_is_closed_at_once(octets: bytes) -> None:
    """Acceptance 25, 26, 27: no answer, no wait; the other connections live on."""
    patient = replace(QUICK, first_octet=30.0, message=30.0, idle=30.0)
    async with (
        serving(patient) as server,
        connected(server.port) as other,
        connected(server.port) as client,
    ):
        client.send(octets)

        assert await client.rest() == b""
        assert await other.ask(query(2)) == query(2)

    assert server.counters == TcpCounters(accepted=2, malformed=1, answered=1)


@in_loop
async def test_earlier_queries_are_answered_before_a_close() -> None:
    """Garbage behind a query does not cost its answer."""
    async with serving() as server, connected(server.port) as client:
        client.send(framed(query(1)) + b"\0\0")

        assert await client.rest() == framed(query(1))


@in_loop
async def test_one_octet_then_eof() -> None:
    """Acceptance 25: half a length is nothing."""
    async with serving() as server, connected(server.port) as client:
        client.send(b"\0")
        client.writer.write_eof()

        assert await client.rest() == b""


@in_loop
async def test_reset_is_no_event() -> None:
    """Acceptance 24: a client that vanishes with answers under way leaves no trace."""
    async with serving() as server:
        async with connected(server.port) as client:
            client.send(framed(*[query(0, 60_000)] * 50))
            await client.receive()
            client.writer.transport.abort()
        async with connected(server.port) as client:
            assert await client.ask(query()) == query()


@in_loop
@pytest.mark.parametrize(
    ("opening", "limit"),
    [
        (b"", QUICK.first_octet),
        (b"\0", QUICK.message),
        (framed(query())[:-1], QUICK.message),
        (framed(query()), QUICK.idle),
        (framed(query()) + b"\0", QUICK.message),
    ],
    ids=["silent", "half a length", "all but one octet", "idle", "half of the second"],
)
async def test_slow_clients_are_closed(figures: Figures, opening: bytes, limit: float) -> None:
    """Acceptance 20, 21: each kind of silence has its own limit, kept to within a fifth."""
    async with serving() as server, connected(server.port) as client:
        begin = time.monotonic()
        client.send(opening)
        await client.rest()
        elapsed = time.monotonic() - begin
    number = 21 if limit == QUICK.idle else 20
    figures.add(f"{number} closed at a limit of {limit} s", f"after {elapsed:.2f} s")

    assert limit * 0.9 <= elapsed <= limit * 1.2 + 0.25  # a busy machine is late
    assert server.counters.expired == 1


@in_loop
async def test_answer_restarts_the_idle_clock() -> None:
    """Acceptance 21: a connection that asks every now and then stays."""
    async with serving(replace(QUICK, idle=0.4)) as server, connected(server.port) as client:
        for number in range(4):
            await asyncio.sleep(0.2)
            assert await client.ask(query(number)) == query(number)


@in_loop
async def test_dribble_does_not_restart_the_message_clock() -> None:
    """Acceptance 20: however steadily the octets come, the message has its time."""
    async with serving() as server, connected(server.port) as client:
        begin = time.monotonic()
        for octet in framed(query(0, 2000)):
            client.send(bytes((octet,)))
            await asyncio.sleep(0.02)
            if server.counters.expired:
                break

    assert time.monotonic() - begin < QUICK.message * 2
    assert server.counters.expired == 1


@in_loop
async def test_reader_that_never_reads_is_closed() -> None:
    """Acceptance 22: answers pile up to the limit, then the stall ends the connection."""
    answered = 0

    def answer(*_: bytes) -> bytes:
        nonlocal answered
        answered += 1
        return bytes(60_000)

    limits = replace(QUICK, idle=30.0, message=30.0, unsent=200_000)
    async with (
        serving(limits, answer) as server,
        connected(server.port, receive_buffer=4096) as client,
    ):
        client.send(framed(*[query()] * 10_000))
        async with asyncio.timeout(5):
            while not server.counters.expired:
                await asyncio.sleep(0.02)

    assert answered < 10_000


@in_loop
async def test_slow_reader_that_goes_on_reading_gets_everything() -> None:
    """Acceptance 22: backpressure holds the queries back; it loses none."""
    messages = [query(number, 60_000) for number in range(200)]
    async with (
        serving(replace(QUICK, unsent=100_000)) as server,
        connected(server.port, receive_buffer=4096) as client,
    ):
        client.send(framed(*messages))
        for message in messages:
            await asyncio.sleep(0.002)
            assert await client.receive() == message


@in_loop
async def test_busy_connection_lets_others_have_their_turn() -> None:
    """A connection with thousands of queries does not hold up another one."""

    def answer(message: bytes, _: bytes) -> bytes:
        time.sleep(0.001)
        return message

    async with (
        serving(replace(QUICK, message=30.0), answer) as server,
        connected(server.port) as busy,
        connected(server.port) as other,
    ):
        busy.send(framed(*[query()] * 2000))
        await busy.receive()
        begin = time.monotonic()
        await other.ask(query())

        assert time.monotonic() - begin < 0.5


@in_loop
async def test_source_over_its_quota_loses_its_own_oldest() -> None:
    """Acceptance 31: the connection beyond the quota is served; another source is not
    touched.
    """
    limits = replace(QUICK, per_source=3, first_octet=30.0, idle=30.0)
    async with serving(limits) as server, AsyncExitStack() as stack:
        other = await stack.enter_async_context(connected(server.port, source="127.0.0.2"))
        await other.ask(query())
        clients = [
            await stack.enter_async_context(connected(server.port, source="127.0.0.3"))
            for _ in range(4)
        ]
        for client in clients[1:]:
            await client.ask(query())

        assert await clients[0].rest() == b""
        assert await other.ask(query(1)) == query(1)
        assert [await client.ask(query()) for client in clients[1:]] == [query()] * 3

    assert server.counters.evicted_by_source == 1


@in_loop
async def test_full_server_evicts_the_longest_idle() -> None:
    """Acceptance 28: a newcomer is served at the cost of who has been silent for longest."""
    limits = replace(QUICK, connections=5, first_octet=30.0, idle=30.0)
    async with serving(limits) as server, AsyncExitStack() as stack:
        clients = []
        for number in range(1, 6):
            client = connected(server.port, source=f"127.0.0.{number}")
            clients.append(await stack.enter_async_context(client))
            await clients[-1].ask(query())
        await clients[0].ask(query())
        newcomer = await stack.enter_async_context(connected(server.port))

        assert await newcomer.ask(query()) == query()
        assert await clients[1].rest() == b""
        for index in (0, 2, 3, 4):
            assert await clients[index].ask(query(index)) == query(index)

    assert server.counters.evicted == 1


@pytest.mark.skipif("::1" not in ADDRESSES, reason="this host has no IPv6")
@in_loop
async def test_ipv6_sources_share_a_56() -> None:
    """Acceptance 31: one /56 is one source."""
    limits = replace(QUICK, per_source=1, first_octet=30.0)
    async with (
        serving(limits, address="::1") as server,
        connected(server.port, address="::1") as first,
        connected(server.port, address="::1") as second,
    ):
        assert await second.ask(query()) == query()
        assert await first.rest() == b""


@in_loop
@pytest.mark.parametrize("address", ADDRESSES)
async def test_answer_is_told_who_asks(address: str) -> None:
    """The octets of the client's address."""
    seen = []

    def answer(message: bytes, asker: bytes) -> bytes:
        seen.append(asker)
        return message

    async with (
        serving(answer=answer, address=address) as server,
        connected(server.port, address=address) as client,
    ):
        await client.ask(query())

    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    assert seen == [socket.inet_pton(family, address)]


@in_loop
async def test_stop_answers_what_has_come() -> None:
    """Queries that are in the house when the stop comes are answered, then all is closed."""
    messages = [query(number) for number in range(500)]
    async with serving() as server, connected(server.port) as client:
        client.send(framed(*messages))
        await server.server.stop(1.0)

        assert await client.rest() == framed(*messages)


@in_loop
async def test_stop_waits_for_queries_on_their_way() -> None:
    """Who has connected, or begun to ask, is answered; others are closed at once."""
    async with (
        serving() as server,
        connected(server.port) as new,
        connected(server.port) as begun,
        connected(server.port) as idle,
    ):
        await idle.ask(query())
        begun.send(framed(query(1))[:5])
        stopping = asyncio.create_task(server.server.stop(1.0))
        assert await idle.rest() == b""
        new.send(framed(query(2)))
        begun.send(framed(query(1))[5:])

        assert [framed(query(2)), framed(query(1))] == [await new.rest(), await begun.rest()]
        await stopping


@in_loop
async def test_stop_does_not_wait_for_the_deaf() -> None:
    """A client that reads nothing is closed by force."""
    async with (
        serving(replace(QUICK, stall=30.0), lambda *_: bytes(60_000)) as server,
        connected(server.port, receive_buffer=4096) as client,
    ):
        client.send(framed(*[query()] * 200))
        await client.reader.readexactly(1)
        begin = time.monotonic()
        await server.server.stop(0.3)

    assert time.monotonic() - begin < 1.0


@in_loop
async def test_thousands_of_visits_leave_nothing_behind() -> None:
    """Connections that come and go are forgotten."""
    async with serving() as server:
        for _ in range(500):
            async with connected(server.port):
                pass
        async with connected(server.port) as client:
            assert await client.ask(query()) == query()
        async with asyncio.timeout(5):
            while server.server._connections:
                await asyncio.sleep(0.01)


def test_echo_is_silent_for_short_messages() -> None:
    """The tests above rely on it."""
    assert echo(bytes(11), b"") is None
