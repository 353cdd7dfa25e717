"""What images answer by themselves, what they leave to `respond`, and what it is counted as."""

from typing import NamedTuple

import dns.message
import dns.rcode
import pytest

from tests import octets as o
from tests.images import IDENTITY, Both
from tests.zones_text import name, query, zone
from zoneserver.image import format as f
from zoneserver.zone.zoneset import RefusedZone

DS = "1 8 2 " + "0" * 64
PARENT = zone(f"""
    @          MX     10 mail
    @          MX     20 backup.w
    mail       A      192.0.2.25
    mail       AAAA   2001:db8::25
    a.b        A      192.0.2.1
    alias      CNAME  mail
    chain      CNAME  alias
    away       CNAME  www.test.
    loop       CNAME  loop
    to-wild    CNAME  x.w
    to-old     CNAME  mail.old
    to-cut     CNAME  x.sub
    to-sub     CNAME  sub
    *.w        MX     5 a.w
    *.w        MX     6 b.w
    *.w        A      192.0.2.2
    there.w    TXT    "there"
    *.v        CNAME  mail
    *.u        CNAME  a.u
    sub        NS     mail
    sub        NS     ns.sub
    sub        DS     {DS}
    ns.sub     A      192.0.2.3
    old        DNAME  new
    hidden.old A      192.0.2.4
    mail.new   A      192.0.2.5
    child      NS     ns.child
    child      DS     {DS}
    ns.child   A      192.0.2.6
    *          TXT    "anything"
    plain.none A      192.0.2.7
""")
CHILD = zone("ns A 192.0.2.6\n@ MX 1 ns", "child.example.")
BOTH = Both.of(PARENT, CHILD, RefusedZone(name("refused.example.")))
ANSWER, NODATA, NXDOMAIN, REFERRAL, ERROR = range(5)


class Row(NamedTuple):
    """A question, its kind for rate limiting, and the name it is accounted on."""

    question: str
    kind: int
    account: str = ""

    def __str__(self) -> str:
        """The name of the test."""
        return self.question


ROWS = [
    Row("@ MX", ANSWER, "@"),
    Row("@ SOA", ANSWER, "@"),
    Row("@ NS", ANSWER, "@"),
    Row("@ TXT", NODATA, "@"),
    Row("@ DS", NODATA, "@"),
    Row("MAIL A", ANSWER, "mail"),
    Row("mail AAAA", ANSWER, "mail"),
    Row("mail MX", NODATA, "mail"),
    Row("mail ANY", ANSWER, "mail"),
    Row("mail TYPE65280", NODATA, "mail"),
    Row("mail TYPE0", NODATA, "mail"),
    Row("b A", NODATA, "b"),
    Row("b ANY", NODATA, "b"),
    Row("x.b A", NXDOMAIN, "@"),
    Row("x.y.b MX", NXDOMAIN, "@"),
    Row("x.mail A", NXDOMAIN, "@"),
    Row("x.none ANY", NXDOMAIN, "@"),
    Row("alias A", ANSWER, "alias"),
    Row("alias CNAME", ANSWER, "alias"),
    Row("alias MX", NODATA, "alias"),
    Row("alias ANY", ANSWER, "alias"),
    Row("chain AAAA", ANSWER, "chain"),
    Row("chain TXT", NODATA, "chain"),
    Row("away A", ANSWER, "away"),
    Row("loop A", ANSWER, "loop"),
    Row("to-wild MX", ANSWER, "to-wild"),
    Row("to-wild A", ANSWER, "to-wild"),
    Row("to-wild TXT", NODATA, "to-wild"),
    Row("to-old A", ANSWER, "to-old"),
    Row("to-cut A", REFERRAL, "to-cut"),
    Row("to-cut DS", REFERRAL, "to-cut"),
    Row("to-sub A", REFERRAL, "to-sub"),
    Row("to-sub DS", ANSWER, "to-sub"),
    Row("x.w MX", ANSWER, "*.w"),
    Row("A.W MX", ANSWER, "*.w"),
    Row("b.w MX", ANSWER, "*.w"),
    Row("x.y.w A", ANSWER, "*.w"),
    Row("x.w TXT", NODATA, "*.w"),
    Row("x.w ANY", ANSWER, "*.w"),
    Row("w A", NODATA, "w"),
    Row("*.w A", ANSWER, "*.w"),
    Row("there.w A", NODATA, "there.w"),
    Row("x.there.w A", NXDOMAIN, "@"),
    Row("x.v A", ANSWER, "*.v"),
    Row("x.v MX", NODATA, "*.v"),
    Row("sub A", REFERRAL, "sub"),
    Row("sub NS", REFERRAL, "sub"),
    Row("sub ANY", REFERRAL, "sub"),
    Row("sub DS", ANSWER, "sub"),
    Row("x.sub A", REFERRAL, "sub"),
    Row("x.sub DS", REFERRAL, "sub"),
    Row("ns.sub A", REFERRAL, "sub"),
    Row("x.y.ns.sub AAAA", REFERRAL, "sub"),
    Row("old DNAME", ANSWER, "old"),
    Row("old A", NODATA, "old"),
    Row("nothing TXT", ANSWER, "*"),
    Row("nothing A", NODATA, "*"),
    Row("refused DS", NODATA, "*"),
    Row("child MX", ANSWER, "child"),
    Row("child DS", ANSWER, "child"),
    Row("x.child A", NXDOMAIN, "child"),
]


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_answered(row: Row) -> None:
    """As `respond` does, with the account that rate limiting counts it on."""
    message = query(row.question).to_wire()
    reply = BOTH.looked_up(message)
    account = name(f"{row.account}.example." if row.account != "@" else "example.")

    assert reply is not None
    assert BOTH.responded(message) == reply.octets
    assert (row.kind, f.hash_key(account.key)) == (reply.kind, reply.account)


