"""Zones, questions and answers in presentation format, for tables that read like one.

dnspython reads every text here, so that what a test expects never comes from the code
under test. Names in tables are relative to the zone's origin; a record without a TTL has
3600 seconds.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from zoneserver.engine.answer import Outcome
from zoneserver.engine.respond import Transport, respond
from zoneserver.engine.solve import solve
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records.parse import decode_rdata
from zoneserver.records.rrset import Record, RRset
from zoneserver.zone.build import build_zone
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet
from zoneserver.zonefile.source import ZoneSource

TTL = 3600
UDP, TCP = Transport(), Transport(stream=True)

# What a zone here has at its apex unless its text says otherwise. The nameserver is
# elsewhere, so that it adds nothing to any answer.
APEX = """
@  SOA  ns.test. hostmaster.test. 1 7200 1800 1209600 300
@  NS   ns.test.
"""
NEGATIVE = "@ 300 SOA ns.test. hostmaster.test. 1 7200 1800 1209600 300"

# How a look-up ends, without the "Outcome." that would fill every row.
ANSWER, NODATA, NXDOMAIN = Outcome.ANSWER, Outcome.NODATA, Outcome.NXDOMAIN
REFERRAL, PARTIAL, YXDOMAIN = Outcome.REFERRAL, Outcome.PARTIAL, Outcome.YXDOMAIN

_RCODES = {Outcome.NXDOMAIN: "NXDOMAIN", Outcome.YXDOMAIN: "YXDOMAIN"}


@dataclass(frozen=True)
class Reply:
    """What came back: a verdict, whether AA is set, and the sections, one line a record."""

    verdict: str
    aa: bool
    answer: tuple[str, ...]
    authority: tuple[str, ...]
    additional: tuple[str, ...]


@dataclass(frozen=True)
class Case:
    """One row of a table: a question ("www A"), its outcome, and the three sections.

    A section is the text of its records, a line each. A referral has AA clear unless an
    alias led to it.
    """

    question: str
    outcome: Outcome
    answer: str = ""
    authority: str = ""
    additional: str = ""

    def __str__(self) -> str:
        """The name of the test."""
        return f"{self.question} {self.outcome.name}"


def zone(text: str, origin: str = "example.", *, apex: str = APEX) -> Zone:
    """The zone of some lines `owner [ttl] type rdata`, built as the server builds it."""
    records = tuple(_records(f"{apex}\n{text}", origin))
    return build_zone(ZoneSource(name(origin), records))


def name(text: str) -> Name:
    """A name in presentation format, as dnspython reads it."""
    return _name(dns.name.from_text(text))


def lines(text: str, origin: str = "example.") -> tuple[str, ...]:
    """Records as they are compared: absolute, with TTL and type, rdata as dnspython has it."""
    return tuple(chain.from_iterable(map(_lines_of, _rrsets(text, origin))))


def check(served: Zone, case: Case) -> None:
    """`solve` has the outcome, and the octets over TCP have the sections, of one row."""
    qname, qtype = question(case.question, str(served.origin))
    assert case.outcome.name == solve(served, qname, qtype).outcome.name
    aa = case.outcome is not Outcome.REFERRAL or bool(case.answer)
    expected = expect(_RCODES.get(case.outcome, "NOERROR"), case, aa=aa, zone=served)
    assert expected == ask(served, case.question)


def expect(verdict: str, case: Case, *, aa: bool, zone: Zone) -> Reply:
    """The reply that a row describes."""
    sections = (case.answer, case.authority, case.additional)
    return Reply(verdict, aa, *(lines(text, str(zone.origin)) for text in sections))


def question(text: str, origin: str = "example.") -> tuple[Name, int]:
    """The qname and qtype of a question such as "www A"."""
    qname, qtype = text.split()
    owner = dns.name.from_text(qname, dns.name.from_text(origin))
    return _name(owner), int(dns.rdatatype.from_text(qtype))


def query(text: str, origin: str = "example.", **options: object) -> dns.message.QueryMessage:
    """The message of a question such as "www A"; no recursion desired."""
    qname, qtype = question(text, origin)
    options = {"flags": 0, "id": 4711, **options}
    return dns.message.make_query(
        dns.name.from_wire(qname.wire, 0)[0],
        dns.rdatatype.RdataType.make(qtype),
        **options,  # type: ignore[arg-type]  # dnspython's own keywords, passed on
    )


def ask(
    served: Zone | ZoneSet, text: str, transport: Transport = TCP, **options: object
) -> Reply:
    """What the server says to a question; one relative to the origin if there is one zone."""
    zones, origin = (served, ".") if isinstance(served, ZoneSet) else (ZoneSet([served]), None)
    origin = origin or str(next(iter(zones)).origin)
    octets = respond(zones, query(text, origin, **options).to_wire(), transport)
    assert octets is not None
    return reply(octets)


def reply(octets: bytes) -> Reply:
    """A message as dnspython reads it, its records in the order they were sent."""
    message = dns.message.from_wire(octets, one_rr_per_rrset=True)
    return Reply(
        dns.rcode.to_text(message.rcode()),
        bool(message.flags & dns.flags.AA),
        *(
            tuple(chain.from_iterable(map(_lines_of, section)))
            for section in (message.answer, message.authority, message.additional)
        ),
    )


def rrset_lines(rrsets: Iterable[RRset]) -> tuple[str, ...]:
    """Our RRsets as lines, their rdata read by dnspython."""
    return tuple(
        f"{rrset.owner} {rrset.ttl} {_mnemonic(rrset.rtype)} {_text(rrset.rtype, rdata.wire)}"
        for rrset in rrsets
        for rdata in rrset.rdatas
    )


def _name(known: dns.name.Name) -> Name:
    return Name(known.to_wire() or b"")


def _records(text: str, origin: str) -> Iterable[Record]:
    for number, rrset in enumerate(_rrsets(text, origin), start=1):
        owner, rtype = _name(rrset.name), int(rrset.rdtype)
        rdata = decode_rdata(rtype, rrset[0].to_wire() or b"")
        yield Record(owner, rtype, rrset.ttl, rdata, Mark("example.zone", number, 1))


def _rrsets(text: str, origin: str) -> Iterable[dns.rrset.RRset]:
    """One RRset for each line: whatever the lines are together, each is read."""
    root = dns.name.from_text(origin)
    for line in filter(None, map(str.strip, text.splitlines())):
        owner, ttl, rest = line.split(None, 2)
        if not ttl.isdecimal():
            ttl, rest = str(TTL), f"{ttl} {rest}"
        rtype, rdata = rest.split(None, 1)
        yield dns.rrset.from_rdata(
            dns.name.from_text(owner, root),
            int(ttl),
            dns.rdata.from_text("IN", rtype, rdata, root, relativize=False),
        )


def _lines_of(rrset: dns.rrset.RRset) -> Iterable[str]:
    for rdata in rrset:
        yield f"{rrset.name} {rrset.ttl} {_mnemonic(rrset.rdtype)} {rdata.to_text()}"


def _mnemonic(rtype: int) -> str:
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rtype))


def _text(rtype: int, octets: bytes) -> str:
    kind = dns.rdatatype.RdataType.make(rtype)
    return dns.rdata.from_wire(dns.rdataclass.IN, kind, octets, 0, len(octets)).to_text()
