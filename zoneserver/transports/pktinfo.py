"""Control data that tells which address a datagram was sent to, as its answer has it."""

import socket
import struct

# From Linux's headers; Python names it in later versions only.
IP_PKTINFO = 8
_CMSG = struct.Struct("@Nii")  # struct cmsghdr: length, level, type; it is padded to a word
_WORD_OCTETS = struct.calcsize("@N")


def turn_round(control: bytes) -> bytes:
    """The control data of an answer, made of its query's: one PKTINFO, or nothing."""
    if len(control) < _CMSG.size:
        return b""
    length, level, kind = _CMSG.unpack_from(control)
    info = control[_CMSG.size : length]
    if (level, kind) == (socket.IPPROTO_IP, IP_PKTINFO):
        # struct in_pktinfo: interface, local address, destination. No interface, so that the
        # answer may take another way than the query did.
        info = bytes(4) + info[4:8] + bytes(4)
    elif (level, kind) == (socket.IPPROTO_IPV6, socket.IPV6_PKTINFO):
        # struct in6_pktinfo: destination, interface. A link-local address means nothing
        # without its interface (RFC 4007 6).
        link_local = info[0] == 0xFE and info[1] & 0xC0 == 0x80
        info = info if link_local else info[:16] + bytes(4)
    else:
        return b""
    padded = info + bytes(-len(info) % _WORD_OCTETS)
    return _CMSG.pack(_CMSG.size + len(info), level, kind) + padded
