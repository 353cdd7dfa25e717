"""Native engines for tests: made with few words, serving on loopback, always stopped."""

import os
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from zoneserver.networks import LOOPBACK
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import bind

native = pytest.importorskip("zoneserver._fastpath", reason="the fast path is not built")

WAIT_SECONDS = 3.0
# RFC 8914 2: Not Authoritative, without a text.
REFUSED_OPTION = b"\0\x0f\0\2\0\x14"


def make_engine(**settings: Any) -> Any:
    """An engine without limits, unless it is told otherwise."""
    defaults: dict[str, Any] = {
        "max_payload": 1232,
        "nsid": b"ns1",
        "refused_option": REFUSED_OPTION,
        "secrets": [],
        "rate": 0,
        "slip": 0,
        "errors": 0,
        "log_only": False,
        "exempt": LOOPBACK.prefixes,
        "ledger": None,
        "allowed_everywhere": None,
        "allowed": (),
    }
    return native.Engine(**defaults | settings)


class Serving(NamedTuple):
    """An engine that answers on a port, and what wakes whoever answers for it."""

    engine: Any
    port: int
    wake: int

    def take(self) -> list[Any]:
        """What was handed over, once there is something."""
        assert select.select([self.wake], [], [], WAIT_SECONDS)[0]
        os.eventfd_read(self.wake)
        pending: list[Any] = self.engine.take(64)
        return pending


@contextmanager
def serving(address: str = "127.0.0.1", **settings: Any) -> Iterator[Serving]:
    """Answer while the block runs."""
    sockets, wake = bind(Endpoint(address, 0)), os.eventfd(0, os.EFD_NONBLOCK)
    engine = make_engine(**settings)
    engine.serve([sockets.udp.fileno()], wake)
    try:
        yield Serving(engine, sockets.endpoint.port, wake)
    finally:
        engine.stop()
        sockets.close()
        os.close(wake)


@contextmanager
def asking(address: str = "127.0.0.1", port: int = 0) -> Iterator[socket.socket]:
    """A socket to ask from, which waits for answers a while."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(WAIT_SECONDS)
        try:
            client.bind((address, port))
        except PermissionError:
            pytest.skip(f"no permission to bind port {port}")
        yield client
