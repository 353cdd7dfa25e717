"""Sockets to listen on: how they are bound, and what is said when that fails."""

import errno
import socket
import struct
from contextlib import suppress
from typing import NamedTuple

from zoneserver.errors import StartError
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.pktinfo import IP_PKTINFO

BACKLOG = 1024  # connections that wait for accept(); the kernel may allow fewer
RECEIVE_BUFFER = 4 << 20  # octets: a burst of queries outlasts a busy moment
PORT_ATTEMPTS = 16  # how often a free port on UDP may turn out to be taken on TCP
# From Linux's headers; Python has no names for them.
IP_MTU_DISCOVER, IPV6_MTU_DISCOVER = 10, 23
SO_MEMINFO = 55
_MEMINFO, _DROPS = struct.Struct("@9I"), 8  # what it tells, and which of that are drops
PMTUDISC_OMIT = 5  # send without DF, and believe no ICMP about the path

_ADVICE = {
    errno.EADDRINUSE: "the port is in use; stop the other server, or choose another port",
    errno.EADDRNOTAVAIL: "this host has no such address",
    errno.EACCES: "a port below 1024 needs root or CAP_NET_BIND_SERVICE",
}


class Sockets(NamedTuple):
    """One endpoint, bound on UDP and on TCP under the same port number."""

    endpoint: Endpoint
    udp: socket.socket
    tcp: socket.socket

    def close(self) -> None:
        """Give the port back."""
        self.udp.close()
        self.tcp.close()


def bind(endpoint: Endpoint) -> Sockets:
    """Bind an endpoint; port 0 means any that is free. Raises StartError."""
    attempts = 1 if endpoint.port else PORT_ATTEMPTS
    while True:
        attempts -= 1
        try:
            return bind_pair(endpoint)
        except StartError:
            if not attempts:
                raise


def bind_shared(endpoint: Endpoint, shares: int) -> list[Sockets]:
    """Bind an endpoint once for each of those who share its load. Raises StartError.

    The kernel sends all that comes from one socket of a client to the same share.
    """
    alone = bind(endpoint)  # fails if any other server has the port, which sharing would not
    alone.close()
    bound: list[Sockets] = []
    try:
        for _ in range(shares):
            bound += [bind_pair(alone.endpoint, shared=True)]
    except StartError:
        for sockets in bound:
            sockets.close()
        raise
    return bound


def count_overflows(udp: socket.socket) -> int:
    """How many datagrams the kernel has dropped because nobody took those before them."""
    meminfo = udp.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, _MEMINFO.size)
    return int(_MEMINFO.unpack(meminfo)[_DROPS])


def has_ipv6_loopback() -> bool:
    """Whether this host has the address ::1."""
    try:
        bind(Endpoint("::1", 0)).close()
    except StartError:
        return False
    return True


def bind_pair(endpoint: Endpoint, *, shared: bool = False) -> Sockets:
    """Bind an endpoint once, `shared` beside others that are. Raises StartError."""
    udp = bind_socket(endpoint, socket.SOCK_DGRAM, shared=shared)
    bound = Endpoint(endpoint.address, udp.getsockname()[1])
    try:
        tcp = bind_socket(bound, socket.SOCK_STREAM, shared=shared)
    except StartError:
        udp.close()
        raise
    tune_udp(udp, endpoint)
    return Sockets(bound, udp, tcp)


def bind_socket(endpoint: Endpoint, kind: socket.SocketKind, *, shared: bool) -> socket.socket:
    """Bind an endpoint on UDP or TCP alone. Raises StartError."""
    protocol = "UDP" if kind == socket.SOCK_DGRAM else "TCP"
    try:
        return _open_socket(endpoint, kind, shared=shared)
    except OSError as error:
        reason = _ADVICE.get(error.errno or 0, error.strerror)
        raise StartError(f"cannot listen on {endpoint} ({protocol}): {reason}") from error


def _open_socket(endpoint: Endpoint, kind: socket.SocketKind, *, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if endpoint.is_ipv6 else socket.AF_INET
    # asyncio sets TCP_NODELAY only on sockets that are told their protocol.
    protocol = socket.IPPROTO_TCP if kind == socket.SOCK_STREAM else socket.IPPROTO_UDP
    bound = socket.socket(family, kind, protocol)
    try:
        bound.settimeout(0)
        if endpoint.is_ipv6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        if kind == socket.SOCK_STREAM:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        # Through getaddrinfo, because fe80::1%eth0 needs the number of eth0.
        (*_, address), *_ = socket.getaddrinfo(
            endpoint.address, endpoint.port, family, kind, 0, socket.AI_NUMERICHOST
        )
        bound.bind(address)
        if kind == socket.SOCK_STREAM:
            bound.listen(BACKLOG)
    except OSError:
        bound.close()
        raise
    return bound


def tune_udp(udp: socket.socket, endpoint: Endpoint) -> None:
    """Ask for what helps; a kernel that will not do it is no reason to stay silent."""
    level = socket.IPPROTO_IPV6 if endpoint.is_ipv6 else socket.IPPROTO_IP
    discover = IPV6_MTU_DISCOVER if endpoint.is_ipv6 else IP_MTU_DISCOVER
    with suppress(OSError):
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
    with suppress(OSError):
        udp.setsockopt(level, discover, PMTUDISC_OMIT)
    if endpoint.is_wildcard:  # so that each query tells which address it was sent to
        info = socket.IPV6_RECVPKTINFO if endpoint.is_ipv6 else IP_PKTINFO
        with suppress(OSError):
            udp.setsockopt(level, info, 1)
