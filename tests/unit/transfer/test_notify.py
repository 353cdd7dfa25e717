"""NOTIFY: as dnspython reads and writes it, and whose is heeded."""

import dns.flags
import dns.message
import dns.opcode
import dns.rcode
import dns.rrset
import pytest

from zoneserver.names import Name
from zoneserver.records.rdata import SOA
from zoneserver.transfer.notify import (
    Primaries,
    Primary,
    Reply,
    find_serial,
    make_notify,
    make_soa_query,
    read_reply,
)
from zoneserver.transfer.settings import CatalogSource, Peer, Secondary, TransferSettings
from zoneserver.transports.endpoint import Endpoint

ORIGIN = Name.parse("Example.com.")
MNAME, RNAME = Name.parse("ns1.example.com."), Name.parse("hostmaster.example.com.")
SOA_OCTETS = SOA(MNAME, RNAME, 2_600_000_001, 3600, 600, 86_400, 300).wire
NOTIFY = make_notify(0xABCD, ORIGIN, SOA_OCTETS, 300)
ASKED = make_soa_query(0x1234, ORIGIN)
SOA_TEXT = "ns1.example.com. hostmaster.example.com. 2600000001 3600 600 86400 300"


def test_what_is_sent() -> None:
    """RFC 1996 3.7, 4.2: opcode NOTIFY, AA, the question for the SOA, the new SOA as a hint."""
    message = dns.message.from_wire(NOTIFY)
    assert dns.opcode.NOTIFY == message.opcode()
    assert dns.flags.AA == message.flags & (dns.flags.AA | dns.flags.RD | dns.flags.QR)
    assert ["Example.com. IN SOA"] == [each.to_text() for each in message.question]
    assert [f"Example.com. 300 IN SOA {SOA_TEXT}"] == [e.to_text() for e in message.answer]
    assert 0xABCD == message.id


def test_the_question_for_the_soa() -> None:
    """Without recursion: what the server itself has is wanted."""
    message = dns.message.from_wire(ASKED)
    assert dns.opcode.QUERY == message.opcode()
    assert 0 == message.flags
    assert ["Example.com. IN SOA"] == [each.to_text() for each in message.question]


def reply(request: bytes, rcode: int = 0, answer: str = "", *, aa: bool = True) -> bytes:
    """What another server would say."""
    message = dns.message.make_response(dns.message.from_wire(request))
    message.set_rcode(dns.rcode.Rcode(rcode))
    message.flags |= dns.flags.AA if aa else 0
    if answer:
        message.answer.append(dns.rrset.from_text("example.com.", 300, "IN", "SOA", answer))
    return message.to_wire()


@pytest.mark.parametrize(
    ("request_octets", "octets", "expected"),
    [
        (NOTIFY, reply(NOTIFY), Reply(0, True, None)),
        (NOTIFY, reply(NOTIFY, 5, aa=False), Reply(5, False, None)),
        (NOTIFY, reply(NOTIFY).replace(b"Example", b"eXAMPLE"), Reply(0, True, None)),
        (ASKED, reply(ASKED, answer=SOA_TEXT), Reply(0, True, 2_600_000_001)),
        (ASKED, reply(ASKED, aa=False), Reply(0, False, None)),
        # RFC 8906 3.1.4: an error whose sender could not read the question.
        (NOTIFY, NOTIFY[:2] + b"\xa0\x04" + bytes(8), Reply(4, False, None)),
    ],
)
def test_replies(request_octets: bytes, octets: bytes, expected: Reply) -> None:
    """The RCODE, whether with authority, and the serial."""
    assert expected == read_reply(request_octets, octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        NOTIFY[:11],
        NOTIFY,  # our own
        b"\0\0" + reply(NOTIFY)[2:],  # another id
        reply(make_soa_query(0xABCD, ORIGIN)),  # another opcode
        reply(make_notify(0xABCD, Name.parse("example.net."), SOA_OCTETS, 300)),
        reply(NOTIFY)[:20],
        NOTIFY[:2] + b"\xa0\0" + bytes(8),  # no error, and no question
    ],
)
def test_what_is_no_reply(octets: bytes) -> None:
    """Anybody can send something."""
    assert read_reply(NOTIFY, octets) is None


