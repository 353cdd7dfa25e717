"""Responses: values to octets, with compression and truncation.

dnslib cannot encode them: its `truncate` drops the question, its names are bounded to 253
octets of text, and its compression fails behind octet 16,383. So the encoder is ours, and
small.

Which names are compressed against the question does not depend on how its QNAME happens to
be spelled: the whole QNAME serves as an owner, its suffix from the zone's origin on serves
every name. So all answers of one kind have the same octets behind their question, but for
the pointers, and can be made ahead as templates.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Protocol

from zoneserver.names import MAX_NAME_OCTETS, ROOT, Name
from zoneserver.wire import message as m
from zoneserver.wire.message import ExtendedError, Query
from zoneserver.wire.scan import OPT_OCTETS

_QR, _AA, _TC, _RD = 0x8000, 0x0400, 0x0200, 0x0100
_QUESTION = Struct("!HH")  # type and class, behind the QNAME (RFC 1035 4.1.2)
_POINTER = Struct("!H")
# RFC 1035 4.1.4: a pointer has 14 bits. It must reach behind the longest QNAME, too.
MAX_PLACE = 0x3FFF - m.HEADER_OCTETS - MAX_NAME_OCTETS - _QUESTION.size
FIXED = Struct("!HHIH")  # type, class, TTL, length of the rdata (RFC 1035 3.2.1)
_TO_QNAME = (0xC000 | m.HEADER_OCTETS).to_bytes(2, "big")
_OPTION_OCTETS = 4  # of an EDNS option, its code and its length


class _Rdata(Protocol):
    """Rdata as octets and names that may be compressed."""

    @property
    def parts(self) -> tuple[bytes | Name, ...]:
        """Octets, and names that may be compressed."""


class RRsetLike(Protocol):
    """What the encoder needs to know of an RRset."""

    @property
    def owner(self) -> Name:
        """The owner of each record."""

    @property
    def rtype(self) -> int:
        """The type of each record."""

    @property
    def ttl(self) -> int:
        """The TTL of each record, in seconds."""

    @property
    def rdatas(self) -> Sequence[_Rdata]:
        """The rdata of each record."""


@dataclass(frozen=True, slots=True)
class Response:
    """What to send: the sections, and what the header and the OPT say.

    `glue` must be complete or the response is marked as truncated (RFC 9471 3);
    `additional` is sent as far as it fits, up to the first RRset that does not. `origin` is
    the zone that answers.
    """

    rcode: int
    authoritative: bool = False
    answer: Sequence[RRsetLike] = ()
    authority: Sequence[RRsetLike] = ()
    glue: Sequence[RRsetLike] = ()
    additional: Sequence[RRsetLike] = ()
    extended_error: ExtendedError | None = None
    origin: Name | None = None


@dataclass(frozen=True, slots=True)
class Opt:
    """What our OPT says: the size that it announces, our identifier, a cookie.

    `keepalive`: for how long a connection may be idle, in units of 100 ms; None: it is not
    told. `block`: what the length of a padded response is a multiple of; 0: none is padded.
    `reserved`: octets that somebody else puts behind the response, and that count as well.
    """

    payload: int
    nsid: bytes = b""
    cookie: bytes = b""
    keepalive: int | None = None
    block: int = 0
    reserved: int = 0


def encode_response(query: Query, response: Response, limit: int, ours: Opt) -> bytes:
    """The octets of a response, of which there are at most `limit`."""
    limit -= ours.reserved
    opt = _encode_opt(query, response, ours)
    question = query.qname.wire + _QUESTION.pack(query.qtype, query.qclass)
    room = limit - m.HEADER_OCTETS - len(question) - len(opt)
    name_end = m.HEADER_OCTETS + len(query.qname.wire)
    suffixes = known_suffixes(response.origin) if response.origin else {}
    writer = Writer(query.qname, name_end, suffixes, room)
    flags = _QR | query.opcode << 11 | (response.rcode & 0x0F)
    flags |= _AA if response.authoritative else 0
    flags |= _RD if query.recursion_desired else 0  # RFC 1035 4.1.1: copied
    answers = writer.add_all(response.answer)
    authorities = writer.add_all(response.authority)
    if answers is None or authorities is None:
        # RFC 2181 9: TC where a required RRset is cut; a cut one is of no use, so none.
        writer.octets.clear()
        answers = authorities = additionals = 0
        flags |= _TC
    else:
        additionals, complete = writer.add_fitting(response.glue)
        additionals += writer.add_fitting(response.additional)[0] if complete else 0
        flags |= 0 if complete else _TC  # RFC 9471 3
    additionals += bool(opt)
    counts = (query.message_id, flags, 1, answers, authorities, additionals)
    header = b"".join(count.to_bytes(2, "big") for count in counts)
    response_octets = b"".join((header, question, writer.octets, opt))
    if ours.block and query.edns and query.edns.has(m.PADDING):
        length = len(response_octets) + ours.reserved
        opt = pad(opt, length, ours.block, limit + ours.reserved)
        return b"".join((header, question, writer.octets, opt))
    return response_octets


def encode_error(message: bytes, rcode: int) -> bytes:
    """The header alone, for a query that cannot be read (RFC 8906 3.1.4)."""
    opcode_and_rd = message[2] & 0x79
    return message[:2] + bytes((0x80 | opcode_and_rd, rcode)) + bytes(8)


def known_suffixes(origin: Name) -> dict[bytes, int]:
    """Where the suffixes of an origin are in a QNAME: offsets from its end."""
    suffixes, suffix = {}, origin.key
    while length := suffix[0]:
        suffixes[suffix] = -len(suffix)
        suffix = suffix[1 + length :]
    return suffixes


class Writer:
    """The sections behind the question, growing while they stay within their limit.

    Offsets count from the end of the QNAME, and pointers are written for one that ends at
    `name_end` in the message: 0 gives a template, in which they are moved later. `pointers`
    are the places of all of them but those of owners to the QNAME.
    """

    def __init__(
        self, qname: Name, name_end: int, suffixes: dict[bytes, int], limit: int
    ) -> None:
        """`suffixes` are those of the QNAME that names may point to, with their offsets."""
        self.octets = bytearray()
        self.pointers: list[int] = []
        self._name_end = name_end
        self._limit = limit
        self._offsets = suffixes.copy()
        # As an origin, QNAME is counted as one; the root is shorter than any pointer to it.
        is_known = qname.key in suffixes or qname == ROOT
        self._qname = b"" if is_known else qname.key

    def names_below(self, origin: Name) -> dict[bytes, int]:
        """The names that others may point to, as keys, with their offsets."""
        return {
            key: at
            for key, at in self._offsets.items()
            if len(key) > len(origin.key) and key.endswith(origin.key)
        }

    def add_all(self, rrsets: Iterable[RRsetLike]) -> int | None:
        """Write every RRset; how many records that made, or None if they do not fit."""
        records = 0
        for rrset in rrsets:
            if not self._add(rrset, as_qname=True):
                return None
            records += len(rrset.rdatas)
        return records

    def add_fitting(self, rrsets: Iterable[RRsetLike]) -> tuple[int, bool]:
        """Write RRsets up to one that does not fit; how many records, and whether all."""
        records = 0
        for rrset in rrsets:
            if not self.add(rrset):
                return records, False
            records += len(rrset.rdatas)
        return records, True

    def add(self, rrset: RRsetLike) -> bool:
        """Write one RRset of the additional section whole, or nothing of it (RFC 2181 9)."""
        # Its owner was named above, mostly: wherever that was, QNAME has nothing to do with it.
        return self._add(rrset, as_qname=rrset.owner.key not in self._offsets)

    def _add(self, rrset: RRsetLike, *, as_qname: bool) -> bool:
        """Write one RRset; with `as_qname` its owner points to the question where it can."""
        octets, owner = self.octets, rrset.owner
        start = len(octets)
        as_qname = as_qname and owner.key == self._qname
        fixed = FIXED.pack(rrset.rtype, m.IN, rrset.ttl, 0)
        for rdata in rrset.rdatas:
            if as_qname:
                octets += _TO_QNAME
            else:
                self._write_name(owner)
            octets += fixed
            begin = len(octets)
            for part in rdata.parts:
                if isinstance(part, bytes):
                    octets += part
                else:
                    self._write_name(part)
            end = len(octets)
            if end > self._limit:
                self._forget_from(start)
                return False
            octets[begin - 2], octets[begin - 1] = end - begin >> 8, end - begin & 0xFF
        return True

    def _forget_from(self, start: int) -> None:
        del self.octets[start:]
        self.pointers = [at for at in self.pointers if at < start]
        end = start + _QUESTION.size
        self._offsets = {key: at for key, at in self._offsets.items() if at < end}

    def _write_name(self, name: Name) -> None:
        """Write a name, as a pointer from the first suffix that is there already."""
        wire, key, at = name.wire, name.key, 0
        offsets, octets = self._offsets, self.octets
        start = len(octets)
        while length := wire[at]:
            suffix = key[at:]
            if (offset := offsets.get(suffix)) is not None:
                self.pointers.append(start + at)
                octets += wire[:at]
                octets += _POINTER.pack(0xC000 | (self._name_end + offset) & 0x3FFF)
                return
            if start + at <= MAX_PLACE:
                offsets[suffix] = start + at + _QUESTION.size
            at += 1 + length
        octets += wire


def _encode_opt(query: Query, response: Response, ours: Opt) -> bytes:
    """Our OPT, if the query has one (RFC 6891 6.1.1)."""
    if query.edns is None:
        return b""
    options = b""
    if ours.nsid and query.edns.has(m.NSID):  # RFC 5001 2.1: only when asked
        options += encode_option(m.NSID, ours.nsid)
    if ours.cookie:
        options += encode_option(m.COOKIE, ours.cookie)
    # RFC 7828 3.2.1: who asks for it sends no value of its own.
    if ours.keepalive is not None and (m.KEEPALIVE, b"") in query.edns.options:
        options += encode_option(m.KEEPALIVE, ours.keepalive.to_bytes(2, "big"))
    if error := response.extended_error:
        options += encode_extended_error(error)
    flags = 0x8000 if query.edns.do else 0  # RFC 3225 3: DO is copied
    ttl = (response.rcode >> 4) << 24 | flags  # RFC 6891 6.1.3: our version is 0
    return (
        b"\0\0\x29"
        + ours.payload.to_bytes(2, "big")
        + ttl.to_bytes(4, "big")
        + len(options).to_bytes(2, "big")
        + options
    )


def pad(opt: bytes, length: int, block: int, limit: int) -> bytes:
    """The OPT of a response of this length, with what fills its last block (RFC 8467 4.1)."""
    room = limit - length - _OPTION_OCTETS
    if room < 0:
        return opt
    option = encode_option(m.PADDING, bytes(min(-(length + _OPTION_OCTETS) % block, room)))
    options = opt[OPT_OCTETS:] + option  # RFC 7830 4: the octets of it are zero
    return opt[: OPT_OCTETS - 2] + len(options).to_bytes(2, "big") + options


def encode_extended_error(error: ExtendedError) -> bytes:
    """The option that says why (RFC 8914 2)."""
    return encode_option(m.EXTENDED_ERROR, error.code.to_bytes(2, "big") + error.text.encode())


def encode_option(code: int, octets: bytes) -> bytes:
    """An EDNS option (RFC 6891 6.1.2)."""
    return code.to_bytes(2, "big") + len(octets).to_bytes(2, "big") + octets
