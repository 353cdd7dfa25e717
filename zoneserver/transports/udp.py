"""DNS over UDP: one datagram in, at most one datagram out.

Knows no zones: every message goes through one callable, octets in and octets out.
"""

import asyncio
import errno
import socket
import time
from collections.abc import Callable, Container
from dataclasses import dataclass

from zoneserver.transports.batch import BATCH, ID_OCTETS, Batch, Datagram
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.latency import Latency
from zoneserver.transports.proxy import decode_header

BATCHES_PER_TURN = 4  # answered before the other sockets get their turn
LAST_TURNS = 64  # turns that stop() spends on what is still queued

# echo, discard, daytime, chargen, time, and 0, which nobody can have: an answer to them
# could only start a loop or be lost.
DEAF_PORTS = frozenset({0, 7, 13, 19, 37})
KPASSWD_PORT = 464  # answers whatever it does not understand with an error, as we do
_ODD_PORTS = DEAF_PORTS | {KPASSWD_PORT}
_RCODE_AT = 3 - ID_OCTETS

# What follows the id of a message, and its sender's address, to what follows the id of the
# answer or to silence. The id stays where it is, in the memory of the batch.
Answer = Callable[[bytes, bytes], bytes | None]
# Is shown the id of a message and the rest of it, its answer as above, and when it came.
Show = Callable[[bytes, Datagram, bytes | None, int], None]


@dataclass(slots=True)
class UdpCounters:
    """What was answered, and what was nobody's fault that could be told so.

    `refused` are those that did not begin with the PROXY header that is due.
    """

    answered: int = 0
    refused: int = 0
    dropped_ports: int = 0
    receive_errors: int = 0
    send_errors: int = 0


class UdpServer:
    """Answers the datagrams of one bound, non-blocking socket.

    Those from `proxies` begin with a PROXY header, which tells who asks. `show` is shown
    what is answered.
    """

    def __init__(
        self,
        udp: socket.socket,
        answer: Answer,
        counters: UdpCounters,
        latency: Latency,
        proxies: Container[bytes] | None = None,
        *,
        show: Show | None = None,
    ) -> None:
        self._socket = udp
        self._answer = answer
        self._counters = counters
        self._latency = latency
        self._proxies = proxies
        self._show = show
        wildcard = Endpoint(*udp.getsockname()[:2]).is_wildcard
        self._batch = Batch(udp, with_control=wildcard)

    def start(self) -> None:
        """Answer from now on, in the running event loop."""
        asyncio.get_running_loop().add_reader(self._socket, self.take_turn)

    def stop(self) -> None:
        """Answer what has come, then close the socket."""
        asyncio.get_running_loop().remove_reader(self._socket)
        for _ in range(LAST_TURNS):
            if not self.take_turn():
                break
        self._socket.close()

    def take_turn(self) -> bool:
        """Answer some of the datagrams that wait. False when none is left."""
        return all(self._answer_batch() for _ in range(BATCHES_PER_TURN))

    def _answer_batch(self) -> bool:
        """Answer a batch of datagrams. False when there are no more."""
        try:
            received = self._batch.receive()
        except OSError as error:
            if error.errno != errno.EAGAIN:  # what an earlier datagram caused, reported late
                self._counters.receive_errors += 1
            return False
        since = time.perf_counter_ns()
        if (proxies := self._proxies) is not None:
            received = [
                self._unwrap(number, each) if each[1] in proxies else each
                for number, each in enumerate(received)
            ]
        answer = self._answer
        answers = [
            answer(message, address)
            if port not in _ODD_PORTS
            else self._answer_odd(message, address, port)
            for message, address, port in received
        ]
        if self._show is not None:
            for number, (each, octets) in enumerate(zip(received, answers, strict=True)):
                self._show(self._batch.read_id(number), each, octets, since)
        failed = self._batch.send(answers)
        self._counters.send_errors += failed
        answered = len(answers) - answers.count(None) - failed
        self._counters.answered += answered
        if answered:
            self._latency.add(time.perf_counter_ns() - since, answered)
        return len(received) == BATCH

    def _unwrap(self, number: int, datagram: Datagram) -> Datagram:
        """A datagram without the PROXY header that is due, as if its client had sent it."""
        message, address, port = datagram
        octets = self._batch.read_id(number) + message
        header = decode_header(octets)
        if header is None or len(octets) < header.octets + ID_OCTETS:
            self._counters.refused += 1
            return b"", address, port  # too short to be answered
        self._batch.write_id(number, octets[header.octets : header.octets + ID_OCTETS])
        message = octets[header.octets + ID_OCTETS :]
        if header.address:
            address, port = header.address, header.port
        return message, address, port

    def _answer_odd(self, message: bytes, address: bytes, port: int) -> bytes | None:
        """The answer to a port that not every answer is sent to."""
        if port == KPASSWD_PORT:
            answer = self._answer(message, address)
            if answer is None or not answer[_RCODE_AT] & 0x0F:
                return answer
        self._counters.dropped_ports += 1
        return None
