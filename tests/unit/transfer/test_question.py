"""What is asked of another server: signed, and read back only from who has the key."""

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.tsig
import pytest

from zoneserver.names import Name
from zoneserver.transfer.keys import Key
from zoneserver.transfer.notify import Reply, make_notify
from zoneserver.transfer.question import Question

NOW = 1_700_000_000
ORIGIN = Name.parse("example.")
KEY = Key(Name.parse("key.example."), "hmac-sha256", bytes(range(32)))
NOTIFY = make_notify(7, ORIGIN, b"\0\0" + bytes(20), 300)


def ring(secret: bytes) -> dict[dns.name.Name, dns.tsig.Key]:
    """A keyring of dnspython's."""
    return {
        dns.name.from_text("key.example."): dns.tsig.Key("key.example.", secret, "hmac-sha256")
    }


def answer(question: Question, *, rcode: int = 0, signed: bool = True) -> bytes:
    """What a server says that has the key."""
    asked = dns.message.from_wire(question.octets, keyring=ring(KEY.secret))
    made = dns.message.make_response(asked)
    made.set_rcode(dns.rcode.Rcode(rcode))
    if not signed:
        made.tsig = None
    return made.to_wire()


@pytest.fixture
def question(monkeypatch: pytest.MonkeyPatch) -> Question:
    """A NOTIFY that is signed."""
    monkeypatch.setattr("time.time", lambda: float(NOW))
    return Question(NOTIFY, KEY, NOW)


def test_it_is_signed(question: Question) -> None:
    """As dnspython verifies it; without a key it goes as it is."""
    assert dns.message.from_wire(question.octets, keyring=ring(KEY.secret)).had_tsig
    assert NOTIFY == Question(NOTIFY, None, NOW).octets


def test_a_signed_reply(question: Question) -> None:
    """It is read, whatever it says."""
    assert Reply(0, False, None) == question.read(answer(question), NOW)
    assert Reply(5, False, None) == question.read(answer(question, rcode=5), NOW)
    assert "" == question.problem


@pytest.mark.parametrize(("rcode", "name"), [(0, "NOERROR"), (5, "REFUSED"), (9, "NOTAUTH")])
def test_an_unsigned_reply(question: Question, rcode: int, name: str) -> None:
    """RFC 8945 5.3: it may be anybody's, so the next one is waited for."""
    assert question.read(answer(question, rcode=rcode, signed=False), NOW) is None
    assert f"its reply, {name}, is not signed" == question.problem
    assert question.read(answer(question), NOW)


def test_what_is_no_reply_is_passed_over(question: Question) -> None:
    """It says nothing of the server."""
    assert question.read(b"\0\1" + answer(question, signed=False)[2:], NOW) is None
    assert "" == question.problem


def test_a_forged_reply(question: Question) -> None:
    """It is not believed, and the right one behind it is."""
    octets = answer(question)
    forged = octets[:3] + bytes((octets[3] | 5,)) + octets[4:]
    assert question.read(forged, NOW) is None
    assert "not made with our key" in question.problem
    assert question.read(octets, NOW)


def test_without_a_key() -> None:
    """Every reply will do."""
    plain = Question(NOTIFY, None, NOW)
    assert Reply(0, False, None) == plain.read(answer(plain), NOW)
