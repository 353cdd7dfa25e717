"""Responses: values to octets, with compression and truncation.

dnslib cannot encode them: its `truncate` drops the question, its names are bounded to 253
octets of text, and its compression fails behind octet 16,383. So the encoder is ours, and
small.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from zoneserver.names import Name
from zoneserver.wire import message as m
from zoneserver.wire.message import ExtendedError, Query, Tsig

_QR, _AA, _TC, _RD = 0x8000, 0x0400, 0x0200, 0x0100
_MAX_POINTER = 0x3FFF  # RFC 1035 4.1.4: a pointer has 14 bits
_BADKEY = 17  # RFC 8945 3: the TSIG error for a key we do not know


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
    `additional` is sent as far as it fits.
    """

    rcode: int
    authoritative: bool = False
    answer: Sequence[RRsetLike] = ()
    authority: Sequence[RRsetLike] = ()
    glue: Sequence[RRsetLike] = ()
    additional: Sequence[RRsetLike] = ()
    extended_error: ExtendedError | None = None


def encode_response(
    query: Query, response: Response, limit: int, payload: int, nsid: bytes
) -> bytes:
    """The octets of a response, of which there are at most `limit`.

    `payload` is the size that our OPT announces, `nsid` our identifier or nothing.
    """
    opt, tsig = _encode_opt(query, response, payload, nsid), _encode_tsig(query.tsig)
    if m.HEADER_OCTETS + len(query.qname.wire) + 4 + len(opt) + len(tsig) > limit:
        tsig = b""  # its key has a name of 200 octets or more: no key of anybody's
    writer = _Writer(query, limit - len(opt) - len(tsig))
    flags = _QR | query.opcode << 11 | (response.rcode & 0x0F)
    flags |= _AA if response.authoritative else 0
    flags |= _RD if query.recursion_desired else 0  # RFC 1035 4.1.1: copied
    answers = writer.add_all(response.answer)
    authorities = writer.add_all(response.authority)
    if answers is None or authorities is None:
        # RFC 2181 9: TC where a required RRset is cut; a cut one is of no use, so none.
        writer.clear()
        answers = authorities = additionals = 0
        flags |= _TC
    else:
        additionals, complete = writer.add_fitting(response.glue)
        additionals += writer.add_fitting(response.additional)[0]
        flags |= 0 if complete else _TC  # RFC 9471 3
    additionals += bool(opt) + bool(tsig)
    counts = (query.message_id, flags, 1, answers, authorities, additionals)
    header = b"".join(count.to_bytes(2, "big") for count in counts)
    return header + writer.octets[m.HEADER_OCTETS :] + opt + tsig


def encode_error(message: bytes, rcode: int) -> bytes:
    """The header alone, for a query that cannot be read (RFC 8906 3.1.4)."""
    opcode_and_rd = message[2] & 0x79
    return message[:2] + bytes((0x80 | opcode_and_rd, rcode)) + bytes(8)


class _Writer:
    """The message behind its header, growing while it stays within its limit."""

    def __init__(self, query: Query, limit: int) -> None:
        self.octets = bytearray(m.HEADER_OCTETS)
        self._limit = limit
        self._offsets: dict[bytes, int] = {}
        self._write_name(query.qname)
        self.octets += query.qtype.to_bytes(2, "big") + query.qclass.to_bytes(2, "big")
        self._question_end = len(self.octets)

    def add_all(self, rrsets: Iterable[RRsetLike]) -> int | None:
        """Write every RRset; how many records that made, or None if they do not fit."""
        records = 0
        for rrset in rrsets:
            if not self._add(rrset):
                return None
            records += len(rrset.rdatas)
        return records

    def add_fitting(self, rrsets: Iterable[RRsetLike]) -> tuple[int, bool]:
        """Write the RRsets that fit; how many records, and whether they were all."""
        records, complete = 0, True
        for rrset in rrsets:
            if self._add(rrset):
                records += len(rrset.rdatas)
            else:
                complete = False
        return records, complete

    def clear(self) -> None:
        """Leave the question only."""
        del self.octets[self._question_end :]

    def _add(self, rrset: RRsetLike) -> bool:
        """Write one RRset whole, or nothing of it (RFC 2181 9)."""
        start = len(self.octets)
        fixed = rrset.rtype.to_bytes(2, "big") + b"\0\1" + rrset.ttl.to_bytes(4, "big")
        for rdata in rrset.rdatas:
            self._write_name(rrset.owner)
            self.octets += fixed + b"\0\0"
            begin = len(self.octets)
            for part in rdata.parts:
                if isinstance(part, Name):
                    self._write_name(part)
                else:
                    self.octets += part
            if len(self.octets) > self._limit:
                self._forget_from(start)
                return False
            self.octets[begin - 2 : begin] = (len(self.octets) - begin).to_bytes(2, "big")
        return True

    def _forget_from(self, start: int) -> None:
        del self.octets[start:]
        self._offsets = {key: at for key, at in self._offsets.items() if at < start}

    def _write_name(self, name: Name) -> None:
        """Write a name, as a pointer from the first suffix that is there already."""
        wire, key, at = name.wire, name.key, 0
        offsets = self._offsets
        while length := wire[at]:
            suffix = key[at:]
            if (offset := offsets.get(suffix)) is not None:
                self.octets += wire[:at] + (0xC000 | offset).to_bytes(2, "big")
                return
            here = len(self.octets) + at
            if here <= _MAX_POINTER:
                offsets[suffix] = here
            at += 1 + length
        self.octets += wire


def _encode_opt(query: Query, response: Response, payload: int, nsid: bytes) -> bytes:
    """Our OPT, if the query has one (RFC 6891 6.1.1)."""
    if query.edns is None:
        return b""
    options = b""
    if nsid and query.edns.has(m.NSID):  # RFC 5001 2.1: only when asked
        options += _option(m.NSID, nsid)
    if error := response.extended_error:
        options += _option(
            m.EXTENDED_ERROR, error.code.to_bytes(2, "big") + error.text.encode()
        )
    flags = 0x8000 if query.edns.do else 0  # RFC 3225 3: DO is copied
    ttl = (response.rcode >> 4) << 24 | flags  # RFC 6891 6.1.3: our version is 0
    return (
        b"\0\0\x29"
        + payload.to_bytes(2, "big")
        + ttl.to_bytes(4, "big")
        + len(options).to_bytes(2, "big")
        + options
    )


def _option(code: int, octets: bytes) -> bytes:
    return code.to_bytes(2, "big") + len(octets).to_bytes(2, "big") + octets


def _encode_tsig(tsig: Tsig | None) -> bytes:
    """The unsigned TSIG that tells of a key we do not know (RFC 8945 5.3.2)."""
    if tsig is None:
        return b""
    rdata = (
        tsig.algorithm.wire
        + tsig.time_signed.to_bytes(6, "big")
        + tsig.fudge.to_bytes(2, "big")
        + b"\0\0"  # no MAC
        + tsig.original_id.to_bytes(2, "big")
        + _BADKEY.to_bytes(2, "big")
        + b"\0\0"  # no other data
    )
    return tsig.key.wire + b"\0\xfa\0\xff\0\0\0\0" + len(rdata).to_bytes(2, "big") + rdata
