"""Messages of a primary for these tests, written by dnspython."""

from collections.abc import Iterable

import dns.flags
import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

from zoneserver.names import Name
from zoneserver.transfer.incoming import Incoming, Limits, Request
from zoneserver.transfer.lines import LineWriter
from zoneserver.transfer.verifying import Unsigned

ORIGIN = Name.parse("example.org.")
ID = 4711
NOW = 1_790_000_000
MUCH = Limits(1 << 30, 1 << 30)


def soa(serial: int, rname: str = "hostmaster.example.org.") -> str:
    """An SOA record."""
    return f"example.org. 3600 IN SOA ns1.example.org. {rname} {serial} 7200 1800 1209600 3600"


NS = "example.org. 3600 IN NS ns1.example.org."
A1, A2, A3 = (f"a{number}.example.org. 300 IN A 192.0.2.{number}" for number in (1, 2, 3))


def answer(
    *records: str,
    qtype: str | None = "AXFR",
    qname: str = "example.org.",
    number: int = ID,
    flags: int = dns.flags.QR | dns.flags.AA,
    rcode: int = 0,
) -> bytes:
    """One message; without a `qtype` it has no question."""
    message = dns.message.Message(number)
    message.flags = dns.flags.Flag(flags)
    message.set_rcode(dns.rcode.Rcode(rcode))
    if qtype is not None:
        rdtype = dns.rdatatype.from_text(qtype)
        message.question.append(dns.rrset.RRset(_name(qname), dns.rdataclass.IN, rdtype))
    for record in records:
        owner, ttl, rclass, rtype, rdata = record.split(" ", 4)
        message.answer.append(dns.rrset.from_text(owner, int(ttl), rclass, rtype, rdata))
    return message.to_wire(max_size=65_535)


def _name(text: str) -> dns.name.Name:
    return dns.name.from_text(text)


def whole(serial: int | None = None) -> Incoming:
    """A transfer of all of the zone, of which we have one version, or none."""
    return Incoming(Request(ID, ORIGIN, serial), MUCH, Unsigned())


def changes(serial: int, limits: Limits = MUCH) -> Incoming:
    """A transfer of what has changed since a serial."""
    return Incoming(Request(ID, ORIGIN, serial, incremental=True), limits, Unsigned())


def texts(incoming: Incoming, messages: Iterable[bytes]) -> list[str]:
    """The records of a whole zone that come of these messages."""
    writer = LineWriter()
    found = [record for octets in messages for record in incoming.receive(octets, NOW)]
    return [writer.write(record).replace("\t", " ") for record in found]
