"""One question as it is asked, and one response in a form that compares."""

import itertools
import socket
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from tests.peers.server import LOOPBACK

ANSWER_SECONDS = 5.0
# What every server here is configured to send over UDP, with EDNS and without.
MOST_UDP_OCTETS = 1232
PLAIN_OCTETS = 512
# What stands in place of an rcode where there is no response to read.
NO_ANSWER = "no answer"
MALFORMED = "malformed"


@dataclass(frozen=True)
class Question:
    """Everything that a query says, and how it travels."""

    qname: dns.name.Name
    qtype: str
    qclass: str = "IN"
    transport: str = "udp"
    payload: int | None = None
    do: bool = False
    flags: frozenset[str] = frozenset()
    edns_version: int = 0

    def __str__(self) -> str:
        """One line, close to the arguments of dig."""
        words = [self.qname.to_text(), self.qclass, self.qtype, f"+{self.transport}"]
        if self.payload is None:
            words.append("+noedns")
        else:
            words.append(f"+bufsize={self.payload}")
        if self.edns_version:
            words.append(f"+edns={self.edns_version}")
        if self.do:
            words.append("+do")
        words += (f"+{flag.lower()}" for flag in sorted(self.flags))
        return " ".join(words)

    @property
    def most_octets(self) -> int:
        """The most octets that a response may have: RFC 6891 6.2.3, and 1232 at most."""
        if self.transport == "tcp":
            return 0xFFFF
        return min(max(self.payload or 0, PLAIN_OCTETS), MOST_UDP_OCTETS)

    def to_message(self) -> dns.message.Message:
        """The query to send."""
        message = dns.message.make_query(
            self.qname,
            dns.rdatatype.from_text(self.qtype),
            dns.rdataclass.from_text(self.qclass),
            flags=dns.flags.from_text(" ".join(self.flags)),
        )
        if self.payload is not None:
            message.use_edns(
                edns=self.edns_version,
                ednsflags=dns.flags.DO if self.do else 0,
                payload=self.payload,
            )
        return message


@dataclass(frozen=True, order=True)
class Record:
    """One resource record as text, names in it folded to lower case."""

    owner: str
    rtype: str
    rdata: str
    ttl: int

    def __str__(self) -> str:
        """The record as a line of a master file."""
        return f"{self.owner} {self.ttl} {self.rtype} {self.rdata}"


Section = tuple[Record, ...]


@dataclass(frozen=True)
class Answer:
    """What compares of a response: sections are sorted, as their order means nothing.

    `path` is the one order that does mean something: the RRsets of the answer section
    as they follow each other, because stub resolvers read an alias before its target.
    `octets` is the size of the message, which is each server's own affair.
    """

    rcode: str
    flags: frozenset[str] = frozenset()
    edns: bool = False
    question: str = ""
    answer: Section = ()
    authority: Section = ()
    additional: Section = ()
    path: tuple[tuple[str, str], ...] = ()
    octets: int = field(default=0, compare=False)

    def __str__(self) -> str:
        """Several lines, close to the output of dig."""
        flags = " ".join(sorted(self.flags))
        lines = [f"{self.rcode} [{flags}]{' EDNS' if self.edns else ''}"]
        lines.append(f"  question: {self.question}")
        for title in ("answer", "authority", "additional"):
            section: Section = getattr(self, title)
            lines += (f"  {title}: {record}" for record in section)
        return "\n".join(lines)


def ask(question: Question, port: int) -> Answer:
    """Send `question` to the server on `port` and return its answer."""
    query = question.to_message()
    try:
        octets = _exchange(query.to_wire(), question.transport, port)
    except (TimeoutError, ConnectionError, EOFError):
        return Answer(NO_ANSWER)
    try:
        response = dns.message.from_wire(octets, one_rr_per_rrset=True)
    except dns.exception.DNSException as error:
        return Answer(f"{MALFORMED}: {error!r}")
    if response.id != query.id or not response.flags & dns.flags.QR:
        return Answer(f"{MALFORMED}: not a response to this query")
    return _answer(response, len(octets))


def _exchange(query: bytes, transport: str, port: int) -> bytes:
    kind = socket.SOCK_DGRAM if transport == "udp" else socket.SOCK_STREAM
    with socket.socket(socket.AF_INET, kind) as connection:
        connection.settimeout(ANSWER_SECONDS)
        connection.connect((LOOPBACK, port))
        if transport == "udp":
            connection.send(query)
            return connection.recv(0xFFFF)
        connection.sendall(struct.pack("!H", len(query)) + query)
        (length,) = struct.unpack("!H", _receive(connection, 2))
        return _receive(connection, length)


def _receive(connection: socket.socket, length: int) -> bytes:
    octets = bytearray()
    while len(octets) < length:
        chunk = connection.recv(length - len(octets))
        if not chunk:
            raise EOFError
        octets += chunk
    return bytes(octets)


def _answer(response: dns.message.Message, octets: int) -> Answer:
    flags = dns.flags.to_text(response.flags & ~dns.flags.QR).split()
    if response.ednsflags & dns.flags.DO:
        flags.append("DO")
    return Answer(
        rcode=dns.rcode.to_text(response.rcode()),
        flags=frozenset(flags),
        edns=response.edns >= 0,
        question=" ".join(question.to_text() for question in response.question),
        answer=_section(response.answer),
        authority=_section(response.authority),
        additional=_section(response.additional),
        path=_path(response.answer),
        octets=octets,
    )


def _section(rrsets: Iterable[dns.rrset.RRset]) -> Section:
    return tuple(
        sorted(
            Record(
                owner=rrset.name.canonicalize().to_text(),
                rtype=dns.rdatatype.to_text(rrset.rdtype),
                rdata=_folded(rdata).to_text(),
                ttl=rrset.ttl,
            )
            for rrset in rrsets
            for rdata in rrset
        )
    )


def _folded(rdata: dns.rdata.Rdata) -> dns.rdata.Rdata:
    """`rdata` with its names in lower case: some servers keep case, others do not."""
    values = ((slot, getattr(rdata, slot)) for slot in type(rdata).__slots__)
    names = {
        slot: value.canonicalize() for slot, value in values if isinstance(value, dns.name.Name)
    }
    return rdata.replace(**names) if names else rdata


def _path(rrsets: Iterable[dns.rrset.RRset]) -> tuple[tuple[str, str], ...]:
    keys = (
        (rrset.name.canonicalize().to_text(), dns.rdatatype.to_text(rrset.rdtype))
        for rrset in rrsets
    )
    return tuple(key for key, _ in itertools.groupby(keys))
