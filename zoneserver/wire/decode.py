"""A scanned query into values. dnslib reads header and question, once they are bounded.

OPT and TSIG are read here: dnslib loses an empty option at the end of an OPT, which is
how NSID is asked for.
"""

from dnslib import DNSBuffer, DNSHeader, DNSQuestion
from dnslib.label import DNSLabel

from zoneserver.errors import MessageError, NameSyntaxError
from zoneserver.names import MAX_NAME_OCTETS, Name
from zoneserver.wire import message as m
from zoneserver.wire.message import Edns, Query, Tsig
from zoneserver.wire.scan import OPT_OCTETS, scan

_DO = 0x8000  # RFC 3225 3: the top bit of the flags in an OPT


class _ScannedBuffer(DNSBuffer):  # type: ignore[misc]  # dnslib has no annotations
    """dnslib's buffer, for names that the scanner has bounded.

    dnslib's own refuses labels that are no UTF-8, and follows pointers; a label may hold
    any octet (RFC 2181 11), and there are no pointers left here.
    """

    def decode_name(self, last: int = -1) -> DNSLabel:  # noqa: ARG002 - dnslib's signature
        """The labels up to the root."""
        labels = []
        while length := self.get(1)[0]:
            labels.append(self.get(length))
        return DNSLabel(labels)


def decode_query(octets: bytes) -> Query | None:
    """Read a query. None: it must not be answered.

    Raises MessageError with the RCODE that a faulty one gets.
    """
    found = scan(octets)
    if found is None:
        return None
    buffer = _ScannedBuffer(octets[: found.question_end])
    header = DNSHeader.parse(buffer)
    question = DNSQuestion.parse(buffer)
    return Query(
        message_id=header.id,
        opcode=found.opcode,
        recursion_desired=bool(header.rd),
        qname=Name.from_labels(question.qname.label),
        qtype=question.qtype,
        qclass=question.qclass,
        edns=_decode_opt(octets[slice(*found.opt)]) if found.opt else None,
        tsig=_decode_tsig(octets[slice(*found.tsig)]) if found.tsig else None,
    )


def _decode_opt(record: bytes) -> Edns:
    """An OPT, whose root owner is one octet (RFC 6891 6.1.2)."""
    version, options, at = record[6], [], OPT_OCTETS
    while at < len(record) and version == 0:  # those of another version were not scanned
        end = at + 4 + int.from_bytes(record[at + 2 : at + 4], "big")
        options.append((int.from_bytes(record[at : at + 2], "big"), record[at + 4 : end]))
        at = end
    payload = int.from_bytes(record[3:5], "big")
    flags = int.from_bytes(record[7:9], "big")
    return Edns(version, payload, bool(flags & _DO), tuple(options))


def _decode_tsig(record: bytes) -> Tsig:
    """What of a TSIG an error has to repeat (RFC 8945 4.2). Raises MessageError."""
    key, at = _decode_name(record, 0)
    fixed = record[at : at + 10]
    if fixed[2:8] != b"\x00\xff\0\0\0\0":  # RFC 8945 4.2: class ANY, TTL 0
        raise MessageError("a TSIG has a class or a TTL", m.FORMERR)
    algorithm, at = _decode_name(record, at + 10)
    mac_end = at + 10 + int.from_bytes(record[at + 8 : at + 10], "big")
    other_end = mac_end + 6 + int.from_bytes(record[mac_end + 4 : mac_end + 6], "big")
    if other_end != len(record):
        raise MessageError("a TSIG is cut", m.FORMERR)
    return Tsig(
        key=key,
        algorithm=algorithm,
        time_signed=int.from_bytes(record[at : at + 6], "big"),
        fudge=int.from_bytes(record[at + 6 : at + 8], "big"),
        original_id=int.from_bytes(record[mac_end : mac_end + 2], "big"),
    )


def _decode_name(record: bytes, at: int) -> tuple[Name, int]:
    """An uncompressed name (RFC 8945 4.2), and the offset behind it."""
    labels: list[bytes] = []
    end = at
    # The algorithm's name is the one thing in a query that the scanner has not bounded.
    while end - at <= MAX_NAME_OCTETS and end < len(record) and (length := record[end]):
        labels.append(record[end + 1 : end + 1 + length])
        end += 1 + length
    try:
        return Name.from_labels(labels), end + 1
    except NameSyntaxError as error:
        raise MessageError("a TSIG has a compressed name", m.FORMERR) from error
