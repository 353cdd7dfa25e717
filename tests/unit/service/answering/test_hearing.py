"""NOTIFY in: whose is heeded, and what the rest costs."""

import time

import dns.flags
import dns.message
import dns.name
import dns.opcode
import dns.rcode
import dns.tsig
import pytest

from tests.images import IDENTITY, Both
from tests.zones_text import zone
from zoneserver.engine.respond import Transport
from zoneserver.names import Name
from zoneserver.service.answering import hearing as module
from zoneserver.service.answering.fallback import Fallback
from zoneserver.service.answering.hearing import Hearing, read_notice
from zoneserver.service.keeping.store import Served
from zoneserver.transfer.keys import Key, Keyring
from zoneserver.transfer.notify import Primaries, Primary, make_notify, make_soa_query
from zoneserver.transfer.settings import Peer, Secondary, TransferSettings
from zoneserver.transfer.tsig import Signer
from zoneserver.transports.endpoint import Endpoint
from zoneserver.zone.zoneset import RefusedZone

ORIGIN, OTHER = Name.parse("example."), Name.parse("other.")
PRIMARY, STRANGER = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 9))
CATALOG, KEY = bytes((192, 0, 2, 2)), Name.parse("key.")
SOA = b"\0\0" + (7).to_bytes(4, "big") + bytes(16)
NOW = 1_790_000_000
NOTIFY = make_notify(1, ORIGIN, SOA, 300)
IMAGES = Both.of(zone("", "member."), RefusedZone(Name.parse("new."))).images


class Heard:
    """A hearing, and what it has passed on."""

    def __init__(self) -> None:
        self.passed: list[tuple[bytes, bytes]] = []
        self.has_room = True
        primaries = Primaries({ORIGIN: [Primary(PRIMARY)]}, [Primary(CATALOG, KEY)])
        self.hearing = Hearing(primaries, self._pass_on)

    def _pass_on(self, address: bytes, message: bytes) -> bool:
        self.passed.append((address, message))
        return self.has_room

    def say(
        self, message: bytes, address: bytes = PRIMARY, key: Name | None = None, now: int = 1
    ) -> bytes | None:
        """What is said to a message, as a worker goes about it."""
        spared = self.hearing.spare(message, address, now)
        if spared is not None:
            return spared
        return self.hearing.answer(IMAGES, message, address, key, Transport())


@pytest.fixture
def heard() -> Heard:
    """One that has heard nothing yet."""
    return Heard()


def asking(origin: Name, rdclass: int = 1, rtype: int = 6) -> bytes:
    """A NOTIFY without a hint."""
    end = rtype.to_bytes(2, "big") + rdclass.to_bytes(2, "big")
    return b"\0\1\x24\0\0\1\0\0\0\0\0\0" + origin.wire + end


def test_a_primary_is_heeded(heard: Heard) -> None:
    """RFC 1996 4.7: it is acknowledged at once, and passed on as it came."""
    answer = heard.say(NOTIFY)
    assert answer
    message = dns.message.from_wire(answer)
    assert (1, dns.opcode.NOTIFY) == (message.id, message.opcode())
    assert (dns.rcode.NOERROR, ["example. IN SOA"]) == (
        message.rcode(),
        [each.to_text() for each in message.question],
    )
    assert [(PRIMARY, NOTIFY)] == heard.passed
    assert (ORIGIN, 7) == read_notice(NOTIFY)


@pytest.mark.parametrize(
    ("message", "address", "key"),
    [
        (NOTIFY, STRANGER, None),
        (NOTIFY, CATALOG, KEY),  # the zone has primaries of its own
        (make_soa_query(1, ORIGIN), PRIMARY, None),
        (asking(Name.parse("member.")), CATALOG, None),  # it must be signed
        (asking(OTHER), CATALOG, KEY),  # that zone is not here
        (asking(OTHER), PRIMARY, None),
        (asking(ORIGIN, rdclass=3), PRIMARY, None),
        (asking(ORIGIN, rdclass=255), PRIMARY, None),
        (asking(ORIGIN, rtype=1), PRIMARY, None),
        (asking(ORIGIN, rtype=255), PRIMARY, None),
        (asking(ORIGIN)[:-1], PRIMARY, None),
        (b"\0\1\xa4\0" + asking(ORIGIN)[4:], PRIMARY, None),  # an answer
        (b"\0\1\x24", PRIMARY, None),
        (b"", PRIMARY, None),
    ],
)
def test_what_is_not_heeded(
    heard: Heard, message: bytes, address: bytes, key: Name | None
) -> None:
    """Acceptance 87, 89: it is answered as ever, and nothing comes of it."""
    assert heard.say(message, address, key) is None
    assert [] == heard.passed


@pytest.mark.parametrize("origin", ["member.", "new."])
def test_members_of_catalogs(heard: Heard, origin: str) -> None:
    """Those that are here, be it without a version yet, from where members come."""
    assert heard.say(asking(Name.parse(origin)), CATALOG, KEY)
    assert 1 == len(heard.passed)


