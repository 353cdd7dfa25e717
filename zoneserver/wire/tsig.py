"""TSIG records: octets to values and back, and where one is in a message (RFC 8945 4.2)."""

from zoneserver.errors import MessageError
from zoneserver.names import MAX_LABEL_OCTETS, MAX_NAME_OCTETS, Name
from zoneserver.wire import message as m
from zoneserver.wire.message import Tsig

_RTYPE = 250
_TYPE_AND_CLASS = b"\0\xfa\0\xff"  # RFC 8945 4.2: class ANY
_TTL = bytes(4)
_POINTER = 0xC0


def may_have_tsig(octets: bytes) -> bool:
    """Whether a look for a TSIG is worth it."""
    return _TYPE_AND_CLASS in octets


def find_tsig(octets: bytes) -> int | None:
    """Where the TSIG of a message begins, if it has one: the last record (RFC 8945 5.1).

    Raises MessageError for a message that is cut, or has a TSIG elsewhere.
    """
    if len(octets) < m.HEADER_OCTETS:
        raise MessageError("the header is cut", m.FORMERR)
    questions, *sections = (int.from_bytes(octets[at : at + 2], "big") for at in (4, 6, 8, 10))
    last = sum(sections)
    try:
        start, at = _walk(octets, questions, last)
    except IndexError as error:
        raise MessageError("a record is cut", m.FORMERR) from error
    if start is not None and (at < len(octets) or not sections[-1]):
        raise MessageError("a stray TSIG", m.FORMERR)
    if at > len(octets):
        raise MessageError("a record is cut", m.FORMERR)
    return start


def _walk(octets: bytes, questions: int, records: int) -> tuple[int | None, int]:
    """Where a TSIG begins, if there is one, and the offset behind the last record.

    Messages of zones have thousands of records; so nothing is called for each of them. Raises
    IndexError for one that is cut, MessageError for a TSIG that is not the last.
    """
    at, found = m.HEADER_OCTETS, None
    for number in range(questions + records):
        start = at
        while length := octets[at]:
            if length >= _POINTER:
                at += 1
                break
            if length > MAX_LABEL_OCTETS:
                raise MessageError("an owner name has a label of no known type", m.FORMERR)
            at += 1 + length
        at += 1
        if number < questions:
            at += 4
            continue
        if found is not None:
            raise MessageError("a TSIG is not the last record", m.FORMERR)  # RFC 8945 5.1
        if octets[at + 1] == _RTYPE and not octets[at]:
            found = start
        at += 10 + (octets[at + 8] << 8 | octets[at + 9])
    return found, at


def cut_tsig(octets: bytes, start: int) -> bytes:
    """The message without the TSIG that begins there."""
    additional = int.from_bytes(octets[10:12], "big") - 1
    return octets[:10] + additional.to_bytes(2, "big") + octets[m.HEADER_OCTETS : start]


def add_tsig(octets: bytes, record: bytes) -> bytes:
    """The message with a TSIG as its last record."""
    additional = int.from_bytes(octets[10:12], "big") + 1
    header = octets[:10] + additional.to_bytes(2, "big")
    return b"".join((header, octets[m.HEADER_OCTETS :], record))


def decode_tsig(octets: bytes, start: int, end: int) -> Tsig:
    """Read the TSIG that stands there in a message. Raises MessageError."""
    key, at = _decode_name(octets, start)
    if octets[at : at + 8] != _TYPE_AND_CLASS + _TTL:
        raise MessageError("a TSIG has a class or a TTL", m.FORMERR)
    algorithm, at = _decode_name(octets, at + 10)
    mac_end = at + 10 + int.from_bytes(octets[at + 8 : at + 10], "big")
    other_at = mac_end + 6
    if other_at + int.from_bytes(octets[mac_end + 4 : other_at], "big") != end:
        raise MessageError("a TSIG is cut", m.FORMERR)
    return Tsig(
        key=key,
        algorithm=algorithm,
        time_signed=int.from_bytes(octets[at : at + 6], "big"),
        fudge=int.from_bytes(octets[at + 6 : at + 8], "big"),
        mac=octets[at + 10 : mac_end],
        original_id=int.from_bytes(octets[mac_end : mac_end + 2], "big"),
        error=int.from_bytes(octets[mac_end + 2 : mac_end + 4], "big"),
        other=octets[other_at:end],
    )


def encode_tsig(tsig: Tsig) -> bytes:
    """The record."""
    rdata = b"".join(
        (
            tsig.algorithm.wire,
            encode_timers(tsig),
            len(tsig.mac).to_bytes(2, "big"),
            tsig.mac,
            tsig.original_id.to_bytes(2, "big"),
            encode_outcome(tsig),
        )
    )
    length = len(rdata).to_bytes(2, "big")
    return b"".join((tsig.key.wire, _TYPE_AND_CLASS, _TTL, length, rdata))


def encode_timers(tsig: Tsig) -> bytes:
    """When it was made, and how far off that may be (RFC 8945 4.3.3)."""
    return tsig.time_signed.to_bytes(6, "big") + tsig.fudge.to_bytes(2, "big")


def encode_variables(tsig: Tsig) -> bytes:
    """What of the record itself is signed (RFC 8945 4.3.3)."""
    return b"".join(
        (
            tsig.key.key,
            b"\0\xff",
            _TTL,
            tsig.algorithm.key,
            encode_timers(tsig),
            encode_outcome(tsig),
        )
    )


def encode_outcome(tsig: Tsig) -> bytes:
    """What is said of the signature of a request."""
    other = len(tsig.other).to_bytes(2, "big") + tsig.other
    return tsig.error.to_bytes(2, "big") + other


def _decode_name(octets: bytes, at: int) -> tuple[Name, int]:
    """A name that may be compressed, as dnspython has the key's, and the offset behind it."""
    labels: list[bytes] = []
    end, first, room = 0, at, MAX_NAME_OCTETS
    while at < len(octets) and (length := octets[at]):
        if length >= _POINTER:
            end = end or at + 2
            at = int.from_bytes(octets[at : at + 2], "big") & 0x3FFF
            # RFC 1035 4.1.4: to a prior occurrence; so it ends, and pointers count as well.
            if not m.HEADER_OCTETS <= at < first:
                raise MessageError("a TSIG's name points to none", m.FORMERR)
            first, length = at, 1
        else:
            labels.append(octets[at + 1 : at + 1 + length])
            at += 1 + length
        room -= 1 + length
        if length > MAX_LABEL_OCTETS or room < 1:
            raise MessageError("a TSIG's name is too long", m.FORMERR)
    if at >= len(octets):
        raise MessageError("a TSIG's name is cut", m.FORMERR)
    return Name.from_labels(labels), end or at + 1
