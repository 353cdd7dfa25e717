"""Zones in messages: all records, in as few as there can be, each name as it is spelled."""

import importlib.util
from collections.abc import Iterable

import dns.message
import pytest

from tests.zones_text import APEX, lines, reply, zone
from zoneserver.errors import ImageError
from zoneserver.image.compile import compile_zone
from zoneserver.image.reader import ZoneImage
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.service.answering import native
from zoneserver.transfer.journal import Difference, Stamp, record
from zoneserver.transfer.outgoing import (
    Group,
    list_differences,
    list_whole,
    read_soa,
    write_sections,
    write_whole,
)
from zoneserver.transfer.requests import write_message
from zoneserver.wire import message as m
from zoneserver.wire.message import Query

QUERY = Query(4711, m.QUERY, False, Name.parse("example."), rtypes.AXFR, m.IN)
ORIGIN = b"\7example\0"
WRITERS = [write_whole]
if importlib.util.find_spec("zoneserver._fastpath") is not None:
    WRITERS.append(native.write_whole)
MOST = 65_535 - 512  # octets of a message: the rest is for an OPT and a TSIG

TEXT = r"""
a        A      192.0.2.1
a        A      192.0.2.2
a        MX     10 a
B  60    TXT    "x" "y"
deep.er  A      192.0.2.3
*.w      CNAME  a
sub      NS     ns.sub
ns.sub   A      192.0.2.4
\000\.   TYPE65280 \# 3 00ff2e
"""


def _image(text: str) -> ZoneImage:
    return ZoneImage(memoryview(compile_zone(zone(text))))


def _messages(groups: Iterable[Group], origin: bytes = ORIGIN) -> list[bytes]:
    sections = write_sections(groups, origin)
    return [write_message(QUERY, section, with_opt=False) for section in sections]


def _tail(octets: bytes) -> bytes:
    """What stands behind the name of a record of some type."""
    return record(b"", 65280, 60, octets)


@pytest.mark.parametrize("text", ["", TEXT], ids=["nothing but the apex", "some names"])
def test_whole_zone(text: str) -> None:
    """RFC 5936 2.2: every record once, whatever hides it, between two copies of the SOA."""
    (message,) = _messages(list_whole(_image(text)))
    sent = reply(message)
    assert sent.aa
    assert sent.answer[0] == sent.answer[-1]
    assert " SOA " in sent.answer[0]
    assert sorted(sent.answer[:-1]) == sorted(lines(APEX + text))


def test_many_messages() -> None:
    """Each message is full, stands alone, and has the question; no record is lost."""
    text = "".join(f'n{number}.x TXT "{"x" * 200}"\n' for number in range(700))
    messages = _messages(list_whole(_image(text)))
    assert len(messages) > 2
    assert all(MOST - 300 < len(message) <= MOST for message in messages[:-1])
    sent = [line for message in messages for line in reply(message).answer]
    assert sorted(sent[:-1]) == sorted(lines(APEX + text))
    assert {str(dns.message.from_wire(each).question[0].name) for each in messages} == {
        "example."
    }


@pytest.mark.parametrize(
    ("owners", "expected"),
    [
        (["\7EXAMPLE\0", "\1a\7EXAMPLE\0"], ["EXAMPLE.", "a.EXAMPLE."]),
        (
            ["\7example\0", "\1a\7EXAMPLE\0", "\1b\7example\0"],
            ["example.", "a.EXAMPLE.", "b.example."],
        ),
        (
            ["\1A\7EXAMPLE\0", "\1b\7example\0", "\1c\7example\0"],
            ["A.EXAMPLE.", "b.example.", "c.example."],
        ),
    ],
)
def test_case_is_kept(owners: list[str], expected: list[str]) -> None:
    """RFC 5936 3.4: no name takes over the case of another one, or of the question."""
    groups = [(owner.encode(), [_tail(b"\1x")] * 2) for owner in owners]
    (message,) = _messages(groups)
    answer = dns.message.from_wire(message, one_rr_per_rrset=True).answer
    assert [str(rrset.name) for rrset in answer] == [
        each for each in expected for _ in range(2)
    ]


@pytest.mark.parametrize("size", [1, 5_000, 30_000, 60_000])
@pytest.mark.parametrize("count", [1, 2, 40])
def test_records_of_any_size(size: int, count: int) -> None:
    """However much one owner has: it is split where a message is full, and nowhere else."""
    tails = [_tail(bytes([number]) + bytes(size)) for number in range(count)]
    messages = _messages([(b"\1n" + ORIGIN, tails), (b"\1o" + ORIGIN, tails[:1])])
    answers = [dns.message.from_wire(each, one_rr_per_rrset=True).answer for each in messages]
    names = [str(rrset.name) for answer in answers for rrset in answer]
    octets = [rdata.data[0] for answer in answers for rrset in answer for rdata in rrset]
    assert names == ["n.example."] * count + ["o.example."]
    assert octets == [*range(count), 0]
    smallest = min(map(len, tails))
    assert all(len(message) + smallest > MOST - 300 for message in messages[:-1])


def test_record_beyond_all_messages() -> None:
    """A record that no message has room for comes alone: who sends it sees that."""
    huge = _tail(b"\xff" + bytes(65_534))
    sections = list(write_sections([(ORIGIN, [_tail(b"\0")]), (ORIGIN, [huge])], ORIGIN))
    assert [section.records for section in sections] == [1, 1]
    assert len(sections[1].octets) > 65_535


def test_differences() -> None:
    """RFC 1995 4: the new SOA, each difference as it was noted, the new SOA."""
    image = _image(TEXT)
    old, new = (record(ORIGIN, rtypes.SOA, 60, bytes(21) + bytes([n])) for n in (1, 2))
    gone, come = (
        record(b"\1a" + ORIGIN, 1, 60, bytes(4)),
        record(b"\1b" + ORIGIN, 1, 60, bytes(4)),
    )
    stamps = Stamp(1, bytes(32)), Stamp(2, bytes(32))
    difference = Difference.of(stamps, (old, new), [gone], [come])
    groups = list(list_differences(image, [difference]))

    assert groups[0] == groups[-1] == read_soa(image)
    assert [owner + b"".join(tails) for owner, tails in groups[1:-1]] == [
        old, gone, new, come,
    ]  # fmt: skip


@pytest.mark.parametrize("size", range(120, 400, 7))
def test_cut_image(size: int) -> None:
    """An image that ends early is damaged, wherever that is."""
    image = _image("")
    cut = ZoneImage(image.octets[: image.rrsets_at + size % 60])
    for write in WRITERS:
        with pytest.raises(ImageError):
            list(write(cut))


@pytest.mark.parametrize(
    "text",
    [
        "",
        TEXT,
        "".join(f'n{number}.x TXT "{"x" * 200}"\n' for number in range(700)),
        "".join(
            f"n{number} A 192.0.2.{number % 7}\nn{number} MX {number} n{number}\n"
            for number in range(4000)
        ),
        "".join(f"many TXT {number}{'y' * 240}\n" for number in range(600))
        + "more A 192.0.2.1",
    ],
)
def test_both_engines_write_the_same(text: str) -> None:
    """Octet for octet."""
    pytest.importorskip("zoneserver._fastpath", reason="the fast path is not built")
    image = _image(text)
    assert list(native.write_whole(image)) == list(write_whole(image))
