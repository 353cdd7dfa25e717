"""The types of a name, as NSEC and NSEC3 list them (RFC 4034 4.1.2)."""

from collections.abc import Iterable


def encode_bitmap(types: Iterable[int]) -> bytes:
    """One window for every 256 types of which there is one."""
    windows: dict[int, bytearray] = {}
    for rtype in types:
        window = windows.setdefault(rtype >> 8, bytearray(32))
        window[(rtype & 0xFF) >> 3] |= 0x80 >> (rtype & 7)
    octets = ((number, bytes(windows[number]).rstrip(b"\0")) for number in sorted(windows))
    return b"".join(bytes((number, len(bits))) + bits for number, bits in octets)
