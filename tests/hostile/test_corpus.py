"""Every message of the corpus gets its verdict, over UDP and over TCP."""

from collections import Counter
from functools import partial

import dns.flags
import dns.message
import dns.rcode
import pytest

from tests import octets as o
from tests.figures import Figures
from tests.hostile.corpus import CORPUS, ZONES, Case
from tests.zones_text import TCP, UDP
from zoneserver.engine.respond import Transport, respond
from zoneserver.errors import MessageError
from zoneserver.transfer.keys import NO_KEYS
from zoneserver.transfer.signing import answer_signed
from zoneserver.transfer.tsig import judge_request

EDNS_CASES = 57


def _answer(message: bytes, transport: Transport) -> bytes | None:
    """What a server says that has these zones and no keys."""
    answer = partial(respond, ZONES)
    try:
        request = judge_request(message, NO_KEYS, 0)
    except MessageError:
        request = None
    if request is None:
        return answer(message, transport)
    return answer_signed(request, transport, 0, answer)


def _verdict(octets: bytes | None) -> str:
    if octets is None:
        return "drop"
    reply = dns.message.from_wire(octets, keyring=False, continue_on_error=True)
    rcode = dns.rcode.to_text(reply.rcode())
    if len(octets) == 12:
        return f"{rcode} header"
    flags = [f"{name} " for name, bit in (("aa", o.AA), ("tc", o.TC)) if reply.flags & bit]
    return f"{rcode} {''.join(flags)}{sum(map(len, reply.answer))}"


@pytest.mark.parametrize("transport", [UDP, TCP], ids=["udp", "tcp"])
@pytest.mark.parametrize("case", CORPUS, ids=str)
def test_verdict(case: Case, transport: Transport) -> None:
    """Acceptance 1: the verdict; and an answer is a message that keeps to the rules of a
    header.
    """
    octets = _answer(case.octets, transport)
    assert (case.tcp if transport.stream else case.udp) == _verdict(octets)
    if octets is None:
        return
    asked, told = (int.from_bytes(m[2:4], "big") for m in (case.octets, octets))
    assert case.octets[:2] == octets[:2]
    assert o.QR | asked & (0x7800 | o.RD) == told & ~(o.AA | o.TC | 0x0F)
    if len(octets) > 12:
        end = 12 + _qname_length(case.octets) + 4
        assert case.octets[12:end] == octets[12:end]
    has_opt = dns.message.from_wire(octets, keyring=False, continue_on_error=True).edns >= 0
    limit = 65535 if transport.stream else 1232 if has_opt else 512
    assert len(octets) <= limit


def _qname_length(message: bytes) -> int:
    at = 12
    while message[at]:
        at += 1 + message[at]
    return at + 1 - 12


def test_size_of_the_corpus(figures: Figures) -> None:
    """Acceptance 1: as many cases as were agreed on, each with a name of its own."""
    groups = Counter(case.group for case in CORPUS)
    figures.add("1 corpus", f"{len(CORPUS)} messages: {dict(groups)}")
    assert len(CORPUS) == len({str(case) for case in CORPUS})
    assert len(CORPUS) >= 300
    assert groups["EDNS"] == EDNS_CASES
    assert groups["QR=1"] + 10 == 266


def test_nothing_answers_a_response() -> None:
    """Acceptance 7: with QR set, no message of the corpus is answered, whatever else it is."""
    for case in CORPUS:
        if len(case.octets) > 2:
            response = case.octets[:2] + bytes((case.octets[2] | 0x80,)) + case.octets[3:]
            assert _answer(response, UDP) is None, str(case)
            assert _answer(response, TCP) is None, str(case)
