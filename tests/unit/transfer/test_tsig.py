"""Transaction signatures, with dnspython on the other side."""

from collections.abc import Sequence
from typing import Any

import dns.message
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.tsig
import pytest
from dns.rdtypes.ANY.TSIG import TSIG

from tests import octets as o
from zoneserver.errors import MessageError, SignatureError
from zoneserver.names import Name
from zoneserver.transfer.keys import ALGORITHMS, Key, Keyring
from zoneserver.transfer.tsig import (
    MAX_UNSIGNED,
    Request,
    Signer,
    Verifier,
    answer_record,
    judge_request,
    measure_answer,
)
from zoneserver.wire import message as m
from zoneserver.wire.tsig import add_tsig, cut_tsig, find_tsig

NOW = 1_700_000_000
SECRET = bytes(range(32))
NAME = Name.parse("Ns2.example.")
KEYRING = Keyring(tuple(Key(Name.parse(f"{each}.key."), each, SECRET) for each in ALGORITHMS))
SHA256 = KEYRING.get(Name.parse("hmac-sha256.key."))
QUESTION = o.message(o.opt(), asked=o.question("www.example", o.A))


def theirs(key: Key = SHA256, secret: bytes | None = None) -> dns.tsig.Key:
    """The same key, as dnspython has it; perhaps with another secret."""
    return dns.tsig.Key(str(key.name), secret or key.secret, f"{key.algorithm}.")


@pytest.fixture(autouse=True)
def _clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """To dnspython, too, it is now."""
    monkeypatch.setattr("time.time", lambda: float(NOW))


def sign(plain: bytes, key: dns.tsig.Key, at: int, fudge: int = 300, **more: Any) -> Any:
    """What dnspython adds to a message: its rdata, and what the next one needs."""
    rdata = TSIG(  # type: ignore[no-untyped-call]
        dns.rdataclass.ANY,
        dns.rdatatype.TSIG,
        key.algorithm,
        at,
        fudge,
        b"",
        o.MESSAGE_ID,
        more.pop("error", 0),
        more.pop("other", b""),
    )
    return dns.tsig.sign(plain, key, rdata, at, **more)  # type: ignore[no-untyped-call]


def ask(
    key: Key = SHA256, secret: bytes | None = None, at: int = NOW, fudge: int = 300
) -> bytes:
    """A question that dnspython signs."""
    rdata, _ = sign(QUESTION, theirs(key, secret), at, fudge)
    return add_tsig(QUESTION, _record(key, rdata.to_wire()))


def _record(key: Key, rdata: bytes) -> bytes:
    return o.record(o.TSIG, rdata, owner=key.name.wire, rclass=o.ANY_CLASS)


def judge(message: bytes, keyring: Keyring = KEYRING, now: int = NOW) -> Request:
    """What we think of it."""
    request = judge_request(message, keyring, now)
    assert request is not None
    return request


def cut_mac(message: bytes, length: int) -> bytes:
    """The same, with so many octets of its MAC."""
    request = judge(message)
    tsig = request.tsig
    mac = tsig.mac[:length] + bytes(max(0, length - len(tsig.mac)))
    rdata = b"".join(
        (
            tsig.algorithm.wire,
            tsig.time_signed.to_bytes(6, "big"),
            o.u16(tsig.fudge),
            o.u16(len(mac)),
            mac,
            o.u16(tsig.original_id),
            bytes(4),
        )
    )
    return add_tsig(request.message, _record(SHA256, rdata))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_request_and_answer(algorithm: str) -> None:
    """What they sign we take, what we answer they take, with every algorithm."""
    key = KEYRING.get(Name.parse(f"{algorithm}.key."))
    wire = ask(key)
    request = judge(wire)
    assert (request.key, request.answer_key, request.error) == (key, key, 0)
    assert dns.message.from_wire(request.message).tsig is None

    reply = dns.message.make_response(dns.message.from_wire(request.message)).to_wire()
    record = answer_record(request, reply, NOW)
    read = dns.message.from_wire(
        add_tsig(reply, record), keyring=theirs(key), request_mac=request.tsig.mac
    )
    assert (measure_answer(request), True) == (len(record), read.had_tsig)


