"""Lines of records as they come, beside those that `write_line` writes."""

import re
from random import Random

import pytest

from tests.effort import examples
from tests.unit.zonefile.masters import SAMPLES, read
from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records.rdata import AAAA, TXT
from zoneserver.transfer.lines import MOST_NAMES, LineWriter, decode_record
from zoneserver.transfer.responses import WireRecord
from zoneserver.zonefile.export import write_line

OWNERS = [
    b"\0",
    b"\1a\0",
    b"\3a.b\0",
    b"\1*\1a\0",
    b"\2a\xff\1A\0",
    b'\4a\\;"\1$\0',
    b"\3-_/\0",
]


def _record(owner: bytes, rtype: int, rdata: bytes) -> WireRecord:
    return WireRecord(owner, rtype, 1, 300, rdata)


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_type(sample: str) -> None:
    """The fast way and the long way come to the same."""
    for record in read(f"a 300 IN {sample}\n").records:
        wire = _record(record.owner.wire, record.rtype, record.rdata.wire)
        assert write_line(record) == LineWriter().write(wire)
        assert record[:4] == decode_record(wire)[:4]


@pytest.mark.parametrize("name", OWNERS)
@pytest.mark.parametrize("rtype", [2, 5, 12, 15])
def test_names(name: bytes, rtype: int) -> None:
    """Whatever octets they have, as owners and in rdata."""
    writer = LineWriter()
    wire = _record(name, rtype, b"\0\5" + name if rtype == 15 else name)
    for _ in range(2):  # the second time the name is known
        assert write_line(decode_record(wire)) == writer.write(wire)


def test_random_rdata() -> None:
    """What is no rdata of its type is refused, whichever way it goes."""
    random, refused = Random(1), 0
    for _ in range(5000):
        length = random.choice((0, 1, 3, 4, 5, 15, 16, 17, 20))
        octets = bytes(random.choice((0, 1, 2, 3, 65, 255)) for _ in range(length))
        wire = _record(b"\1a\0", random.choice((1, 2, 5, 12, 15, 16, 28)), octets)
        try:
            expected = write_line(decode_record(wire))
        except TransferError as error:
            refused += 1
            with pytest.raises(TransferError, match=re.escape(str(error))):
                LineWriter().write(wire)
        else:
            assert expected == LineWriter().write(wire)
    assert 100 < refused < 4900


def test_addresses_and_texts() -> None:
    """Those that have more than one text."""
    random = Random(2)
    for _ in range(2000):
        octets = bytes(random.choice((0, 0, 0, 1, 255)) for _ in range(16))
        line = LineWriter().write(_record(b"\1a\0", AAAA.rtype, octets))
        assert f"a.\t300\tIN\tAAAA\t{AAAA(octets).text}" == line
    strings = (b"a;b", b'"', b"\\", b"", b"\x7f", bytes(range(255)))
    octets = b"".join(bytes((len(each),)) + each for each in strings)
    line = LineWriter().write(_record(b"\1a\0", TXT.rtype, octets))
    assert f"a.\t300\tIN\tTXT\t{TXT(strings).text}" == line


def test_names_are_not_remembered_for_ever() -> None:
    """A primary can have any number of them."""
    writer = LineWriter()
    for number in range(MOST_NAMES + 10):
        owner = Name.from_labels([b"%d" % number]).wire
        assert writer.write(_record(owner, 1, bytes(4))).startswith(f"{number}.\t")
    assert len(writer._names) <= MOST_NAMES


SIGNED = [
    "RRSIG A 13 3 300 20300131235959 20200101000000 4711 Example.ORG. " + "AAAB" * 22,
    "RRSIG TYPE65280 255 0 0 21060207062815 19700101000000 65535 . AAAA",
    "RRSIG SOA 8 1 2147483647 20300131235959 20200101000000 0 *.a_b. AA==",
    "NSEC www.example.org. A MX RRSIG NSEC CAA TYPE65280",
    r"NSEC \000.example.org. A RRSIG NSEC",
    f"NSEC3 1 0 0 - {'0v' * 16} A RRSIG",
    f"NSEC3 1 1 65535 aabb {'0V' * 16} TYPE1234",
    f"NSEC3 1 0 10 aabbcc {'a0' * 16}",
]


@pytest.mark.parametrize("sample", SIGNED)
def test_records_of_signed_zones(sample: str) -> None:
    """As they are, and with octets that are others, fewer or more."""
    random = Random(sample)
    (record,) = read(f"a 300 IN {sample}\n").records
    whole = record.rdata.wire
    for number in range(examples(150)):
        octets = bytearray(whole)
        for _ in range(number and random.randint(1, 3)):
            at = random.randrange(len(octets))
            octets[at : at + 1] = random.choice((b"", b"\0", b"\1\0", random.randbytes(1)))
            octets = octets or bytearray(1)
        wire = _record(b"\1a\0", record.rtype, bytes(octets))
        assert write_line(decode_record(wire)) == LineWriter().write(wire)
