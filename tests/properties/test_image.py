"""Zone images: what they answer is what `respond` answers, octet for octet."""

import random
from contextlib import suppress

import dns.name
import dns.rdatatype
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import octets as o
from tests.effort import examples
from tests.images import IDENTITY, Both, flip, image_file, transport
from tests.properties.strategies import QTYPES, ROOT, ZONES, RandomZone
from tests.properties.test_respond import BIG_NAMES, BIG_ZONE, Asked, asked_of_big_zone
from tests.signed_zones import Nsec3, signed
from tests.zones_text import name, zone
from zoneserver.engine.respond import respond
from zoneserver.engine.solve import solve
from zoneserver.errors import ImageError
from zoneserver.image.images import Images
from zoneserver.image.lookup import Identity, look_up
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone

TYPES = [*QTYPES, "HTTPS", "TYPE65280", "OPT", "TYPE0", "AXFR", "IXFR"]
COOKIES = [b"8 octets", b"8 octets" + bytes(8), b"8 octets" + bytes(16)]
IDENTITIES = st.builds(
    Identity,
    st.sampled_from([512, 1232, 1232, 4096]),
    st.sampled_from([b"", b"ns1.example"]),
    st.sampled_from([None, IDENTITY.cookies]),
)
# Zones below and beside the random one: one that is served, one that is not.
CHILD = zone(f"x A 192.0.2.9\n*.w MX 5 x\n@ DS 1 8 2 {64 * '0'}", "a.example.")
REFUSED = RefusedZone(name("b.example."))

# What random zones rarely have: glue that is asked for, wildcards that name what they match.
RICH = """
sub NS host.w
sub NS ns.sub
sub NS ns.test.
ns.sub A 192.0.2.3
*.w MX 5 a.w
*.w MX 6 b.w
*.w SRV 0 0 1 w
*.w A 192.0.2.4
*.v CNAME x.w
*.u CNAME a.u
host.w AAAA 2001:db8::4
"""
RICH_NAMES = [
    "sub", "ns.sub", "x.ns.sub", "w", "*.w", "a.w", "b.w", "x.a.w", "v", "a.v", "u", "a.u",
    "b.u", "host.w",
]  # fmt: skip


def _query(qname: bytes, qtype: int, rng: random.Random) -> bytes:
    """A question in some case, with some flags, and perhaps an OPT."""
    mixed = bytes(
        octet - 32 if 97 <= octet <= 122 and rng.random() < 0.3 else octet for octet in qname
    )
    options = [
        *[o.option(o.NSID)] * rng.choice([0, 0, 1, 2]),
        *[o.option(o.COOKIE, rng.choice(COOKIES))] * rng.choice([0, 0, 1, 2]),
        *[o.option(65001, b"unknown")] * rng.choice([0, 0, 1]),
    ]
    opt = o.opt(
        *rng.sample(options, len(options)),
        payload=rng.choice([0, 512, 513, 700, 1232, 4096, 65535]),
        flags=rng.choice([0, 0x8000, 0xFFFF]),
    )
    return o.message(
        *rng.choice([(), (opt,)]),
        asked=o.question(mixed, qtype),
        flags=rng.choice([0, o.RD, 0x7FF]),
    )


def _may_be_handed_over(served: Zone, qname: Name, qtype: int, *, stream: bool) -> bool:
    """What no template can have: transfers, whole ANY answers, DNAMEs, some synthesis."""
    if qtype in (rtypes.AXFR, rtypes.IXFR) or (qtype == rtypes.ANY and stream):
        return True
    answer = solve(served, qname, qtype)
    if any(rrset.rtype == rtypes.DNAME for rrset in answer.answer):
        return True
    return bool(answer.aliases) and qname.key not in served.nodes


@given(ZONES, st.integers(0, 2**32), IDENTITIES)
@settings(max_examples=examples(80))
def test_images_answer_as_respond_does(
    random_zone: RandomZone, seed: int, identity: Identity
) -> None:
    """All names, all types, both transports, with and without EDNS; little is handed over."""
    rng = random.Random(seed)
    served = zone(f"{random_zone.text}\n{RICH}", apex="")
    others = rng.choice([(), (CHILD,), (CHILD, REFUSED)])
    both = Both.of(served, *others)
    rich = [dns.name.from_text(text, ROOT) for text in (*RICH_NAMES, "elsewhere.test.")]
    for qname in [*random_zone.names(), *rich]:
        asked, octets = name(qname.to_text()), qname.to_wire() or b""
        found = both.zones.find(asked)
        for qtype in map(dns.rdatatype.from_text, TYPES):
            for stream in (False, True):
                message = _query(octets, qtype, rng)
                reply = both.looked_up(message, identity, stream=stream)
                about = (str(qname), qtype.name, stream, message.hex())
                if reply is not None:
                    expected = both.responded(message, identity, stream=stream)
                    assert (about, expected) == (about, reply.octets)
                elif found is served and asked != served.origin:
                    assert _may_be_handed_over(served, asked, qtype, stream=stream), about


