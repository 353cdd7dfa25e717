"""What the observer is shown of queries that Python answers: over UDP, and over streams."""

import asyncio
import time
from collections import deque
from collections.abc import Callable

from zoneserver.errors import MessageError
from zoneserver.service.logs.observations import Carrier, Observation, Observer, Party, Verdict
from zoneserver.transports.batch import ID_OCTETS, Datagram
from zoneserver.transports.endpoint import pack_address
from zoneserver.transports.udp import DEAF_PORTS
from zoneserver.wire.cookies import Cookies
from zoneserver.wire.decode import decode_query

Answer = Callable[[bytes, bytes], bytes | None]
_NO_ID = bytes(ID_OCTETS)


class Witness:
    """Stands between the UDP server and the engine, and hears what rate limiting says."""

    def __init__(self, observer: Observer, cookies: Cookies | None, answer: Answer) -> None:
        self._observer = observer
        self._cookies = cookies
        self._answer = answer
        self._judged = Verdict.SENT, b""
        self._calls: deque[tuple[Verdict, bytes]] = deque()  # of the present batch

    def answer(self, message: bytes, address: bytes) -> bytes | None:
        """The engine's answer."""
        self._judged = Verdict.SENT, b""
        octets = self._answer(message, address)
        self._calls.append(self._judged)
        return octets

    def note(self, verdict: Verdict, octets: bytes) -> None:
        """The answer that is being made does not go out, or not as it was."""
        self._judged = verdict, octets

    def show(
        self, server: Party, head: bytes, datagram: Datagram, answer: bytes | None, since: int
    ) -> None:
        """Show a query with its answer, in the order in which they were answered."""
        message, address, port = datagram
        if port in DEAF_PORTS:
            return
        verdict, held = self._calls.popleft()
        octets = answer if answer is not None else held
        if not octets or not self._observer.is_due():
            return
        latency = time.perf_counter_ns() - since
        self._observer.show(
            Observation(
                Carrier.UDP,
                verdict,
                is_proven=self._is_proven(_NO_ID + message, address),
                received=time.time_ns() - latency,
                latency=latency,
                client=Party(address, port),
                server=server,
                rcode=octets[3 - ID_OCTETS] & 0x0F,
                query=head + message,
                answer=head + answer if answer is not None else b"",
            )
        )

    def _is_proven(self, message: bytes, address: bytes) -> bool:
        try:
            query = decode_query(message)
        except MessageError:
            return False
        cookie = query.edns.cookie if query and query.edns else None
        if cookie is None or self._cookies is None:
            return False
        return self._cookies.is_valid(cookie, address, int(time.time()))


class StreamWitness:
    """Shows what is answered over TCP and TLS. `latency`: how long the last answer took."""

    def __init__(self, observer: Observer, latency: Callable[[], int]) -> None:
        self._observer = observer
        self._latency = latency

    def show(
        self,
        message: bytes,
        answer: bytes,
        address: bytes,
        transport: asyncio.Transport,
        encrypted: bool,  # noqa: FBT001 - one of many, in the order of `Show`
    ) -> None:
        """Show a query with its answer."""
        if not self._observer.is_due():
            return
        latency = self._latency()
        peer, own = (transport.get_extra_info(name) for name in ("peername", "sockname"))
        # Of a client behind a proxy the port is not known here.
        port = peer[1] if pack_address(peer[0]) == address else 0
        self._observer.show(
            Observation(
                Carrier.TLS if encrypted else Carrier.TCP,
                Verdict.SENT,
                is_proven=False,
                received=time.time_ns() - latency,
                latency=latency,
                client=Party(address, port),
                server=Party(pack_address(own[0]), own[1]),
                rcode=answer[3] & 0x0F,
                query=message,
                answer=answer,
            )
        )
