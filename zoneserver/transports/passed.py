"""Sockets that somebody else has bound, and passed to us when we were started."""

import errno
import socket
from collections.abc import Iterable

from zoneserver.errors import StartError
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.listen import BACKLOG, Sockets, tune_udp

_NAMES = {socket.SOCK_DGRAM: "UDP (ListenDatagram=)", socket.SOCK_STREAM: "TCP (ListenStream=)"}


def take_sockets(descriptors: Iterable[int]) -> list[Sockets]:
    """The endpoints that these sockets are bound to, each on UDP and TCP. Raises StartError."""
    found: dict[Endpoint, dict[socket.SocketKind, socket.socket]] = {}
    for descriptor in descriptors:
        endpoint, passed = _take(descriptor)
        found.setdefault(endpoint, {})[passed.type] = passed
    for endpoint, pair in found.items():
        for kind, name in _NAMES.items():
            if kind not in pair:
                raise StartError(f"no socket was passed for {endpoint} over {name}")
        tune_udp(pair[socket.SOCK_DGRAM], endpoint)
    return [
        Sockets(endpoint, pair[socket.SOCK_DGRAM], pair[socket.SOCK_STREAM])
        for endpoint, pair in found.items()
    ]


def _take(descriptor: int) -> tuple[Endpoint, socket.socket]:
    try:
        passed = socket.socket(fileno=descriptor)
    except OSError as error:
        reason = error.strerror if error.errno != errno.ENOTSOCK else "it is no socket"
        raise StartError(f"descriptor {descriptor} was passed, but {reason}") from error
    if passed.family not in {socket.AF_INET, socket.AF_INET6} or passed.type not in _NAMES:
        raise StartError(f"the socket passed as descriptor {descriptor} is neither UDP nor TCP")
    endpoint = Endpoint(*passed.getsockname()[:2])
    if endpoint.is_ipv6 and not passed.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY):
        raise StartError(
            f"the socket passed for {endpoint} is for IPv4, too;"
            " write BindIPv6Only=ipv6-only and a socket of its own for IPv4"
        )
    passed.settimeout(0)
    if passed.type == socket.SOCK_STREAM:
        passed.listen(BACKLOG)  # it may listen already, with another length of its queue
    return endpoint, passed
