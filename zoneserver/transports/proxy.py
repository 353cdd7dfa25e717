"""The PROXY protocol, version 2: a proxy in front of us says who asks.

A header stands once before all else on a connection, and in each datagram. Whoever listens
decides from whom one is believed; here its octets are read, and bounded.
"""

from typing import NamedTuple

SIGNATURE = b"\r\n\r\n\0\r\nQUIT\n"
MOST_OCTETS = 1024  # of a header; what proxies add of their own stays far below
_FIXED_OCTETS = 16  # signature, command, family, length
_LOCAL, _PROXY = 0x20, 0x21  # version 2 and the command
_UNSPECIFIED = 0
# TCP and UDP over IPv4 and IPv6, with the octets of an address. Over which of both a client
# came to the proxy need not be how the proxy comes to us.
_ADDRESS_OCTETS = {0x11: 4, 0x12: 4, 0x21: 16, 0x22: 16}
_TLV_OCTETS = 3  # a type and a length
_MAPPED = bytes(10) + b"\xff\xff"  # RFC 4291 2.5.5.2: IPv4 addresses written as IPv6


class Header(NamedTuple):
    """A header of so many octets, and the client's address and port.

    An empty address: the proxy itself is the client, to see whether we are alive.
    """

    octets: int
    address: bytes = b""
    port: int = 0


def measure_header(octets: bytes | bytearray) -> int:
    """How many octets there must be to read the header or its length; 0: it is none."""
    if not SIGNATURE.startswith(octets[: len(SIGNATURE)]):
        return 0
    if len(octets) < _FIXED_OCTETS:
        return _FIXED_OCTETS
    length = _FIXED_OCTETS + int.from_bytes(octets[14:_FIXED_OCTETS], "big")
    return length if length <= MOST_OCTETS else 0


def decode_header(octets: bytes | bytearray) -> Header | None:
    """Read the header that octets begin with; None where it is cut or malformed."""
    end = measure_header(octets)
    if not end or len(octets) < max(end, _FIXED_OCTETS):
        return None
    command, family = octets[12], octets[13]
    if command == _LOCAL or (command == _PROXY and family == _UNSPECIFIED):
        return Header(end)  # whatever else it says is to be passed over
    size = _ADDRESS_OCTETS.get(family)
    if command != _PROXY or size is None:
        return None
    ports_at = _FIXED_OCTETS + 2 * size
    if not _are_sound_tlvs(octets[ports_at + 4 : end], end - ports_at - 4):
        return None
    address = bytes(octets[_FIXED_OCTETS : _FIXED_OCTETS + size]).removeprefix(_MAPPED)
    return Header(end, address, int.from_bytes(octets[ports_at : ports_at + 2], "big"))


def _are_sound_tlvs(octets: bytes | bytearray, length: int) -> bool:
    """Whether what follows the addresses has this length and is a row of TLVs."""
    at = 0
    while at < length:
        at += _TLV_OCTETS + int.from_bytes(octets[at + 1 : at + _TLV_OCTETS], "big")
    return at == length
