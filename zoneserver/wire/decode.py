"""A scanned query into values. dnslib reads header and question, once they are bounded.

OPT is read here: dnslib loses an empty option at the end of an OPT, which is how NSID is
asked for.
"""

from dnslib import DNSBuffer, DNSHeader, DNSQuestion
from dnslib.label import DNSLabel

from zoneserver.names import Name
from zoneserver.wire.message import Edns, Query
from zoneserver.wire.scan import OPT_OCTETS, scan
from zoneserver.wire.tsig import decode_tsig

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
        tsig=decode_tsig(octets, *found.tsig) if found.tsig else None,
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
