"""The strict scanner: what a message may cost is settled here, before anything reads it.

It walks the octets once, follows no pointer and builds nothing. What it lets through has
one question with a sound, uncompressed QNAME, a bounded number of records, and at most
one OPT and one TSIG, each where it belongs. Everything else is dropped or answered with
an RCODE that the header alone decides.
"""

from dataclasses import dataclass

from zoneserver.errors import MessageError
from zoneserver.names import MAX_LABEL_OCTETS, MAX_NAME_OCTETS
from zoneserver.wire import message as m

# Beyond OPT, TSIG and the SOA of an IXFR nothing belongs in a query. A few more cost
# nothing to pass over; a thousand are an attack.
MAX_EXTRA_RECORDS = 64
MAX_OPTIONS = 64

# RFC 6891 6.1.2: an OPT up to its options, and where its version stands.
OPT_OCTETS = 11
OPT_VERSION = 6

_OPT, _TSIG = 41, 250
_POINTER = 0xC0


@dataclass(frozen=True, slots=True)
class Scan:
    """Where the parts of a sound query are: offsets into its octets."""

    opcode: int
    question_end: int
    opt: tuple[int, int] | None = None
    tsig: tuple[int, int] | None = None


def scan(octets: bytes) -> Scan | None:
    """Walk a message. None: it must not be answered at all.

    Raises MessageError with the RCODE for a message that gets an error.
    """
    # An answer to an answer, or to less than a header, could be made to loop.
    if len(octets) < m.HEADER_OCTETS or octets[2] & 0x80:
        return None
    opcode = octets[2] >> 3 & 0x0F
    if opcode not in (m.QUERY, m.NOTIFY):
        raise MessageError(f"opcode {opcode}", m.NOTIMP)
    questions, answers, authorities, extras = (
        int.from_bytes(octets[at : at + 2], "big") for at in (4, 6, 8, 10)
    )
    if questions != 1:
        raise MessageError(f"{questions} questions", m.FORMERR)  # RFC 9619 4
    if answers + authorities + extras > MAX_EXTRA_RECORDS:
        raise MessageError("too many records", m.FORMERR)
    end = _skip_qname(octets) + 4
    if end > len(octets):
        raise MessageError("the question is cut", m.FORMERR)
    return _scan_records(octets, Scan(opcode, end), answers + authorities, extras)


def _skip_qname(octets: bytes) -> int:
    """The offset behind the QNAME, in which a pointer could only lead into the header."""
    at = m.HEADER_OCTETS
    while True:
        if at >= len(octets):
            raise MessageError("the question is cut", m.FORMERR)
        length = octets[at]
        at += 1 + length
        if length == 0:
            break
        if length > MAX_LABEL_OCTETS or at - m.HEADER_OCTETS >= MAX_NAME_OCTETS:
            raise MessageError("the QNAME is compressed or too long", m.FORMERR)
    return at


def _scan_records(octets: bytes, found: Scan, sections: int, extras: int) -> Scan:
    """Walk the records behind the question, looking for OPT and TSIG."""
    opt: tuple[int, int] | None = None
    tsig: tuple[int, int] | None = None
    at = found.question_end
    for number in range(sections + extras):
        if tsig is not None:
            raise MessageError("a TSIG is not the last record", m.FORMERR)  # RFC 8945 5.2
        start, fixed = at, skip_owner(octets, at)
        if fixed + 10 > len(octets):
            raise MessageError("a record is cut", m.FORMERR)
        rtype = octets[fixed] << 8 | octets[fixed + 1]
        at = fixed + 10 + (octets[fixed + 8] << 8 | octets[fixed + 9])
        if at > len(octets):
            raise MessageError("a record is cut", m.FORMERR)
        if rtype == _OPT:
            # RFC 6891 6.1.1: one, in the additional section, at the root.
            if opt is not None or number < sections or octets[start]:
                raise MessageError("a stray OPT", m.FORMERR)
            opt = (start, at)
        elif rtype == _TSIG:
            if number < sections:
                raise MessageError("a stray TSIG", m.FORMERR)
            tsig = (start, at)
    # RFC 6891 6.1.3: what the options of another version look like, nobody knows.
    if opt is not None and octets[opt[0] + OPT_VERSION] == 0:
        _scan_options(octets, opt[0] + OPT_OCTETS, opt[1])
    return Scan(found.opcode, found.question_end, opt, tsig)


def skip_owner(octets: bytes, at: int) -> int:
    """The offset behind an owner name; a pointer ends it and is not followed."""
    start = at
    while at < len(octets):
        length = octets[at]
        if length >= _POINTER:
            return at + 2
        if length > MAX_LABEL_OCTETS or at - start >= MAX_NAME_OCTETS:
            break
        at += 1 + length
        if length == 0:
            return at
    raise MessageError("an owner name is cut or too long", m.FORMERR)


def _scan_options(octets: bytes, at: int, end: int) -> None:
    """Check that the options of an OPT fill it exactly (RFC 6891 6.1.2)."""
    for _ in range(MAX_OPTIONS):
        if at == end:
            return
        header_end = at + 4
        code = int.from_bytes(octets[at : at + 2], "big")
        length = int.from_bytes(octets[at + 2 : header_end], "big")
        at = header_end + length
        if at > end:
            raise MessageError("an EDNS option is cut", m.FORMERR)
        # RFC 7873 5.2.2: a client cookie of 8 octets, then none or 8 to 32 of the server's.
        if code == m.COOKIE and length != 8 and not 16 <= length <= 40:
            raise MessageError("a cookie has a wrong length", m.FORMERR)
    if at != end:
        raise MessageError("too many EDNS options", m.FORMERR)
