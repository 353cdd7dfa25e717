"""Many datagrams in one system call: recvmmsg(2) and sendmmsg(2), which Python does not have.

All memory is taken once and lives as long as its socket. An answer is written over its
query, whose id (the first two octets) it has, and goes out by the same header to the same
address, so nothing else is copied. What a call changes in the headers is put back in one
piece before the next.
"""

import ctypes
import errno
import mmap
import os
import socket
from collections.abc import Sequence

from zoneserver.transports import mmsghdr as h
from zoneserver.transports.pktinfo import turn_round

BATCH = 32  # datagrams
DATAGRAM_OCTETS = 65_536  # room for each; pages that no datagram reaches cost nothing
ID_OCTETS = 2

# What follows the id of a message, its sender's address and port. No class: one is made for
# every query, and a tuple costs nothing.
Datagram = tuple[bytes, bytes, int]


class Batch:
    """Datagrams received in one call, and their answers, sent in one call."""

    def __init__(self, udp: socket.socket, *, with_control: bool) -> None:
        """`with_control`: datagrams tell which address they were sent to, and answers too."""
        library = ctypes.CDLL(None, use_errno=True)
        self._receive, self._send = library.recvmmsg, library.sendmmsg
        self._descriptor = udp.fileno()
        self._with_control = with_control
        is_ipv6 = udp.family == socket.AF_INET6
        self._peer = h.PEER6 if is_ipv6 else h.PEER4
        sizes = (
            h.HEADER.size,
            h.VECTOR.size,
            h.ADDRESS_OCTETS,
            h.CONTROL_OCTETS,
            DATAGRAM_OCTETS,
        )
        starts = [BATCH * sum(sizes[:place]) for place in range(len(sizes))]
        _, vectors, names, self._controls, datagrams = starts
        self._memory = memory = mmap.mmap(-1, BATCH * sum(sizes))  # zeroed, and never moved
        self._start = start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
        for number in range(BATCH):
            name, vector, control, datagram = (
                start + area + number * octets
                for area, octets in (
                    (names, h.ADDRESS_OCTETS),
                    (vectors, h.VECTOR.size),
                    (self._controls, h.CONTROL_OCTETS),
                    (datagrams, DATAGRAM_OCTETS),
                )
            )
            h.VECTOR.pack_into(memory, vector - start, datagram, DATAGRAM_OCTETS)
            name_octets = h.ADDRESS_OCTETS if is_ipv6 else 16
            fields = (name, name_octets, vector, 1, control, h.CONTROL_OCTETS * with_control)
            h.HEADER.pack_into(memory, number * h.HEADER.size, *fields, 0, 0)
        self._fresh = memory[:names]  # headers and vectors as `receive` needs them
        self._headers = memoryview(memory)[:vectors]
        self._lengths = memoryview(memory)[vectors:names].cast("L")[1::2]
        self._names = memoryview(memory)[names : self._controls]
        self._datagrams = range(datagrams, len(memory), DATAGRAM_OCTETS)

    def receive(self) -> list[Datagram]:
        """Receive what there is. Raises OSError, of EAGAIN for nothing."""
        memory, headers = self._memory, ctypes.c_void_p(self._start)
        memory[: len(self._fresh)] = self._fresh
        count = self._receive(self._descriptor, headers, BATCH, socket.MSG_DONTWAIT, None)
        if count < 0:
            raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
        return [
            (memory[at + ID_OCTETS : at + octets], address, port)
            for at, (octets,), (port, address) in zip(
                self._datagrams[:count],
                h.OCTETS.iter_unpack(self._headers),
                self._peer.iter_unpack(self._names),
                strict=False,
            )
        ]

    def send(self, answers: Sequence[bytes | None]) -> int:
        """Send what follows the id in the answer to each datagram, or nothing for None.

        No answer is longer than a datagram may be. Returns how many the kernel did not take.
        """
        memory, lengths = self._memory, self._lengths
        for number, (at, answer) in enumerate(zip(self._datagrams, answers, strict=False)):
            if answer is not None:
                octets = ID_OCTETS + len(answer)
                memory[at + ID_OCTETS : at + octets] = answer
                lengths[number] = octets
        if self._with_control:
            self._turn_round(len(answers))
        count = len(answers)
        if None in answers:
            chosen = [number for number, answer in enumerate(answers) if answer is not None]
            count = self._close_up(chosen)
        return self._send_first(count)

    def read_id(self, number: int) -> bytes:
        """The octets that a datagram begins with, where ids are."""
        at = self._datagrams[number]
        return self._memory[at : at + ID_OCTETS]

    def write_id(self, number: int, octets: bytes) -> None:
        """Let the answer to a datagram begin with another id."""
        at = self._datagrams[number]
        self._memory[at : at + ID_OCTETS] = octets

    def _send_first(self, count: int) -> int:
        memory, start = self._memory, self._start
        sent = failed = 0
        while (first := sent + failed) < count:
            headers = ctypes.c_void_p(start + first * h.HEADER.size)
            done = self._send(self._descriptor, headers, count - first, socket.MSG_DONTWAIT)
            if done > 0:
                sent += done
            # An error is that of the first one: a full queue, no route, or it is too long.
            elif ctypes.get_errno() != errno.EMSGSIZE or not h.cut(memory, start, first):
                failed += 1
        return failed

    def _close_up(self, chosen: Sequence[int]) -> int:
        """Have the headers of these datagrams stand first."""
        memory, size = self._memory, h.HEADER.size
        headers = b"".join(memory[number * size : (number + 1) * size] for number in chosen)
        memory[: len(headers)] = headers
        return len(chosen)

    def _turn_round(self, count: int) -> None:
        """Let answers leave from the addresses that their queries were sent to."""
        memory = self._memory
        for number in range(count):
            header = number * h.HEADER.size + h.CONTROL_LENGTH
            (length,) = h.SIZE.unpack_from(memory, header)
            at = self._controls + number * h.CONTROL_OCTETS
            turned = turn_round(memory[at : at + min(length, h.CONTROL_OCTETS)])
            memory[at : at + len(turned)] = turned
            h.SIZE.pack_into(memory, header, len(turned))
