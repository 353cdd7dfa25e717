"""Forged source addresses: servers that are made to talk to each other, or to themselves.

Packets are forged through a raw socket and watched on the loopback interface: that takes root.
"""

import select
import socket
import struct
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import octets as o
from tests.figures import Figures
from tests.servers import GOOD_ZONE, ServerProcess, running, write_zones

ENGINES = ["native", "portable"]
WATCHED_SECONDS = 1.0
ALL_PROTOCOLS = 3  # ETH_P_ALL
SO_RCVBUFFORCE = 33
OUTGOING = 4  # PACKET_OUTGOING: on loopback each packet is seen twice

MALFORMED = o.message()[:20]
# What begins a conversation, by the error that answers it.
STARTS = {
    "FORMERR": MALFORMED,
    "NOTIMP": o.message(opcode=o.STATUS),
    "REFUSED": o.message(asked=o.question("test")),
    "BADVERS": o.message(o.opt(version=1)),
    "NOTAUTH": o.message(o.tsig(), asked=o.question("mail.example.com")),
    "NXDOMAIN": o.message(asked=o.question("gone.example.com")),
}
DEAF_PORTS = [0, 7, 13, 19, 37]


def forge(messages: Iterable[tuple[bytes, int]], port: int) -> Counter[tuple[int, int]]:
    """Send messages to a port, each as if from another port of this host.

    Returns how many datagrams pass between these ports within a second, by source and target.
    """
    messages = list(messages)
    ports = {port, *(source for _, source in messages)}
    try:
        raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
        watching = socket.socket(
            socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ALL_PROTOCOLS)
        )
    except PermissionError:
        pytest.skip("only root may forge packets")
    with raw, watching:
        watching.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)  # others may be busy
        watching.bind(("lo", ALL_PROTOCOLS))
        for message, source in messages:
            datagram = struct.pack("!4H", source, port, 8 + len(message), 0) + message
            raw.sendto(datagram, ("127.0.0.1", 0))
        return Counter(pair for pair in watch(watching) if ports.issuperset(pair))


def watch(watching: socket.socket) -> Iterator[tuple[int, int]]:
    """Source and target of the datagrams that come to a port of this host, for a second."""
    deadline = time.monotonic() + WATCHED_SECONDS
    while (left := deadline - time.monotonic()) > 0:
        if not select.select([watching], [], [], left)[0]:
            break
        packet, (_, _, kind, *_) = watching.recvfrom(65_536)
        if kind != OUTGOING and packet[9] == socket.IPPROTO_UDP:
            source, target = struct.unpack_from("!2H", packet, 4 * (packet[0] & 0x0F))
            yield source, target


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    """The name of an engine that is built."""
    if request.param == "native":
        pytest.importorskip("zoneserver._fastpath", reason="the fast path is not built")
    name: str = request.param
    return name


@contextmanager
def servers(folder: Path, engine: str, many: int) -> Iterator[list[ServerProcess]]:
    """So many servers of the same zone."""
    with ExitStack() as stack:
        started = []
        for number in range(many):
            own = folder / str(number)
            own.mkdir()
            write_zones(own, example_com=GOOD_ZONE)
            words = ("--engine", engine, "--workers", "1")
            started.append(stack.enter_context(running(own, *words)))
        yield started


def test_two_servers_do_not_talk_to_each_other(
    tmp_path: Path, figures: Figures, engine: str
) -> None:
    """Acceptance 8: one error is the end of it, for there is no answer to an answer."""
    with servers(tmp_path, engine, 2) as (one, other):
        seen = forge([(message, other.port) for message in STARTS.values()], one.port)
    figures.add(f"8 packets after {len(STARTS)} forged starts, {engine}", str(seen.total()))

    assert seen == dict.fromkeys([(other.port, one.port), (one.port, other.port)], len(STARTS))


def test_a_server_does_not_talk_to_itself(
    tmp_path: Path, figures: Figures, engine: str
) -> None:
    """Acceptance 9: nor to ports that would answer; port 53 is answered once."""
    query = o.message(asked=o.question("mail.example.com"))
    with servers(tmp_path, engine, 1) as (server,):
        sources = [server.port, *DEAF_PORTS, 464, 53]
        messages = ((message, source) for source in sources for message in (query, MALFORMED))
        seen = forge(messages, server.port)
    told = {target: many for (source, target), many in seen.items() if source == server.port}
    own = told.pop(server.port, 0)
    figures.add(f"9 packets to itself, {engine}", f"{own} with the 2 forged; to ports {told}")

    assert told == {464: 1, 53: 2}  # to 464 no errors
    assert own == 2 + 2  # the forged ones, and their answers, which nobody answers
