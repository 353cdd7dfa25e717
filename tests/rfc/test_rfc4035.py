"""RFC 4035: the zone of appendix A and the responses of appendix B, but for the signatures."""

import dns.flags
import dns.message
import pytest

from tests.signed_zones import signed
from tests.zones_text import TCP, UDP, ask, lines, query, zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.zone.zoneset import ZoneSet

APEX = """
@    SOA  ns1 bugs.x.w 1081539377 3600 300 3600000 3600
@    NS   ns1
@    NS   ns2
@    MX   1 xx
"""
DS = "a DS 57855 5 1 b6dcd485719adca18e5f3d48a2331627fdd3636b"
ZONE = signed(
    f"""
    a         NS    ns1.a
    a         NS    ns2.a
    {DS}
    ns1.a     A     192.0.2.5
    ns2.a     A     192.0.2.6
    ai        A     192.0.2.9
    ai        HINFO "KLH-10" "ITS"
    ai        AAAA  2001:db8::f00:baa9
    b         NS    ns1.b
    b         NS    ns2.b
    ns1.b     A     192.0.2.7
    ns2.b     A     192.0.2.8
    ns1       A     192.0.2.1
    ns2       A     192.0.2.2
    *.w       MX    1 ai
    x.w       MX    1 xx
    x.y.w     MX    1 xx
    xx        A     192.0.2.10
    xx        HINFO "KLH-10" "TOPS-20"
    xx        AAAA  2001:db8::f00:baaa
    alias     CNAME x.w
    old       DNAME w
    """,
    apex=APEX,
)
SOA = "@ SOA ns1 bugs.x.w 1081539377 3600 300 3600000 3600"
GLUE_A, GLUE_B = (
    f"ns1.{child} A 192.0.2.{first}\nns2.{child} A 192.0.2.{first + 1}"
    for child, first in (("a", 5), ("b", 7))
)
NSEC = {
    "@": "@ 300 NSEC a NS SOA MX RRSIG NSEC DNSKEY",
    "b": "b 300 NSEC ns1 NS RRSIG NSEC",
    "ns1": "ns1 300 NSEC ns2 A RRSIG NSEC",
    "*.w": "*.w 300 NSEC x.w MX RRSIG NSEC",
    "x.y.w": "x.y.w 300 NSEC xx MX RRSIG NSEC",
}
# By question: RCODE; the records of the three sections that are no RRSIG; those that have
# one, as "owner type labels".
RESPONSES: dict[str, tuple[str, list[str], list[str], list[str], list[str]]] = {
    # B.1 answer
    "x.w MX": (
        "NOERROR", ["x.w MX 1 xx"], [],
        ["xx A 192.0.2.10", "xx AAAA 2001:db8::f00:baaa"],
        ["x.w MX 3", "xx A 2", "xx AAAA 2"],
    ),
    # B.2 name error
    "ml A": (
        "NXDOMAIN", [], [SOA, NSEC["b"], NSEC["@"]], [],
        ["@ SOA 1", "b NSEC 2", "@ NSEC 1"],
    ),
    # B.3 no data
    "ns1 MX": (
        "NOERROR", [], [SOA, NSEC["ns1"]], [], ["@ SOA 1", "ns1 NSEC 2"],
    ),
    # 3.1.3.2 empty non-terminal
    "y.w MX": (
        "NOERROR", [], [SOA, "x.w 300 NSEC x.y.w MX RRSIG NSEC"], [],
        ["@ SOA 1", "x.w NSEC 3"],
    ),
    # B.4 signed zone
    "mc.a MX": (
        "NOERROR", [], ["a NS ns1.a", "a NS ns2.a", DS], [GLUE_A], ["a DS 2"],
    ),
    # B.5 unsigned zone
    "mc.b MX": (
        "NOERROR", [], ["b NS ns1.b", "b NS ns2.b", NSEC["b"]], [GLUE_B],
        ["b NSEC 2"],
    ),
    # B.6 wildcard
    "a.z.w MX": (
        "NOERROR", ["a.z.w MX 1 ai"], [NSEC["x.y.w"]],
        ["ai A 192.0.2.9", "ai AAAA 2001:db8::f00:baa9"],
        ["a.z.w MX 2", "x.y.w NSEC 4", "ai A 2", "ai AAAA 2"],
    ),
    # B.7 wildcard, no data
    "a.z.w AAAA": (
        "NOERROR", [], [SOA, NSEC["x.y.w"], NSEC["*.w"]], [],
        ["@ SOA 1", "x.y.w NSEC 4", "*.w NSEC 2"],
    ),
    # B.8 DS at the apex
    "@ DS": (
        "NOERROR", [], [SOA, NSEC["@"]], [], ["@ SOA 1", "@ NSEC 1"],
    ),
    # 3.1.4.1 DS at the cut
    "a DS": ("NOERROR", [DS], [], [], ["a DS 2"]),
    # 3.1.4.1 no DS at the cut
    "b DS": (
        "NOERROR", [], [SOA, NSEC["b"]], [], ["@ SOA 1", "b NSEC 2"],
    ),
    # 3.1.1 alias
    "alias MX": (
        "NOERROR", ["alias CNAME x.w", "x.w MX 1 xx"], [],
        ["xx A 192.0.2.10", "xx AAAA 2001:db8::f00:baaa"],
        ["alias CNAME 2", "x.w MX 3", "xx A 2", "xx AAAA 2"],
    ),
    # RFC 6672 5.3.1 DNAME
    "q.old MX": (
        "NOERROR",
        ["old DNAME w", "q.old CNAME q.w", "q.w MX 1 ai"],
        [NSEC["*.w"]],
        ["ai A 192.0.2.9", "ai AAAA 2001:db8::f00:baa9"],
        ["old DNAME 2", "q.w MX 2", "*.w NSEC 2", "ai A 2", "ai AAAA 2"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("question", RESPONSES)
def test_appendix_b(question: str) -> None:
    """3.1: each record and each RRSIG where it belongs, and no other."""
    verdict, *sections, signed_sets = RESPONSES[question]
    reply = ask(ZONE, question, TCP, want_dnssec=True)
    assert verdict == reply.verdict
    received = (reply.answer, reply.authority, reply.additional)
    for expected, section in zip(sections, received, strict=True):
        # RFC 1034 3.6: the order of records says nothing.
        assert sorted(lines("\n".join(expected))) == sorted(filter(_is_no_rrsig, section))
    rrsigs = [
        line.split(" ")
        for line in (*reply.answer, *reply.authority, *reply.additional)
        if not _is_no_rrsig(line)
    ]
    expected_sets = [_absolute(text) for text in signed_sets]
    assert sorted(expected_sets) == sorted(f"{e[0]} {e[3]} {e[5]}" for e in rrsigs)


@pytest.mark.parametrize("question", ["x.w MX", "ml A", "ns1 MX", "mc.a MX", "a.z.w MX"])
def test_signatures_follow_what_they_sign(question: str) -> None:
    """3.1.1: an RRSIG has the TTL of its RRset (RFC 4034 3) and stands behind it."""
    reply = ask(ZONE, question, TCP, want_dnssec=True)
    for section in (reply.answer, reply.authority, reply.additional):
        last = ""
        for line in section:
            owner, ttl, rtype, *rdata = line.split(" ")
            if rtype == "RRSIG":
                assert f"{owner} {ttl} {rdata[0]}" == last
            else:
                last = f"{owner} {ttl} {rtype}"


@pytest.mark.parametrize("question", RESPONSES)
def test_without_do(question: str) -> None:
    """3.1: who does not send DO is sent none of it; what is not signed is the same."""
    reply = ask(ZONE, question, TCP, use_edns=0)
    sections = (*reply.answer, *reply.authority, *reply.additional)
    kinds = {line.split(" ")[2] for line in sections}
    assert not kinds & {"RRSIG", "NSEC"}


@pytest.mark.parametrize("qtype", ["RRSIG", "NSEC", "DNSKEY"])
@pytest.mark.parametrize("do", [False, True])
def test_what_is_asked_for(qtype: str, *, do: bool) -> None:
    """3.1: types of DNSSEC are answered to everybody who asks for them, once."""
    reply = ask(ZONE, f"@ {qtype}", TCP, want_dnssec=do)
    kinds = [line.split(" ")[2] for line in reply.answer]
    expected = ["RRSIG"] * 5 if qtype == "RRSIG" else [qtype, *["RRSIG"] * do]
    assert expected == kinds
    assert len(set(reply.answer)) == len(reply.answer)


def test_any_has_each_signature_once() -> None:
    """All that the name has, over TCP; the smallest set and its RRSIG over UDP (RFC 8482)."""
    whole = ask(ZONE, "xx ANY", TCP, want_dnssec=True)
    kinds = sorted(line.split(" ")[2] for line in whole.answer)
    assert ["A", "AAAA", "HINFO", "NSEC", *["RRSIG"] * 4] == kinds
    least = ask(ZONE, "xx ANY", UDP, want_dnssec=True)
    assert ["A", "RRSIG"] == [line.split(" ")[2] for line in least.answer]


def test_header() -> None:
    """3.1.6, 3.2.1: DO comes back; AD and CD are clear, whatever the query has."""
    flags = dns.flags.AD | dns.flags.CD
    asked = query("x.w MX", "example.", flags=flags, want_dnssec=True)
    octets = respond(ZoneSet([ZONE]), asked.to_wire(), TCP)
    reply = dns.message.from_wire(octets or b"")
    assert reply.flags == dns.flags.QR | dns.flags.AA
    assert reply.ednsflags == dns.flags.DO


@pytest.mark.parametrize("limit", range(512, 700, 12))
def test_what_does_not_fit(limit: int) -> None:
    """3.1.1: TC where a signature of the answer is cut, not where one beside an address is."""
    asked = query("x.w MX", "example.", want_dnssec=True, payload=4096)
    octets = respond(ZoneSet([ZONE]), asked.to_wire(), Transport(max_payload=limit)) or b""
    reply = dns.message.from_wire(octets)
    assert len(octets) <= limit
    assert not reply.flags & dns.flags.TC
    assert [each.rdtype.name for each in reply.answer] == ["MX", "RRSIG"]


def test_truncation() -> None:
    """RFC 2181 9: a proof that does not fit is cut whole, and TC says so."""
    long = signed("\n".join(f"{'l' * 60}.{'m' * 60}.{n} A 192.0.2.1" for n in "acz"))
    asked = query(f"{'n' * 60}.{'m' * 60}.c A", "example.", want_dnssec=True, payload=512)
    cut, whole = (
        dns.message.from_wire(respond(ZoneSet([long]), asked.to_wire(), way) or b"")
        for way in (UDP, TCP)
    )
    assert cut.flags & dns.flags.TC
    assert not cut.authority
    assert not whole.flags & dns.flags.TC
    assert whole.authority


def test_unsigned_zones_have_no_proofs() -> None:
    """3.1: a chain without keys is no signed zone; its answers stay as they are."""
    served = zone("@ NSEC www SOA NS NSEC\nwww A 192.0.2.1\nwww NSEC @ A NSEC")
    assert served.denial is None
    assert len(ask(served, "x A", TCP, want_dnssec=True).authority) == 1


def _is_no_rrsig(line: str) -> bool:
    return line.split(" ")[2] != "RRSIG"


def _absolute(text: str) -> str:
    owner, rest = text.split(" ", 1)
    return f"example. {rest}" if owner == "@" else f"{owner}.example. {rest}"
