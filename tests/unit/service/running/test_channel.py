"""Messages between processes: whole, in order, and an end that is told."""

import asyncio
import socket
import threading
from typing import Any

import pytest

from zoneserver.service.running.channel import AsyncChannel, Channel, pack

MESSAGES: list[dict[str, Any]] = [
    {"serve": {"files": ["é\udcff.zimg"]}},
    {"idle": True},
    {"text": "x" * 300_000},
]


def _in_thread(*octets: bytes) -> tuple[Channel, socket.socket, threading.Thread]:
    """A channel to whose other end these octets are sent, piece by piece, and then the end."""
    ours, theirs = socket.socketpair()

    def send() -> None:
        for piece in octets:
            theirs.sendall(piece)
        theirs.close()

    thread = threading.Thread(target=send)
    thread.start()
    return Channel(ours), ours, thread


def test_messages_arrive_in_order() -> None:
    """Whatever is in them, and however long they are."""
    channel, end, thread = _in_thread(*map(pack, MESSAGES))
    received = [channel.receive() for _ in MESSAGES]
    last = channel.receive()
    thread.join()
    end.close()

    assert MESSAGES == received
    assert last is None


def test_pieces_are_put_together() -> None:
    """Where one message ends is not where the kernel cuts."""
    octets = pack(MESSAGES[0]) + pack(MESSAGES[1])
    channel, end, thread = _in_thread(*(bytes((octet,)) for octet in octets))
    received = [channel.receive(), channel.receive()]
    thread.join()
    end.close()

    assert MESSAGES[:2] == received


@pytest.mark.parametrize("cut", [0, 1, 4, 5, 12])
def test_end_within_a_message(cut: int) -> None:
    """Half a message is none."""
    channel, end, thread = _in_thread(pack(MESSAGES[0])[:cut])
    received = channel.receive()
    thread.join()
    end.close()

    assert received is None


def test_other_end_that_is_gone() -> None:
    """It is an error to send to, and the end to receive from."""
    ours, theirs = socket.socketpair()
    theirs.sendall(b"x")
    ours.sendall(b"unread")  # so that the close is a reset
    theirs.close()
    channel = Channel(ours)
    with pytest.raises(OSError, match=r"Broken pipe|reset"):
        channel.send({"a": 1})

    assert channel.receive() is None
    channel.close()


def test_both_kinds_understand_each_other() -> None:
    """One waits, the other has an event loop."""

    async def scenario() -> None:
        ours, theirs = socket.socketpair()
        waiting, running = Channel(theirs), await AsyncChannel.open(ours)

        def echo() -> None:
            while (message := waiting.receive()) is not None:
                waiting.send(message)
            waiting.close()

        echoing = asyncio.get_running_loop().run_in_executor(None, echo)
        for message in MESSAGES:
            running.send(message)
        assert MESSAGES == [await running.receive() for _ in MESSAGES]
        running.close()
        await echoing

    asyncio.run(scenario())


@pytest.mark.parametrize("cut", [0, 2, 9])
def test_event_loop_hears_of_the_end(cut: int) -> None:
    """As the other kind does."""

    async def scenario() -> None:
        ours, theirs = socket.socketpair()
        channel = await AsyncChannel.open(ours)
        theirs.sendall(pack(MESSAGES[0])[:cut])
        theirs.close()
        assert await channel.receive() is None
        channel.close()

    asyncio.run(scenario())
