"""The portable engine: whom it limits, whom it answers with a cookie, what it counts."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import pytest

from tests import octets as o
from tests.zones_text import zone
from zoneserver.image.compile import compile_zone
from zoneserver.image.lookup import Identity
from zoneserver.networks import Networks
from zoneserver.service.answering.portable import PortableEngine
from zoneserver.service.keeping.store import Served, Store
from zoneserver.transports.endpoint import Endpoint
from zoneserver.transports.ledger import Ledger
from zoneserver.transports.limiter import RateLimits
from zoneserver.transports.listen import bind
from zoneserver.wire.cookies import Cookies

NOW = 1_700_000_000
COOKIES = Cookies((bytes(range(16)),))
LOOPBACK, STRANGER = b"\x7f\0\0\1", b"\xc0\0\2\1"
ZONE = zone("www A 192.0.2.1\n*.wild TXT wild")
WWW = o.message(o.opt())
GONE = [o.message(asked=o.question(f"gone{number}.example")) for number in range(9)]


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """One zone in an image file."""
    store = Store.choose(tmp_path, tmp_path)
    yield Served((store.write(lambda: [(ZONE.origin.key, compile_zone(ZONE))]),))
    store.close()


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """All happens in one second."""
    clock = SimpleNamespace(time=lambda: NOW, monotonic=lambda: 1.0, monotonic_ns=lambda: 1)
    monkeypatch.setattr("zoneserver.service.answering.portable.time", clock)


def _engine(served: Served, **limits: Any) -> PortableEngine:
    engine = PortableEngine(Identity(1232, b"", COOKIES), RateLimits(**limits), Ledger())
    engine.publish(served)
    return engine


def _ask(engine: PortableEngine, message: bytes, address: bytes = STRANGER) -> str:
    """What becomes of an answer: its RCODE, and TC if it is short."""
    answer = engine._answer_datagram(message[2:], address)
    if answer is None:
        return "dropped"
    reply = dns.message.from_wire(message[:2] + answer)
    assert bool(reply.answer or reply.authority) != bool(reply.flags & dns.flags.TC)
    return dns.rcode.to_text(reply.rcode()) + " TC" * bool(reply.flags & dns.flags.TC)


def test_rate(served: Served) -> None:
    """Beyond the rate every second answer is short, also those that are remembered."""
    engine = _engine(served, rate=2, slip=2)
    verdicts = [_ask(engine, WWW) for _ in range(6)]
    assert ["NOERROR"] * 2 + ["dropped", "NOERROR TC"] * 2 == verdicts
    assert (4, 2) == tuple(engine.counters()[name] for name in ("limited", "slipped"))


def test_random_names_have_one_account(served: Served) -> None:
    """However many names are asked for, what does not exist is counted together."""
    engine = _engine(served, rate=4, slip=0)
    verdicts = [_ask(engine, message) for message in GONE]
    assert ["NXDOMAIN"] * 4 + ["dropped"] * 5 == verdicts
    assert _ask(engine, WWW) == "NOERROR"


def test_each_name_has_its_account(served: Served) -> None:
    """Nodata is counted for its own name, remembered or not."""
    engine = _engine(served, rate=1, slip=0)
    asked = [o.message(asked=o.question("www.example", qtype)) for qtype in (15, 15, o.A)]
    assert ["NOERROR", "dropped", "NOERROR"] == [_ask(engine, message) for message in asked]


@pytest.mark.parametrize("address", [LOOPBACK, bytes(15) + b"\1"])
def test_loopback_is_exempt(served: Served, address: bytes) -> None:
    """Unless it is told otherwise."""
    engine = _engine(served, rate=1, slip=0)
    assert ["NOERROR"] * 5 == [_ask(engine, WWW, address) for _ in range(5)]
    engine = _engine(served, rate=1, slip=0, exempt=Networks())
    assert ["NOERROR", "dropped"] == [_ask(engine, WWW, address) for _ in range(2)]


def test_errors(served: Served) -> None:
    """REFUSED, remembered or not, and FORMERR count together."""
    engine = _engine(served, rate=0, errors=4)
    refused = [o.message(asked=o.question(f"x{number}.test")) for number in range(3)]
    formerr = o.header(counts=(0, 0, 0, 0)) + bytes(3)
    answers = [
        engine._answer_datagram(message[2:], STRANGER)
        for message in [*refused, formerr, refused[0], formerr]
    ]
    assert [5, 5, 5, 1, None, None] == [each and each[1] & 0x0F for each in answers]
    assert engine.counters()["errors_capped"] == 2


def test_cookies(served: Served) -> None:
    """Each asker gets one; who shows it is not limited, and who does not is told."""
    engine = _engine(served, rate=1, slip=1)

    def ask(cookie: bytes, address: bytes) -> bytes:
        message = o.message(o.opt(o.option(o.COOKIE, cookie)))
        answer = engine._answer_datagram(message[2:], address)
        assert answer is not None
        return answer

    for address in (STRANGER, b"\xcb\0\x71\1"):
        cookie = COOKIES.reply(b"8 octets", address, NOW)
        assert cookie == ask(b"8 octets", address)[-24:]
        for _ in range(3):
            assert cookie == ask(cookie, address)[-24:]
        short = dns.message.from_wire(bytes(2) + ask(b"8 octets", address))
        assert (dns.rcode.BADCOOKIE, []) == (short.rcode(), short.answer)


def test_answers_are_counted(served: Served) -> None:
    """One datagram, one answer, one in the count; silence is not one."""

    async def scenario() -> PortableEngine:
        engine, sockets = _engine(served), bind(Endpoint("127.0.0.1", 0))
        sockets.tcp.close()
        engine.start([sockets])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            asking.settimeout(3)
            asking.connect(("127.0.0.1", sockets.endpoint.port))
            for message in [WWW, *GONE, WWW, b"short", o.message(flags=o.QR)]:
                asking.send(message)
            engine.stop()
            answers = [asking.recv(512) for _ in range(11)]
        assert {WWW[:2]} == {answer[:2] for answer in answers}
        return engine

    engine = asyncio.run(scenario())
    assert engine.counters()["answered"] == 11


def test_streams_have_options_of_their_own(served: Served) -> None:
    """Acceptance 21: who asks over TLS is told the idle limit and gets padding; over TCP
    the limit alone.
    """
    engine = PortableEngine(Identity(1232, keepalive=100), RateLimits(), Ledger())
    engine.publish(served)
    message = o.message(o.opt(o.option(o.KEEPALIVE), o.option(o.PADDING, b"x")))
    over_tls = engine.answer_stream(message, STRANGER, encrypted=True)
    over_tcp = engine.answer_stream(message, STRANGER)
    assert isinstance(over_tls, bytes)
    assert isinstance(over_tcp, bytes)
    told = o.option(o.KEEPALIVE, b"\0\x64")
    assert over_tcp.endswith(told)
    padding = o.option(o.PADDING, bytes(468 - len(over_tcp) - 4))
    assert over_tls.endswith(told + padding)
    assert [468] == [len(over_tls)]
