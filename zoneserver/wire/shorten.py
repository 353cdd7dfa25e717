"""The short form of an answer that rate limiting lets slip through."""

from zoneserver.wire import message as m

_TC = 0x02  # in the third octet of the header
_AA_AND_TC = 0x06


def shorten(answer: bytes, opt: int, *, bad_cookie: bool) -> bytes:
    """The answer without its records: truncated, or BADCOOKIE for who has half a cookie.

    `opt` is how many octets its OPT has, at its end. Who really asked comes back, over TCP or
    with the whole cookie (RFC 7873 5.2.3); who did not has lost nothing.
    """
    end = m.HEADER_OCTETS
    while length := answer[end]:
        end += 1 + length
    header = bytearray(answer[: m.HEADER_OCTETS])
    header[6:12] = bytes((0, 0, 0, 0, 0, bool(opt)))
    ours = bytearray(answer[len(answer) - opt :] if opt else b"")
    if bad_cookie:
        header[2] &= ~_AA_AND_TC & 0xFF
        header[3] = m.BADCOOKIE & 0x0F
        ours[5] = m.BADCOOKIE >> 4
    else:
        header[2] |= _TC
    return bytes(header) + answer[m.HEADER_OCTETS : end + 5] + bytes(ours)