def test_names_in_other_case() -> None:
    """A key's name and its algorithm's are names, whose case does not matter."""
    wire = ask().replace(b"\x0bhmac-sha256\x03key", b"\x0bHMAC-sha256\x03Key")
    wire = wire.replace(b"\x0bhmac-sha256\0", b"\x0bhmac-SHA256\0")

    assert judge(wire).key == SHA256


@pytest.mark.parametrize("message", [QUESTION, o.message(flags=o.QR), b"", b"\0\xfa\0\xff"])
def test_no_signature(message: bytes) -> None:
    """There is nothing to judge."""
    assert judge_request(message, KEYRING, NOW) is None


def test_octets_behind_the_signature() -> None:
    """Are not what was signed, and left out."""
    assert judge(ask() + b"more").message == judge(ask()).message


@pytest.mark.parametrize(
    ("message", "error", "is_signed"),
    [
        (ask(secret=bytes(32)), m.BADSIG, False),
        (ask(Key(Name.parse("other."), "hmac-sha256", SECRET)), m.BADKEY, False),
        (ask(Key(SHA256.name, "hmac-sha512", SECRET)), m.BADKEY, False),
        (o.message(o.tsig(algorithm=o.wire("rot13"))), m.BADKEY, False),
        (ask(at=NOW - 301), m.BADTIME, True),
        (ask(at=NOW + 301), m.BADTIME, True),
        (ask(secret=bytes(32), at=NOW - 301), m.BADSIG, False),
    ],
)
def test_errors(message: bytes, error: int, *, is_signed: bool) -> None:
    """Of the key and the signature unsigned, of the time signed (RFC 8945 5.3.2)."""
    request = judge(message)
    assert (request.error, request.key, request.is_malformed) == (error, None, False)
    assert is_signed == (request.answer_key is not None)
    assert len(answer_record(request, QUESTION, NOW)) == measure_answer(request)


@pytest.mark.parametrize("at", [NOW - 300, NOW + 300])
def test_time_that_is_near_enough(at: int) -> None:
    """The fudge is the asker's, and still in time."""
    assert judge(ask(at=at)).key == SHA256
    assert judge(ask(at=at, fudge=299)).error == m.BADTIME


@pytest.mark.parametrize("length", range(16))
def test_short_mac(length: int) -> None:
    """Shorter than half of the digest is none at all (RFC 8945 5.2.2.1)."""
    assert judge(cut_mac(ask(), length)).is_malformed


@pytest.mark.parametrize("length", [33, 64, 60_000])
def test_long_mac(length: int) -> None:
    """Nor is one that is longer than the digest."""
    assert judge(cut_mac(ask(), length)).is_malformed


@pytest.mark.parametrize("length", [16, 31])
def test_truncated_mac(length: int) -> None:
    """We take no shorter signatures than we make, and say so, signed (RFC 8945 5.2.4)."""
    request = judge(cut_mac(ask(), length))

    assert (request.error, request.answer_key, request.key) == (m.BADTRUNC, SHA256, None)


def test_short_mac_that_is_wrong() -> None:
    """Is wrong before it is short."""
    assert judge(cut_mac(ask(secret=bytes(32)), 16)).error == m.BADSIG


@pytest.mark.parametrize("octet", range(4, len(ask())))
def test_every_octet_counts(octet: int) -> None:
    """One that is changed on its way makes it no valid query, or no valid signature."""
    wire = bytearray(ask())
    wire[octet] ^= 1
    try:
        request = judge_request(bytes(wire), KEYRING, NOW)
    except MessageError:
        return

    assert request is None or request.key is None


