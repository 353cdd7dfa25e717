"""Signed messages that are mutilated on their way: none of them is taken for a whole one."""

import random
import time

import pytest

from tests import octets as o
from tests.effort import examples
from tests.figures import Figures
from tests.hostile.cost import allowance
from zoneserver.errors import MessageError, SignatureError
from zoneserver.names import Name
from zoneserver.transfer.keys import Key, Keyring
from zoneserver.transfer.tsig import Signer, Verifier, judge_request

NOW = 1_700_000_000
KEY = Key(Name.parse("key."), "hmac-sha256", bytes(range(32)))
KEYRING = Keyring((KEY,))
MUTANTS = examples(20_000)
MOST_SECONDS = 0.02  # for a message of 64 KB, signature and all


def _mutate(message: bytes, chance: random.Random) -> bytes:
    """A few octets changed, cut out, or put in."""
    octets = bytearray(message)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(octets))
        match chance.randrange(4):
            case 0:
                octets[at] = chance.choice((0, 1, 0x3F, 0x40, 0xC0, 0xFA, 0xFF))
            case 1:
                octets[at] ^= 1 << chance.randrange(8)
            case 2:
                del octets[at : at + chance.randint(1, 8)]
            case _:
                octets[at:at] = chance.randbytes(chance.randint(1, 8))
        if not octets:
            break
    return bytes(octets)


def test_queries(figures: Figures) -> None:
    """Acceptance 79: a mutant is no query, has no signature, or a wrong one."""
    chance, taken = random.Random(79), 0
    message = Signer(KEY).sign(o.message(o.opt(), asked=o.question("www.example")), NOW)
    plain = judge_request(message, KEYRING, NOW)
    assert plain
    for _ in range(MUTANTS):
        try:
            request = judge_request(_mutate(message, chance), KEYRING, NOW)
        except MessageError:
            continue
        if request is not None and request.key is not None:
            taken += 1  # what is behind the signature, or the id, which is the transport's
            assert request.message[2:] == plain.message[2:]
    figures.add("79 mutants of a signed query", f"{MUTANTS}, 0 changed ones taken")
    assert taken < MUTANTS // 100 * 10


def test_answers(figures: Figures) -> None:
    """Acceptance 83: a mutant of an answer is no answer, or wrongly signed."""
    chance = random.Random(83)
    answers = [
        o.record(o.A, bytes(4), owner=o.wire(f"n{number}.example")) for number in range(9)
    ]
    plain = o.message(flags=o.QR, answer=answers)
    message = Signer(KEY, b"request").sign(plain, NOW)
    for _ in range(MUTANTS):
        mutant = _mutate(message, chance)
        try:
            read = Verifier(KEY, b"request").verify(mutant, NOW)
        except SignatureError:
            continue
        assert read[2:] == plain[2:]
    figures.add("83 mutants of a signed answer", f"{MUTANTS}, 0 changed ones taken")


MANY = 5_900
HEAVY = {
    "many records": o.message(*[o.record(o.A)] * MANY, flags=o.QR),
    "many announced": o.message(counts=(1, 65_535, 65_535, 65_535), flags=o.QR),
    "labels for owners": o.message(
        *[o.record(o.A, owner=b"\x01a" * 120 + b"\0")] * 250, flags=o.QR
    ),
    "one long name": o.message(o.record(o.A, owner=b"\x01a" * 32_000 + b"\0"), flags=o.QR),
    "key over many pointers": o.message(
        o.record(
            65_280, b"\xc0\x1c" + b"".join(o.u16(0xC000 | at) for at in range(28, 16_000, 2))
        ),
        o.tsig(key=b"\xfe\x80"),
        flags=o.QR,
    ),
    "key of 30,000 labels": o.message(o.tsig(key=b"\x01a" * 30_000 + b"\0"), flags=o.QR),
}


@pytest.mark.parametrize("what", HEAVY)
def test_heavy_answers(what: str, figures: Figures) -> None:
    """Acceptance 85: 64 KB of anything are looked through once."""
    message = HEAVY[what]
    begin = time.process_time()
    with pytest.raises(SignatureError):
        Verifier(KEY, b"request").verify(message, NOW)
    spent = time.process_time() - begin

    figures.add(
        f"85 signature of {what}", f"{len(message)} octets in {spent * 1e3:.1f} ms of CPU"
    )
    assert spent < MOST_SECONDS * allowance()
