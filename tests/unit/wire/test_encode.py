"""Encoding: compression, limits, and the octets of header, OPT and TSIG."""

from itertools import pairwise

import dns.message
import pytest

from tests import octets as o
from tests.zones_text import reply, rrset_lines, zone
from zoneserver.names import Name
from zoneserver.records.rrset import RRset
from zoneserver.wire.decode import decode_query
from zoneserver.wire.encode import Opt, Response, Writer, encode_error, encode_response
from zoneserver.wire.message import ExtendedError, Query
from zoneserver.zone.zone import Zone

EXAMPLE = Name.parse("example.")
LONGEST = b"".join(bytes((size,)) + b"p" * size for size in (63, 63, 63, 61)) + b"\0"


def _query(asked: bytes | None = None, *additional: bytes, flags: int = 0) -> Query:
    query = decode_query(o.message(*additional, asked=asked, flags=flags))
    assert query is not None
    return query


def _rrsets(text: str) -> list[RRset]:
    return list(zone(text, ".", apex="").rrsets())


def _encode(query: Query, response: Response, limit: int = 65535) -> bytes:
    return encode_response(query, response, limit, Opt(1232))


def _sized(count: int) -> list[RRset]:
    return _rrsets("\n".join(f"{i}. TXT {'x' * 20}" for i in range(count)))


def test_compression() -> None:
    """Each name is written once, and later ones point to the longest suffix that is there."""
    rrsets = _rrsets("www.example. MX 1 mail.example.\nwww.example. MX 2 a.mail.example.")
    octets = _encode(_query(), Response(0, answer=rrsets, origin=EXAMPLE))
    expected = (
        o.header(flags=o.QR, counts=(1, 2, 0, 0))
        + o.question("www.example")
        + o.record(15, b"\0\1\x04mail\xc0\x10", owner=b"\xc0\x0c", ttl=3600)
        + o.record(15, b"\0\2\x01a\xc0\x2b", owner=b"\xc0\x0c", ttl=3600)
    )
    assert expected == octets


def test_compression_without_case() -> None:
    """A pointer may lead to other case (RFC 4343 4.1); the qname keeps its own."""
    rrsets = _rrsets("WWW.EXAMPLE. CNAME Www.Example.")
    response = Response(0, answer=rrsets, origin=Name.parse("wWw.example."))
    octets = _encode(_query(o.question("www.eXample")), response)
    assert o.question("www.eXample") + o.record(
        5, b"\xc0\x0c", owner=b"\xc0\x0c", ttl=3600
    ) == octets[12:]  # fmt: skip


@pytest.mark.parametrize("labels", ["", "a.", "mail.", "x.mail."])
def test_compression_does_not_depend_on_the_labels_of_the_qname(labels: str) -> None:
    """Behind the question, only what pointers are counted from differs with its length."""
    asked = f"{labels}www.example"
    rrsets = _rrsets(f"{asked}. MX 1 www.example.\n{asked}. MX 2 mail.example.")
    octets = _encode(_query(o.question(asked)), Response(0, answer=rrsets, origin=EXAMPLE))
    example = o.u16(0xC000 + 12 + len(o.wire(asked)) - len(o.wire("example")))
    expected = (
        o.header(flags=o.QR, counts=(1, 2, 0, 0))
        + o.question(asked)
        + o.record(15, b"\0\1\x03www" + example, owner=b"\xc0\x0c", ttl=3600)
        + o.record(15, b"\0\2\x04mail" + example, owner=b"\xc0\x0c", ttl=3600)
    )
    assert expected == octets


def test_root_is_not_compressed() -> None:
    """One octet is less than a pointer."""
    octets = _encode(_query(o.question("")), Response(0, answer=_rrsets(". MX 0 .")))
    assert o.question("") + o.record(15, bytes(3), owner=b"\0", ttl=3600) == octets[12:]


def test_pointers_reach_16383() -> None:
    """A name behind octet 16,383 is no pointer's target (RFC 1035 4.1.4); all still reads."""
    rrsets = _rrsets(
        "\n".join(f"{'x' * 50}{i}.test. MX 1 {'y' * 50}{i}.test." for i in range(300))
    )
    octets = _encode(_query(), Response(0, answer=rrsets))
    assert len(octets) > 20_000
    assert rrset_lines(rrsets) == reply(octets).answer


@pytest.mark.parametrize("shift", range(12))
@pytest.mark.parametrize("asked", [o.wire("p"), LONGEST], ids=["short", "longest"])
def test_pointers_end_at_16383(asked: bytes, shift: int) -> None:
    """A name that starts at octet 16,383 behind the longest QNAME can be pointed to, the next
    one cannot: one rule for QNAMEs of all lengths.
    """
    owner = Name(asked)
    pad = "\n".join(f"{owner} TXT {number:03d}{'x' * 247}" for number in range(61))
    names = "new.name. A 192.0.2.1\nnew.name. A 192.0.2.2\nn.new.name. A 192.0.2.3"
    rrsets = [*_rrsets(f"{pad}\n{owner} TXT {'x' * (51 + shift)}"), *_rrsets(names)]
    octets = _encode(_query(o.question(asked)), Response(0, answer=rrsets))
    start = octets.index(b"\x03new\x04name\0") + len(LONGEST) - len(asked)
    assert 16_378 + shift == start
    assert rrset_lines(rrsets) == reply(octets).answer
    assert (start <= 16_383) == (octets.count(b"\x03new\x04name\0") == 1)


