"""Responses of other servers to plain values: the header, the question, the answer section.

A message of 64 KB can be made to cost seconds by names that point to one another. Here a name
costs no more than it has labels and a few pointers, and each place in a message is read once.
"""

from dataclasses import dataclass
from typing import NamedTuple

from zoneserver.errors import TransferError
from zoneserver.names import MAX_LABEL_OCTETS, MAX_NAME_OCTETS, Name
from zoneserver.records import rtypes
from zoneserver.wire import message as m

MAX_POINTERS = 127  # in one name, which cannot have more labels
_POINTER = 0xC0
_FIXED_OCTETS = 10  # of a record, between its owner and its rdata

# Types whose rdata has names that may be compressed (RFC 1035 3.3, RFC 3597 4): the octets in
# front of the names, and how many there are.
_NAMES = {
    rtypes.NS: (0, 1), 3: (0, 1), 4: (0, 1), rtypes.CNAME: (0, 1), rtypes.SOA: (0, 2),
    7: (0, 1), 8: (0, 1), 9: (0, 1), rtypes.PTR: (0, 1), 14: (0, 2), rtypes.MX: (2, 1),
    17: (0, 2), 18: (2, 1), 21: (2, 1), 24: (18, 1), 26: (2, 2), 30: (0, 1), rtypes.SRV: (6, 1),
    36: (2, 1), rtypes.DNAME: (0, 1),
}  # fmt: skip
_STRINGS_OF_NAPTR, _NUMBERS_OF_NAPTR = 3, 4


class WireRecord(NamedTuple):
    """One record: its owner in wire form, its rdata without compression."""

    owner: bytes
    rtype: int
    rclass: int
    ttl: int
    rdata: bytes


class Question(NamedTuple):
    """What was asked."""

    qname: Name
    qtype: int
    qclass: int


@dataclass(frozen=True, slots=True)
class Response:
    """A message, as far as transfers are concerned; the other sections are passed over."""

    message_id: int
    flags: int
    question: Question | None
    answers: tuple[WireRecord, ...]

    @property
    def is_response(self) -> bool:
        """Whether it answers a query, and no other kind of message."""
        return self.flags & 0xF800 == 0x8000

    @property
    def is_truncated(self) -> bool:
        """Whether something is left out."""
        return bool(self.flags & 0x0200)

    @property
    def rcode(self) -> int:
        """Without what an OPT would add to it."""
        return self.flags & 0x0F


def decode_response(octets: bytes) -> Response:
    """Read a message that has a header at least. Raises TransferError."""
    number, flags, questions, answers = (
        int.from_bytes(octets[at : at + 2], "big") for at in (0, 2, 4, 6)
    )
    if questions > 1:
        raise TransferError(f"a message has {questions} questions")
    reader, question = _Reader(octets), None
    try:
        if questions:
            question = reader.read_question()
        records = tuple([reader.read_record() for _ in range(answers)])
    except IndexError:
        raise TransferError("a message is cut") from None
    return Response(number, flags, question, records)


class _Reader:
    """Reads one message from front to back."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = m.HEADER_OCTETS
        self._names: dict[int, bytes] = {}  # those read so far, by where they begin

    def read_question(self) -> Question:
        """The question. Raises TransferError or IndexError, as all of these do."""
        qname, at = self._read_name(self._at)
        qtype, qclass = self._number(at, 2), self._number(at + 2, 2)
        self._at = at + 4
        return Question(Name(qname), qtype, qclass)

    def read_record(self) -> WireRecord:
        """The next record."""
        owner, at = self._read_name(self._at)
        end = at + _FIXED_OCTETS
        fixed = self._octets[at:end]
        rtype = fixed[0] << 8 | fixed[1]
        start, end = end, end + (fixed[8] << 8 | fixed[9])
        if end > len(self._octets):
            raise IndexError
        self._at = end
        rclass, ttl = fixed[2] << 8 | fixed[3], int.from_bytes(fixed[4:8], "big")
        return WireRecord(owner, rtype, rclass, ttl, self._read_rdata(rtype, start, end))

    def _read_rdata(self, rtype: int, start: int, end: int) -> bytes:
        if (names := _NAMES.get(rtype)) is not None:
            at, count = start + names[0], names[1]
        elif rtype == rtypes.NAPTR:
            at, count = self._skip_strings(start + _NUMBERS_OF_NAPTR), 1
        else:
            return self._octets[start:end]
        pieces = [self._octets[start:at]]
        for _ in range(count):
            name, at = self._read_name(at)
            pieces.append(name)
        if at > end:
            raise TransferError(f"the rdata of a record of type {rtype} is cut")
        pieces.append(self._octets[at:end])
        return b"".join(pieces)

    def _skip_strings(self, at: int) -> int:
        for _ in range(_STRINGS_OF_NAPTR):
            at += 1 + self._octets[at]
        return at

    def _read_name(self, start: int) -> tuple[bytes, int]:
        """The name at an offset, and the offset behind it."""
        octets, at, end, pointers = self._octets, start, 0, 0
        labels: list[bytes] = []
        while length := octets[at]:
            if length <= MAX_LABEL_OCTETS:
                at += 1 + length
                labels.append(octets[at - 1 - length : at])
                continue
            target = (length & 0x3F) << 8 | octets[at + 1]
            pointers += 1
            # RFC 1035 4.1.4: it points to what came before; else it could lead in circles.
            if length < _POINTER or target >= at or pointers > MAX_POINTERS:
                raise TransferError("a message has a name that cannot be read")
            end = end or at + 2
            if known := self._names.get(target):
                labels.append(known)
                break
            at = target
        else:
            labels.append(b"\0")
        name = b"".join(labels)
        if len(name) > MAX_NAME_OCTETS:
            raise TransferError("a message has a name of more than 255 octets")
        self._names[start] = name
        return name, end or at + 1

    def _number(self, at: int, octets: int) -> int:
        if at + octets > len(self._octets):
            raise IndexError
        return int.from_bytes(self._octets[at : at + octets], "big")
