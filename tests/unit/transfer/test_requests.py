"""Which messages want a zone and get it, and what their answers begin with."""

import time

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset
import dns.tsig
import pytest

from tests.images import Both
from tests.zones_text import zone
from zoneserver.names import Name
from zoneserver.networks import Networks
from zoneserver.records import rtypes
from zoneserver.transfer.keys import Key, Keyring
from zoneserver.transfer.outgoing import Section
from zoneserver.transfer.requests import Wanted, find_wanted, write_error, write_message
from zoneserver.transfer.settings import Rule, TransferSettings
from zoneserver.transfer.tsig import judge_request
from zoneserver.zone.zoneset import RefusedZone

SECRET = bytes(range(32))
FRIEND, STRANGER = bytes((192, 0, 2, 1)), bytes((198, 51, 100, 1))
IMAGES = Both.of(zone("a A 192.0.2.1"), RefusedZone(Name.parse("refused.example."))).images
SETTINGS = TransferSettings(
    keyring=Keyring((Key(Name.parse("key.example."), "hmac-sha256", SECRET),)),
    allow=(
        Rule(networks=Networks.parse(["192.0.2.0/24"])),
        Rule(key=Name.parse("key.example."), zones=frozenset([Name.parse("example.")])),
    ),
)
A_RECORD = b"\1a\7example\0\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1"


def make(
    qtype: str = "AXFR", qname: str = "example.", **options: object
) -> dns.message.Message:
    """A query."""
    return dns.message.make_query(qname, qtype, **options)  # type: ignore[arg-type]


def with_soa(section: str, serial: int, owner: str = "example.") -> bytes:
    """A query for differences, with an SOA somewhere."""
    query = make("IXFR")
    text = f"ns.{owner} hostmaster.{owner} {serial} 1 2 3 4"
    getattr(query, section).append(dns.rrset.from_text(owner, 0, "IN", "SOA", text))
    return query.to_wire()


def find(
    message: bytes, address: bytes = FRIEND, settings: TransferSettings = SETTINGS
) -> Wanted | None:
    """What a message gets."""
    request = judge_request(message, settings.keyring, int(time.time()))
    plain = request.message if request else message
    return find_wanted(plain, request, address, settings, IMAGES)


@pytest.mark.parametrize(
    ("message", "serial"),
    [
        (make().to_wire(), None),
        (make(use_edns=0, payload=4096).to_wire(), None),
        (make("IXFR").to_wire(), None),
        (with_soa("authority", 7), 7),
        (with_soa("authority", 2**32 - 1), 2**32 - 1),
        (with_soa("authority", 7, owner="elsewhere.test."), 7),
        (with_soa("answer", 7), None),
        (with_soa("additional", 7), None),
    ],
)
def test_wanted(message: bytes, serial: int | None) -> None:
    """RFC 1995 3: the serial stands in the authority section."""
    wanted = find(message)
    assert wanted is not None
    assert wanted.origin == Name.parse("example.")
    assert wanted.serial == serial
    assert wanted.sign(b"\0" * 12, 0) == b"\0" * 12


@pytest.mark.parametrize(
    "message",
    [
        make("SOA").to_wire(),
        make(rdclass="CH").to_wire(),
        make(use_edns=1).to_wire(),
        make(qname="a.example.").to_wire(),
        make(qname="test.").to_wire(),
        make(qname="refused.example.").to_wire(),
        make().to_wire()[:-1],
        make().to_wire()[:5],
        b"\0\0\x80" + make().to_wire()[3:],
        b"\0\0\x20" + make().to_wire()[3:],
    ],
)
def test_not_wanted(message: bytes) -> None:
    """Another question, another zone, or no query at all: it is answered as what it is."""
    assert find(message) is None


@pytest.mark.parametrize(
    ("settings", "address", "signed", "gets"),
    [
        (SETTINGS, FRIEND, False, True),
        (SETTINGS, STRANGER, False, False),
        (SETTINGS, STRANGER, True, True),
        (TransferSettings(), FRIEND, False, False),
        (TransferSettings(keyring=SETTINGS.keyring), FRIEND, True, False),
        (TransferSettings(allow=SETTINGS.allow), FRIEND, True, False),
    ],
)
def test_rights(
    settings: TransferSettings, address: bytes, *, signed: bool, gets: bool
) -> None:
    """By the address or by the key; without rules nobody; with an unknown key nobody."""
    query = make()
    if signed:
        query.use_tsig(dns.tsig.Key("key.example.", SECRET))
    wanted = find(query.to_wire(), address, settings)
    assert bool(wanted) is gets
    assert bool(wanted and wanted.signer) is (signed and gets)


@pytest.mark.parametrize("edns", [False, True])
@pytest.mark.parametrize("flags", [0, dns.flags.RD])
def test_messages(*, edns: bool, flags: int) -> None:
    """RFC 5936 2.2: the question as it came, AA, and an OPT in the first where one was sent."""
    query = make(qname="EXample.", use_edns=edns, flags=flags, want_dnssec=edns)
    wanted = find(query.to_wire())
    assert wanted is not None
    section = Section(1, A_RECORD)
    first, second = (
        dns.message.from_wire(write_message(wanted.query, section, with_opt=each))
        for each in (True, False)
    )
    for answer in (first, second):
        assert query.is_response(answer)
        assert str(answer.question[0].name) == "EXample."
        assert answer.flags & ~dns.flags.RD == dns.flags.QR | dns.flags.AA
        assert [str(each) for each in answer.answer] == ["a.example. 60 IN A 192.0.2.1"]
    assert (first.edns, second.edns) == (0 if edns else -1, -1)
    assert first.ednsflags == (dns.flags.DO if edns else 0)


def test_error() -> None:
    """An error has the question, and nothing else."""
    query = make()
    wanted = find(query.to_wire())
    assert wanted is not None
    assert wanted.query.qtype == rtypes.AXFR
    answer = dns.message.from_wire(write_error(wanted.query, dns.rcode.REFUSED))
    assert query.is_response(answer)
    assert answer.rcode() == dns.rcode.REFUSED
    assert not answer.answer
