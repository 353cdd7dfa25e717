"""The form of records that is signed (RFC 4034 6.2)."""

import dns.rdata
import dns.rdataclass
import dns.rdatatype

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.layout import encode_fields
from zoneserver.records.rdata import Opaque, Rdata
from zoneserver.records.rrset import RRset

_CLASS_IN = b"\0\1"
_SIGNER_AT = 18  # in the rdata of an RRSIG (RFC 4034 3.1)
# The types of which the names in the rdata are folded (RFC 4034 6.2, RFC 6840 5.1).
_FOLDED = frozenset(
    {rtypes.NS, rtypes.CNAME, rtypes.SOA, rtypes.PTR, rtypes.MX, rtypes.SRV, rtypes.NAPTR,
     rtypes.DNAME}
)  # fmt: skip
# MD, MF, MB, MG, MR, MINFO, RP, AFSDB, RT, PX, KX: dnspython knows where the names are.
_FOLDED_OPAQUE = frozenset({3, 4, 7, 8, 9, 14, 17, 18, 21, 26, 36})


def canonical_rdata(rdata: Rdata) -> bytes:
    """The octets of rdata with the names in it folded, where the type wants that."""
    rtype = rdata.rtype
    if isinstance(rdata, Opaque):
        octets = rdata.octets
        if rtype == rtypes.RRSIG:
            return _fold_signer(octets)
        return _fold_opaque(rtype, octets) if rtype in _FOLDED_OPAQUE else octets
    if rtype in _FOLDED:
        values = (Name(it.key) if isinstance(it, Name) else it for it in rdata.values)
        parts = encode_fields(rdata.layout, tuple(values))
        return b"".join(part.wire if isinstance(part, Name) else part for part in parts)
    return rdata.wire


def _fold_opaque(rtype: int, octets: bytes) -> bytes:
    kind = dns.rdatatype.RdataType.make(rtype)
    read = dns.rdata.from_wire(dns.rdataclass.IN, kind, octets, 0, len(octets))
    return read.to_digestable()


def _fold_signer(rrsig: bytes) -> bytes:
    """The octets of an RRSIG with the signer's name folded (RFC 6840 5.1)."""
    end = _SIGNER_AT
    while rrsig[end : end + 1] > b"\0":
        end += 1 + rrsig[end]
    return rrsig[:_SIGNER_AT] + rrsig[_SIGNER_AT:end].lower() + rrsig[end:]


def canonical_rrset(rrset: RRset) -> bytes:
    """The records of a set one behind the other, in their order (RFC 4034 6.3)."""
    ttl = rrset.ttl.to_bytes(4, "big")
    head = rrset.owner.key + rrset.rtype.to_bytes(2, "big") + _CLASS_IN + ttl
    rdatas = sorted({canonical_rdata(rdata) for rdata in rrset.rdatas})
    return b"".join(head + len(octets).to_bytes(2, "big") + octets for octets in rdatas)
