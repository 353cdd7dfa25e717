"""Records that come, to lines of a copy: what `write_line` writes, and several times as fast.

A zone may have a million records, and its primary does not wait for long. So the types that
zones are made of go straight from octets to text; all others take the long way.
"""

from collections.abc import Callable
from socket import AF_INET, AF_INET6, inet_ntop

from zoneserver.errors import RdataError, TransferError
from zoneserver.findings import Mark
from zoneserver.names import Name, label_text
from zoneserver.records import rtypes
from zoneserver.records.fields import quote
from zoneserver.records.parse import decode_rdata
from zoneserver.records.rrset import Record
from zoneserver.transfer.responses import WireRecord
from zoneserver.transfer.signed_lines import SignedWriter
from zoneserver.zonefile.export import write_line

NOWHERE = Mark("", 0, 0)
MOST_NAMES = 10_000  # whose texts are remembered
_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_*/"
_QUOTABLE = bytes(octet for octet in range(0x20, 0x7F) if octet not in b'"\\')


def decode_record(record: WireRecord) -> Record:
    """The record, its rdata read. Raises TransferError."""
    owner = Name(record.owner)
    try:
        rdata = decode_rdata(record.rtype, record.rdata)
    except RdataError as error:
        what = rtypes.mnemonic(record.rtype)
        raise TransferError(f"{owner} has a damaged {what}: {error}") from error
    return Record(owner, record.rtype, record.ttl, rdata, NOWHERE)


class LineWriter:
    """Writes the records of one zone. Names, which come again and again, it writes once."""

    def __init__(self) -> None:
        self._names: dict[bytes, str] = {}
        signed = SignedWriter(self._write_name)
        # Each gives the text of rdata, or None for what only the long way can judge.
        self._makers: dict[int, tuple[str, Callable[[bytes], str | None]]] = {
            rtypes.A: ("A", _write_ipv4),
            rtypes.AAAA: ("AAAA", _write_ipv6),
            rtypes.NS: ("NS", self._write_name),
            rtypes.CNAME: ("CNAME", self._write_name),
            rtypes.PTR: ("PTR", self._write_name),
            rtypes.MX: ("MX", self._write_mx),
            rtypes.TXT: ("TXT", _write_txt),
            rtypes.RRSIG: ("RRSIG", signed.write_rrsig),
            rtypes.NSEC: ("NSEC", signed.write_nsec),
            rtypes.NSEC3: ("NSEC3", signed.write_nsec3),
        }

    def write(self, record: WireRecord) -> str:
        """The line of a record. Raises TransferError."""
        owner, rtype, _, ttl, rdata = record
        if (maker := self._makers.get(rtype)) is not None:
            mnemonic, make = maker
            if (text := make(rdata)) is not None:
                return f"{self._write_name(owner)}\t{ttl}\tIN\t{mnemonic}\t{text}"
        return write_line(decode_record(record))

    def _write_name(self, wire: bytes) -> str | None:
        text = self._names.get(wire)
        if text is None:
            text = _write_labels(wire)
            if len(self._names) >= MOST_NAMES:
                self._names.clear()
            if text is not None:
                self._names[wire] = text
        return text

    def _write_mx(self, rdata: bytes) -> str | None:
        exchange = self._write_name(rdata[2:])
        return exchange and f"{rdata[0] << 8 | rdata[1]} {exchange}"


def _write_labels(wire: bytes) -> str | None:
    """The text of a name; None where the octets are not just that."""
    labels, at, end = [], 0, len(wire) - 1
    while at < end:
        start = at + 1
        at = start + wire[at]
        labels.append(wire[start:at])
    if at != end or wire[at] or not all(labels):
        return None
    text = b".".join(labels)
    if len(text.translate(None, _PLAIN)) == len(labels) - 1:  # the dots between them
        return f"{text.decode()}."
    return "".join(f"{label_text(label)}." for label in labels) or "."


def _write_ipv4(rdata: bytes) -> str | None:
    return inet_ntop(AF_INET, rdata) if len(rdata) == 4 else None


def _write_ipv6(rdata: bytes) -> str | None:
    # Where an IPv4 address may be in it, the C library has a form of its own.
    is_plain = len(rdata) == 16 and any(rdata[:12])
    return inet_ntop(AF_INET6, rdata) if is_plain and rdata[:10] != bytes(10) else None


def _write_txt(rdata: bytes) -> str | None:
    texts, at = [], 0
    while at < len(rdata):
        start = at + 1
        at = start + rdata[at]
        string = rdata[start:at]
        if string.translate(None, _QUOTABLE):
            texts.append(quote(string))
        else:
            texts.append(f'"{string.decode()}"')
    return " ".join(texts) if at == len(rdata) and texts else None
