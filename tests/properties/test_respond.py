"""What `respond` sends is always a message, within its limit, with the header it must have."""

from typing import NamedTuple

import dns.flags
import dns.message
import dns.name
import dns.rdatatype
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import octets as o
from tests.effort import examples
from tests.properties.strategies import ROOT, ZONES, RandomZone
from tests.zones_text import TCP, UDP, zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

# Sets of every size, so that every limit falls within one.
BIG = "\n".join(
    f"s{size} TXT {number:03d}{'x' * 70}\ns{size} MX {number} h{number}.s{size}\n"
    f"h{number}.s{size} A 192.0.2.{number}\ncut{size} NS n{number}.cut{size}\n"
    f"n{number}.cut{size} AAAA 2001:db8::{number}\nfar{size} NS h{number}.s{size}"
    for size in range(1, 40, 3)
    for number in range(size)
)
BIG_ZONE = zone(BIG + "\n*.wild TXT wild\nold DNAME s10\nalias CNAME s37")
BIG_NAMES = [
    f"{prefix}{kind}{size}"
    for size in range(1, 40, 3)
    for prefix, kind in [("", "s"), ("h0.", "s"), ("x.", "cut"), ("x.", "far"), ("", "cut")]
] + ["alias", "x.wild", "h1.old", "@", "gone"]
QTYPES = ["A", "AAAA", "MX", "NS", "TXT", "SOA", "CNAME", "DS", "ANY", "TYPE65280"]

OPTIONS = st.one_of(
    st.just(o.option(o.NSID)),
    st.binary(min_size=8, max_size=8).map(lambda cookie: o.option(o.COOKIE, cookie)),
    st.binary(max_size=30).map(lambda octets: o.option(65001, octets)),
)
PAYLOADS = st.one_of(st.sampled_from([0, 511, 512, 1231, 1232, 1233, 4096, 65535]),
                     st.integers(0, 65535))  # fmt: skip
OPTS = st.builds(
    lambda options, payload, version, flags: o.opt(
        *options, payload=payload, version=version, flags=flags
    ),
    st.lists(OPTIONS, max_size=4),
    PAYLOADS,
    st.sampled_from([0, 0, 0, 0, 0, 1]),
    st.sampled_from([0, 0x8000]),
)
TRANSPORTS = st.builds(
    Transport,
    stream=st.booleans(),
    max_payload=st.sampled_from([512, 1232, 1232, 4096]),
    nsid=st.sampled_from([b"", b"ns1.example"]),
)


class Asked(NamedTuple):
    """A query, and what of it decides the limit."""

    octets: bytes
    question: bytes
    has_opt: bool

    @property
    def payload(self) -> int:
        """What the asker can take, in octets."""
        at = 12 + len(self.question) + 3
        return int.from_bytes(self.octets[at : at + 2], "big") if self.has_opt else 512


@st.composite
def asked_of_big_zone(draw: st.DrawFn) -> Asked:
    """A question, its letters in any case, with any flags, with or without an OPT."""
    qname = dns.name.from_text(draw(st.sampled_from(BIG_NAMES)), ROOT).to_wire()
    upper = draw(st.integers(0, 2**12))
    mixed = bytes(
        octet - 32 if 97 <= octet <= 122 and upper >> (at % 12) & 1 else octet
        for at, octet in enumerate(qname or b"")
    )
    qtype = int(dns.rdatatype.from_text(draw(st.sampled_from(QTYPES))))
    qclass = draw(st.sampled_from([o.IN] * 8 + [o.CH, o.ANY_CLASS]))
    question = o.question(mixed, qtype, qclass)
    opt = draw(st.none() | OPTS)
    tsig = draw(st.sampled_from([(), (), (), (), (o.tsig(),)]))
    message = o.message(
        *(() if opt is None else (opt,)),
        *tsig,
        asked=question,
        flags=draw(st.integers(0, 0x7FF)),
        opcode=draw(st.sampled_from([o.QUERY] * 9 + [o.NOTIFY])),
    )
    return Asked(message, question, opt is not None)


def _read(octets: bytes) -> dns.message.Message:
    return dns.message.from_wire(octets, keyring=False, continue_on_error=True)


