"""Signed queries and their answers: what a worker says, with dnspython on the other side."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dns.flags
import dns.message
import dns.rcode
import dns.tsig
import pytest

from tests import octets as o
from tests.figures import Figures
from tests.zones_text import zone
from zoneserver.image.compile import compile_zone
from zoneserver.image.lookup import Identity
from zoneserver.names import Name
from zoneserver.networks import Networks
from zoneserver.service.answering.access import Access
from zoneserver.service.answering.fallback import Fallback
from zoneserver.service.keeping.store import Served, Store
from zoneserver.transfer.keys import Key, Keyring
from zoneserver.transfer.settings import TransferSettings
from zoneserver.transfer.tsig import Signer
from zoneserver.wire.cookies import Cookies
from zoneserver.wire.tsig import cut_tsig, find_tsig

NOW = 1_700_000_000
STRANGER = b"\xc0\0\2\1"
KEY = Key(Name.parse("ns2.example."), "hmac-sha256", bytes(range(32)))
THEIRS = dns.tsig.Key("ns2.example.", KEY.secret, "hmac-sha256.")
COOKIES = Cookies((bytes(range(16)),))
KEYRING = Keyring((KEY,))
LONG = b"".join(b"\x3f" + b"k" * 63 for _ in range(3)) + b"\x3d" + b"k" * 61 + b"\0"
# Each has an octet more than the one before.
NEAR = {f"near{100 + count}": f"{'x' * 250} {'x' * count}" for count in range(60, 160)}
BIG = " ".join(["x" * 250] * 8)
TEXTS = "".join(f"{name} TXT {text}\n" for name, text in {**NEAR, "big": BIG}.items())
ZONE = zone(f"www A 192.0.2.1\n{TEXTS}")
BOTH = pytest.mark.parametrize("stream", [False, True], ids=["udp", "tcp"])


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    """One zone in an image file."""
    store = Store.choose(tmp_path, tmp_path)
    yield Served((store.write(lambda: [(ZONE.origin.key, compile_zone(ZONE))]),))
    store.close()


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """To dnspython, too, it is now."""
    monkeypatch.setattr("time.time", lambda: float(NOW))


def make(served: Served, access: Access = Access()) -> Fallback:  # noqa: B008 - it is frozen
    """What answers, with one key."""
    fallback = Fallback(Identity(1232, b"", COOKIES), access, TransferSettings(KEYRING))
    fallback.publish(served)
    return fallback


def _over(stream: bool) -> str:  # noqa: FBT001 - it stands in a text
    return "TCP" if stream else "UDP"


def sign(message: bytes, key: Key = KEY, now: int = NOW) -> tuple[bytes, bytes]:
    """A query with its signature, and the MAC of that."""
    signer = Signer(key)
    return signer.sign(message, now), signer.mac


def read(answer: bytes | None, mac: bytes) -> dns.message.Message:
    """An answer whose signature holds."""
    assert answer
    reply = dns.message.from_wire(answer, keyring=THEIRS, request_mac=mac)
    assert reply.had_tsig
    return reply


def read_refusal(answer: bytes | None) -> tuple[str, str, Any]:
    """RCODE, error of the TSIG, and the TSIG, which need not be signed."""
    assert answer
    reply = dns.message.from_wire(answer, keyring=False, continue_on_error=True)
    (tsig,) = reply.tsig or [None]
    assert not reply.answer
    return (
        dns.rcode.to_text(reply.rcode()),
        dns.rcode.to_text(tsig.error, tsig=True) if tsig else "",
        tsig,
    )


@BOTH
@pytest.mark.parametrize(
    ("asked", "rcode"),
    [
        (o.question("www.example"), "NOERROR"),
        (o.question("nosuch.example"), "NXDOMAIN"),
        (o.question("elsewhere"), "REFUSED"),
        (o.question("www.example", o.AXFR), "REFUSED"),
    ],
)
def test_answers_are_signed(served: Served, asked: bytes, rcode: str, *, stream: bool) -> None:
    """Acceptance 79: whatever is said to who has the key; it is what others are told."""
    fallback = make(served)
    plain = o.message(o.opt(), asked=asked)
    message, mac = sign(plain)
    answer = fallback.answer(message, STRANGER, NOW, stream=stream)
    reply = read(answer, mac)
    assert answer
    unsigned = cut_tsig(answer, find_tsig(answer) or 0)

    if not (asked.endswith(o.u16(o.AXFR) + o.u16(1)) and not stream):
        assert rcode == dns.rcode.to_text(reply.rcode())
    assert unsigned == fallback.answer(plain, STRANGER, NOW, stream=stream)


@BOTH
def test_errors_of_edns_are_signed(served: Served, *, stream: bool) -> None:
    """A version that we do not know (RFC 6891 6.1.3)."""
    message, mac = sign(o.message(o.opt(version=1)))
    reply = read(make(served).answer(message, STRANGER, NOW, stream=stream), mac)

    assert dns.rcode.to_text(reply.rcode()) == "BADVERS"


@BOTH
@pytest.mark.parametrize(
    ("key", "now", "error"),
    [
        (Key(KEY.name, KEY.algorithm, bytes(32)), NOW, "BADSIG"),
        (Key(Name.parse("ns3.example."), KEY.algorithm, KEY.secret), NOW, "BADKEY"),
        (Key(KEY.name, "hmac-sha512", KEY.secret), NOW, "BADKEY"),
    ],
)
def test_wrong_signatures(
    served: Served, figures: Figures, key: Key, now: int, error: str, *, stream: bool
) -> None:
    """Acceptance 79: NOTAUTH, nothing of the zone, and a TSIG that is not signed."""
    message, _ = sign(o.message(o.opt(), asked=o.question("www.example")), key, now)
    rcode, told, tsig = read_refusal(make(served).answer(message, STRANGER, NOW, stream=stream))

    assert (rcode, told, tsig.mac) == ("NOTAUTH", error, b"")
    assert (tsig.time_signed, tsig.fudge, tsig.original_id) == (NOW, 300, o.MESSAGE_ID)
    figures.add(
        f"79 {key.algorithm} of {key.name}, {_over(stream)}", f"NOTAUTH, {told}, unsigned"
    )


@BOTH
@pytest.mark.parametrize("seconds", [-400, 400])
def test_clocks_apart(served: Served, figures: Figures, seconds: int, *, stream: bool) -> None:
    """Acceptance 82: BADTIME, signed, with our time beside the asker's; a fudge of 300."""
    message, mac = sign(o.message(), now=NOW + seconds)
    answer = make(served).answer(message, STRANGER, NOW, stream=stream)
    rcode, error, tsig = read_refusal(answer)

    assert (rcode, error) == ("NOTAUTH", "BADTIME")
    assert (tsig.time_signed, tsig.fudge) == (NOW + seconds, 300)
    assert int.from_bytes(tsig.other, "big") == NOW
    assert answer
    plain = cut_tsig(answer, find_tsig(answer) or 0)
    again: Any = dns.tsig.sign
    again, _ = again(plain, THEIRS, tsig, tsig.time_signed, mac)
    assert (again.mac, len(tsig.mac)) == (tsig.mac, 32)
    figures.add(
        f"82 asked {seconds:+} s off, {_over(stream)}",
        "NOTAUTH, BADTIME, signed, with our time",
    )


