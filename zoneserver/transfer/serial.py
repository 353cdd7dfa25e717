"""Serials: numbers that count round and round (RFC 1982)."""

SERIALS = 1 << 32  # RFC 1982 7: SERIAL_BITS is 32


def is_newer(serial: int, other: int) -> bool:
    """Whether a serial is greater than another one (RFC 1982 3.2)."""
    return 0 < (serial - other) % SERIALS < SERIALS // 2
