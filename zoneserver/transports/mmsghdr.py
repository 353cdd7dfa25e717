"""The structures of recvmmsg(2) and sendmmsg(2), as Linux has them on 64 bits."""

import mmap
import struct

from zoneserver.wire.shorten import shorten

# struct mmsghdr: name and its length, vector, number of vectors, control and its length,
# flags, octets received or sent. struct iovec: base, length.
HEADER = struct.Struct("@PIxxxxPNPNixxxxIxxxx")
VECTOR = struct.Struct("@PN")
CONTROL_LENGTH = 40  # offset in struct mmsghdr
SIZE = struct.Struct("@N")
OCTETS = struct.Struct("@56xI4x")  # of struct mmsghdr the last field only
ADDRESS_OCTETS = 28  # struct sockaddr_in6, the longer one
CONTROL_OCTETS = 64  # room for one PKTINFO
# Port and address of a struct sockaddr_in or sockaddr_in6 in the room of the longer one.
PEER4, PEER6 = struct.Struct("!2xH4s20x"), struct.Struct("!2xH4x16s4x")
_VECTOR_AT = struct.Struct("@16xP")  # of struct mmsghdr the vector only

_SHORT_OCTETS = 512  # the longest header and question have fewer


def cut(memory: mmap.mmap, start: int, number: int) -> bool:
    """Leave of the answer behind a header only TC and the question (RFC 2181 9).

    The headers are the first thing in the memory, which begins at the address `start`. False:
    the answer is short already.
    """
    (vector,) = _VECTOR_AT.unpack_from(memory, number * HEADER.size)
    datagram, octets = VECTOR.unpack_from(memory, vector - start)
    if octets <= _SHORT_OCTETS:
        return False
    at = datagram - start
    short = shorten(memory[at : at + octets], 0, bad_cookie=False)
    memory[at : at + len(short)] = short
    VECTOR.pack_into(memory, vector - start, datagram, len(short))
    return True
