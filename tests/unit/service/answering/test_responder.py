"""The net under every answer."""

import dns.message
import dns.rcode
import pytest

from tests.logs import read_log
from zoneserver.engine.respond import Transport
from zoneserver.service.answering import responder as module
from zoneserver.service.answering.responder import QUIET_SECONDS, Responder, Throttle
from zoneserver.zone.zoneset import ZoneSet

QUERY = dns.message.make_query("example.com.", "MX")


def explode(*_: object) -> bytes:
    """An answer that fails in a way nobody thought of."""
    raise RecursionError("\x1b[31mboom")


def test_answers_from_the_zones_it_is_given() -> None:
    """And from no others."""
    answer = Responder().answer(ZoneSet(), QUERY.to_wire(), Transport())

    assert answer
    assert dns.message.from_wire(answer).rcode() == dns.rcode.REFUSED


def test_silence_stays_silence() -> None:
    """A response is no query."""
    response = dns.message.make_response(QUERY).to_wire()

    assert Responder().answer(ZoneSet(), response, Transport()) is None


def test_failure_is_servfail_and_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Every client hears of it, the log now and then."""
    monkeypatch.setattr(module, "respond", explode)
    responder = Responder()
    for _ in range(3):
        octets = responder.answer(ZoneSet(), QUERY.to_wire(), Transport(stream=True))
        assert octets
        assert dns.message.from_wire(octets).rcode() == dns.rcode.SERVFAIL

    written = read_log(caplog)
    assert responder.failures == 3
    assert written.count("Traceback") == 1
    assert QUERY.to_wire().hex() in written
    assert "\x1b" not in written


def test_failure_of_the_regret_is_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no third attempt."""
    monkeypatch.setattr(module, "respond", explode)
    monkeypatch.setattr(module, "servfail", explode)

    assert Responder().answer(ZoneSet(), QUERY.to_wire(), Transport()) is None


def test_throttle() -> None:
    """The first time, then once a minute, with a count of what was not said."""
    now = 0.0
    throttle = Throttle(lambda: now)
    taken = [throttle.take() for _ in range(3)]
    now = QUIET_SECONDS
    taken += [throttle.take(), throttle.take()]

    assert taken == ["", None, None, " (2 more since the last report)", None]