@pytest.mark.parametrize("tail", [(), (o.opt(),)])
@pytest.mark.parametrize(
    "response", [Response(0, answer=_sized(5)), Response(0, authority=_sized(5))]
)
def test_limit(response: Response, tail: tuple[bytes, ...]) -> None:
    """To the octet: what fits goes, and one octet less is a truncated message."""
    query = _query(None, *tail)
    whole = _encode(query, response)
    assert whole == _encode(query, response, len(whole))
    empty, cut = _encode(query, Response(0)), _encode(query, response, len(whole) - 1)
    assert o.header(flags=o.QR | o.TC, counts=(1, 0, 0, len(tail))) + empty[12:] == cut


@pytest.mark.parametrize("edns", [(), (o.opt(),)])
def test_tsig_that_does_not_fit(edns: tuple[bytes, ...]) -> None:
    """It is left out where not even an empty answer has room for it."""
    query = _query(None, *edns, o.tsig())
    whole, bare = _encode(query, Response(9)), _encode(_query(None, *edns), Response(9))
    assert whole == _encode(query, Response(9), len(whole))
    assert bare == _encode(query, Response(9), len(whole) - 1)


def test_authority_that_does_not_fit_takes_the_answer_with_it() -> None:
    """A response that lacks what is required has nothing (RFC 2181 9)."""
    answer, authority = _sized(2), _sized(5)
    room = len(_encode(_query(), Response(0, answer=answer)))
    cut = _encode(_query(), Response(0, answer=answer, authority=authority), room + 40)
    assert o.header(flags=o.QR | o.TC) + o.question() == cut


def test_glue_and_additional() -> None:
    """Each as far as it fits, RRset by RRset, the glue first; TC for glue alone."""
    glue, additional = _sized(3), _sized(6)[3:]
    sizes = [
        len(_encode(_query(), Response(0, glue=glue[:g], additional=additional[:a])))
        for g, a in ((0, 0), (1, 0), (2, 0), (3, 0), (3, 1), (3, 2), (3, 3))
    ]
    for kept, (room, more) in enumerate(pairwise(sizes)):
        for limit in (room, more - 1):
            octets = _encode(_query(), Response(0, glue=glue, additional=additional), limit)
            assert room == len(octets)
            truncated = bool(int.from_bytes(octets[2:4], "big") & o.TC)
            assert (kept, kept < 3) == (len(reply(octets).additional), truncated)


def test_nothing_behind_a_set_that_does_not_fit() -> None:
    """What is sent of the additional section is its beginning, however small the rest is."""
    rrsets = _rrsets(
        f"a. A 192.0.2.1\nbig. TXT {'x' * 200}\nsmall. A 192.0.2.2\nother. A 192.0.2.3"
    )
    octets = _encode(_query(), Response(0, additional=rrsets), 120)
    assert rrset_lines(rrsets[:1]) == reply(octets).additional


def _writer(limit: int) -> Writer:
    """The sections of a message of at most `limit` octets."""
    question = len(o.header() + o.question())
    return Writer(_query().qname, question - 4, {}, limit - question)


def _write_what_fits(rrsets: list[RRset], limit: int) -> list[str]:
    """The records that are in a message once each set was tried."""
    writer = _writer(limit)
    records = sum(len(rrset.rdatas) for rrset in rrsets if writer.add(rrset))
    octets = o.header(counts=(1, records, 0, 0)) + o.question() + writer.octets
    return list(reply(bytes(octets)).answer)


def test_small_set_behind_one_that_was_taken_back() -> None:
    """A set that does not fit takes none of its names along that later ones point to."""
    rrsets = _rrsets(
        f"big.new. TXT {'x' * 200}\nsmall.new. A 192.0.2.1\nother.new. A 192.0.2.2"
    )
    assert list(rrset_lines(rrsets[1:])) == _write_what_fits(rrsets, 120)


def test_name_of_a_set_that_was_taken_back() -> None:
    """It is written again when it is needed."""
    rrsets = _rrsets(f"big.new. TXT {'x' * 200}\nbig.new. A 192.0.2.1\nx.big.new. A 192.0.2.2")
    assert list(rrset_lines(rrsets[1:])) == _write_what_fits(rrsets, 120)


def test_set_that_was_taken_back_from_its_middle() -> None:
    """An RRset goes whole or not at all, so no pointer may lead into what was taken back."""
    first = _rrsets("\n".join(f"a.new. MX {i} host{i}.deep.new." for i in range(20)))
    rrsets = [*first, *_rrsets("b.deep.new. A 192.0.2.1")]
    assert list(rrset_lines(rrsets[1:])) == _write_what_fits(rrsets, 200)


