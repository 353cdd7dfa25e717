"""Zones that come in: what is taken of which messages, and what is refused."""

import dns.flags
import dns.message
import pytest

from tests.unit.transfer.answers import (
    A1,
    A2,
    A3,
    ID,
    NOW,
    NS,
    ORIGIN,
    answer,
    changes,
    soa,
    texts,
    whole,
)
from zoneserver.errors import TransferError
from zoneserver.transfer.incoming import Incoming, Limits, Request
from zoneserver.transfer.verifying import Unsigned

ZONE = [soa(7), NS, A1, A2]


def test_request_as_others_read_it() -> None:
    """AXFR is a question, IXFR has the SOA that we have beside it (RFC 1995 3)."""
    whole_zone = dns.message.from_wire(Request(ID, ORIGIN).encode())
    incremental = dns.message.from_wire(Request(ID, ORIGIN, 7, incremental=True).encode())

    assert ["example.org. IN AXFR"] == [each.to_text() for each in whole_zone.question]
    assert [] == whole_zone.authority
    assert ["example.org. IN IXFR"] == [each.to_text() for each in incremental.question]
    ((record,),) = incremental.authority
    assert record.to_text() == ". . 7 0 0 0 0"
    assert (ID, 0) == (incremental.id, incremental.flags)


@pytest.mark.parametrize("size", [1, 2, 3, 5])
def test_whole_zone_over_messages(size: int) -> None:
    """However many records a message has, the zone is what stands between its two SOAs."""
    rows = [*ZONE, soa(7)]
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    qtypes = ["AXFR", *[None] * len(parts)]  # RFC 5936 2.2.2: later ones need no question
    incoming = whole()
    messages = [answer(*part, qtype=qtype) for part, qtype in zip(parts, qtypes, strict=False)]

    assert ZONE == texts(incoming, messages)
    assert (True, True, False) == (incoming.is_done, incoming.is_whole, incoming.is_current)
    assert (7, len(rows)) == (incoming.serial, incoming.records)
    assert incoming.octets == sum(map(len, messages))


def test_every_type_comes_whole() -> None:
    """Names in rdata are decompressed where RFC 3597 4 allows it, all else stays as it is."""
    rows = [
        "b.example.org. 300 IN MX 10 mail.example.org.",
        "b.example.org. 300 IN SRV 1 2 3 mail.example.org.",
        'b.example.org. 300 IN NAPTR 1 2 "u" "E2U+sip" "!a!b!" mail.example.org.',
        "b.example.org. 300 IN RP mail.example.org. txt.example.org.",
        "b.example.org. 300 IN AFSDB 1 mail.example.org.",
        "b.example.org. 300 IN KX 1 mail.example.org.",
        "b.example.org. 300 IN PTR mail.example.org.",
        'b.example.org. 300 IN TXT "a;b" "\\255"',
        "b.example.org. 300 IN AAAA 2001:db8::1",
        "b.example.org. 300 IN LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000.00m 10.00m",
        r"b.example.org. 300 IN TYPE65280 \# 4 0a000001",
        "c.example.org. 300 IN DNAME example.net.",
        "d.example.org. 300 IN CNAME b.example.org.",
        '*.example.org. 300 IN HTTPS 1 . alpn="h2"',
    ]

    assert [*ZONE, *rows] == texts(whole(), [answer(*ZONE, *rows, soa(7))])


def test_ttl_out_of_range_is_zero() -> None:
    """RFC 2181 8."""
    octets = answer(soa(7), NS, A1, soa(7)).replace(b"\0\0\x01\x2c", b"\xff\0\0\0")

    assert A1.replace("300", "0") == texts(whole(), [octets])[2]


_DIFFERENCE = [soa(9), soa(7), A1, soa(9), A2, soa(9)]
_TWO = [soa(9), soa(7), A1, soa(8), A2, soa(8), A2, soa(9), A3, soa(9)]


