"""Decoding: the values in a query that the scanner let through."""

import pytest

from tests import octets as o
from zoneserver.errors import MessageError
from zoneserver.names import ROOT, Name
from zoneserver.wire.decode import decode_query
from zoneserver.wire.message import Edns, Query, Tsig
from zoneserver.wire.tsig import encode_tsig

KEY, SHA256 = Name.parse("key."), Name.parse("hmac-sha256.")
WWW = Name.parse("www.example.")
LONG = b"".join(b"\x3f" + b"a" * 63 for _ in range(3)) + b"\x3d" + b"a" * 61 + b"\0"


def test_plain() -> None:
    """Header and question."""
    expected = Query(o.MESSAGE_ID, 0, False, WWW, o.AAAA, o.IN)
    assert expected == decode_query(o.message(asked=o.question(qtype=o.AAAA)))


@pytest.mark.parametrize(("flags", "desired"), [(o.RD, True), (0x07FF & ~o.RD, False)])
def test_recursion_desired(flags: int, *, desired: bool) -> None:
    """RD, and no flag beside it."""
    query = decode_query(o.message(flags=flags))
    assert query is not None
    assert desired == query.recursion_desired


@pytest.mark.parametrize(
    "qname",
    [
        b"\0",
        b"\x01*\0",
        b"\x03WwW\x07eXample\0",
        b"\x04\x00\xff\x80.\0",
        b"\x03\xe2\x84\xaa\0",
        b"\x04\xff\xfe\xc0\xc1\0",
        b"\x03a.b\x01c\0",
        LONG,
        b"\x01a" * 127 + b"\0",
    ],
)
def test_any_octets(qname: bytes) -> None:
    """A label may hold any octet (RFC 2181 11), and is kept as it came."""
    query = decode_query(o.message(asked=o.question(qname, 65535, 65535)))
    assert query is not None
    assert (qname, 65535, 65535) == (query.qname.wire, query.qtype, query.qclass)


@pytest.mark.parametrize(
    ("opt", "edns"),
    [
        (o.opt(), Edns(0, 1232, do=False)),
        (o.opt(payload=0, flags=0x8000), Edns(0, 0, do=True)),
        (o.opt(payload=65535, flags=0x7FFF), Edns(0, 65535, do=False)),
        (o.opt(version=255, rcode=255), Edns(255, 1232, do=False)),
        (o.opt(o.option(3)), Edns(0, 1232, False, ((3, b""),))),
        (
            o.opt(o.option(65001, b"abc"), o.option(3), o.option(3)),
            Edns(0, 1232, False, ((65001, b"abc"), (3, b""), (3, b""))),
        ),
        (
            o.opt(o.option(65001, bytes(300)), o.option(3, b"x")),
            Edns(0, 1232, do=False, options=((65001, bytes(300)), (3, b"x"))),
        ),
        (o.opt(b"\0\3\0", version=1), Edns(1, 1232, do=False)),
    ],
)
def test_opt(opt: bytes, edns: Edns) -> None:
    """Size, version, DO and options (RFC 6891 6.1.3); an empty option at the end counts."""
    for message in (o.message(opt), o.message(o.record(o.A, bytes(4)), opt, o.record(o.A))):
        query = decode_query(message)
        assert query is not None
        assert edns == query.edns


def test_has() -> None:
    """Whether an option is there."""
    edns = Edns(0, 1232, False, ((10, b""), (3, b"")))
    assert (True, False) == (edns.has(3), edns.has(15))


@pytest.mark.parametrize(
    ("record", "tsig"),
    [
        (o.tsig(), (KEY, SHA256, bytes(32), 0, b"")),
        (o.tsig(mac=b"", error=16, other=b"other"), (KEY, SHA256, b"", 16, b"other")),
        (o.tsig(key=b"\0", algorithm=b"\0"), (ROOT, ROOT, bytes(32), 0, b"")),
        (o.tsig(key=LONG, algorithm=LONG), (Name(LONG), Name(LONG), bytes(32), 0, b"")),
    ],
)
def test_tsig(record: bytes, tsig: tuple[Name, Name, bytes, int, bytes]) -> None:
    """Each of its fields (RFC 8945 4.2), and the record again."""
    query = decode_query(o.message(o.opt(), record))
    assert query is not None
    key, algorithm, mac, error, other = tsig
    expected = Tsig(key, algorithm, 1_700_000_000, 300, mac, o.MESSAGE_ID, error, other)
    assert expected == query.tsig
    assert record == encode_tsig(expected)


