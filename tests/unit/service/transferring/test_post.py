"""What workers send the courier: connections and NOTIFYs, never waited for."""

import os
import socket
from collections.abc import Iterator

import pytest

from zoneserver.service.transferring.post import Parcel, Post, take_connection, take_notice

PARCELS = [
    Parcel(bytes((192, 0, 2, 1)), b"message"),
    Parcel(bytes(16), b"m" * 65_535, b"r" * 65_535, encrypted=True),
]


@pytest.fixture
def post() -> Iterator[Post]:
    """Both ends of it."""
    made = Post()
    yield made
    made.close()


@pytest.mark.parametrize("parcel", PARCELS, ids=["small", "as large as can be"])
def test_connection(post: Post, parcel: Parcel) -> None:
    """What is handed over can be written to at once, whoever has closed it before."""
    ours, theirs = socket.socketpair()
    assert take_connection(post.connections) is None
    assert post.hand_over(parcel, theirs.fileno())
    theirs.close()
    taken = take_connection(post.connections)
    assert taken is not None
    assert taken[0] == parcel
    with ours, taken[1] as connection:
        assert connection.gettimeout() == 0
        connection.send(b"hello")
        assert ours.recv(9) == b"hello"


def test_notice(post: Post) -> None:
    """It is a message and nothing else."""
    assert take_notice(post.notices) is None
    assert post.notify(PARCELS[0])
    assert take_notice(post.notices) == PARCELS[0]
    assert take_notice(post.notices) is None


def test_full(post: Post) -> None:
    """Nobody waits: what has no room is refused, and what was sent before is all there."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        sent = 0
        while post.hand_over(PARCELS[1], theirs.fileno()):
            sent += 1
        notices = 0
        while post.notify(PARCELS[0]):
            notices += 1
    assert sent > 2
    assert notices > 100
    for _ in range(sent):
        taken = take_connection(post.connections)
        assert taken is not None
        taken[1].close()
    assert take_connection(post.connections) is None


def test_descriptors(post: Post) -> None:
    """Who sends and who receives each have their ends, which are open."""
    descriptors = [*post.sending(), *post.receiving()]
    assert len(set(descriptors)) == len([os.fstat(each) for each in descriptors]) == 4