@pytest.mark.parametrize("size", [1, 2, 3, 10])
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (_DIFFERENCE, [(7, [A1], 9, [A2])]),
        (_TWO, [(7, [A1], 8, [A2]), (8, [A2], 9, [A3])]),
        ([soa(9), soa(7), soa(9), soa(9)], [(7, [], 9, [])]),
        (
            [soa(9), soa(7), soa(8), soa(8), A1, soa(9), soa(9)],
            [(7, [], 8, []), (8, [A1], 9, [])],
        ),
    ],
)
def test_differences(
    rows: list[str], expected: list[tuple[int, list[str], int, list[str]]], size: int
) -> None:
    """Each has what goes behind the older SOA, what comes behind the newer (RFC 1995 4)."""
    parts = [rows[at : at + size] for at in range(0, len(rows), size)]
    incoming = changes(7)

    assert [] == texts(incoming, [answer(*part, qtype="IXFR") for part in parts])
    assert (True, False, False) == (incoming.is_done, incoming.is_whole, incoming.is_current)
    found = [
        (
            each.old.serial,
            [str(record.owner) for record in each.deleted],
            each.new.serial if each.new else None,
            [str(record.owner) for record in each.added],
        )
        for each in incoming.differences
    ]
    owners = [
        (old, [row.split()[0] for row in gone], new, [row.split()[0] for row in come])
        for old, gone, new, come in expected
    ]
    assert owners == found


def test_differences_may_be_a_whole_zone() -> None:
    """RFC 1995 4: where the primary has no differences, it sends everything."""
    incoming = changes(5)

    assert ZONE == texts(incoming, [answer(*ZONE, soa(7), qtype="IXFR")])
    assert (True, True) == (incoming.is_done, incoming.is_whole)


def test_nothing_new() -> None:
    """RFC 1995 2: the SOA alone, with the serial that we have."""
    incoming = changes(7)

    assert [] == texts(incoming, [answer(soa(7), qtype="IXFR")])
    assert (True, True) == (incoming.is_done, incoming.is_current)


def test_soa_alone_may_be_followed() -> None:
    """A first message may be that short, and the differences come in the next."""
    incoming = changes(7)
    messages = [answer(each, qtype="IXFR") for each in _DIFFERENCE]
    texts(incoming, messages[:1])

    assert not incoming.is_done
    texts(incoming, messages[1:])
    assert incoming.is_done


_CHAOS = "example.org. 300 CH TXT x"


@pytest.mark.parametrize(
    ("messages", "reason"),
    [
        ([b"\0" * 11], "shorter than its header"),
        ([answer(*ZONE, soa(7), number=ID + 1)], "no response"),
        ([answer(*ZONE, soa(7), flags=0)], "no response"),
        ([answer(*ZONE, soa(7), flags=dns.flags.QR | 4 << 11)], "no response"),
        ([answer(*ZONE, soa(7), flags=dns.flags.QR | dns.flags.TC)], "truncated"),
        ([answer(rcode=5)], "REFUSED"),
        ([answer(rcode=9)], "NOTAUTH"),
        ([answer(*ZONE, soa(7), qname="example.net.")], "another question"),
        ([answer(*ZONE, soa(7), qtype="IXFR")], "another question"),
        ([answer(*ZONE, soa(7), qtype=None)], "another question"),
        ([answer(*ZONE), answer(soa(7), qname="a.example.org.")], "another question"),
        ([answer(NS, soa(7))], "not begin with an SOA"),
        ([answer(*ZONE, soa(8))], "not the one at its beginning"),
        ([answer(*ZONE, soa(7, "other.example.org."))], "not the one at its beginning"),
        ([answer(soa(7), soa(7))], "no NS"),
        ([answer(soa(7), A1, soa(7))], "no NS"),
        ([answer(*ZONE, soa(7), A3)], "behind the last one"),
        ([answer(*ZONE, "a.example.net. 300 IN A 192.0.2.1", soa(7))], "not in the zone"),
        ([answer(*ZONE, "xexample.org. 300 IN A 192.0.2.1", soa(7))], "not in the zone"),
        ([answer(*ZONE, soa(7).replace("example", "a.example", 1), soa(7))], "type SOA"),
        ([answer(*ZONE, _CHAOS, soa(7))], "class 3"),
        ([answer(*ZONE, r"a1.example.org. 300 IN TYPE255 \# 0", soa(7))], "type ANY"),
        ([answer(*ZONE, r"a1.example.org. 300 IN TYPE41 \# 0", soa(7))], "type OPT"),
        ([answer(soa(7), NS, A1)[:-6] + b"\0\3\xc0\0\2"], "damaged A"),
        ([answer(*ZONE, soa(7))[:-1]], "cut"),
        ([answer(*ZONE, soa(7))[:120]], "cut"),
        ([answer(*ZONE, soa(7))[:20]], "cut"),
        ([answer()[:5] + b"\2" + answer()[6:]], "2 questions"),
    ],
)
def test_whole_zone_is_refused(messages: list[bytes], reason: str) -> None:
    """Acceptance 85: whatever is wrong is found, and by then nothing is complete."""
    incoming = whole()
    with pytest.raises(TransferError, match=reason):
        texts(incoming, messages)


