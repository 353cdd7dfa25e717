"""Where DNS over TLS is answered: sockets on TCP alone."""

import socket
from typing import NamedTuple

from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import bind_socket


class TlsListener(NamedTuple):
    """One endpoint, bound on TCP."""

    endpoint: Endpoint
    tcp: socket.socket


def bind_shared_tls(endpoint: Endpoint, shares: int) -> list[TlsListener]:
    """Bind an endpoint once for each of those who share its load. Raises StartError."""
    # Alone first: that fails if any other server has the port, which sharing would not.
    with bind_socket(endpoint, socket.SOCK_STREAM, shared=False) as alone:
        endpoint = Endpoint(endpoint.address, alone.getsockname()[1])
    return [bind_share_tls(endpoint) for _ in range(shares)]


def bind_share_tls(endpoint: Endpoint) -> TlsListener:
    """Bind an endpoint that is shared already once more. Raises StartError."""
    return TlsListener(endpoint, bind_socket(endpoint, socket.SOCK_STREAM, shared=True))