@pytest.mark.parametrize("length", range(len(NOTIFY)))
def test_a_cut_soa_has_no_serial(length: int) -> None:
    """However much of it there is."""
    end = len(ASKED)
    assert find_serial(NOTIFY[:length].ljust(12, b"\0"), end) is None
    assert 2_600_000_001 == find_serial(NOTIFY, end)


@pytest.mark.parametrize(
    "record",
    [
        b"\xc0\x0c" + b"\0\1\0\1" + NOTIFY[len(ASKED) + 6 :],  # an A
        b"\xc0\x0c" + b"\0\6\0\3" + NOTIFY[len(ASKED) + 6 :],  # class CH
        b"\xc0\x0c" + b"\0\6\0\1" + bytes(4) + b"\0\x15" + bytes(21),  # too short
        b"\xc0\x0c" + b"\0\6\0\1" + bytes(4) + b"\xff\xff" + bytes(100),  # too long
        b"\x3f" + bytes(10),
    ],
)
def test_garbage_has_no_serial(record: bytes) -> None:
    """Acceptance 89: it is no hint then, and no harm."""
    assert find_serial(NOTIFY[: len(ASKED)] + record, len(ASKED)) is None


ONE, OTHER = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
KEY, WRONG = Name.parse("ns2.example."), Name.parse("other.example.")
NET, MEMBER = Name.parse("example.net."), Name.parse("member.example.")
PRIMARIES = Primaries(
    {ORIGIN: [Primary(ONE), Primary(OTHER, KEY)], NET: [Primary(ONE, KEY)]},
    [Primary(OTHER)],
)


@pytest.mark.parametrize(
    ("origin", "address", "key", "is_heeded"),
    [
        (ORIGIN, ONE, None, True),
        (ORIGIN, ONE, KEY, True),  # it need not be signed, and is
        (ORIGIN, OTHER, KEY, True),
        (ORIGIN, OTHER, None, False),
        (ORIGIN, OTHER, WRONG, False),
        (NET, ONE, KEY, True),
        (NET, ONE, None, False),
        (NET, OTHER, None, False),  # it has primaries of its own
        (MEMBER, OTHER, None, True),
        (MEMBER, ONE, None, False),
    ],
)
def test_whose_is_heeded(
    origin: Name, address: bytes, key: Name | None, *, is_heeded: bool
) -> None:
    """Acceptance 87: that of a primary of the zone, with its key where one is set."""
    assert is_heeded == PRIMARIES.accepts(origin, address, key)


def test_those_that_are_set() -> None:
    """Those of zones, of catalogs, and of what catalogs may list."""
    one, other, third = (Peer(Endpoint(f"192.0.2.{n}", 53)) for n in (1, 2, 3))
    signing = Peer(Endpoint("2001:db8::1", 5353), KEY)
    settings = TransferSettings(
        secondaries=(Secondary(ORIGIN, (one, signing)),),
        catalogs=(
            CatalogSource(NET, (other,)),
            CatalogSource(MEMBER, (one,), (third,), (("gold", (signing,)),)),
        ),
    )
    ipv6 = bytes((0x20, 1, 0x0D, 0xB8, *bytes(11), 1))
    primaries = Primaries.of(settings)
    assert {
        ORIGIN: [Primary(ONE), Primary(ipv6, KEY)],
        NET: [Primary(OTHER)],
        MEMBER: [Primary(ONE)],
    } == primaries.zones
    third_address = bytes((192, 0, 2, 3))
    assert [Primary(OTHER), Primary(third_address), Primary(ipv6, KEY)] == primaries.members


def test_addresses_of_primaries() -> None:
    """All others need no further look."""
    assert [True, True, False] == [
        PRIMARIES.knows(each) for each in (ONE, OTHER, bytes((192, 0, 2, 3)))
    ]
    assert not Primaries().knows(ONE)
