"""Rdata text of the types we do not look into: dnspython reads and writes it."""

import dns.exception
import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype

from zoneserver.errors import RdataError
from zoneserver.names import Name


def encode_text(rtype: int, text: str, origin: Name | None) -> bytes:
    """The octets of rdata in presentation format. Raises RdataError."""
    root = dns.name.Name([*origin.labels, b""]) if origin else None
    try:
        rdata = dns.rdata.from_text(
            dns.rdataclass.IN, dns.rdatatype.RdataType.make(rtype), text, root, relativize=False
        )
        return rdata.to_wire(origin=root) or b""
    except dns.exception.DNSException as error:
        raise RdataError(str(error) or type(error).__name__) from error
    except Exception as error:  # any other means: a text dnspython did not foresee
        raise RdataError(f"cannot be read: {error}") from error


def format_octets(rtype: int, octets: bytes) -> str:
    r"""Rdata in presentation format, as `\# length hex` where dnspython knows no other."""
    try:
        rdata = dns.rdata.from_wire(
            dns.rdataclass.IN, dns.rdatatype.RdataType.make(rtype), octets, 0, len(octets)
        )
        return rdata.to_text().rstrip()
    except dns.exception.DNSException:
        return rf"\# {len(octets)} {octets.hex()}".rstrip()  # RFC 3597 5
