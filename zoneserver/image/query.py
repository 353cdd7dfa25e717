"""The queries that resolvers send, read in one pass; anything rarer is left to `wire`."""

from typing import NamedTuple

from zoneserver.names import MAX_LABEL_OCTETS, MAX_NAME_OCTETS
from zoneserver.wire import message as m
from zoneserver.wire.scan import MAX_OPTIONS, OPT_OCTETS

# One question, no answer, no authority.
_COUNTS = b"\0\1\0\0\0\0"
_QR_AND_OPCODE = 0xF8
_CLASS_IN = b"\0\1"
_OPT_AT_ROOT = b"\0\0\x29"
_DO = 0x80


class Asked(NamedTuple):
    """What a query asks, and what its OPT says. `key` is the QNAME's; offsets count octets."""

    key: bytes
    qtype: int
    question_end: int
    payload: int | None = None  # None: there is no OPT
    do: bool = False
    nsid: bool = False
    cookie: bytes | None = None
    keepalive: bool = False  # it asks for how long a connection may be idle
    padding: bool = False


def read_query(message: bytes) -> Asked | None:
    """The query, or None where it is for `decode_query` to say what it is."""
    if len(message) < m.HEADER_OCTETS or message[2] & _QR_AND_OPCODE:
        return None
    if message[4:10] != _COUNTS or message[10:12] > b"\0\1":
        return None
    end, size = m.HEADER_OCTETS, len(message)
    while end < size and (length := message[end]):
        if length > MAX_LABEL_OCTETS:
            return None
        end += 1 + length
    end += 5
    if end > size or end - m.HEADER_OCTETS - 4 > MAX_NAME_OCTETS:
        return None
    if message[end - 2 : end] != _CLASS_IN:
        return None
    key = message[m.HEADER_OCTETS : end - 4].lower()
    qtype = message[end - 4] << 8 | message[end - 3]
    if not message[11]:
        return Asked(key, qtype, end)
    options_at = end + OPT_OCTETS
    if message[end : end + 3] != _OPT_AT_ROOT or size < options_at or message[end + 6]:
        return None
    payload = message[end + 3] << 8 | message[end + 4]
    do = bool(message[end + 7] & _DO)
    options = message[end + 9] << 8 | message[end + 10]
    if not options:
        return Asked(key, qtype, end, payload, do)
    read = _read_options(message, options_at, options_at + options)
    return None if read is None else Asked(key, qtype, end, payload, do, *read)


def _read_options(
    message: bytes, at: int, end: int
) -> tuple[bool, bytes | None, bool, bool] | None:
    """What Asked says of the options; None where one is malformed."""
    nsid, cookie, keepalive, padding = False, None, False, False
    if end > len(message):
        return None
    for _ in range(MAX_OPTIONS):
        if at == end:
            break
        start = at + 4
        code, length = (int.from_bytes(message[i : i + 2], "big") for i in (at, at + 2))
        at = start + length
        if at > end:
            return None
        if code == m.NSID:
            nsid = True
        elif code == m.COOKIE:
            if length != 8 and not 16 <= length <= 40:  # RFC 7873 5.2.2
                return None
            cookie = message[start:at] if cookie is None else cookie
        elif code == m.KEEPALIVE and not length:  # RFC 7828 3.2.1: a query has no value
            keepalive = True
        elif code == m.PADDING:
            padding = True
    return (nsid, cookie, keepalive, padding) if at == end else None
