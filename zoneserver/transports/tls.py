"""DNS over TLS (RFC 7858): the certificate in use, and the TLS of one connection.

OpenSSL gets octets and gives octets; it sees no socket. So connections over TLS are kept,
limited and timed as all others are, from their first octet on.
"""

import os
import ssl
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zoneserver.errors import CertificateError
from zoneserver.transports.endpoint import Endpoint

ALPN = "dot"  # RFC 7858 has none; RFC 9103 7.1 asks for it, and IANA has registered it
READ_OCTETS = 16_384  # of one TLS record (RFC 8446 5.1)

# What OpenSSL says of files that cannot be used, in words of ours.
_REASONS = {
    "KEY_VALUES_MISMATCH": "the key is not that of the certificate",
    "EE_KEY_TOO_SMALL": "its key is too small: make one of 2048 bits or more for RSA",
    "CA_MD_TOO_WEAK": "its signature is too weak: SHA-256 is the least",
}


@dataclass(frozen=True, slots=True)
class TlsSettings:
    """Where DNS over TLS is answered, and the files with what shows who we are."""

    listen: tuple[Endpoint, ...]
    certificate: Path
    key: Path


def make_context(certificate: bytes, key: bytes) -> ssl.SSLContext:
    """What connections begin with, of a chain and its key in PEM. Raises CertificateError."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2  # RFC 9325 3.1.1
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_alpn_protocols([ALPN])
    try:
        # OpenSSL takes files only; this one is in memory, and gone with its descriptor.
        with os.fdopen(os.memfd_create("tls", os.MFD_CLOEXEC), "wb", buffering=0) as file:
            file.write(key + b"\n" + certificate)
            context.load_cert_chain(f"/proc/self/fd/{file.fileno()}", password=_refuse)
    except ssl.SSLError as error:
        reason = error.reason or ""
        words = reason.replace("_", " ").lower() or "their PEM is damaged"
        raise CertificateError(_REASONS.get(reason, words)) from error
    except OSError as error:
        raise CertificateError(f"it cannot be given to OpenSSL: {error}") from error
    return context


def _refuse() -> bytes:
    """The password of a key. Without this, OpenSSL would ask for one at the terminal."""
    raise CertificateError("the key is encrypted: write it out without a passphrase")


class Tls:
    """The certificate in use; a connection keeps the one that it began with."""

    def __init__(self) -> None:
        self._context: ssl.SSLContext | None = None

    def use(self, certificate: bytes, key: bytes) -> None:
        """Show this certificate from now on. Raises CertificateError."""
        self._context = make_context(certificate, key)

    def begin(self) -> "TlsSession | None":
        """The TLS of a new connection; None as long as there is no certificate."""
        return TlsSession(self._context) if self._context else None


class TlsSession:
    """One side of a TLS connection, ours: octets in, octets out."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self.is_established = False
        self.has_ended = False  # the peer has said that it will say no more
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_side=True)

    def receive(self, octets: bytes | memoryview) -> bytes:
        """What the peer says with these octets. Raises ssl.SSLError: it is over."""
        self._incoming.write(octets)
        plain = bytearray()
        try:
            if not self.is_established:
                self._tls.do_handshake()
                self.is_established = True
            while piece := self._tls.read(READ_OCTETS):
                plain += piece
            self.has_ended = True
        except ssl.SSLWantReadError:
            pass
        return bytes(plain)

    def send(self, plain: bytes) -> bytes:
        """The octets that say this to the peer. Raises ssl.SSLError."""
        self._tls.write(plain)
        return self.take()

    def take(self) -> bytes:
        """Octets that TLS itself has to send: handshakes, alerts."""
        return self._outgoing.read()

    def end(self) -> bytes:
        """The octets that say that we will say no more (RFC 8446 6.1)."""
        with suppress(ssl.SSLError):  # the peer need not say so first
            self._tls.unwrap()
        return self.take()
