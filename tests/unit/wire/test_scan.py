"""The scanner: what it drops, what it finds faulty, where the parts of a sound query are."""

import pytest

from tests import octets as o
from zoneserver.errors import MessageError
from zoneserver.wire.scan import MAX_EXTRA_RECORDS, MAX_OPTIONS, Scan, scan

FORMERR, NOTIMP = 1, 4
QUESTION_END = 12 + len(o.question())
NAME_255 = b"".join(b"\x3f" + b"a" * 63 for _ in range(3)) + b"\x3d" + b"a" * 61 + b"\0"
NAME_256 = b"".join(b"\x3f" + b"a" * 63 for _ in range(3)) + b"\x3e" + b"a" * 62 + b"\0"
PLAIN = o.record(o.A, bytes(4))


@pytest.mark.parametrize("length", range(12))
def test_short(length: int) -> None:
    """Acceptance 10: less than a header is not answered: nothing tells whose message it is."""
    assert scan(bytes(length)) is None
    assert scan(o.message()[:length]) is None


@pytest.mark.parametrize("rcode", range(16))
@pytest.mark.parametrize("opcode", range(16))
def test_responses(opcode: int, rcode: int) -> None:
    """Acceptance 7: QR=1 is not answered, whatever else it says: an answer to an answer
    could loop.
    """
    body = o.question()
    assert scan(o.header(flags=o.QR, opcode=opcode, rcode=rcode) + body) is None


@pytest.mark.parametrize("opcode", [1, 2, 3, *range(5, 16)])
def test_opcodes(opcode: int) -> None:
    """Acceptance 11: NOTIMP comes before anything else is read."""
    for rest in (b"", o.question(), b"\xff" * 100):
        assert NOTIMP == _rcode(o.header(opcode=opcode, counts=(9, 9, 9, 9)) + rest)


def _rcode(message: bytes) -> int:
    with pytest.raises(MessageError) as caught:
        scan(message)
    return caught.value.rcode


BAD = {
    "no question": o.header(counts=(0, 0, 0, 0)),
    "no question, an OPT": o.header(counts=(0, 0, 0, 1)) + o.opt(),
    "two questions": o.message(asked=o.question() * 2, counts=(2, 0, 0, 0)),
    "a question announced": o.header(),
    "QNAME cut in a label": o.header() + b"\x03ww",
    "QNAME cut behind a label": o.header() + b"\x03www",
    "QTYPE cut": o.header() + o.wire("www.example"),
    "QCLASS cut": o.header() + o.question()[:-1],
    "QNAME is a pointer to itself": o.message(asked=o.question(b"\xc0\x0c")),
    "QNAME is a pointer forward": o.message(asked=o.question(b"\xc0\x10")),
    "QNAME is a pointer into the header": o.message(asked=o.question(b"\xc0\x00")),
    "QNAME ends in a pointer": o.message(asked=o.question(b"\x03www\xc0\x04")),
    "label type 01": o.message(asked=o.question(b"\x40" + bytes(64) + b"\0")),
    "label type 10": o.message(asked=o.question(b"\x80" + bytes(128) + b"\0")),
    "QNAME of 256 octets": o.message(asked=o.question(NAME_256)),
    "QNAME of 128 labels": o.message(asked=o.question(b"\x01a" * 128 + b"\0")),
    "QNAME without an end": o.header() + b"\x01a" * 10000,
    "too many records": o.message(*[PLAIN] * (MAX_EXTRA_RECORDS + 1)),
    "too many records announced": o.message(counts=(1, 65535, 65535, 65535)),
    "a record announced": o.message(counts=(1, 0, 0, 1)),
    "a record cut in its owner": o.message(b"\x03ww"),
    "a record without a type": o.message(b"\0"),
    "a record cut in its head": o.message(PLAIN[:10]),
    "a record cut in its rdata": o.message(PLAIN[:-1]),
    "RDLENGTH beyond the end": o.message(o.record(o.A, bytes(4), length=65535)),
    "too many records in the answer": o.message(answer=[PLAIN] * (MAX_EXTRA_RECORDS + 1)),
    "too many records in the authority": o.message(authority=[PLAIN] * (MAX_EXTRA_RECORDS + 1)),
    "too many records altogether": o.message(
        *[PLAIN] * 22, answer=[PLAIN] * 22, authority=[PLAIN] * 21
    ),
    "an owner of label type 01": o.message(o.record(o.A, owner=b"\x41" + b"a" * 65 + b"\0")),
    "an owner of label type 10": o.message(o.record(o.A, owner=b"\x81" + b"a" * 129 + b"\0")),
    "an owner of 256 octets": o.message(o.record(o.A, owner=NAME_256)),
    "an owner over 255 octets": o.message(
        o.record(o.A, owner=b"\x3f" + bytes(63) + b"\x3f" * 300)
    ),
    "an owner that is half a pointer": o.message(b"\xc0"),
    "OPT twice": o.message(o.opt(), o.opt()),
    "OPT in the answer": o.message(answer=[o.opt()]),
    "OPT in the authority": o.message(authority=[o.opt()]),
    "OPT with an owner": o.message(o.opt(owner=b"\x01x\0")),
    "OPT with a pointer as owner": o.message(o.opt(owner=o.POINTER_TO_QNAME)),
    "option cut in its code": o.message(o.opt(b"\0")),
    "option cut in its length": o.message(o.opt(b"\0\3\0")),
    "option cut in its data": o.message(o.opt(o.option(3, b"xy", length=3))),
    "option that takes in the next record": o.message(o.opt(o.option(3, b"", length=9)), PLAIN),
    "too many options": o.message(o.opt(*[o.option(65001)] * (MAX_OPTIONS + 1))),
    "TSIG before a record": o.message(o.tsig(), PLAIN),
    "TSIG before OPT": o.message(o.tsig(), o.opt()),
    "TSIG twice": o.message(o.tsig(), o.tsig()),
    "TSIG in the answer": o.message(answer=[o.tsig()]),
    "TSIG in the authority": o.message(authority=[o.tsig()]),
    **{
        f"cookie of {length}": o.message(o.opt(o.option(o.COOKIE, bytes(length))))
        for length in (0, 1, 7, 9, 15, 41, 100)
    },
}


