"""Messages in a stream, each behind its length (RFC 1035 4.2.2)."""

import struct

LENGTH_OCTETS = 2
HEADER_OCTETS = 12  # RFC 1035 4.1.1
MOST_RECORDS = 2  # a query has one question, an OPT and a TSIG
MAX_FRAME = LENGTH_OCTETS + 65_535
_FLAGS_AND_COUNTS = struct.Struct("!5H")


def frame(message: bytes) -> bytes:
    """A message as a stream carries it."""
    return len(message).to_bytes(LENGTH_OCTETS, "big") + message


def take_message(received: bytearray) -> bytes | None:
    """Take out the first message; None if it is not complete."""
    if len(received) < LENGTH_OCTETS:
        return None
    end = LENGTH_OCTETS + int.from_bytes(received[:LENGTH_OCTETS], "big")
    if len(received) < end:
        return None
    message = bytes(received[LENGTH_OCTETS:end])
    del received[:end]
    return message


def is_foreign(received: bytearray) -> bool:
    """Whether these octets never become a query: HTTP, TLS, SSH and PROXY begin so."""
    if len(received) < LENGTH_OCTETS + HEADER_OCTETS:
        return False
    flags, *counts = _FLAGS_AND_COUNTS.unpack_from(received, LENGTH_OCTETS + 2)
    return bool(flags & 0x8000) or max(counts) > MOST_RECORDS
