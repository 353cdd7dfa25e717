"""Zones fetched from primaries that share a key with us, or should."""

import hmac
import struct
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from tests.figures import Figures
from tests.unit.service.transferring.primary import Asked, Script
from tests.unit.service.transferring.test_fetching import SETTINGS, Case
from tests.unit.transfer.answers import A1, NS, ORIGIN, answer, soa
from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.service.transferring.fetching import Fetched
from zoneserver.transfer.keys import Key, Keyring

KEY = Key(Name.parse("ns2.example."), "hmac-sha256", b"a secret of 32 octets, as is due")
OTHER = replace(KEY, secret=KEY.secret[::-1])
SIGNED = replace(SETTINGS, keyring=Keyring((KEY,)))
ALGORITHM = Name.parse("hmac-sha256.").wire
COUNT = 250  # messages of a long transfer
FIRST, LAST = answer(soa(8), NS), answer(A1, soa(8))

# Changes the messages of a stream once they are signed.
Tamper = Callable[[list[bytes]], None]


def sign(
    asked: Asked, messages: Sequence[bytes], signed: Sequence[int], key: Key
) -> list[bytes]:
    """A stream in which some messages have signatures, written from RFC 8945 5.3.1."""
    assert asked.message.tsig
    mac: bytes = asked.message.tsig[0].mac
    stream, waiting = [], b""
    for number, unsigned in enumerate(messages):
        message = asked.octets[:2] + unsigned[2:]
        waiting += message
        if number not in signed:
            stream.append(message)
            continue
        timers = struct.pack("!HIH", 0, int(time.time()), 300)
        variables = timers
        if number == signed[0]:
            variables = key.name.wire + b"\0\xff\0\0\0\0" + ALGORITHM + timers + bytes(4)
        before = struct.pack("!H", len(mac)) + mac
        mac = hmac.digest(key.secret, before + waiting + variables, "sha256")
        rdata = ALGORITHM + timers + struct.pack("!H", len(mac)) + mac + message[:2] + bytes(4)
        fixed = struct.pack("!HHIH", 250, 255, 0, len(rdata))
        count = int.from_bytes(message[10:12], "big") + 1
        head = message[:10] + count.to_bytes(2, "big")
        stream.append(head + message[12:] + key.name.wire + fixed + rdata)
        waiting = b""
    return stream


def _leave(stream: list[bytes]) -> None:
    """It goes out as it was signed."""
    assert stream


def signing(
    messages: Sequence[bytes], signed: Sequence[int], tamper: Tamper = _leave, key: Key = KEY
) -> Script:
    """A primary that sends a zone, of which it signs some messages."""

    async def send(asked: Asked) -> None:
        if asked.qtype == "SOA":
            await asked.send(*sign(asked, [answer(soa(8), qtype="SOA")], [0], KEY))
        elif asked.qtype == "IXFR":
            await asked.send(*sign(asked, [answer(qtype="IXFR", rcode=4)], [0], KEY))
        else:
            stream = sign(asked, messages, signed, key)
            tamper(stream)
            await asked.send(*stream)

    return send


@pytest.fixture
def filled(tmp_path: Path) -> Case:
    """One that has serial 7."""
    case = Case(tmp_path)
    fetch(case, signing([answer(soa(7), NS, A1, soa(7))], [0]))
    return case


def fetch(case: Case, script: Script) -> Fetched:
    """Fetch the zone with the key."""
    return case.fetch(script, SIGNED, key=KEY.name)


def _zone(count: int) -> list[bytes]:
    rows = [f"b{n}.example.org. 300 IN A 192.0.2.1" for n in range(count - 2)]
    return [FIRST, *map(answer, rows), LAST]


@pytest.mark.parametrize(
    ("count", "signed"),
    [
        (2, [0, 1]),
        (5, range(5)),
        (5, [0, 4]),
        (5, [0, 2, 4]),
        (101, [0, 100]),
        (COUNT, [0, 100, 200, COUNT - 1]),
    ],
)
def test_signed(filled: Case, count: int, signed: Sequence[int]) -> None:
    """The first message, the last, and one of a hundred between them (RFC 8945 5.3.1)."""
    assert fetch(filled, signing(_zone(count), signed)).soa.serial == 8
    assert len(filled.lines()) == count - 2 + 3


def _cut_tail(stream: list[bytes]) -> None:
    stream[-1] = LAST


def _change(stream: list[bytes]) -> None:
    stream[2] = stream[2].replace(b"\xc0\0\2\1", b"\xc0\0\2\2")


def _swap(stream: list[bytes]) -> None:
    stream[1], stream[2] = stream[2], stream[1]


def _drop(stream: list[bytes]) -> None:
    del stream[1]


def _repeat(stream: list[bytes]) -> None:
    stream.insert(1, stream[1])


REFUSED: dict[str, tuple[Script, str]] = {
    "nothing signed": (signing(_zone(5), []), "first message is not signed"),
    "first unsigned": (signing(_zone(5), [1, 4]), "first message is not signed"),
    "tail unsigned": (signing(_zone(5), [0, 1, 2]), "last message is not signed"),
    "last MAC missing": (signing(_zone(5), range(5), _cut_tail), "last message is not signed"),
    "gap of 100": (signing(_zone(102), [0, 101]), "over 99 messages"),
    "changed between": (signing(_zone(5), [0, 4], _change), "not made with our key"),
    "changed": (signing(_zone(5), range(5), _change), "not made with our key"),
    "swapped": (signing(_zone(5), range(5), _swap), "not made with our key"),
    "dropped": (signing(_zone(5), [0, 4], _drop), "not made with our key"),
    "repeated": (signing(_zone(5), [0, 4], _repeat), "not made with our key"),
    "another secret": (signing(_zone(5), range(5), key=OTHER), "not made with our key"),
    "another key": (
        signing(_zone(5), range(5), key=replace(KEY, name=Name.parse("ns3.example."))),
        "with the key ns3.example.",
    ),
    "refused, unsigned": (signing([answer(rcode=5)], []), "not signed, and it answers REFUSED"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_not_signed_as_it_must_be(filled: Case, name: str, figures: Figures) -> None:
    """Acceptance 83: nothing of such a transfer is kept, however much of it was signed."""
    before = filled.lines()
    script, reason = REFUSED[name]
    with pytest.raises(TransferError, match=reason) as caught:
        fetch(filled, script)
    figures.add(f"83 {name}", f"refused: {caught.value}")

    assert before == filled.lines()
    assert ["example.org.zone"] == filled.files()
    assert filled.copies.read_soa(ORIGIN) == filled.ours


def test_answer_for_the_soa_must_be_signed(filled: Case) -> None:
    """Else anybody could keep us from what is new."""

    async def send(asked: Asked) -> None:
        await asked.send(answer(soa(7), qtype="SOA"))

    with pytest.raises(TransferError, match="not signed"):
        fetch(filled, send)
