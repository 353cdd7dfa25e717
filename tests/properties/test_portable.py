"""The portable engine says what `respond` says, whatever it remembers of earlier queries."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from random import Random
from types import SimpleNamespace
from typing import Any

import pytest

from tests import octets as o
from tests.effort import examples
from tests.hostile import corpus
from tests.hostile.mutants import mutate
from tests.properties.test_respond import BIG
from tests.signed_zones import Nsec3, signed
from tests.zones_text import zone
from zoneserver.engine.respond import NO_SUCH_ZONE, Transport, respond
from zoneserver.image.compile import compile_zone
from zoneserver.image.lookup import Identity
from zoneserver.service.answering.portable import PortableEngine
from zoneserver.service.keeping.store import Served, Store
from zoneserver.transports.ledger import Ledger
from zoneserver.transports.limiter import RateLimits
from zoneserver.wire.cookies import Cookies
from zoneserver.wire.encode import encode_extended_error
from zoneserver.wire.tsig import may_have_tsig
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

NOW = 1_700_000_000
SECRET = bytes(range(16))
IDENTITY = Identity(1232, b"ns1", Cookies((SECRET,)), keepalive=100)
ADDRESSES = [b"\x7f\0\0\1", bytes(15) + b"\1", b"\xc0\0\2\1", b"\x20\1\x0d\xb8" + bytes(12)]

# Beside the zone that everything hostile is asked of: zones below it, delegated and not,
# served and refused; zones whose parent is nobody's; and answers of every size.
ZONES = [
    *corpus.ZONES,
    zone("x A 192.0.2.1\n*.w MX 5 x\n@ DS 1 8 2 " + "00" * 32, "kid.example."),
    zone("@ A 192.0.2.2\n* A 192.0.2.3", "sub.example."),
    zone("a.b.c A 192.0.2.4\nd.c NS ns.d.c\nns.d.c A 192.0.2.5", "below.nothing.example."),
    RefusedZone(zone("", "sick.example.").origin),
    RefusedZone(zone("", "wild.kid.example.").origin),
    *(zone("@ MX 10 @\n@ A 192.0.2.6\nwww A 192.0.2.7", f"{each}.test.") for each in "abc"),
    zone(BIG + "\n*.wild TXT wild\nold DNAME s10\nalias CNAME s37", "sizes.test."),
]
# Signed zones; in each of them somebody is told of by many links, and by few.
TEXT = """
@      MX    10 mail.east
*      MX    10 mail.east
mail.east A  192.0.2.8
a.b.c.west TXT text
*.far  CNAME mail.east
*.lost CNAME nothing
*.srv  SRV   0 0 25 mail.east
*.off  CNAME x.safe
safe   NS    ns.safe
safe   DS    1 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
ns.safe A    192.0.2.9
bare   NS    ns.bare.thin
x.thin NS    ns.safe
old    DNAME new
\\000.\\001\\000.z TXT zeroes
"""
MANY = "\n".join(f"customer{number} A 192.0.2.1" for number in range(60))
SIGNED = [
    signed(TEXT, "nsec.test."),
    signed(TEXT + MANY, "many.test."),
    signed(TEXT, "nsec3.test.", nsec3=Nsec3()),
    signed(
        TEXT.replace("*      MX", "*.x MX") + MANY,
        "out.test.",
        nsec3=Nsec3(2, "aabb", opt_out=True),
    ),
    signed(BIG, "big.test.", nsec3=Nsec3()),
    signed("a A 192.0.2.1", "."),
]
QTYPES = [o.A, o.AAAA, o.NS, o.SOA, o.CNAME, 15, o.TXT, 43, 6, o.ANY, o.IXFR, o.AXFR, 65280]
COOKIE = o.option(o.COOKIE, b"8 octets")
OPTS = [
    *[()] * 4,
    *[(o.opt(payload=payload),) for payload in (0, 512, 700, 1232, 1232, 4096)],
    (o.opt(flags=0x8000),),
    (o.opt(o.option(o.NSID)),),
    (o.opt(o.option(o.NSID), COOKIE),),
    (o.opt(o.option(65001, b"unknown"), payload=512),),
    (o.opt(version=1),),
    (o.opt(o.option(o.KEEPALIVE)),),
    (o.opt(o.option(o.PADDING, bytes(60))),),
    (o.opt(o.option(o.PADDING), o.option(o.KEEPALIVE, b"x"), COOKIE, o.option(o.KEEPALIVE)),),
]  # fmt: skip
SIGNING_OPTS = [
    *[(o.opt(flags=0x8000, payload=payload),) for payload in (512, 600, 700, 1232, 1232)],
    (o.opt(o.option(o.NSID), COOKIE, flags=0x8000),),
    (o.opt(),),
]  # fmt: skip
LABELS = [b"\1x", b"\3www", b"\1*", b"\3kid", b"\4sick", b"\3sub", b"\2ns", b"\1\0", b"\1a"]


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> PortableEngine:
    """An engine whose clock stands still, and which limits nobody."""
    clock = SimpleNamespace(time=lambda: NOW, monotonic=lambda: 0, monotonic_ns=lambda: 0)
    monkeypatch.setattr("zoneserver.service.answering.portable.time", clock)
    return PortableEngine(IDENTITY, RateLimits(rate=0, errors=0), Ledger())


def _queries(
    seed: int,
    many: int,
    zones: Sequence[Zone | RefusedZone] = ZONES,
    opts: Sequence[tuple[bytes, ...]] = OPTS,
) -> Iterator[tuple[bytes, bytes]]:
    """Messages and askers: siblings of names that exist, some asked again, some damaged.

    None is signed: what is said to those is not for `respond` alone to say.
    """
    rng = Random(seed)
    names = [key for each in zones if isinstance(each, Zone) for key in each.nodes]
    names += [each.origin.key for each in zones if not isinstance(each, Zone)]
    names += [b"\4test\0", b"\0", b"\7nothing\7example\0"]
    asked: list[bytes] = []
    for _ in range(many):
        draw = rng.random()
        if draw < 0.1:
            message = mutate(rng)
        elif draw < 0.3 and asked:
            message = rng.randbytes(2) + rng.choice(asked)[2:]
        else:
            message = _query(rng, names, opts)
            asked.append(message)
        if not may_have_tsig(message):
            yield message, rng.choice(ADDRESSES)


def _query(rng: Random, names: Sequence[bytes], opts: Sequence[tuple[bytes, ...]]) -> bytes:
    """A question about a name, or about one beside or below it, in some case."""
    qname = rng.choice(names)
    if rng.random() < 0.4 and qname[0]:
        qname = qname[1 + qname[0] :]
    while rng.random() < 0.6:
        size = rng.choice([1, 2, 3, 8, 63])
        label = rng.choice([*LABELS, bytes((size,)) + rng.randbytes(size)])
        qname = label + qname
    flipped = bytes(
        octet ^ 0x20 if 65 <= octet & 0xDF <= 90 and rng.random() < 0.2 else octet
        for octet in qname
    )
    question = o.question(qname if rng.random() < 0.5 else flipped, rng.choice(QTYPES))
    flags = rng.choice([0, o.RD, o.RD | o.AD, 0x07F0])
    message = o.message(*rng.choice(opts), asked=question, flags=flags)
    return message + rng.randbytes(4) if rng.random() < 0.02 else message


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Callable[[Sequence[Zone | RefusedZone]], Served]]:
    """Writes zones as an image file, and says how they are served."""
    store = Store.choose(tmp_path, tmp_path)

    def write(zones: Sequence[Zone | RefusedZone]) -> Served:
        served = [each for each in zones if isinstance(each, Zone)]
        path = store.write(lambda: [(each.origin.key, compile_zone(each)) for each in served])
        refused = (each.origin for each in zones if isinstance(each, RefusedZone))
        return Served((path,), (), tuple(refused))

    yield write
    store.close()


def _expect(
    zones: ZoneSet,
    message: bytes,
    address: bytes,
    *,
    stream: bool = False,
    encrypted: bool = False,
) -> bytes | None:
    """What `respond` says."""
    cookies = IDENTITY.cookies
    assert cookies is not None
    ways = Transport(stream, IDENTITY.max_payload, IDENTITY.nsid,
                     lambda asked: cookies.reply(asked, address, NOW),
                     IDENTITY.keepalive, encrypted)  # fmt: skip
    return respond(zones, message, ways)


def _ask(engine: PortableEngine, message: bytes, address: bytes) -> bytes | None:
    """What the engine says to a datagram."""
    answer = engine._answer_datagram(message[2:], address)
    return None if answer is None else message[:2] + answer


@pytest.mark.parametrize("seed", range(2))
def test_engine_answers_as_respond_does(
    engine: PortableEngine, write: Callable[..., Served], seed: int
) -> None:
    """Well-formed and not, asked before or not, beside names that were; octet for octet."""
    zones = ZoneSet(ZONES)
    engine.publish(write(ZONES))
    for message, address in _queries(seed, 4000):
        expected = _expect(zones, message, address)
        assert (message.hex(), expected) == (message.hex(), _ask(engine, message, address))


def test_what_is_remembered_ends_with_its_zones(
    engine: PortableEngine, write: Callable[..., Served]
) -> None:
    """After other zones are published, no answer is from those before."""
    queries = list(_queries(5, 2000))
    engine.publish(write(ZONES))
    for message, address in queries:
        _ask(engine, message, address)
    rest = ZONES[::2]
    engine.publish(write(rest))
    for message, address in queries:
        expected = _expect(ZoneSet(rest), message, address)
        assert (message.hex(), expected) == (message.hex(), _ask(engine, message, address))


def _native(served: Served) -> Any:
    """The other engine, for the same zones."""
    native = pytest.importorskip("zoneserver._fastpath", reason="the fast path is not built")
    engine = native.Engine(
        max_payload=IDENTITY.max_payload,
        nsid=IDENTITY.nsid,
        refused_option=encode_extended_error(NO_SUCH_ZONE),
        secrets=[SECRET],
        rate=0,
        slip=0,
        errors=0,
        log_only=False,
        exempt=(),
        keepalive=IDENTITY.keepalive,
        ledger=None,
        allowed_everywhere=None,
        allowed=(),
    )
    engine.publish(served.files, [], [origin.key for origin in served.refused])
    return engine


@pytest.mark.parametrize("encrypted", [False, True], ids=["TCP", "TLS"])
def test_streams_are_answered_as_respond_does(
    engine: PortableEngine,
    write: Callable[..., Served],
    encrypted: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """By both engines: with the idle limit, padded and not, up to the largest message."""
    zones, served = ZoneSet(ZONES), write(ZONES)
    engine.publish(served)
    other, compared = _native(served), 0
    for message, address in _queries(7, 3000):
        expected = _expect(zones, message, address, stream=True, encrypted=encrypted)
        answer = engine.answer_stream(message, address, encrypted=encrypted)
        assert (message.hex(), expected) == (message.hex(), answer)
        native = other.answer(message, True, address, NOW, encrypted)
        if native is not None:
            compared += 1
            assert (message.hex(), expected) == (message.hex(), native or None)
    assert compared > 1500


def test_both_engines_answer_alike(
    engine: PortableEngine, write: Callable[..., Served]
) -> None:
    """What the native engine does not hand over, the portable one answers the same."""
    served = write(ZONES)
    engine.publish(served)
    other = _native(served)
    compared = 0
    for message, address in _queries(6, 3000):
        answer = other.answer(message, False, address, NOW)
        if answer is not None:
            compared += 1
            expected = answer or None  # empty: silence
            assert (message.hex(), expected) == (message.hex(), _ask(engine, message, address))
    assert compared > 1500


@pytest.mark.parametrize("seed", range(2))
def test_signed_zones(engine: PortableEngine, write: Callable[..., Served], seed: int) -> None:
    """What is there and what is not, with proof of either, of every length; over TCP too.

    The engines hand over so little that what they prove is theirs.
    """
    zones, served = ZoneSet(SIGNED), write(SIGNED)
    engine.publish(served)
    other, compared, many = _native(served), 0, examples(2400)
    for message, address in _queries(seed, many, SIGNED, SIGNING_OPTS):
        for stream in (False, True):
            about = (message.hex(), stream)
            expected = _expect(zones, message, address, stream=stream)
            ask = engine.answer_stream if stream else partial(_ask, engine)
            answer = ask(message, address)
            assert (about, expected) == (about, answer)
            native = other.answer(message, stream, address, NOW)
            if native is not None:
                compared += 1
                assert (about, expected) == (about, native or None)
    assert compared > many
