r"""RFC 3597: types that nobody here knows are served as octets; `\#` is their text."""

import pytest

from tests import octets as o
from tests.zones_text import ANSWER, NEGATIVE, NODATA, TCP, Case, check, zone
from zoneserver.engine.respond import respond
from zoneserver.records.fields import Token
from zoneserver.records.parse import parse_rdata
from zoneserver.records.rdata import MX, A, Opaque
from zoneserver.zone.zoneset import ZoneSet

LONG = rf"TYPE65281 \# 300 {'00' * 300}"
ZONE = zone(rf"""
    a        TYPE731    \# 6 abcdef012345
    a        TYPE62347  \# 0
    a        A          10.0.0.1
    a        TYPE65534  \# 4 0a000001
    *.wild   TYPE65280  \# 1 ff
    alias    CNAME      a
    long     {LONG}
""")

CASES = [
    Case("a TYPE731", ANSWER, r"a TYPE731 \# 6 abcdef012345"),
    Case("a TYPE62347", ANSWER, r"a TYPE62347 \# 0"),
    Case("a TYPE1", ANSWER, "a A 10.0.0.1"),
    Case("a TYPE732", NODATA, authority=NEGATIVE),
    Case("x.wild TYPE65280", ANSWER, r"x.wild TYPE65280 \# 1 ff"),
    Case("alias TYPE731", ANSWER, "alias CNAME a\na TYPE731 \\# 6 abcdef012345"),
    Case("long TYPE65281", ANSWER, f"long {LONG}"),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_unknown_types(case: Case) -> None:
    """3: stored, found, synthesised and sent like any other type."""
    check(ZONE, case)


def _compressed(rtype: int, rdata: str, asked: str = "aa.example") -> bytes:
    """The rdata of the one record in the answer, as it is on the wire."""
    served = ZoneSet([zone(f"aa TYPE{rtype} {rdata}", "example.")])
    octets = respond(served, o.message(asked=o.question(asked, rtype)), TCP)
    assert octets is not None
    at = 12 + len(o.question(asked)) + 2 + 8
    length = int.from_bytes(octets[at : at + 2], "big")
    return octets[at + 2 : at + 2 + length]


@pytest.mark.parametrize(
    ("rtype", "octets"),
    [
        (2, b"\x02aa\xc0\x0f"),  # NS
        (5, b"\x02aa\xc0\x0f"),  # CNAME
        (12, b"\x02aa\xc0\x0f"),  # PTR
        (15, b"\0\x0a\x02aa\xc0\x0f"),  # MX
    ],
)
def test_compressed_in_known_types(rtype: int, octets: bytes) -> None:
    """4: the types of RFC 1035 may have compressed names."""
    before = octets[: -len(b"\x02aa\xc0\x0f")]
    target = o.wire("aa.example")
    rdata = rf"\# {len(before + target)} {(before + target).hex()}"
    assert octets == _compressed(rtype, rdata)


@pytest.mark.parametrize(
    ("rtype", "before"),
    [
        (17, o.wire("aa.example")),  # RP
        (18, b"\0\x01"),  # AFSDB
        (21, b"\0\x01"),  # RT
        (33, bytes(6)),  # SRV
        (35, bytes(4) + b"\0\0\0"),  # NAPTR
        (36, b"\0\x01"),  # KX
        (39, b""),  # DNAME
        (64, b"\0\x01"),  # SVCB
        (65, b"\0\x01"),  # HTTPS
        (65280, b""),  # private use
    ],
)
def test_not_compressed_in_others(rtype: int, before: bytes) -> None:
    """4: in every later type a name is written in full."""
    rdata = before + o.wire("aa.example")
    assert rdata == _compressed(rtype, rf"\# {len(rdata)} {rdata.hex()}")


@pytest.mark.parametrize(
    ("rtype", "text", "expected"),
    [
        (1, r"\# 4 0a000001", A(bytes((10, 0, 0, 1)))),
        (1, r"\# 4 0a 00 00 01", A(bytes((10, 0, 0, 1)))),
        (1, r"\# 4 0A000001", A(bytes((10, 0, 0, 1)))),
        (65280, r"\# 0", Opaque(65280, b"")),
        (65280, r"\# 3 ab cdef", Opaque(65280, b"\xab\xcd\xef")),
        (15, r"\# 3 000000", MX.decode(b"\0\0\0")),
    ],
)
def test_generic_text(rtype: int, text: str, expected: object) -> None:
    r"""5: `\#`, a length, hex in words of any size, for known types as well."""
    tokens = [Token(word) for word in text.split()]
    assert expected == parse_rdata(rtype, tokens, None)
