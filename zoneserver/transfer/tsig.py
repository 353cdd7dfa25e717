"""Transaction signatures (RFC 8945): requests judged, answers signed, streams of both.

Everything that is compared is compared in constant time, and a key that we do not have costs
what one that we have does. `now` is the time in seconds since 1970.
"""

import hmac
import secrets
from dataclasses import dataclass, replace

from zoneserver.errors import MessageError, SignatureError
from zoneserver.names import ROOT
from zoneserver.transfer.keys import ALGORITHM_NAMES, DEFAULT_ALGORITHM, Key, Keyring
from zoneserver.wire import message as m
from zoneserver.wire.message import Tsig
from zoneserver.wire.scan import scan
from zoneserver.wire.tsig import (
    add_tsig,
    cut_tsig,
    decode_tsig,
    encode_timers,
    encode_tsig,
    encode_variables,
    find_tsig,
    may_have_tsig,
)

FUDGE = 300  # seconds (RFC 8945 10)
MAX_UNSIGNED = 99  # messages of a stream between two that are signed (RFC 8945 5.3.1)
_LEAST_MAC_OCTETS = 10  # RFC 8945 5.2.2.1

# Keys that nobody has.
_DECOYS = {
    name: Key(ROOT, algorithm, secrets.token_bytes(32))
    for algorithm, name in ALGORITHM_NAMES.items()
}
_DECOY = _DECOYS[ALGORITHM_NAMES[DEFAULT_ALGORITHM]]


@dataclass(frozen=True, slots=True)
class Request:
    """A message that was signed: as it was before that, its TSIG, and what is wrong with it.

    `error`: 0, if the signature holds, or that of the TSIG of the answer; `is_malformed`: it
    is not even one. `answer_key` signs the answer, which may be that the signature is too old
    or too short; None: we have no such key, or the signature is not made with it.
    """

    message: bytes
    tsig: Tsig
    answer_key: Key | None = None
    error: int = 0
    is_malformed: bool = False

    @property
    def key(self) -> Key | None:
        """The key of who sent it, and sent it just now; None: it may be from anybody."""
        return None if self.error else self.answer_key


def judge_request(message: bytes, keyring: Keyring, now: int) -> Request | None:
    """What there is to say of the signature of a query; None: it has none.

    Raises MessageError for a message that is no sound query, or whose TSIG is not where or
    what it must be.
    """
    if not may_have_tsig(message):
        return None
    found = scan(message)
    if found is None or found.tsig is None:
        return None
    start, end = found.tsig
    tsig = decode_tsig(message, start, end)
    return _judge(Request(cut_tsig(message, start), tsig), keyring, now)