@pytest.mark.parametrize("message", BAD.values(), ids=BAD)
def test_bad_messages(message: bytes) -> None:
    """Acceptance 3: FORMERR for what has a header and is no query."""
    assert FORMERR == _rcode(message)


GOOD = {
    "plain": (o.message(), None, None),
    "notify": (o.message(opcode=o.NOTIFY), None, None),
    "trailing octets": (o.message() + b"\xff" * 60000, None, None),
    "records of other kinds": (o.message(PLAIN, answer=[PLAIN], authority=[PLAIN]), None, None),
    "the most records": (o.message(*[PLAIN] * MAX_EXTRA_RECORDS), None, None),
    "an owner of 255 octets": (o.message(o.record(o.A, owner=NAME_255)), None, None),
    "types that end like OPT and TSIG": (
        o.message(o.record(0x0100 | o.OPT), o.record(0x0100 | o.TSIG), PLAIN), None, None
    ),
    "an owner that is a pointer": (o.message(o.record(o.A, owner=b"\xff\xff")), None, None),
    "an owner that ends in one": (o.message(o.record(o.A, owner=b"\x01a\xc0\x0c")), None, None),
    "opt": (o.message(o.opt()), (0, 11), None),
    "opt between others": (o.message(PLAIN, o.opt(), PLAIN), (15, 26), None),
    "the most options": (o.message(o.opt(*[o.option(9)] * MAX_OPTIONS)), (0, 11 + 256), None),
    "options of another version": (o.message(o.opt(b"\0\3\0", version=1)), (0, 14), None),
    "tsig": (o.message(o.tsig()), None, (0, len(o.tsig()))),
    "opt and tsig": (o.message(o.opt(), o.tsig()), (0, 11), (11, 11 + len(o.tsig()))),
    **{
        f"cookie of {length}": (
            o.message(o.opt(o.option(o.COOKIE, bytes(length)))), (0, 15 + length), None
        )
        for length in (8, 16, 24, 32, 40)
    },
}  # fmt: skip


@pytest.mark.parametrize(("message", "opt", "tsig"), GOOD.values(), ids=GOOD)
def test_good_messages(
    message: bytes, opt: tuple[int, int] | None, tsig: tuple[int, int] | None
) -> None:
    """Let through, with the places of OPT and TSIG, here counted from the question's end."""

    def absolute(place: tuple[int, int] | None) -> tuple[int, int] | None:
        return place and (QUESTION_END + place[0], QUESTION_END + place[1])

    opcode = message[2] >> 3 & 15
    assert Scan(opcode, QUESTION_END, absolute(opt), absolute(tsig)) == scan(message)


@pytest.mark.parametrize(
    "qname", [b"\0", b"\x3f" + b"a" * 63 + b"\0", NAME_255, b"\x01a" * 127 + b"\0", b"\x01\0\0"]
)
def test_sound_names(qname: bytes) -> None:
    """Acceptance 3: up to 63 octets a label, 255 a name, 127 labels, any octet (RFC 1035
    2.3.4).
    """
    assert Scan(0, 12 + len(qname) + 4) == scan(o.message(asked=o.question(qname)))


@pytest.mark.parametrize("flags", [o.AA, o.TC, o.RD, o.RA, o.Z, o.AD, o.CD, 0x07F0])
def test_flags_do_not_matter(flags: int) -> None:
    """Only QR and the opcode decide."""
    assert scan(o.message(flags=flags)) == scan(o.message())


@pytest.mark.parametrize("cut", range(12, QUESTION_END + 11 + len(o.tsig())))
def test_every_cut(cut: int) -> None:
    """A message cut anywhere behind its header is a FORMERR."""
    assert FORMERR == _rcode(o.message(o.opt(), o.tsig())[:cut])
