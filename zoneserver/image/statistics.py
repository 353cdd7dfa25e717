"""What was asked and what was answered: by transport, type and RCODE, and by zone for mail.

`fastpath/src/statistics.rs` counts the same, with the same words. What is counted is read from
the question and the header of the answer, whoever made it. No content of a zone is known here.
"""

from typing import NamedTuple

from zoneserver.image.images import Images
from zoneserver.image.lookup import find_zone
from zoneserver.names import MAX_LABEL_OCTETS, MAX_NAME_OCTETS
from zoneserver.records import rtypes
from zoneserver.wire import message as m

# Types that have a count of their own.
TYPES = {
    1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA",
    29: "LOC", 33: "SRV", 35: "NAPTR", 39: "DNAME", 43: "DS", 44: "SSHFP", 46: "RRSIG",
    48: "DNSKEY", 52: "TLSA", 59: "CDS", 64: "SVCB", 65: "HTTPS", 251: "IXFR", 252: "AXFR",
    255: "ANY", 257: "CAA",
}  # fmt: skip
RCODES = {
    0: "NOERROR", 1: "FORMERR", 2: "SERVFAIL", 3: "NXDOMAIN", 4: "NOTIMP", 5: "REFUSED",
    6: "YXDOMAIN", 9: "NOTAUTH", 16: "BADVERS", 23: "BADCOOKIE",
}  # fmt: skip
OTHER = "other"
NO_TYPE = "none"  # of a message without a question that can be read

_CLASS_IN = 1
_MAIL_TYPES = frozenset({rtypes.MX, rtypes.TXT, rtypes.TLSA})
_AA, _TC, _RCODE = 0x04, 0x02, 0x0F  # in the third and fourth octets of a header
_OPT_ALONE = b"\0\1\0\0\0\0\0\1"  # the counts of an answer with a question, an OPT, no more
_OPT_OWNER_AND_TYPE = b"\0\0\x29"

# One of the sums, in a list so that whoever answers the same again adds to it at once.
Cell = list[int]


class Question(NamedTuple):
    """What a message asks: the QNAME's key, QTYPE and QCLASS; `end` is behind it."""

    key: bytes
    qtype: int
    qclass: int
    end: int


class Key(NamedTuple):
    """What a cell counts. `mail` and `told` are empty where no mail server asks so."""

    transport: str
    qtype: str
    rcode: str
    origin: bytes = b""
    mail: str = ""
    told: str = ""


class Statistics:
    """The counts of a worker since they were taken last."""

    def __init__(self) -> None:
        self._cells: dict[Key, Cell] = {}

    def cell(self, images: Images, message: bytes, answer: bytes, transport: str) -> Cell:
        """Where a message and its answer are counted. Both have an id, or two other octets."""
        question, rcode = read_question(message), read_rcode(answer)
        word = RCODES.get(rcode, OTHER)
        if question is None:
            return self._find(Key(transport, NO_TYPE, word))
        qtype = TYPES.get(question.qtype, OTHER)
        if question.qtype not in _MAIL_TYPES or question.qclass != _CLASS_IN:
            return self._find(Key(transport, qtype, word))
        mail = find_mail(question.key, question.qtype)
        zone_at = find_zone(images, question.key, question.qtype) if mail else None
        if zone_at is None:
            return self._find(Key(transport, qtype, word))
        origin, told = question.key[zone_at:], find_told(answer, rcode)
        return self._find(Key(transport, qtype, word, origin, mail, told))

    def _find(self, key: Key) -> Cell:
        return self._cells.setdefault(key, [0])

    def take(self) -> list[tuple[Key, int]]:
        """Take out what was counted."""
        taken = []
        for key, cell in [each for each in self._cells.items() if each[1][0]]:
            taken.append((key, cell[0]))
            cell[0] = 0
        return taken


def read_question(message: bytes) -> Question | None:
    """The question of a message, whatever else is in it."""
    end, size = m.HEADER_OCTETS, len(message)
    if message[4:6] != b"\0\1":
        return None
    while end < size and (length := message[end]):
        if length > MAX_LABEL_OCTETS:
            return None
        end += 1 + length
    if end + 5 > size or end + 1 - m.HEADER_OCTETS > MAX_NAME_OCTETS:
        return None
    qtype, qclass = (message[at] << 8 | message[at + 1] for at in (end + 1, end + 3))
    key = message[m.HEADER_OCTETS : end + 1].lower()  # RFC 4343 3: no length is a letter's
    return Question(key, qtype, qclass, end + 5)


def read_rcode(answer: bytes) -> int:
    """The RCODE, with the bits that an OPT alone behind the question adds (RFC 6891 6.1.3)."""
    rcode = answer[3] & _RCODE
    if answer[4:12] != _OPT_ALONE:
        return rcode
    question = read_question(answer)
    if question is None or answer[question.end : question.end + 3] != _OPT_OWNER_AND_TYPE:
        return rcode  # what is alone there is a signature
    return answer[question.end + 5] << 4 | rcode


def find_mail(key: bytes, qtype: int) -> str:
    """What mail servers ask for under a name; empty: nothing."""
    if qtype != rtypes.TXT:
        return {rtypes.MX: "mx", rtypes.TLSA: "tlsa"}.get(qtype, "")
    if key.startswith(b"\6_dmarc"):
        return "dmarc"
    if key.startswith(b"\x08_mta-sts"):
        return "mta-sts"
    at = 0
    while key[at]:
        if key.startswith(b"\x0a_domainkey", at):
            return "dkim"
        at += 1 + key[at]
    return ""


def find_told(answer: bytes, rcode: int) -> str:
    """What an answer says to who wants to send mail."""
    if answer[2] & _TC:
        return "truncated"
    if rcode == m.NXDOMAIN:
        return "nxdomain"
    if rcode != m.NOERROR:
        return "error"
    if answer[6:8] != b"\0\0":
        return "answer"
    return "nodata" if answer[2] & _AA else "referral"