def _judge(request: Request, keyring: Keyring, now: int) -> Request:
    """Look at the key, the MAC, the time, and how much of the MAC there is (RFC 8945 5.2)."""
    tsig = request.tsig
    # A key that we do not have costs what any other does, so that no clock tells them apart.
    key = keyring.find(tsig.key) or _DECOYS.get(tsig.algorithm, _DECOY)
    is_known = tsig.key in keyring and key.algorithm_name == tsig.algorithm
    due = _mac(key, request.message, tsig, b"")
    holds = hmac.compare_digest(due[: len(tsig.mac)], tsig.mac)
    is_mac = max(_LEAST_MAC_OCTETS, len(due) // 2) <= len(tsig.mac) <= len(due)
    if is_known and not is_mac:
        return replace(request, is_malformed=True)  # RFC 8945 5.2.2.1
    if not (is_known and holds):
        return replace(request, error=m.BADSIG if is_known else m.BADKEY)
    if abs(now - tsig.time_signed) > tsig.fudge:
        return replace(request, answer_key=key, error=m.BADTIME)
    if len(tsig.mac) < len(due):
        return replace(request, answer_key=key, error=m.BADTRUNC)
    return replace(request, answer_key=key)


def measure_answer(request: Request) -> int:
    """How many octets the TSIG of the answer has."""
    mac = bytes(request.answer_key.mac_octets if request.answer_key else 0)
    other = bytes(6 if request.error == m.BADTIME else 0)
    return len(encode_tsig(replace(request.tsig, mac=mac, other=other)))


def answer_record(request: Request, answer: bytes, now: int) -> bytes:
    """The TSIG of the one answer to a signed request (RFC 8945 5.3).

    Where the signature did not hold it says so; what says that it is too old, or too short, is
    signed all the same.
    """
    asked = request.tsig
    unsigned = replace(
        asked,
        mac=b"",
        original_id=int.from_bytes(answer[:2], "big"),
        error=request.error,
        other=now.to_bytes(6, "big") if request.error == m.BADTIME else b"",
    )
    if request.answer_key is None:
        return encode_tsig(unsigned)  # RFC 8945 5.3.2
    if request.error != m.BADTIME:  # to whom has another time we speak in that (5.2.3)
        unsigned = replace(unsigned, time_signed=now, fudge=FUDGE)
    mac = _mac(request.answer_key, answer, unsigned, asked.mac)
    return encode_tsig(replace(unsigned, mac=mac))


class Signer:
    """Signs messages one after the other: a request, or all the answers to one.

    `mac` is that of the last message that was signed; before the first, that of the request
    which they answer, empty for a request.
    """

    def __init__(self, key: Key, mac: bytes = b"") -> None:
        self.key, self.mac = key, mac
        self._is_first = True
        #: How many octets a message grows by.
        self.octets = len(encode_tsig(_make_tsig(key, b"\0\0", 0))) + key.mac_octets

    def sign(self, message: bytes, now: int) -> bytes:
        """The message with its signature."""
        tsig = _make_tsig(self.key, message, now)
        context = _begin(self.key, self.mac)
        context.update(message)
        # RFC 8945 5.3.1: of what follows the first, the timers are enough.
        context.update(encode_variables(tsig) if self._is_first else encode_timers(tsig))
        self.mac, self._is_first = context.digest(), False
        return add_tsig(message, encode_tsig(replace(tsig, mac=self.mac)))


class Verifier:
    """Judges the answers to one signed request, of which there may be many (RFC 8945 5.3.1).

    What comes may be unsigned in between; nothing of it may be believed before `finish`.
    """

    def __init__(self, key: Key, mac: bytes) -> None:
        """`mac` is the request's."""
        self._key = key
        self._context = _begin(key, mac)
        self._is_first = True
        self._unsigned = 0  # messages since the last one that was signed

    def verify(self, message: bytes, now: int) -> bytes:
        """The message without its signature. Raises SignatureError."""
        try:
            start = find_tsig(message)
            tsig = None if start is None else decode_tsig(message, start, len(message))
        except MessageError as error:
            raise SignatureError(str(error)) from error
        if tsig is None or start is None:
            return self._pass(message)
        self._check(tsig)
        plain = cut_tsig(message, start)
        self._context.update(tsig.original_id.to_bytes(2, "big") + plain[2:])
        variables = encode_variables(tsig) if self._is_first else encode_timers(tsig)
        self._context.update(variables)
        if not hmac.compare_digest(self._context.digest(), tsig.mac):
            raise SignatureError(f"the signature is not made with our key {self._key.name}")
        if tsig.error:
            raise SignatureError(_describe(tsig, now))
        if abs(now - tsig.time_signed) > tsig.fudge:
            raise SignatureError(_describe_clocks(tsig.time_signed - now))
        self._context = _begin(self._key, tsig.mac)
        self._is_first, self._unsigned = False, 0
        return plain

    def finish(self) -> None:
        """Nothing more will come. Raises SignatureError where the last one was unsigned."""
        if self._is_first or self._unsigned:
            raise SignatureError("the last message is not signed")

    def _pass(self, message: bytes) -> bytes:
        """Let an unsigned message through, which the next signature covers."""
        if self._is_first:
            raise SignatureError("the first message is not signed")
        self._unsigned += 1
        if self._unsigned > MAX_UNSIGNED:
            raise SignatureError(f"over {MAX_UNSIGNED} messages in a row are not signed")
        self._context.update(message)
        return message

    def _check(self, tsig: Tsig) -> None:
        """See that it can be ours. Raises SignatureError."""
        if tsig.error and not tsig.mac:
            raise SignatureError(_describe(tsig, 0))
        if (tsig.key, tsig.algorithm) != (self._key.name, self._key.algorithm_name):
            raise SignatureError(
                f"it is signed with the key {tsig.key} ({tsig.algorithm}), not with"
                f" {self._key.name} ({self._key.algorithm})"
            )


def _make_tsig(key: Key, message: bytes, now: int) -> Tsig:
    """The TSIG of a message, without its MAC."""
    original_id = int.from_bytes(message[:2], "big")
    return Tsig(key.name, key.algorithm_name, now, FUDGE, b"", original_id)


def _mac(key: Key, message: bytes, tsig: Tsig, request_mac: bytes) -> bytes:
    """The MAC of a message that stands alone (RFC 8945 4.3)."""
    context = _begin(key, request_mac)
    context.update(tsig.original_id.to_bytes(2, "big") + message[2:])
    context.update(encode_variables(tsig))
    return context.digest()


def _begin(key: Key, mac: bytes) -> "hmac.HMAC":
    """A digest that begins with the MAC of what went before, if anything did."""
    before = len(mac).to_bytes(2, "big") + mac if mac else None
    return hmac.new(key.secret, before, key.digest)


def _describe(tsig: Tsig, now: int) -> str:
    """What the other side says of our signature."""
    match tsig.error:
        case m.BADKEY:
            return f"the other side has no key {tsig.key} ({tsig.algorithm})"
        case m.BADSIG:
            return f"the other side has another secret for the key {tsig.key}"
        case m.BADTIME:
            return _describe_clocks(int.from_bytes(tsig.other, "big") - now)
        case m.BADTRUNC:
            return "the other side wants longer signatures"
        case error:
            return f"the other side refuses our signature, with the error {error}"


def _describe_clocks(seconds: int) -> str:
    """How far the clocks are apart; more than 0: theirs is ahead of ours."""
    where = "ahead of" if seconds > 0 else "behind"
    return f"the clock of the other side is {abs(seconds)} seconds {where} ours"
