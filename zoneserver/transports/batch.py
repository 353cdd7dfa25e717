"""Many datagrams in one system call: recvmmsg(2) and sendmmsg(2), which Python does not have.

The structures are those of Linux on 64 bits. All memory is taken once and lives as long as
its socket.
"""

import ctypes
import mmap
import os
import socket
import struct
from typing import NamedTuple

from zoneserver.transports.pktinfo import turn_round

BATCH = 32  # datagrams
DATAGRAM_OCTETS = 65_536  # room for each; pages that no datagram reaches cost nothing
_ADDRESS_OCTETS = 28  # struct sockaddr_in6, the longer one
_CONTROL_OCTETS = 64  # room for one PKTINFO

# struct iovec: base, length. struct mmsghdr: name and its length, vector, number of vectors,
# control and its length, flags, octets received or sent.
_VECTOR = struct.Struct("@PN")
_HEADER = struct.Struct("@PIxxxxPNPNixxxxIxxxx")
_CONTROL_LENGTH, _OCTETS = 40, 56  # offsets in struct mmsghdr
_SIZE = struct.Struct("@N")
_WORD = struct.Struct("@I")
_PORT = struct.Struct("!H")


class Peer(NamedTuple):
    """Who sent a datagram: the octets of the address, and the port."""

    address: bytes
    port: int


class _Half:
    """The memory of one direction: headers, vectors, addresses, control data, datagrams."""

    def __init__(self, name_octets: int, control_octets: int) -> None:
        sizes = (_HEADER.size, _VECTOR.size, _ADDRESS_OCTETS, _CONTROL_OCTETS, DATAGRAM_OCTETS)
        self.memory = mmap.mmap(-1, BATCH * sum(sizes))  # zeroed, and never moved
        self.start = ctypes.addressof(ctypes.c_char.from_buffer(self.memory))
        starts = [BATCH * sum(sizes[:place]) for place in range(len(sizes))]
        self.headers, self.vectors, self.names, self.controls, self.datagrams = starts
        for number in range(BATCH):
            datagram = self.start + self.datagrams + number * DATAGRAM_OCTETS
            vector = self.vectors + number * _VECTOR.size
            _VECTOR.pack_into(self.memory, vector, datagram, DATAGRAM_OCTETS)
            _HEADER.pack_into(
                self.memory,
                self.headers + number * _HEADER.size,
                self.start + self.names + number * _ADDRESS_OCTETS,
                name_octets,
                self.start + vector,
                1,
                self.start + self.controls + number * _CONTROL_OCTETS,
                control_octets,
                0,
                0,
            )


class Batch:
    """Datagrams received in one call, and their answers, sent in one call."""

    def __init__(self, udp: socket.socket, *, with_control: bool) -> None:
        """`with_control`: datagrams tell which address they were sent to, and answers too."""
        library = ctypes.CDLL(None, use_errno=True)
        self._receive, self._send = library.recvmmsg, library.sendmmsg
        self._descriptor = udp.fileno()
        self._is_ipv6 = udp.family == socket.AF_INET6
        self._with_control = with_control
        control = _CONTROL_OCTETS if with_control else 0
        self._name_octets = _ADDRESS_OCTETS if self._is_ipv6 else 16
        self._in = _Half(self._name_octets, control)
        self._out = _Half(self._name_octets, 0)
        self._answers = 0

    def receive(self) -> int:
        """Receive what there is: how many datagrams. Raises OSError, of EAGAIN for none."""
        memory, at = self._in.memory, self._in.headers
        if self._with_control:  # each call leaves what the last datagram had
            for number in range(BATCH):
                _SIZE.pack_into(
                    memory, at + number * _HEADER.size + _CONTROL_LENGTH, _CONTROL_OCTETS
                )
        headers = ctypes.c_void_p(self._in.start + at)
        count: int = self._receive(self._descriptor, headers, BATCH, socket.MSG_DONTWAIT, None)
        if count < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        self._answers = 0
        return count

    def message(self, number: int) -> bytes:
        """The octets of a datagram."""
        memory = self._in.memory
        header = self._in.headers + number * _HEADER.size
        (octets,) = _WORD.unpack_from(memory, header + _OCTETS)
        at = self._in.datagrams + number * DATAGRAM_OCTETS
        return memory[at : at + octets]

    def peer(self, number: int) -> Peer:
        """Who sent a datagram."""
        memory, at = self._in.memory, self._in.names + number * _ADDRESS_OCTETS
        (port,) = _PORT.unpack_from(memory, at + 2)
        address = memory[at + 8 : at + 24] if self._is_ipv6 else memory[at + 4 : at + 8]
        return Peer(address, port)

    def answer(self, number: int, octets: bytes) -> None:
        """Note what goes back for a datagram, whose answers are noted in their order."""
        place, memory = self._answers, self._out.memory
        if len(octets) > DATAGRAM_OCTETS:
            return
        at = self._out.datagrams + place * DATAGRAM_OCTETS
        memory[at : at + len(octets)] = octets
        vector = self._out.vectors + place * _VECTOR.size
        _SIZE.pack_into(memory, vector + 8, len(octets))
        name = self._in.names + number * _ADDRESS_OCTETS
        at = self._out.names + place * _ADDRESS_OCTETS
        # The address of a link-local peer holds its scope, and goes back with it.
        memory[at : at + _ADDRESS_OCTETS] = self._in.memory[name : name + _ADDRESS_OCTETS]
        if self._with_control:
            self._answer_from(number, place)
        self._answers += 1

    def send(self) -> int:
        """Send what was noted; how many answers the kernel would not take."""
        sent = failed = 0
        while sent + failed < self._answers:
            at = self._out.start + self._out.headers + (sent + failed) * _HEADER.size
            left = self._answers - sent - failed
            count = self._send(self._descriptor, ctypes.c_void_p(at), left, socket.MSG_DONTWAIT)
            # An error is that of the first one: a full queue, no route, an answer over the MTU.
            sent, failed = (sent + count, failed) if count > 0 else (sent, failed + 1)
        self._answers = 0
        return failed

    def _answer_from(self, number: int, place: int) -> None:
        """Let an answer leave from the address that its query was sent to."""
        control = self._in.controls + number * _CONTROL_OCTETS
        header = self._in.headers + number * _HEADER.size
        (length,) = _SIZE.unpack_from(self._in.memory, header + _CONTROL_LENGTH)
        turned = turn_round(self._in.memory[control : control + min(length, _CONTROL_OCTETS)])
        at = self._out.controls + place * _CONTROL_OCTETS
        self._out.memory[at : at + len(turned)] = turned
        header = self._out.headers + place * _HEADER.size
        _SIZE.pack_into(self._out.memory, header + _CONTROL_LENGTH, len(turned))