def _pointing(target: int) -> bytes:
    """A TSIG whose key is where a pointer leads, behind a record with names in its rdata."""
    return o.message(NAMES, o.tsig(key=o.u16(0xC000 | target)))


BODY = 12 + len(o.question())
AT = BODY + 11  # of the rdata
RDATA = b"".join(
    (
        o.wire("key.example"),  # at 0
        b"\x03two" + o.u16(0xC000 | AT),  # at 13
        b"\x3f" + b"a" * 63 + o.u16(0xC000 | AT + 13),  # at 19
        o.u16(0xC000 | AT + 87),  # at 85: ahead
        o.u16(0xC000 | AT + 87),  # at 87: itself
        b"\x40" + b"a" * 64 + b"\0",  # at 89
        *(o.u16(0xC000 | AT + at) for at in (0, *range(155, 455, 2))),  # from 155 on
    )
)
NAMES = o.record(65280, RDATA)


@pytest.mark.parametrize(
    ("target", "name"),
    [
        (12, "www.example."),
        (16, "example."),
        (AT, "key.example."),
        (AT + 13, "two.key.example."),
        (AT + 19, f"{'a' * 63}.two.key.example."),
        (AT + 155, "key.example."),
        (AT + 157, "key.example."),
    ],
)
def test_compressed_key(target: int, name: str) -> None:
    """The owner of a TSIG is a name like any other; dnspython compresses it.

    So is the algorithm to NSD, Knot and BIND, against the letter of RFC 8945 4.2.
    """
    query = decode_query(_pointing(target))
    assert query is not None
    assert query.tsig is not None
    assert name == str(query.tsig.key)


@pytest.mark.parametrize("target", [0, 11, AT + 85, AT + 87, AT + 89, AT + 455, 0x3FFF])
def test_key_that_points_nowhere(target: int) -> None:
    """Into the header, ahead, in a circle, at no name, over too many hops, beyond the end."""
    with pytest.raises(MessageError) as caught:
        decode_query(_pointing(target))
    assert 1 == caught.value.rcode


BAD_TSIGS = {
    "class IN": o.tsig(rclass=o.IN),
    "a TTL": o.tsig(ttl=1),
    "algorithm that points into the header": o.tsig(algorithm=b"\xc0\0"),
    "no rdata": o.record(o.TSIG, owner=b"\x03key\0", rclass=o.ANY_CLASS),
    "algorithm without an end": o.record(o.TSIG, b"\x01a" * 5, rclass=o.ANY_CLASS),
    "algorithm over 255 octets": o.tsig(algorithm=b"\x01a" * 128 + b"\0"),
    "algorithm of 30,000 labels": o.tsig(algorithm=b"\x01a" * 30_000 + b"\0"),
    "label type 01": o.tsig(algorithm=b"\x40" + bytes(64) + b"\0"),
    "MAC longer than its record": o.tsig(mac=bytes(32), cut=20),
    "other data longer than its record": o.tsig(other=bytes(6), cut=1),
    "octets behind the other data": o.record(
        o.TSIG, b"\0" + bytes(16) + b"!", owner=b"\0", rclass=o.ANY_CLASS
    ),
    **{f"cut by {cut}": o.tsig(cut=cut) for cut in range(1, 61)},
}


@pytest.mark.parametrize("record", BAD_TSIGS.values(), ids=BAD_TSIGS)
def test_bad_tsig(record: bytes) -> None:
    """FORMERR (RFC 8945 5.2)."""
    with pytest.raises(MessageError) as caught:
        decode_query(o.message(record))
    assert 1 == caught.value.rcode


def test_silence() -> None:
    """None is the scanner's, passed on."""
    assert decode_query(o.message(flags=o.QR)) is None