@pytest.mark.parametrize(
    "rest",
    [b"", b"\xc0\x0c\0\6\0\1\0\0\0\0\0\1\0", b"\xff" * 60, b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4abcd"],
)
def test_garbage_for_a_hint(heard: Heard, rest: bytes) -> None:
    """Acceptance 89: it is no hint then, or no message: no harm either way."""
    header = b"\0\1\x24\0\0\1\0\1\0\0\0\0"
    message = header + asking(ORIGIN)[12:] + rest
    heard.say(message)
    assert all(read_notice(each) == (ORIGIN, None) for _, each in heard.passed)
    assert read_notice(b"") is None
    assert read_notice(header) is None


def test_the_same_again(heard: Heard) -> None:
    """In the same second it is answered from memory, and not passed on: it tells nothing."""
    for number in range(5):
        message = number.to_bytes(2, "big") + NOTIFY[2:]
        answer = heard.say(message)
        assert answer
        assert number == dns.message.from_wire(answer).id
    assert 1 == len(heard.passed)
    heard.say(NOTIFY, now=2)
    assert 2 == len(heard.passed)
    assert {"notify_heard": 2, "notify_repeated": 4} == heard.hearing.counters


def test_without_a_serial_it_may_be_another_version(heard: Heard) -> None:
    """So each is passed on; and so is one that found no room."""
    for _ in range(3):
        heard.say(asking(ORIGIN))
    heard.has_room = False
    for _ in range(3):
        heard.say(NOTIFY)
    assert 6 == len(heard.passed)


def test_a_flood(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of those that differ only so many are looked at in a second, and kept in mind."""
    monkeypatch.setattr(module, "LOOKS_OF_ZONE", 10)
    monkeypatch.setattr(module, "REMEMBERED", 4)
    flood = [
        make_notify(1, ORIGIN, SOA[:2] + bytes((0, 0, 0, n)) + SOA[6:], 0) for n in range(20)
    ]
    said = [heard.say(each) for each in flood]
    assert [b""] * 10 == said[10:]
    assert 10 == len(heard.passed) == heard.hearing.counters["notify_dropped"]
    heard.say(flood[3])
    assert 1 == heard.hearing.counters["notify_repeated"]
    assert b"" == heard.say(flood[4])
    assert heard.say(flood[11], now=2) != b""


def test_a_flood_for_many_zones(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """One of each is looked at, until there are too many altogether."""
    monkeypatch.setattr(module, "LOOKS", 15)
    origins = [Name.parse(f"zone{number}.") for number in range(20)]
    said = [heard.say(asking(each)) for each in origins]
    assert [None] * 15 + [b""] * 5 == said
    assert b"" == heard.say(NOTIFY)
    assert heard.say(NOTIFY, now=2)


def signed(message: bytes, secret: bytes = bytes(32)) -> bytes:
    """It, with a signature that says it is the primary's."""
    return Signer(Key(KEY, "hmac-sha256", secret), b"").sign(message, NOW)


@pytest.mark.parametrize(
    ("message", "rcode"),
    [
        (signed(NOTIFY), "NOERROR"),
        (signed(NOTIFY, bytes(31) + b"x"), "NOTAUTH"),
        (NOTIFY, "REFUSED"),
    ],
    ids=["right", "wrong", "none"],
)
@pytest.mark.parametrize("stream", [False, True])
def test_signatures(
    monkeypatch: pytest.MonkeyPatch, message: bytes, rcode: str, *, stream: bool
) -> None:
    """Acceptance 87: a primary with a key signs what it sends, and gets a signed answer."""
    passed: list[bytes] = []
    key = Key(KEY, "hmac-sha256", bytes(32))
    peer = Peer(Endpoint("192.0.2.1", 53), KEY)
    settings = TransferSettings(
        keyring=Keyring((key,)), secondaries=(Secondary(ORIGIN, (peer,)),)
    )
    fallback = Fallback(IDENTITY, transfers=settings)

    def pass_on(_: bytes, plain: bytes) -> bool:
        passed.append(plain)
        return True

    fallback.hear(pass_on)
    fallback.publish(Served(refused=(ORIGIN,)))
    if stream:
        answer = fallback.answer_stream(message, PRIMARY, NOW)
    else:
        answer = fallback.answer(message, PRIMARY, NOW, stream=False)
    assert isinstance(answer, bytes)
    is_heeded = rcode == "NOERROR"
    assert rcode == dns.rcode.to_text(dns.rcode.Rcode(answer[3] & 0x0F))
    assert ([NOTIFY] if is_heeded else []) == passed
    assert fallback.counters()["failures"] == 0
    if is_heeded:
        monkeypatch.setattr(time, "time", lambda: NOW)  # dnspython looks at the clock
        ring = {dns.name.from_text("key."): dns.tsig.Key("key.", bytes(32), "hmac-sha256")}
        mac = message[-6 - 32 : -6]
        assert dns.message.from_wire(answer, keyring=ring, request_mac=mac).had_tsig


def test_nobody_is_known() -> None:
    """Without zones from elsewhere no NOTIFY is heeded, and none is counted."""
    hearing = Hearing(Primaries(), lambda *_: True)
    assert hearing.spare(NOTIFY, PRIMARY, 1) is None
    assert hearing.answer(IMAGES, NOTIFY, PRIMARY, None, Transport()) is None
    assert {} == hearing.counters