def test_answer_about_the_time() -> None:
    """It has the asker's time, and ours beside it, so that the asker can believe it."""
    request = judge(ask(at=NOW - 400))
    reply = dns.message.make_response(dns.message.from_wire(request.message)).to_wire()
    wire = add_tsig(reply, answer_record(request, reply, NOW))
    tsig: Any = dns.message.from_wire(wire, keyring=False, continue_on_error=True).tsig
    (tsig,) = tsig

    assert (tsig.time_signed, tsig.fudge, tsig.error) == (NOW - 400, 300, dns.rcode.BADTIME)
    assert int.from_bytes(tsig.other, "big") == NOW
    # dnspython looks at the error before the signature, so that is looked at here.
    told = {"error": m.BADTIME, "other": tsig.other}
    expected, _ = sign(reply, theirs(), NOW - 400, request_mac=request.tsig.mac, **told)
    assert tsig.mac == expected.mac


def test_own_request() -> None:
    """What we ask they take, and what they answer we take."""
    signer = Signer(SHA256)
    wire = signer.sign(QUESTION, NOW)
    query = dns.message.from_wire(wire, keyring=theirs())
    reply = dns.message.make_response(query, tsig_error=0)
    verifier = Verifier(SHA256, signer.mac)
    signed = reply.to_wire()
    plain = verifier.verify(signed, NOW)
    verifier.finish()

    assert query.had_tsig
    assert len(wire) == len(QUESTION) + signer.octets
    assert dns.message.from_wire(plain).tsig is None
    assert dns.message.from_wire(plain).id == o.MESSAGE_ID


def stream(count: int, signed: Sequence[int] = ()) -> list[bytes]:
    """Messages of one answer; dnspython signs these, by their number, or all of them."""
    context, messages, waiting = None, [], bytearray()
    for number in range(count):
        owner = o.wire(f"n{number}.example")
        answer = o.record(o.A, bytes((192, 0, 2, number)), owner=owner)
        plain = o.message(flags=o.QR, answer=[answer])
        if signed and number not in signed:
            waiting += plain
            messages.append(plain)
            continue
        if context is not None:
            context.update(bytes(waiting))
        waiting.clear()
        before = {} if context else {"request_mac": b"request"}
        more: dict[str, Any] = {"ctx": context, "multi": True, **before}
        rdata, context = sign(plain, theirs(), NOW, **more)
        messages.append(add_tsig(plain, _record(SHA256, rdata.to_wire())))
    return messages


def take(messages: Sequence[bytes]) -> int:
    """Judge them all: how many there are. Raises SignatureError."""
    verifier = Verifier(SHA256, b"request")
    plain = [verifier.verify(each, NOW) for each in messages]
    verifier.finish()
    assert all(dns.message.from_wire(each).tsig is None for each in plain)
    return len(plain)


@pytest.mark.parametrize("signed", [(), (0, 1, 2, 3), (0, 3), (0, 2, 3), (0, 1, 3)])
def test_stream(signed: Sequence[int]) -> None:
    """Every message signed, or some: those between count with the next (RFC 8945 5.3.1)."""
    assert take(stream(4, signed)) == 4


def test_longest_gap() -> None:
    """99 messages without a signature are taken."""
    last = MAX_UNSIGNED + 1
    assert take(stream(last + 1, (0, last))) == last + 1


STREAM = stream(5)
GAP = stream(5, (0, 4))
HOSTILE = {
    "first unsigned": (stream(3, (1, 2)), "the first message is not signed"),
    "last unsigned": (stream(4, (0, 2)), "the last message is not signed"),
    "none": ([], "the last message is not signed"),
    "unsigned tail": ([*STREAM, GAP[2]], "the last message is not signed"),
    "one left out": ([*STREAM[:2], *STREAM[3:]], "not made with our key"),
    "one twice": ([*STREAM[:2], *STREAM[1:]], "not made with our key"),
    "two exchanged": ([STREAM[0], STREAM[2], STREAM[1]], "not made with our key"),
    "unsigned one left out": ([*GAP[:2], *GAP[3:]], "not made with our key"),
    "unsigned one put in": ([*GAP[:2], *GAP[1:]], "not made with our key"),
    "unsigned one changed": (
        [*GAP[:2], GAP[2].replace(b"\xc0\0\2\2", b"\xc0\0\2\3"), *GAP[3:]],
        "not made with our key",
    ),
    "gap too long": (
        stream(MAX_UNSIGNED + 3, (0, MAX_UNSIGNED + 2)),
        "over 99 messages in a row are not signed",
    ),
    "TSIG that is not last": (
        [o.message(o.tsig(), o.opt(), flags=o.QR)],
        "a TSIG is not the last record",
    ),
    "TSIG in the answer": ([o.message(flags=o.QR, answer=[o.tsig()])], "a stray TSIG"),
    "octets behind": ([STREAM[0] + b"more"], "a stray TSIG"),
    "label type": ([o.message(o.record(o.A, owner=b"\x40\0"), flags=o.QR)], "of no known type"),
    "cut": ([STREAM[0][:-1]], "a record is cut"),
    "cut question": ([o.message(flags=o.QR)[:-1]], "a record is cut"),
    "no message": ([b"abc"], "the header is cut"),
    "no end": ([STREAM[0], STREAM[1][:40]], "cut"),
}


