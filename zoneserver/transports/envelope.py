"""What the octets of a connection are wrapped in: a PROXY header before them, TLS around them.

Octets in and octets out; both may be absent.
"""

import ssl
from collections.abc import Container

from zoneserver.transports.proxy import decode_header, measure_header
from zoneserver.transports.tls import Tls, TlsSession


class Envelope:
    """The wrapping of one connection.

    `address` is the client's; empty as long as a proxy has not told it. `is_refused`: what
    came is not wrapped as it must be, and nothing more will be read.
    """

    def __init__(self, peer: bytes, proxies: Container[bytes], tls: Tls | None) -> None:
        self._peer = peer
        self._head: bytearray | None = bytearray() if peer in proxies else None
        self._session: TlsSession | None = tls.begin() if tls else None
        self.address = b"" if self._head is not None else peer
        self.is_refused = tls is not None and self._session is None

    @property
    def is_established(self) -> bool:
        """Whether messages can come."""
        established = self._session is None or self._session.is_established
        return self._head is None and established

    @property
    def is_encrypted(self) -> bool:
        """Whether it is TLS."""
        return self._session is not None

    @property
    def has_ended(self) -> bool:
        """Whether the peer has said within TLS that it will say no more."""
        return self._session is not None and self._session.has_ended

    def open(self, octets: memoryview) -> bytes | memoryview:
        """What is in the octets that have come."""
        inner: bytes | memoryview = octets
        if self._head is not None:
            inner = self._take_header(self._head, octets)
        if self._session is None or not inner:
            return inner
        try:
            return self._session.receive(inner)
        except ssl.SSLError:
            self.is_refused = True
            return b""

    def seal(self, octets: bytes) -> bytes:
        """The octets to send, so that the peer reads these."""
        return self._session.send(octets) if self._session else octets

    def take(self) -> bytes:
        """Octets to send that nobody has asked for, as TLS has them."""
        return self._session.take() if self._session else b""

    def end(self) -> bytes:
        """Octets that end what is sent."""
        return self._session.end() if self._session else b""

    def _take_header(self, head: bytearray, octets: memoryview) -> bytes:
        """Read what a proxy says of its client; what follows that."""
        head += octets
        if len(head) < measure_header(head):
            return b""
        header = decode_header(head)
        if header is None:
            self.is_refused = True
            return b""
        self._head = None
        self.address = header.address or self._peer
        return bytes(head[header.octets :])
