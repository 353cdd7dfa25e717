"""The short form of an answer: nothing but what makes who really asked come back."""

import dns.flags
import dns.message
import dns.rcode
import pytest

from tests import octets as o
from zoneserver.wire.shorten import shorten

QUESTION = o.question(b"\x03wWw\x07example\0")
RECORD = o.record(o.A, bytes(4), owner=o.POINTER_TO_QNAME, ttl=300)
OPT = o.opt(o.option(o.COOKIE, bytes(24)), flags=0x8000)
FLAGS = o.QR | o.AA | o.RD


def _answer(*, opt: bytes = b"", rcode: int = 0) -> bytes:
    counts = (1, 2, 0, 1 + bool(opt))
    return o.header(flags=FLAGS, rcode=rcode, counts=counts) + QUESTION + RECORD * 3 + opt


@pytest.mark.parametrize("rcode", [0, 3])
@pytest.mark.parametrize("opt", [b"", OPT], ids=["plain", "EDNS"])
def test_truncated(opt: bytes, rcode: int) -> None:
    """TC, the question as it came, and the OPT; all else of the header stays."""
    header = o.header(flags=FLAGS | o.TC, rcode=rcode, counts=(1, 0, 0, bool(opt)))
    expected = header + QUESTION + opt

    assert expected == shorten(_answer(opt=opt, rcode=rcode), len(opt), bad_cookie=False)


def test_bad_cookie() -> None:
    """RFC 7873 5.2.3: BADCOOKIE beside the cookie to come back with; neither AA nor TC."""
    short = shorten(_answer(opt=OPT), len(OPT), bad_cookie=True)
    message = dns.message.from_wire(short)

    assert dns.rcode.BADCOOKIE == message.rcode()
    assert dns.flags.QR | dns.flags.RD == message.flags & 0xFFF0
    assert dns.flags.DO == message.ednsflags & 0xFFFF
    assert o.option(o.COOKIE, bytes(24)) == short[-28:]
    assert QUESTION == short[12 : 12 + len(QUESTION)]
    assert [] == message.answer + message.authority + message.additional


def test_answer_without_records() -> None:
    """What is short already only gains its bit."""
    bare = o.header(flags=o.QR) + o.question("")

    assert o.header(flags=o.QR | o.TC) + o.question("") == shorten(bare, 0, bad_cookie=False)