SIGNING = st.one_of(
    st.none(),
    st.builds(Nsec3, st.integers(0, 2), st.sampled_from(["-", "aabb"]), st.booleans()),
)


@given(ZONES, SIGNING, st.integers(0, 2**32))
@settings(max_examples=examples(25))
def test_signed_zones(random_zone: RandomZone, nsec3: Nsec3 | None, seed: int) -> None:
    """With DO and without, templates and the image's own nodes answer as the zone does."""
    rng = random.Random(seed)
    served = signed(f"{random_zone.text}\n{RICH}", apex="", nsec3=nsec3)
    assert served.denial
    both = Both.of(served)
    rich = [dns.name.from_text(text, ROOT) for text in RICH_NAMES]
    hashed = [dns.name.from_wire(node.owner.wire, 0)[0] for node in served.nodes.values()]
    names = rng.sample([*random_zone.names(), *rich, *hashed], 12)
    for qname in names:
        for qtype in map(dns.rdatatype.from_text, [*TYPES, "RRSIG", "NSEC", "NSEC3"]):
            message, stream = _query(qname.to_wire() or b"", qtype, rng), rng.random() < 0.5
            about = (str(qname), qtype.name, stream, message.hex())
            expected = both.responded(message, stream=stream)
            ways = transport(IDENTITY, stream=stream)
            assert (about, expected) == (about, respond(both.images, message, ways))
            reply = both.looked_up(message, stream=stream)
            assert reply is None or (about, expected) == (about, reply.octets)


@given(ZONES, st.integers(0, 2**32))
@settings(max_examples=examples(40))
def test_zones_of_images_answer_as_those_they_were_made_of(
    random_zone: RandomZone, seed: int
) -> None:
    """What is handed over is answered from the image's own nodes, to the same effect."""
    both, rng = Both.of(random_zone.build(), CHILD, REFUSED), random.Random(seed)
    for qname in random_zone.names():
        for qtype in map(dns.rdatatype.from_text, TYPES):
            message, stream = _query(qname.to_wire() or b"", qtype, rng), rng.random() < 0.5
            ways = transport(IDENTITY, stream=stream)
            expected = both.responded(message, stream=stream)
            assert expected == respond(both.images, message, ways), (str(qname), qtype.name)


BIG = Both.of(BIG_ZONE)


@given(asked_of_big_zone(), IDENTITIES)
@settings(max_examples=examples(1000))
def test_answers_of_every_size(asked: Asked, identity: Identity) -> None:
    """Whatever is cut and however, both cut the same."""
    for stream in (False, True):
        reply = BIG.looked_up(asked.octets, identity, stream=stream)
        if reply is not None:
            assert BIG.responded(asked.octets, identity, stream=stream) == reply.octets


@pytest.mark.parametrize("qname", BIG_NAMES[::4])
def test_limits_to_the_octet(qname: str) -> None:
    """What fits exactly goes, and what is an octet longer does not: in both."""
    octets = dns.name.from_text(qname, ROOT).to_wire() or b""
    for qtype in map(dns.rdatatype.from_text, QTYPES):
        message = o.message(o.opt(payload=65535), asked=o.question(octets, qtype))
        whole = len(BIG.responded(message, stream=True) or b"")
        lengths = {whole}  # and of each answer that has an RRset less
        while (length := min(lengths)) > 512:
            identity = IDENTITY._replace(max_payload=length - 1)
            shorter = len(BIG.responded(message, identity) or b"")
            if shorter in lengths:
                break
            lengths.add(shorter)
        for length in lengths:
            for limit in (length - 1, length, length + 1):
                identity = IDENTITY._replace(max_payload=limit)
                reply = BIG.looked_up(message, identity)
                if reply is not None:
                    assert (limit, BIG.responded(message, identity)) == (limit, reply.octets)


FLIPS = st.lists(st.tuples(st.integers(0, 2**20), st.integers(1, 255)), min_size=1, max_size=8)


@given(ZONES, FLIPS, st.integers(0, 2**32))
@settings(max_examples=examples(100))
def test_damaged_images_do_no_harm(
    random_zone: RandomZone, places: list[tuple[int, int]], seed: int
) -> None:
    """What a digest would have told is survived: an answer, a query handed over, ImageError."""
    rng = random.Random(seed)
    octets = flip(image_file(random_zone.build()), places)
    try:
        images = Images.gather([memoryview(octets)], [], [])
    except ImageError:
        return
    for qname in random_zone.names():
        for qtype in map(dns.rdatatype.from_text, QTYPES):
            message, stream = _query(qname.to_wire() or b"", qtype, rng), rng.random() < 0.5
            look_up(images, message, IDENTITY, stream=stream, address=bytes(4), now=0)
            with suppress(ImageError):
                respond(images, message, transport(IDENTITY, stream=stream))
