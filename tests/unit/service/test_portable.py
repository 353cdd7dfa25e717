"""The portable engine: what it keeps, what it must not, and whom it limits."""

import time
from pathlib import Path
from typing import NamedTuple

import dns.flags
import dns.message
import dns.rcode
import pytest

from tests import octets as o
from tests.images import IDENTITY
from tests.zones_text import name, query, zone
from zoneserver.image.compile import compile_zone
from zoneserver.service import portable as module
from zoneserver.service.portable import PortableEngine
from zoneserver.service.store import Served, Store
from zoneserver.transports.limiter import RateLimits
from zoneserver.zone.zone import Zone

ZONE = zone("www A 192.0.2.1\n*.w A 192.0.2.2\nbig TXT " + '"' + "x" * 250 + '"\nold DNAME new')
NEWER = zone("www A 192.0.2.99")
HERE, THERE = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 1))
LOOPBACK = bytes((127, 0, 0, 1))
COOKIE = o.opt(o.option(o.COOKIE, b"8 octets"))


class Made(NamedTuple):
    """An engine, and the store that its zones come from."""

    engine: PortableEngine
    store: Store

    def publish(self, served: Zone) -> None:
        """Have the engine answer from one zone."""
        image = (served.origin.key, compile_zone(served))
        path = self.store.write(lambda: [image])
        self.engine.publish(Served((path,), (), (name("refused.example."),)))

    def ask(self, message: bytes, address: bytes = LOOPBACK) -> bytes | None:
        """The answer to a datagram."""
        return self.engine._answer_datagram(message, address)


def _make(folder: Path, limits: RateLimits) -> Made:
    made = Made(PortableEngine(IDENTITY, limits), Store(folder / "state", folder))
    made.publish(ZONE)
    return made


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """One that limits nobody."""
    return _make(tmp_path, RateLimits(rate=0, errors=0))


def _message(text: str, number: int = 4711, *additional: bytes) -> bytes:
    octets = query(text, id=number).to_wire()
    return octets[:11] + bytes((len(additional),)) + octets[12:] + b"".join(additional)


def test_kept_answer_has_the_id_of_its_query(made: Made) -> None:
    """And all else is what it was."""
    answers = [made.ask(_message("www A", number)) for number in (1, 2, 65_535)]

    assert [b"\0\1", b"\0\2", b"\xff\xff"] == [answer[:2] for answer in answers if answer]
    assert len({answer[2:] for answer in answers if answer}) == 1
    assert len(made.engine._cache) == 1


def test_answers_that_differ_are_kept_apart(made: Made) -> None:
    """By case, type, flags, EDNS, size and DO: over again, each gets its own."""
    messages = [
        _message(text, 7, *opt)
        for text in ("www A", "WWW A", "www AAAA", "x.w A", "X.w A", "no A")
        for opt in ((), (o.opt(),), (o.opt(payload=600),), (o.opt(flags=0x8000),))
    ]
    messages += [message[:2] + b"\1\0" + message[4:] for message in messages]
    first = [made.ask(message) for message in messages]

    assert len(set(messages)) == len(made.engine._cache)
    assert first == [made.ask(message) for message in messages]
    assert first == [made.engine.answer_stream(message, LOOPBACK) for message in messages]