@pytest.mark.parametrize(
    "question",
    [
        "mail AXFR", "mail IXFR",
        "x.old A", "x.old CNAME", "hidden.old A", "x.hidden.old A",  # each name its own CNAME
        "x.u A",  # whose CNAME may lead to itself
        "refused A", "x.refused MX", "x.refused DS",
    ],
)  # fmt: skip
def test_handed_over(question: str) -> None:
    """What is not the same for all names that a template would stand for."""
    assert BOTH.looked_up(query(question).to_wire()) is None
    assert BOTH.looked_up(query(question).to_wire(), stream=True) is None


def test_any_over_a_stream_is_handed_over() -> None:
    """There it is answered with all that there is."""
    assert BOTH.looked_up(query("mail ANY").to_wire(), stream=True) is None


@pytest.mark.parametrize("edns", [-1, 0], ids=["plain", "EDNS"])
def test_refused(edns: int) -> None:
    """Names of nobody's here, with the reason to who understands it (RFC 8914)."""
    for qname in ("test.", ".", "com.", "xexample."):
        message = query(f"{qname} A", use_edns=edns).to_wire()
        reply = BOTH.looked_up(message)

        assert reply is not None
        assert BOTH.responded(message) == reply.octets
        assert dns.message.from_wire(reply.octets).rcode() == dns.rcode.REFUSED
        assert (ERROR, 0) == (reply.kind, reply.account)


def test_root_zone() -> None:
    """Its names have no suffix of an origin to be compressed with."""
    both = Both.of(zone("a MX 5 b.a\nb.a A 192.0.2.1\n*.w A 192.0.2.2\nt NS ns.t", "."))
    for question in (". SOA", ". MX", ". DS", "a. MX", "a. TXT", "x. A", "x.w. A", "x.t. A"):
        message = query(question).to_wire()
        reply = both.looked_up(message)

        assert reply is not None, question
        assert both.responded(message) == reply.octets, question


COOKIE = o.option(o.COOKIE, b"8 octets")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        bytes(11),
        o.message(flags=o.QR),
        o.message(opcode=o.NOTIFY),
        o.message(opcode=o.STATUS),
        o.message(asked=o.question(qclass=o.CH)),
        o.message(asked=o.question(qclass=o.ANY_CLASS)),
        o.message(counts=(0, 0, 0, 0)),
        o.message(counts=(2, 0, 0, 0)),
        o.message(counts=(1, 1, 0, 0)),
        o.message(counts=(1, 0, 1, 0)),
        o.message(o.opt(), o.opt()),
        o.message(counts=(1, 0, 0, 1)),
        o.message(asked=b"\xc0\x0c\0\1\0\1"),
        o.message(asked=b"\x40" + bytes(70)),
        o.message(asked=b"".join([b"\x3f" + b"x" * 63] * 4) + b"\0\0\1\0\1"),
        o.message(asked=o.question()[:-1]),
        o.message(asked=b"\x3fshort"),
        o.message(o.tsig()),
        o.message(o.record(o.A, bytes(4))),
        o.message(o.opt(version=1)),
        o.message(o.opt(owner=o.wire("a"))),
        o.message(o.opt(length=1)),
        o.message(o.opt(o.option(o.NSID, length=1))),
        o.message(o.opt(o.option(o.NSID, b"x") + b"\0\0\0")),
        o.message(o.opt(COOKIE[:-1])),
        *(o.message(o.opt(o.option(o.COOKIE, bytes(n)))) for n in (0, 7, 9, 15, 41)),
        o.message(o.opt(COOKIE, o.option(o.COOKIE, bytes(9)))),
        o.message(o.opt(*[o.option(65001)] * 65)),
    ],
)
def test_rare_and_malformed(message: bytes) -> None:
    """It is for `respond` to say what such a message deserves."""
    assert BOTH.looked_up(message) is None


@pytest.mark.parametrize("octets", [8, 16, 24, 40])
def test_cookies_are_noted(octets: int) -> None:
    """The first one counts (RFC 7873 5.2); the answer has a whole one."""
    first, second = bytes(range(octets)), bytes(8)
    opt = o.opt(o.option(o.COOKIE, first), o.option(o.COOKIE, second))
    message = o.message(opt, asked=o.question("mail.example"))
    reply = BOTH.looked_up(message)

    assert reply is not None
    assert BOTH.responded(message) == reply.octets
    assert first == reply.cookie
    assert len(o.opt(o.option(o.COOKIE, bytes(24)))) == reply.opt
    assert first[:8] in reply.octets[-reply.opt :]


def test_nsid_is_told_once() -> None:
    """However often it was asked for, and not unasked."""
    twice = o.message(o.opt(*[o.option(o.NSID)] * 2), asked=o.question("mail.example"))
    plain = o.message(o.opt(), asked=o.question("mail.example"))
    told, untold = BOTH.looked_up(twice), BOTH.looked_up(plain)

    assert told is not None
    assert untold is not None
    assert 1 == told.octets.count(IDENTITY.nsid)
    assert 0 == untold.octets.count(IDENTITY.nsid)
