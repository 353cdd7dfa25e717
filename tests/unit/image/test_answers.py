"""What is remembered of answers, what is not, and for whom it holds."""

import pytest

from tests import octets as o
from tests.zones_text import zone
from zoneserver.engine.respond import Transport, respond
from zoneserver.image import answers as a
from zoneserver.image.answers import Answers
from zoneserver.image.compile import compile_zone
from zoneserver.image.images import Images, Place
from zoneserver.image.lookup import Identity
from zoneserver.image.statistics import Statistics
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

PARENT = zone("""
    www     A    192.0.2.1
    *.wild  MX   5 www
    a.empty A    192.0.2.2
    sub     NS   ns.sub
    ns.sub  A    192.0.2.3
    old     DNAME new
""")
CHILD = zone("@ DS 1 8 2 " + "00" * 32, "kid.example.")
REFUSED = RefusedZone(zone("", "bad.example.").origin)
ZONES = ZoneSet([PARENT, CHILD, REFUSED])


def _images(*zones: Zone) -> Images:
    places: dict[bytes, Place | None] = {REFUSED.origin.key: None}
    for each in zones:
        image = compile_zone(each)
        places[each.origin.key] = Place(memoryview(image), 0, len(image))
    return Images(places)


@pytest.fixture
def answers() -> Answers:
    """Answers from the zones, none of them asked for yet."""
    return Answers(_images(PARENT, CHILD), Identity(1232), Statistics())


def _find(answers: Answers, message: bytes) -> bytes | None:
    found = answers.find(message[2:])
    return None if found is None else message[:2] + found[0]


def _message(text: str, *additional: bytes) -> bytes:
    qname, qtype = text.split()
    types = {"A": o.A, "MX": 15, "DS": 43, "AXFR": o.AXFR, "ANY": o.ANY}
    return o.message(*additional, asked=o.question(qname, types[qtype]))


@pytest.mark.parametrize("opt", [(), (o.opt(),), (o.opt(o.option(o.NSID), flags=0x8000),)])
@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("abc.example A", "www.example A"),
        ("www.example A", "abc.example A"),
        ("abc.example A", "WwW.eXaMpLe A"),
        ("x.www.example A", "y.www.example A"),
        ("x.y.www.example A", "x.z.www.example A"),
        ("no.empty.example A", "a.empty.example A"),
        ("empti.example A", "empty.example A"),
        ("x.wild.example MX", "y.wild.example MX"),
        ("x.wild.example MX", "*.wild.example MX"),
        ("x.sub.example A", "y.sub.example A"),
        ("xx.sub.example A", "ns.sub.example A"),
        ("abc.example A", "sub.example A"),
        ("abc.example DS", "sub.example DS"),
        ("abc.example A", "kid.example A"),
        ("x.sub.example A", "x.kid.example A"),
        ("abcdefg.test A", "example.test A"),
        ("abcdefg A", "example A"),
        ("abcdefg ANY", "example ANY"),
        ("x A", "y A"),
    ],
)
def test_siblings(answers: Answers, first: str, second: str, opt: tuple[bytes, ...]) -> None:
    """One that was asked before says nothing of another but what they have in common."""
    for text in (first, second, first, second):
        message = _message(text, *opt)
        assert respond(ZONES, message, Transport()) == _find(answers, message)


@pytest.mark.parametrize(
    "text", ["www.example A", "abc.example MX", "x.test A", "large A", "x.large A"]
)
@pytest.mark.parametrize("opt", [(), (o.opt(),), (o.opt(o.option(o.KEEPALIVE)),)])
def test_over_tcp(text: str, opt: tuple[bytes, ...]) -> None:
    """There is room for all of it, and ANY is not the answer over UDP."""
    large = zone("\n".join(f"@ A 192.0.2.{number}" for number in range(256)), "large.")
    identity = Identity(1232, keepalive=100)
    answers = Answers(_images(PARENT, large), identity, Statistics(), stream=True)
    message = _message(text, *opt)
    expected = respond(ZoneSet([PARENT, large]), message, Transport(True, keepalive=100))

    assert expected == _find(answers, message) == _find(answers, message)
    assert _find(answers, _message(text.replace(text.split()[1], "ANY"), *opt)) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("abc.example DS", "kid.example DS"),
        ("abc.example A", "bad.example A"),
        ("abc.bad.example A", "xyz.bad.example A"),
        ("x.old.example A", "y.old.example A"),
        ("www.example AXFR", "abc.example AXFR"),
    ],
)
def test_what_is_left_to_others(answers: Answers, first: str, second: str) -> None:
    """The parent's DS, refused zones, what is below a DNAME, transfers."""
    _find(answers, _message(first))
    assert _find(answers, _message(second)) is None
    assert _find(answers, _message(second)) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        _message("www.example A")[:12],
        _message("www.example A")[:14],
        _message("www.example A")[:12] + b"\x3f",
        _message("www.example A")[:12] + b"\xff" * 4,
        o.message(asked=o.question("")),
        o.message(flags=o.QR),
        o.message(o.opt(o.option(o.COOKIE, b"8 octets"))),
    ],
    ids=["none", "header", "cut label", "no label", "no length", "root", "answer", "cookie"],
)
def test_messages_without_siblings(answers: Answers, octets: bytes) -> None:
    """They are looked at by whoever knows more, also after a sound query."""
    _find(answers, _message("www.example A"))
    assert _find(answers, octets) is None


def test_whole_answers_are_remembered(answers: Answers) -> None:
    """The same message finds the same object; a name that does not exist is not kept."""
    message = _message("www.example A")[2:]
    assert answers.find(message) is answers.find(message)
    assert len(answers._known) == 1
    answers.find(_message("gone.example A")[2:])
    assert len(answers._known) == 1


def test_long_messages_are_not_remembered(answers: Answers) -> None:
    """Octets that nobody needs could fill the memory."""
    message = _message("www.example A")[2:]
    answers.find(message + bytes(600))
    assert (0, 0) == (len(answers._known), len(answers._siblings))


def test_memory_is_bounded(monkeypatch: pytest.MonkeyPatch, answers: Answers) -> None:
    """What does not fit is forgotten, all at once, and found again."""
    monkeypatch.setattr(a, "MOST_SIBLINGS", 3)
    monkeypatch.setattr(a, "MOST_ANSWERS", 2)
    flags = [0, o.RD, o.AD, o.CD, o.TC, o.AA, o.RA]
    messages = [o.message(asked=o.question("www.example"), flags=each) for each in flags]
    for message in [*messages, *messages]:
        assert respond(ZONES, message, Transport()) == _find(answers, message)
        assert len(answers._siblings) <= 3
        assert len(answers._known) <= 2


def test_damaged_image() -> None:
    """It is handed over, to whoever can say so."""
    cut = Place(memoryview(compile_zone(PARENT))[:60], 0, 60)
    images = Images({PARENT.origin.key: cut})
    answers = Answers(images, Identity(1232), Statistics())
    assert _find(answers, _message("www.example A")) is None
    assert _find(answers, _message("example A")) is None