def test_cache_is_bounded(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that nobody asks for twice do not fill the memory."""
    monkeypatch.setattr(module, "CACHED_ANSWERS", 100)
    most = 0
    for number in range(1000):
        assert made.ask(_message(f"n{number}.w A"))
        most = max(most, len(made.engine._cache))

    assert most == 100


def test_long_messages_and_answers_are_not_kept(made: Made) -> None:
    """However often they come: what is kept is small, and so is all of it."""
    long = _message("www A", 7, o.opt(o.option(65001, bytes(600))))
    assert made.ask(long) == made.ask(long)
    assert made.ask(_message("big TXT", 7, o.opt(o.option(o.NSID), payload=4096)))
    kept = [(len(key), len(reply.octets)) for key, reply in made.engine._cache.items()]

    assert all(max(sizes) <= module.CACHED_OCTETS for sizes in kept)
    assert len(kept) == 1


def test_cookies_are_not_kept(made: Made) -> None:
    """Each asker has its own, for each address."""
    message = _message("www A", 7, COOKIE)
    here, there = made.ask(message, HERE), made.ask(message, THERE)

    assert here
    assert there
    assert here[:-24] == there[:-24]
    assert here[-24:] != there[-24:]
    assert {} == made.engine._cache


def test_what_is_rare_is_not_kept(made: Made) -> None:
    """It is answered all the same."""
    for text in ("x.old A", "www AXFR", "refused A"):
        assert made.ask(_message(text))

    assert {} == made.engine._cache
    assert made.ask(b"too short") is None


def test_new_zones_are_answered_from_at_once(made: Made) -> None:
    """Nothing of the old ones is kept."""
    before = made.ask(_message("www A"))
    made.publish(NEWER)
    after = made.ask(_message("www A"))

    assert before
    assert after
    assert [bytes((192, 0, 2, 1)), bytes((192, 0, 2, 99))] == [before[-4:], after[-4:]]


def _kinds(answers: list[bytes | None]) -> dict[str, int]:
    kinds: dict[str, int] = {}
    for answer in answers:
        message = answer and dns.message.from_wire(answer)
        kind = "silence"
        if message:
            kind = "TC" if message.flags & dns.flags.TC else dns.rcode.to_text(message.rcode())
        kinds[kind] = kinds.get(kind, 0) + 1
    return kinds


@pytest.fixture
def limiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """One that sends ten answers of a kind, in a second that does not pass."""
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    return _make(tmp_path, RateLimits(rate=10, slip=2, errors=15))


def test_one_network_is_limited(limiting: Made) -> None:
    """Ten answers, then every second one short; another network and loopback lose nothing."""
    for address, expected in (
        (HERE, {"NOERROR": 10, "TC": 10, "silence": 10}),
        (THERE, {"NOERROR": 10, "TC": 10, "silence": 10}),
        (LOOPBACK, {"NOERROR": 30}),
    ):
        answers = [limiting.ask(_message("www A"), address) for _ in range(30)]
        assert expected == _kinds(answers)


def test_accounts(limiting: Made) -> None:
    """Random names below a wildcard, or that do not exist, are on one account together."""
    wild = [limiting.ask(_message(f"n{number}.w A"), HERE) for number in range(30)]
    gone = [limiting.ask(_message(f"n{number} A"), HERE) for number in range(30)]

    assert {"NOERROR": 10, "TC": 10, "silence": 10} == _kinds(wild)
    assert {"NXDOMAIN": 10, "TC": 10, "silence": 10} == _kinds(gone)


def test_asker_with_half_a_cookie_gets_the_whole(limiting: Made) -> None:
    """BADCOOKIE in place of TC, and with that no limit any more (RFC 7873 5.2)."""
    message = _message("www A", 7, COOKIE)
    answers = [limiting.ask(message, HERE) for _ in range(30)]
    short = next(answer for answer in answers if answer and answer[3] & 15 == 7)
    whole = _message("www A", 7, o.opt(o.option(o.COOKIE, short[-24:])))
    known = [limiting.ask(whole, HERE) for _ in range(100)]
    stolen = [limiting.ask(whole, THERE) for _ in range(30)]

    assert {"NOERROR": 10, "BADCOOKIE": 10, "silence": 10} == _kinds(answers)
    assert {"NOERROR": 100} == _kinds(known)
    assert {"NOERROR": 10, "BADCOOKIE": 10, "silence": 10} == _kinds(stolen)


def test_errors_are_limited_for_all(limiting: Made) -> None:
    """Fifteen of the process, ten of a network, none of them short."""
    refused = [limiting.ask(_message("elsewhere. A"), HERE) for _ in range(12)]
    broken = [limiting.ask(o.message(counts=(2, 0, 0, 0)), THERE) for _ in range(12)]

    assert {"REFUSED": 10, "silence": 2} == _kinds(refused)
    assert {"FORMERR": 3, "silence": 9} == _kinds(broken)


def test_streams_are_not_limited(limiting: Made) -> None:
    """Who speaks TCP is who it says."""
    answers = [limiting.engine.answer_stream(_message("www A"), HERE) for _ in range(50)]

    assert {"NOERROR": 50} == _kinds(answers)


def test_counters(limiting: Made) -> None:
    """What was answered, limited, and sent short."""
    for _ in range(30):
        limiting.ask(_message("www A"), HERE)
    counters = limiting.engine.counters()

    assert (30, 20, 10, 0) == tuple(
        counters[each] for each in ("answered", "limited", "slipped", "failures")
    )