@pytest.mark.parametrize(
    ("ours", "serial"), [(7, 7), (8, 7), (0, 1 << 31), (5, (5 + (1 << 31)) % (1 << 32))]
)
def test_whole_zone_must_be_newer(ours: int, serial: int) -> None:
    """In the arithmetic of RFC 1982; and that is seen before any of it is taken."""
    incoming = whole(ours)
    with pytest.raises(TransferError, match="not above"):
        texts(incoming, [answer(soa(serial), NS)])


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([soa(6)], "not above 7"),
        ([soa(9), soa(6), A1, soa(9), soa(9)], "to serial 6, not to 7"),
        ([soa(9), soa(8), A1, soa(9), soa(9)], "to serial 8, not to 7"),
        ([soa(9), soa(7), A1, soa(8), A2, soa(9)], "to serial 9, not to 8"),
        ([soa(9), soa(7), A1, soa(8), A2, soa(7)], "to serial 7, not to 8"),
        ([soa(9), soa(7), A1, soa(7)], "from serial 7 to 7"),
        ([soa(9), soa(7), A1, soa(6)], "from serial 7 to 6"),
        ([soa(9), soa(7), soa(10), soa(10)], "10 is|serial 9 is not above 10"),
        ([soa(9), soa(7), A1, soa(9), A2, soa(9, "x.example.org.")], "not the one"),
        ([soa(9), soa(7), A1, soa(9, "x.example.org."), A2, soa(9)], "not the one"),
        ([soa(9), soa(7), A1, soa(9), A2, soa(8)], "not the one"),
        ([*_DIFFERENCE, A3], "behind the last"),
        ([soa(9), soa(7), "a.example.net. 300 IN A 192.0.2.1"], "not in the zone"),
        ([soa(7), soa(7)], "not above 7"),
        ([soa(9), soa(9)], "to serial 9, not to 7"),
        ([soa(7), NS, soa(7)], "not above 7"),
        ([A1], "not begin with an SOA"),
    ],
)
def test_differences_are_refused(rows: list[str], reason: str) -> None:
    """Acceptance 85: differences with gaps, wrong serials, or of something else."""
    with pytest.raises(TransferError, match=reason):
        texts(changes(7), [answer(*rows, qtype="IXFR")])


def test_zone_without_end_is_cut_off() -> None:
    """Acceptance 85: by the number of octets."""
    limits = Limits(10_000)
    incoming = Incoming(Request(ID, ORIGIN), limits, Unsigned())
    incoming.receive(answer(*ZONE), NOW)
    with pytest.raises(TransferError, match="more than 10000 octets"):
        texts(incoming, [answer(*[A3] * 20)] * 100)
    assert incoming.octets < 10_000 + 1_000


def test_differences_without_end_are_cut_off() -> None:
    """They are kept in memory, so there may be fewer than a zone may have."""
    incoming = changes(7, Limits(1 << 30, 10_000))
    incoming.receive(answer(soa(9), soa(7), qtype="IXFR"), NOW)
    with pytest.raises(TransferError, match="larger than they are worth"):
        texts(incoming, [answer(*[A3] * 20, qtype="IXFR")] * 100)
    assert incoming.octets < 10_000 + 1_000


def test_messages_without_records_are_counted() -> None:
    """They say nothing, so there could be any number of them."""
    incoming = Incoming(Request(ID, ORIGIN), Limits(1000), Unsigned())
    incoming.receive(answer(*ZONE), NOW)
    with pytest.raises(TransferError, match="more than 1000 octets"):
        texts(incoming, [answer()] * 100)
