"""Whether the messages that come back are from whom they were asked of."""

from typing import Protocol

from zoneserver.errors import SignatureError, TransferError
from zoneserver.transfer.notify import say_rcode
from zoneserver.wire import message as m


class Verifier(Protocol):
    """Looks at the signatures of the messages of one transfer (RFC 8945 5.3.1)."""

    def verify(self, message: bytes, now: int) -> bytes:
        """The next message without its signature. Raises SignatureError."""

    def finish(self) -> None:
        """That was the last one. Raises SignatureError if it was not signed."""


class Unsigned:
    """Where no key is shared, there is nothing to look at."""

    def verify(self, message: bytes, now: int) -> bytes:  # noqa: ARG002 - as it is called
        """Any message will do."""
        return message

    def finish(self) -> None:
        """Any end will do."""


def verify(verifier: Verifier, octets: bytes, now: int) -> bytes:
    """A message without its signature. Raises TransferError, also for what is too short."""
    if len(octets) < m.HEADER_OCTETS:
        raise TransferError("a message is shorter than its header")
    try:
        return verifier.verify(octets, now)
    except SignatureError as error:
        rcode = octets[3] & 0x0F  # whoever it may be that says so
        said = f", and it answers {say_rcode(rcode)}" if rcode else ""
        raise TransferError(f"{error}{said}", rcode) from error


def finish(verifier: Verifier) -> None:
    """That was the last message. Raises TransferError."""
    try:
        verifier.finish()
    except SignatureError as error:
        raise TransferError(str(error)) from error