@pytest.mark.parametrize(("messages", "words"), HOSTILE.values(), ids=HOSTILE)
def test_stream_that_is_not_believed(messages: Sequence[bytes], words: str) -> None:
    """Whatever is wrong with one of them, all of them are given up."""
    with pytest.raises(SignatureError, match=words):
        take(messages)


def test_streams_of_ours() -> None:
    """What we sign, one message after the other, they take."""
    query = dns.message.make_query("example.", "AXFR", id=o.MESSAGE_ID)
    query.use_tsig(theirs())
    request = judge(query.to_wire())
    assert request.key is not None
    signer = Signer(request.key, request.tsig.mac)
    context, seen = None, 0
    for number, each in enumerate(STREAM):
        plain = cut_tsig(each, find_tsig(each) or 0)
        read = dns.message.from_wire(
            signer.sign(plain, NOW + number),
            keyring=theirs(),
            request_mac=request.tsig.mac,
            tsig_ctx=context,
            multi=True,
        )
        context, seen = read.tsig_ctx, seen + read.had_tsig

    assert seen == len(STREAM)


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (m.BADKEY, r"the other side has no key hmac-sha256.key. \(hmac-sha256.\)"),
        (m.BADSIG, "the other side has another secret for the key hmac-sha256.key."),
        (23, "refuses our signature, with the error 23"),
    ],
)
def test_what_the_other_side_says(error: int, words: str) -> None:
    """Of our signature, in words; it is not signed."""
    record = o.tsig(key=SHA256.name.wire, mac=b"", error=error)
    with pytest.raises(SignatureError, match=words):
        take([o.message(record, flags=o.QR)])


@pytest.mark.parametrize(
    ("error", "at", "words"),
    [
        (m.BADTIME, NOW - 400, "the clock of the other side is 400 seconds ahead of ours"),
        (m.BADTIME, NOW + 400, "the clock of the other side is 400 seconds behind ours"),
        (m.BADTRUNC, NOW, "wants longer signatures"),
    ],
)
def test_what_the_other_side_says_signed(error: int, at: int, words: str) -> None:
    """That is believed, and so are its words; here our own are those of the other side."""
    asked = judge(ask(at=at)) if error == m.BADTIME else judge(cut_mac(ask(), 20))
    reply = o.message(flags=o.QR)
    wire = add_tsig(reply, answer_record(asked, reply, NOW))
    with pytest.raises(SignatureError, match=words):
        Verifier(SHA256, asked.tsig.mac).verify(wire, at)


def test_answer_of_another_time() -> None:
    """A recording of it, perhaps."""
    with pytest.raises(SignatureError, match="is 301 seconds behind ours"):
        Verifier(SHA256, b"request").verify(STREAM[0], NOW + 301)


def test_answer_with_another_key() -> None:
    """Though we have that one, too."""
    other = KEYRING.get(Name.parse("hmac-sha512.key."))
    with pytest.raises(SignatureError, match=r"with the key hmac-sha256.key. \(hmac"):
        Verifier(other, b"request").verify(STREAM[0], NOW)
