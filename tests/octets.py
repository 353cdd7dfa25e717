"""Messages octet by octet: what dnspython would not write, or not this way."""

from collections.abc import Iterable

QUERY, IQUERY, STATUS, NOTIFY, UPDATE = 0, 1, 2, 4, 5
QR, AA, TC, RD, RA, Z, AD, CD = 0x8000, 0x0400, 0x0200, 0x0100, 0x0080, 0x0040, 0x0020, 0x0010

A, NS, CNAME, SOA, TXT, AAAA, OPT, TSIG, IXFR, AXFR, ANY = (
    1,
    2,
    5,
    6,
    16,
    28,
    41,
    250,
    251,
    252,
    255,
)
IN, CH, NONE, ANY_CLASS = 1, 3, 254, 255

NSID, ECS, COOKIE, KEEPALIVE, PADDING, KEY_TAG = 3, 8, 10, 11, 12, 14

MESSAGE_ID = 0x1234
POINTER_TO_QNAME = b"\xc0\x0c"


def u16(number: int) -> bytes:
    """Two octets, network order."""
    return number.to_bytes(2, "big")


def u32(number: int) -> bytes:
    """Four octets, network order."""
    return number.to_bytes(4, "big")


def wire(text: str) -> bytes:
    """A name of plain labels: `www.example` or the empty text for the root."""
    labels = text.encode().split(b".") if text else []
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def header(
    *,
    flags: int = 0,
    opcode: int = QUERY,
    rcode: int = 0,
    counts: Iterable[int] = (1, 0, 0, 0),
    message_id: int = MESSAGE_ID,
) -> bytes:
    """The twelve octets in front."""
    return u16(message_id) + u16(flags | opcode << 11 | rcode) + b"".join(map(u16, counts))


def question(name: str | bytes = "www.example", qtype: int = A, qclass: int = IN) -> bytes:
    """A question; the name as text, or as octets that need not be one."""
    return (wire(name) if isinstance(name, str) else name) + u16(qtype) + u16(qclass)


def record(
    rtype: int, rdata: bytes = b"", *, owner: bytes = b"\0", rclass: int = IN, ttl: int = 0,
    length: int | None = None,
) -> bytes:  # fmt: skip
    """A record; `length` lies about its rdata."""
    rdlength = len(rdata) if length is None else length
    return owner + u16(rtype) + u16(rclass) + u32(ttl) + u16(rdlength) + rdata


def option(code: int, octets: bytes = b"", *, length: int | None = None) -> bytes:
    """An EDNS option; `length` lies about its octets."""
    return u16(code) + u16(len(octets) if length is None else length) + octets


def opt(
    *options: bytes,
    payload: int = 1232,
    version: int = 0,
    flags: int = 0,
    rcode: int = 0,
    owner: bytes = b"\0",
    length: int | None = None,
) -> bytes:
    """An OPT (RFC 6891 6.1.2); `rcode` are the upper eight bits."""
    ttl = rcode << 24 | version << 16 | flags
    rdata = b"".join(options)
    return record(OPT, rdata, owner=owner, rclass=payload, ttl=ttl, length=length)


def tsig(
    *,
    key: bytes = b"\x03key\0",
    algorithm: bytes = b"\x0bhmac-sha256\0",
    mac: bytes = bytes(32),
    error: int = 0,
    other: bytes = b"",
    rclass: int = ANY_CLASS,
    ttl: int = 0,
    cut: int = 0,
) -> bytes:
    """A TSIG (RFC 8945 4.2), `cut` octets short at its end."""
    rdata = (
        algorithm
        + (1_700_000_000).to_bytes(6, "big")
        + u16(300)
        + u16(len(mac))
        + mac
        + u16(MESSAGE_ID)
        + u16(error)
        + u16(len(other))
        + other
    )
    return record(TSIG, rdata[: len(rdata) - cut], owner=key, rclass=rclass, ttl=ttl)


def message(
    *additional: bytes,
    asked: bytes | None = None,
    flags: int = 0,
    opcode: int = QUERY,
    answer: Iterable[bytes] = (),
    authority: Iterable[bytes] = (),
    counts: Iterable[int] | None = None,
) -> bytes:
    """A query with a question and such records; `counts` lies about their number."""
    answers, authorities = list(answer), list(authority)
    told = counts or (1, len(answers), len(authorities), len(additional))
    body = (question() if asked is None else asked, *answers, *authorities, *additional)
    return header(flags=flags, opcode=opcode, counts=told) + b"".join(body)