@BOTH
@pytest.mark.parametrize("seconds", [-300, 300])
def test_clocks_near_enough(served: Served, seconds: int, *, stream: bool) -> None:
    """Acceptance 82: up to the fudge it is answered, at our time."""
    message, mac = sign(o.message(), now=NOW + seconds)
    reply = read(make(served).answer(message, STRANGER, NOW, stream=stream), mac)
    (tsig,) = reply.tsig or [None]

    assert dns.rcode.to_text(reply.rcode()) == "NOERROR"
    assert (tsig.time_signed, tsig.fudge) == (NOW, 300)  # type: ignore[union-attr]


@pytest.mark.parametrize("seconds", [-86_400, 86_400])
def test_clock_that_jumps(served: Served, figures: Figures, seconds: int) -> None:
    """Acceptance 82: after a day back or ahead, who goes along is answered at once, and who
    has a cookie of the other time gets a new one, which is valid.
    """
    fallback, later = make(served), NOW + seconds
    old = COOKIES.reply(b"abcdefgh", STRANGER, NOW)
    asked = o.message(o.opt(o.option(o.COOKIE, old)), asked=o.question("www.example"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("time.time", lambda: float(later))
        message, mac = sign(asked, now=later)
        reply = read(fallback.answer(message, STRANGER, later, stream=False), mac)
    (cookie,) = reply.options
    new = cookie.to_wire()

    assert dns.rcode.to_text(reply.rcode()) == "NOERROR"
    assert new is not None
    assert (COOKIES.is_valid(old, STRANGER, later), new != old) == (False, True)
    assert COOKIES.is_valid(new, STRANGER, later)
    stale = fallback.answer(sign(asked)[0], STRANGER, later, stream=False)
    assert read_refusal(stale)[1] == "BADTIME"
    figures.add(
        f"82 clock that jumps {seconds:+} s", "a new cookie, and signed answers at once"
    )


FIXED = b"\x0bhmac-sha256\0" + NOW.to_bytes(6, "big") + o.u16(300)


def signed_with(mac: bytes, size: int | None = None) -> bytes:
    """A query whose MAC is this, or says that it is of another size."""
    length = len(mac) if size is None else size
    rdata = FIXED + o.u16(length) + mac + o.u16(o.MESSAGE_ID) + bytes(4)
    return o.message(o.record(o.TSIG, rdata, owner=KEY.name.wire, rclass=o.ANY_CLASS))


MAC = sign(o.message())[1]
MALFORMED = {
    **{f"MAC cut to {length}": signed_with(MAC[:length]) for length in (0, 1, 9, 10, 15)},
    "MAC of 33": signed_with(MAC + b"!"),
    "MAC of 60,000": signed_with(bytes(60_000)),
    "MAC size 65535": signed_with(MAC, 65_535),
    "not last": o.message(o.tsig(key=KEY.name.wire), o.opt()),
    "twice": o.message(o.tsig(key=KEY.name.wire), o.tsig(key=KEY.name.wire)),
    "class IN": o.message(o.tsig(key=KEY.name.wire, rclass=o.IN)),
    "TTL 1": o.message(o.tsig(key=KEY.name.wire, ttl=1)),
}


@BOTH
@pytest.mark.parametrize("case", MALFORMED)
def test_what_is_no_signature(
    served: Served, figures: Figures, case: str, *, stream: bool
) -> None:
    """Acceptance 80: FORMERR, and a header alone."""
    answer = make(served).answer(MALFORMED[case], STRANGER, NOW, stream=stream)

    assert answer
    assert (len(answer), answer[3] & 0x0F) == (12, dns.rcode.FORMERR)
    figures.add(f"80 {case}, {_over(stream)}", "FORMERR, 12 octets")


@BOTH
@pytest.mark.parametrize("algorithm", ["hmac-md5.sig-alg.reg.int", "hmac-sha1", "rot13"])
def test_unknown_algorithm(
    served: Served, figures: Figures, algorithm: str, *, stream: bool
) -> None:
    """Acceptance 80: one that we do not have is a key that we do not have."""
    message = o.message(o.tsig(key=KEY.name.wire, algorithm=o.wire(algorithm)))
    rcode, error, tsig = read_refusal(
        make(served).answer(message, STRANGER, NOW, stream=stream)
    )

    assert (rcode, error, tsig.mac) == ("NOTAUTH", "BADKEY", b"")
    figures.add(f"80 algorithm {algorithm}, {_over(stream)}", "NOTAUTH, BADKEY")


@BOTH
@pytest.mark.parametrize("length", [16, 31])
def test_short_mac(served: Served, figures: Figures, length: int, *, stream: bool) -> None:
    """Acceptance 80: half a signature or more, but not all, is BADTRUNC, which is signed."""
    message = signed_with(MAC[:length])
    answer = make(served).answer(message, STRANGER, NOW, stream=stream)
    rcode, error, tsig = read_refusal(answer)

    assert (rcode, error, len(tsig.mac)) == ("NOTAUTH", "BADTRUNC", 32)
    figures.add(f"80 MAC cut to {length}, {_over(stream)}", "NOTAUTH, BADTRUNC, signed")


@BOTH
def test_our_own_errors_as_requests(served: Served, figures: Figures, *, stream: bool) -> None:
    """Acceptance 79: an error that is sent back gets silence; one made a query, another."""
    fallback = make(served)
    asked = [
        sign(o.message(), Key(KEY.name, KEY.algorithm, bytes(32)))[0],
        sign(o.message(), Key(Name.parse("x."), KEY.algorithm, KEY.secret))[0],
        sign(o.message(), now=NOW - 400)[0],
        signed_with(MAC[:16]),
    ]
    rcodes = []
    for message in asked:
        error = fallback.answer(message, STRANGER, NOW, stream=stream)
        assert error
        assert fallback.answer(error, STRANGER, NOW, stream=stream) is None
        again = fallback.answer(error[:2] + b"\0\0" + error[4:], STRANGER, NOW, stream=stream)
        assert again
        rcodes.append(dns.rcode.to_text(dns.rcode.Rcode(again[3] & 0x0F)))

    # What has no MAC is none of a key that we have; what has one was made for another message.
    assert rcodes == ["FORMERR", "NOTAUTH", "NOTAUTH", "NOTAUTH"]
    assert fallback.counters()["failures"] == 0
    figures.add("79 our errors, sent back", "silence; as queries FORMERR or NOTAUTH")


@pytest.mark.parametrize("payload", [512, 1232])
def test_answers_leave_room_for_signatures(served: Served, payload: int) -> None:
    """With its signature no answer is longer than the asker takes."""
    fallback = make(served)
    message, mac = sign(
        o.message(o.opt(payload=payload), asked=o.question("big.example", o.TXT))
    )
    answer = fallback.answer(message, STRANGER, NOW, stream=False)
    reply = read(answer, mac)

    assert answer
    assert bool(reply.flags & dns.flags.TC)
    assert len(answer) <= payload


def test_signatures_that_have_just_room(served: Served) -> None:
    """An answer that fits without its signature alone is cut (RFC 8945 5.3)."""
    fallback = make(served)
    whole: set[int] = set()
    cut: set[int] = set()
    for name in NEAR:
        plain = o.message(asked=o.question(f"{name}.example", o.TXT))
        unsigned = fallback.answer(plain, STRANGER, NOW, stream=False)
        message, mac = sign(plain)
        answer = fallback.answer(message, STRANGER, NOW, stream=False)
        assert unsigned
        assert answer
        assert not unsigned[2] & 2
        (cut if read(answer, mac).flags & dns.flags.TC else whole).add(len(answer))

    assert max(whole) == 512
    assert cut


@pytest.mark.parametrize(("stream", "is_told"), [(False, False), (True, True)])
def test_key_of_a_long_name(served: Served, *, stream: bool, is_told: bool) -> None:
    """Over UDP names that fill a message are not repeated to somebody who has no key."""
    message = o.message(o.opt(payload=512), o.tsig(key=LONG, algorithm=LONG))
    answer = make(served).answer(message, STRANGER, NOW, stream=stream)
    rcode, error, _ = read_refusal(answer)

    assert (rcode, error) == ("NOTAUTH", "BADKEY" if is_told else "")
    assert answer
    assert stream or len(answer) <= 512


@BOTH
def test_cookies_go_with_signatures(served: Served, *, stream: bool) -> None:
    """Who has a key and a cookie gets both."""
    option = o.option(o.COOKIE, b"abcdefgh")
    message, mac = sign(o.message(o.opt(option), asked=o.question("www.example")))
    reply = read(make(served).answer(message, STRANGER, NOW, stream=stream), mac)
    (cookie,) = reply.options

    assert cookie.to_wire() == COOKIES.reply(b"abcdefgh", STRANGER, NOW)


@pytest.mark.parametrize("name", ["www.example", "big.example", "gone.example"])
def test_padding_counts_signatures(served: Served, name: str) -> None:
    """RFC 8467 4.1: the whole message fills its blocks, with what is behind the padding."""
    asked = o.question(name, o.TXT)
    message, mac = sign(o.message(o.opt(o.option(o.PADDING, bytes(9))), asked=asked))
    answer = make(served).answer(message, STRANGER, NOW, stream=True, encrypted=True)
    read(answer, mac)

    assert answer
    assert len(answer) % 468 == 0


@BOTH
def test_signatures_open_no_zone(served: Served, *, stream: bool) -> None:
    """Who may not ask for it from where they are may not with a key either."""
    access = Access(Networks.parse(["10.0.0.0/8"]))
    fallback = make(served, access)
    message, mac = sign(o.message(asked=o.question("www.example")))
    reply = read(fallback.answer(message, STRANGER, NOW, stream=stream), mac)

    assert dns.rcode.to_text(reply.rcode()) == "REFUSED"
    assert fallback.counters()["prohibited"] == 1


@BOTH
@pytest.mark.parametrize("is_signed", [True, False])
def test_updates(served: Served, figures: Figures, *, is_signed: bool, stream: bool) -> None:
    """Acceptance 90: NOTIMP, with a key or without; nothing is changed."""
    fallback = make(served)
    before = fallback.images
    record = o.record(o.A, b"\xc0\0\2\x63", owner=o.wire("new.example"))
    update = o.message(asked=o.question("example", o.SOA), opcode=o.UPDATE, authority=[record])
    message = sign(update)[0] if is_signed else update
    answer = fallback.answer(message, STRANGER, NOW, stream=stream)
    asked = o.message(asked=o.question("new.example"))

    assert answer
    assert answer[3] & 0x0F == dns.rcode.NOTIMP
    assert fallback.images is before
    found = fallback.answer(asked, STRANGER, NOW, stream=stream)
    assert found
    assert dns.message.from_wire(found).rcode() == dns.rcode.NXDOMAIN
    figures.add(
        f"90 UPDATE, {'signed' if is_signed else 'unsigned'}, {_over(stream)}", "NOTIMP"
    )
