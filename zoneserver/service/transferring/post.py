"""The post from the workers to the courier: connections that want a zone, and NOTIFYs.

The main process makes it before all others and keeps its ends, so that a courier that takes
another's place finds what was sent to that one. Nobody waits at it: what has no room is told
so, and left.
"""

import socket
from contextlib import suppress
from struct import Struct
from typing import NamedTuple

from zoneserver.transports.framing import MAX_FRAME

BUFFER_OCTETS = 1 << 20  # of what waits to be taken; the kernel may allow fewer
_HEAD = Struct("!BBI")  # whether over TLS, octets of the address, octets of the message
_MOST_OCTETS = _HEAD.size + 16 + 2 * MAX_FRAME


class Parcel(NamedTuple):
    """A message that came from an address; what else was read behind it; whether over TLS."""

    address: bytes
    message: bytes
    rest: bytes = b""
    encrypted: bool = False

    def pack(self) -> bytes:
        """The octets of it."""
        head = _HEAD.pack(self.encrypted, len(self.address), len(self.message))
        return b"".join((head, self.address, self.message, self.rest))

    @classmethod
    def unpack(cls, octets: bytes) -> "Parcel":
        """The value of what `pack` made."""
        encrypted, size, length = _HEAD.unpack_from(octets)
        address_end = _HEAD.size + size
        end = address_end + length
        address, message = octets[_HEAD.size : address_end], octets[address_end:end]
        return cls(address, message, octets[end:], bool(encrypted))


class Post:
    """Both ends of it: the courier reads `connections` and `notices`, workers send."""

    def __init__(self) -> None:
        self._to_connections, self.connections = _make_pair()
        self._to_notices, self.notices = _make_pair()

    def sending(self) -> list[int]:
        """The descriptors that a worker has to keep."""
        return [self._to_connections.fileno(), self._to_notices.fileno()]

    def receiving(self) -> list[int]:
        """The descriptors that the courier has to keep."""
        return [self.connections.fileno(), self.notices.fileno()]

    def close(self) -> None:
        """Let go of all ends; what waits there is lost."""
        for pair in (self._to_connections, self.connections, self._to_notices, self.notices):
            pair.close()

    def hand_over(self, parcel: Parcel, descriptor: int) -> bool:
        """Give a connection to the courier, if there is room."""
        return _send(self._to_connections, parcel, [descriptor])

    def notify(self, parcel: Parcel) -> bool:
        """Tell the courier of a NOTIFY, if there is room."""
        return _send(self._to_notices, parcel, [])


def take_connection(end: socket.socket) -> tuple[Parcel, socket.socket] | None:
    """The next connection that was handed over; None where none is waiting."""
    try:
        octets, descriptors, *_ = socket.recv_fds(end, _MOST_OCTETS, 1)
    except BlockingIOError:
        return None
    if not descriptors:  # this process has as many open as it may
        return None
    connection = socket.socket(fileno=descriptors[0])
    connection.setblocking(False)
    return Parcel.unpack(octets), connection


def take_notice(end: socket.socket) -> Parcel | None:
    """The next NOTIFY; None where none is waiting."""
    try:
        return Parcel.unpack(end.recv(_MOST_OCTETS))
    except BlockingIOError:
        return None


def _send(end: socket.socket, parcel: Parcel, descriptors: list[int]) -> bool:
    try:
        socket.send_fds(end, [parcel.pack()], descriptors)
    except OSError:  # there is no room, or too many descriptors are on their way
        return False
    return True


def _make_pair() -> tuple[socket.socket, socket.socket]:
    sending, receiving = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in (sending, receiving):
        end.setblocking(False)
    with suppress(OSError):
        sending.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, BUFFER_OCTETS)
    return sending, receiving
