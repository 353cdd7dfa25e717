"""Records to master-file text (RFC 1035 5.1) that any nameserver reads.

One record on each line, nothing left to a default, names absolute: the text can be sorted,
compared and cut up line by line.
"""

from collections.abc import Iterable

from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import Opaque, Rdata
from zoneserver.records.rrset import Record
from zoneserver.zonefile.entry import read_head, read_rdata
from zoneserver.zonefile.lexer import EntryError, Page

# Opaque types that BIND, NSD and Knot all know by name. One that a server does not know by
# name it still takes by number.
_FAMILIAR = frozenset({
    "HINFO", "RP", "AFSDB", "RT", "LOC", "KX", "CERT", "APL", "IPSECKEY", "RRSIG", "NSEC",
    "DNSKEY", "DHCID", "NSEC3", "NSEC3PARAM", "CDNSKEY", "CSYNC", "ZONEMD", "NID", "L32", "L64",
    "LP", "EUI48", "EUI64",
})  # fmt: skip

# Types whose rdata always has a text that means it, whatever its octets.
_PLAIN = frozenset({
    rtypes.A, rtypes.AAAA, rtypes.NS, rtypes.CNAME, rtypes.PTR, rtypes.DNAME, rtypes.SOA,
    rtypes.MX, rtypes.SRV, rtypes.TXT,
})  # fmt: skip


def write_master(origin: Name, records: Iterable[Record]) -> str:
    """The zone's records in canonical order (RFC 4034 6), its SOA first (RFC 1035 5.2)."""
    ordered = sorted(records, key=lambda record: _place(origin, record))
    return "\n".join([f"$ORIGIN {origin}", *map(write_line, ordered)]) + "\n"


def write_line(record: Record) -> str:
    """One record, tabs between its five fields, without an end of line."""
    rtype, rdata = _type_and_data(record)
    return f"{record.owner}\t{record.ttl}\tIN\t{rtype}\t{rdata}"


def _place(origin: Name, record: Record) -> tuple[bool, tuple[bytes, ...], int, bytes]:
    """What a record is sorted by."""
    begins = record.rtype == rtypes.SOA and record.owner == origin
    parts = (part.key if isinstance(part, Name) else part for part in record.rdata.parts)
    return not begins, record.owner.canonical(), record.rtype, b"".join(parts)


def _type_and_data(record: Record) -> tuple[str, str]:
    mnemonic, rdata = rtypes.mnemonic(record.rtype), record.rdata
    if record.rtype in _PLAIN:
        return mnemonic, rdata.text
    familiar = mnemonic in _FAMILIAR or not isinstance(rdata, Opaque)
    if familiar and _reads_back(mnemonic, rdata):
        return mnemonic, rdata.text
    octets = rdata.wire
    return f"TYPE{record.rtype}", rf"\# {len(octets)} {octets.hex()}".rstrip()  # RFC 3597 5


def _reads_back(mnemonic: str, rdata: Rdata) -> bool:
    """Whether the rdata's text means that rdata; what came in as octets may have no text."""
    page = Page("", f". {mnemonic} {rdata.text}".encode())
    try:
        return all(
            read_rdata(line, read_head(line, 1), ROOT)[0] == rdata for line in page.lines()
        )
    except EntryError:
        return False