def test_pointers_of_a_set_that_was_taken_back() -> None:
    """All pointers but those to the QNAME are known by their place, and no others."""
    writer = _writer(120)
    (cut,) = _rrsets("\n".join(f"a.new. MX {i} b.new." for i in range(20)))
    (whole,) = _rrsets("www.example. MX 1 b.new.\nwww.example. MX 2 b.new.")
    assert not writer.add(cut)
    assert writer.add(whole)
    fixed = len(o.record(15, b"\0\1", owner=b"\xc0\x0c"))
    second = fixed + len(o.wire("b.new"))
    assert [second + fixed] == writer.pointers


@pytest.mark.parametrize("asked_for_nsid", [False, True])
def test_options_that_are_ours(*, asked_for_nsid: bool) -> None:
    """NSID for who asks for it, a cookie whenever there is one; in this order."""
    ours = Opt(1232, nsid=b"ns1", cookie=bytes(24))
    cookie = o.option(o.COOKIE, bytes(24))
    expected = o.opt(*[o.option(o.NSID, b"ns1")] * asked_for_nsid, cookie)
    query = _query(None, o.opt(*[o.option(o.NSID)] * asked_for_nsid))
    octets = encode_response(query, Response(0), 512, ours)
    assert octets.endswith(expected)


@pytest.mark.parametrize("flags", [0, o.RD, 0x07F0 | o.RD, 0x06FF])
def test_header(flags: int) -> None:
    """ID, opcode and RD are copied; the rest is ours, RA, Z, AD and CD are zero."""
    for aa in (False, True):
        octets = _encode(_query(flags=flags), Response(3, authoritative=aa))
        expected = o.header(flags=o.QR | (o.AA if aa else 0) | flags & o.RD, rcode=3)
        assert expected == octets[:12]


@pytest.mark.parametrize(
    ("rcode", "low", "high"), [(0, 0, 0), (9, 9, 0), (16, 0, 1), (23, 7, 1), (4095, 15, 255)]
)
def test_extended_rcode(rcode: int, low: int, high: int) -> None:
    """Twelve bits: four in the header, eight in the OPT (RFC 6891 6.1.3)."""
    octets = _encode(_query(None, o.opt()), Response(rcode))
    assert (low, high) == (octets[3] & 15, octets[-6])
    assert rcode == dns.message.from_wire(octets).rcode()


def test_extended_error() -> None:
    """Code and text in one option (RFC 8914 2)."""
    response = Response(5, extended_error=ExtendedError(20, "no such zone"))
    expected = o.opt(o.option(15, o.u16(20) + b"no such zone"))
    assert _encode(_query(None, o.opt()), response).endswith(expected)
    assert o.header(flags=o.QR, rcode=5) + o.question() == _encode(_query(), response)


@pytest.mark.parametrize("opcode", range(16))
def test_error(opcode: int) -> None:
    """The header alone: ID, opcode, RD, and nothing of what came behind."""
    message = o.header(flags=0x07F0, opcode=opcode, rcode=15, counts=(1, 2, 3, 4)) + b"x" * 50
    expected = o.header(flags=o.QR | o.RD, opcode=opcode, rcode=1, counts=(0, 0, 0, 0))
    assert expected == encode_error(message, 1)


def test_any_rrset_encodes(every_type: Zone) -> None:
    """A zone of every type, read back by dnspython."""
    rrsets = list(every_type.rrsets())
    octets = _encode(_query(), Response(0, answer=rrsets))
    assert [line.lower() for line in rrset_lines(rrsets)] == [
        line.lower() for line in reply(octets).answer
    ]


@pytest.fixture(scope="module")
def every_type() -> Zone:
    """One name with a record of most types."""
    return zone(r"""
        x A 192.0.2.1
        x AAAA 2001:db8::1
        x MX 10 mail
        x TXT "one" "two"
        x SRV 1 2 3 mail
        x NAPTR 1 2 "s" "x" "" mail
        x PTR mail
        x DNAME mail
        x CNAME mail
        x NS mail
        x CAA 0 issue "ca.example"
        x URI 1 2 "https://example/"
        x TLSA 3 0 0 00
        x SSHFP 4 3 00
        x SVCB 1 mail port=853
        x HTTPS 1 . alpn=h2
        x LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
        x HINFO "a" "b"
        x RP mail mail
        x TYPE65280 \# 2 00ff
    """)


def test_name_written_twice_is_one() -> None:
    """Names that differ in case share one place."""
    rrsets = _rrsets("A.test. NS B.Test.\na.TEST. MX 1 b.tesT.")
    octets = _encode(_query(), Response(0, answer=rrsets))
    assert 1 == octets.lower().count(b"\x04test\0")


def test_qname_as_asked() -> None:
    """The question is repeated octet for octet."""
    qname = Name.parse(r"\000\255.WwW.eXample.")
    octets = _encode(_query(o.question(qname.wire, 65535, 255)), Response(0))
    assert o.header(flags=o.QR) + o.question(qname.wire, 65535, 255) == octets
