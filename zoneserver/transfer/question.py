"""A message to another server, signed where we share a key with it; it reads the reply."""

from zoneserver.errors import SignatureError
from zoneserver.transfer.keys import Key
from zoneserver.transfer.notify import Reply, read_reply, say_rcode
from zoneserver.transfer.tsig import Signer, Verifier
from zoneserver.wire.tsig import may_have_tsig


class Question:
    """`octets` are what is sent. `problem`: why something that came was no reply."""

    def __init__(self, message: bytes, key: Key | None, now: int) -> None:
        """`now` is in seconds since 1970."""
        self.octets, self.problem = message, ""
        self._message, self._key, self._mac = message, key, b""
        if key is not None:
            signer = Signer(key)
            self.octets = signer.sign(message, now)
            self._mac = signer.mac

    def read(self, octets: bytes, now: int) -> Reply | None:
        """The reply; None: it is none, or not from who has the key (RFC 8945 5.3)."""
        if self._key is not None and not may_have_tsig(octets):
            # Who has no such key, or refuses us for our address, may not sign its error.
            reply = read_reply(self._message, octets)
            if reply is not None:
                self.problem = f"its reply, {say_rcode(reply.rcode)}, is not signed"
            return None
        if self._key is not None:
            verifier = Verifier(self._key, self._mac)
            try:
                octets = verifier.verify(octets, now)
            except SignatureError as error:
                self.problem = str(error)
                return None
        return read_reply(self._message, octets)
