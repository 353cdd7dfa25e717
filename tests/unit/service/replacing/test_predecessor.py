"""What the server that runs may say to the one that is to take its place, and what not."""

import asyncio
import json
import os
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from zoneserver.errors import StartError
from zoneserver.service.keeping.store import Served
from zoneserver.service.replacing.estate import Estate
from zoneserver.service.replacing.predecessor import Predecessor
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import bind
from zoneserver.transports.listen_tls import bind_shared_tls

REST = {"kind": "rest", "fixed": False, "manager": {"address": ""}, "pid": 7}
NOTHING = {**REST, "served": Served().document()}
ANYWHERE = Endpoint("127.0.0.1", 0)


@contextmanager
def saying(path: Path, lines: Sequence[object]) -> Iterator[None]:
    """A server that answers each message with the next of these lines, and then ends."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve() -> None:
        client, _ = listener.accept()
        with client:
            for line in lines:
                client.recv(4096)
                client.sendall(json.dumps(line).encode() + b"\n")
            client.recv(4096)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield
    finally:
        thread.join(10)
        listener.close()


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ([], "has ended before this one had its sockets"),
        ([{"refused": "somebody is faster"}], "somebody is faster"),
        ([{"result": "what?"}], "does not understand: restart it"),
        ([{"kind": "dns", "asked": "127.0.0.1:53"}], "does not understand: restart it"),
        ([["kind"]], "does not understand: restart it"),
        ([{**REST, "served": {"files": []}}], "does not understand: restart it"),
    ],
    ids=["nothing", "no", "another command", "no sockets", "no object", "no zones"],
)
def test_server_that_leaves_nothing(tmp_path: Path, lines: list[object], said: str) -> None:
    """It is told why, and nothing is taken."""
    path = tmp_path / "control.sock"
    with saying(path, lines), pytest.raises(StartError, match=said):
        Predecessor.ask(path)


def test_nobody_knows_where(tmp_path: Path) -> None:
    """Without a control socket there is nobody to ask."""
    with pytest.raises(StartError, match="where the running server's control socket is"):
        Predecessor.ask(None)
    with pytest.raises(StartError, match="no server answers at"):
        Predecessor.ask(tmp_path / "control.sock")


@pytest.mark.parametrize(
    ("words", "refused"), [([{"yours": True}], False), ([], False), ([{"refused": "no"}], True)]
)
def test_last_word(tmp_path: Path, words: list[object], *, refused: bool) -> None:
    """Whoever says nothing any more is gone, and so is replaced as well."""
    path, replaced = tmp_path / "control.sock", []
    with saying(path, [NOTHING, *words]):
        predecessor = Predecessor.ask(path)
        predecessor.on_replaced = lambda: replaced.append(os.getpid())
        # The server takes what we have said of its parcel before what we say now.
        if refused:
            with pytest.raises(StartError, match="no"):
                asyncio.run(predecessor.replace())
        else:
            asyncio.run(predecessor.replace())

    assert 7 == predecessor.estate.pid
    assert ([] if refused else [os.getpid()]) == replaced


def test_estate_that_is_collected_again() -> None:
    """Every socket has its place, by the endpoint that was asked for; the rest is closed."""
    sockets, listeners = bind(ANYWHERE), bind_shared_tls(ANYWHERE, 2)
    page, control = bind(ANYWHERE), socket.socket(socket.AF_UNIX)
    served = Served(files=("a.zimg",))
    estate = Estate({ANYWHERE: [sockets]}, {ANYWHERE: listeners}, {ANYWHERE: page.tcp}, control)
    estate.is_fixed, estate.served, estate.pid = True, served, 7
    again = Estate.collect(estate.parcels())
    again.close()

    assert estate == again
    assert 2 == len(again.tls[ANYWHERE])
    assert [-1, -1, -1] == [sockets.udp.fileno(), listeners[1].tcp.fileno(), page.tcp.fileno()]
    assert control.fileno() > 0
    control.close()
    page.close()
