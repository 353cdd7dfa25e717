"""DNS over UDP: one datagram in, at most one datagram out.

Knows no zones: every message goes through one callable, octets in and octets out.
"""

import asyncio
import socket
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from zoneserver.transports.listen import IP_PKTINFO

MAX_DATAGRAM = 65_535  # octets
PER_TURN = 64  # datagrams answered before the other sockets get their turn
LAST_TURNS = 64  # turns that stop() spends on what is still queued
ANCILLARY_OCTETS = 128  # room for one PKTINFO, whatever else the kernel may add

# echo, discard, daytime, chargen, time, and 0, which nobody can have: an answer to them
# could only start a loop or be lost.
DEAF_PORTS = frozenset({0, 7, 13, 19, 37})
KPASSWD_PORT = 464  # answers whatever it does not understand with an error, as we do

# What recvmsg and sendmsg carry beside the message: level, type, octets.
Ancillary = tuple[int, int, bytes]


@dataclass(slots=True)
class UdpCounters:
    """What was neither answered nor anybody's fault that could be told so."""

    dropped_ports: int = 0
    receive_errors: int = 0
    send_errors: int = 0


class UdpServer:
    """Answers the datagrams of one bound, non-blocking socket."""

    def __init__(
        self, udp: socket.socket, answer: Callable[[bytes], bytes | None], counters: UdpCounters
    ) -> None:
        self._socket = udp
        self._answer = answer
        self._counters = counters
        self._octets = bytearray(MAX_DATAGRAM)

    def start(self) -> None:
        """Answer from now on, in the running event loop."""
        asyncio.get_running_loop().add_reader(self._socket, self._take_turn)

    def stop(self) -> None:
        """Answer what has come, then close the socket."""
        asyncio.get_running_loop().remove_reader(self._socket)
        for _ in range(LAST_TURNS):
            if not self._take_turn():
                break
        self._socket.close()

    def _take_turn(self) -> bool:
        """Answer some of the datagrams that wait. False when none is left."""
        return all(self._answer_next() for _ in range(PER_TURN))

    def _answer_next(self) -> bool:
        """Answer one datagram. False when there is none."""
        try:
            count, ancillary, _, peer = self._socket.recvmsg_into(
                (self._octets,), ANCILLARY_OCTETS
            )
        except BlockingIOError:
            return False
        except OSError:  # an error that an earlier datagram caused, reported late
            self._counters.receive_errors += 1
            return False
        if peer[1] in DEAF_PORTS:
            self._counters.dropped_ports += 1
            return True
        answer = self._answer(bytes(memoryview(self._octets)[:count]))
        if answer is None:
            return True
        if peer[1] == KPASSWD_PORT and answer[3] & 0x0F:
            self._counters.dropped_ports += 1
            return True
        try:
            # The peer of a link-local address holds its scope, and goes back with it.
            self._socket.sendmsg((answer,), _source(ancillary), 0, peer)
        except OSError:  # a full queue, no route, a firewall, an answer over the MTU
            self._counters.send_errors += 1
        return True


def _source(ancillary: Iterable[Ancillary]) -> list[Ancillary]:
    """What makes an answer leave from the address that was asked; empty: as bound."""
    for level, kind, octets in ancillary:
        if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
            # struct in_pktinfo: interface, local address, destination. No interface, so
            # that the answer may take another way than the query did.
            return [(level, kind, bytes(4) + octets[4:8] + bytes(4))]
        if (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
            # struct in6_pktinfo: destination, interface. A link-local address means
            # nothing without its interface (RFC 4007 6).
            link_local = octets[0] == 0xFE and octets[1] & 0xC0 == 0x80
            return [(level, kind, octets if link_local else octets[:16] + bytes(4))]
    return []