def _header_rules(asked: Asked, octets: bytes) -> None:
    """QR set; ID, opcode and RD copied; RA, Z, AD and CD clear; the question as it came."""
    query, reply = (int.from_bytes(m[2:4], "big") for m in (asked.octets, octets))
    assert asked.octets[:2] == octets[:2]
    assert o.QR | query & (0x7800 | o.RD) == reply & (o.QR | 0x7800 | o.RD)
    assert 0 == reply & (o.RA | o.Z | o.AD | o.CD)
    assert b"\0\1" + octets[6:12] + asked.question == octets[4 : 12 + len(asked.question)]


@given(asked_of_big_zone(), TRANSPORTS)
@settings(max_examples=examples(1500))
def test_every_answer_is_a_message(asked: Asked, transport: Transport) -> None:
    """It parses, keeps its limit and the rules of the header, and has an OPT for an OPT."""
    octets = respond(ZoneSet([BIG_ZONE]), asked.octets, transport)
    assert octets is not None
    reply = _read(octets)
    limit = max(512, min(asked.payload, transport.max_payload))
    assert len(octets) <= (65535 if transport.stream else limit)
    assert asked.has_opt == (reply.edns >= 0)
    _header_rules(asked, octets)


def _texts(section: list[dns.rrset.RRset]) -> set[str]:
    return {line.lower() for rrset in section for line in rrset.to_text().splitlines()}


@given(asked_of_big_zone(), st.sampled_from([512, 1232, 4096]))
@settings(max_examples=examples(1500))
def test_truncated_if_something_required_is_missing(asked: Asked, max_payload: int) -> None:
    """TC over UDP says: over TCP there is more that matters. Without TC there is not."""
    zones = ZoneSet([BIG_ZONE])
    over_udp = respond(zones, asked.octets, Transport(max_payload=max_payload))
    over_tcp = respond(zones, asked.octets, Transport(stream=True, max_payload=max_payload))
    assert over_udp is not None
    assert over_tcp is not None
    short, whole = _read(over_udp), _read(over_tcp)
    if o.ANY.to_bytes(2, "big") == asked.question[-4:-2]:
        return  # of which UDP tells less by design
    assert (short.rcode(), short.flags & dns.flags.AA) == (
        whole.rcode(),
        whole.flags & dns.flags.AA,
    )
    cuts = [ns.name for ns in whole.authority if ns.rdtype == dns.rdatatype.NS]
    glue = [rrset for rrset in whole.additional if any(map(rrset.name.is_subdomain, cuts))]
    required = _texts(whole.answer) | _texts(whole.authority) | _texts(glue)
    sent = _texts(short.answer) | _texts(short.authority) | _texts(short.additional)
    assert bool(required - sent) == bool(short.flags & dns.flags.TC)
    assert not whole.flags & dns.flags.TC
    assert sent <= required | _texts(whole.additional)


@given(ZONES, st.data())
@settings(max_examples=examples(150))
def test_random_zones(random_zone: RandomZone, data: st.DataObject) -> None:
    """Any zone, any of its names, over both transports: a message, and the same verdict."""
    zones = ZoneSet([random_zone.build(), RefusedZone(zone("", "a.test.").origin)])
    qname = data.draw(st.sampled_from(random_zone.names()))
    for qtype in QTYPES:
        question = o.question(qname.to_wire() or b"", int(dns.rdatatype.from_text(qtype)))
        asked = Asked(o.message(asked=question), question, has_opt=False)
        replies = []
        for transport in (UDP, TCP):
            octets = respond(zones, asked.octets, transport)
            assert octets is not None
            _header_rules(asked, octets)
            replies.append(_read(octets))
        assert replies[0].rcode() == replies[1].rcode()


@given(st.binary(max_size=200), st.sampled_from([UDP, TCP]))
@settings(max_examples=examples(1500))
def test_any_octets(octets: bytes, transport: Transport) -> None:
    """Whatever comes: silence for what is no query, else a message with the same ID."""
    reply = respond(ZoneSet([BIG_ZONE]), octets, transport)
    if len(octets) < 12 or octets[2] & 0x80:
        assert reply is None
    else:
        assert reply is not None
        assert octets[:2] == reply[:2]
        assert dns.message.from_wire(reply).flags & dns.flags.QR
