"""The journal of a zone: what leads from which serial to which version, and damage."""

from itertools import pairwise

import pytest

from zoneserver.errors import JournalError
from zoneserver.names import Name
from zoneserver.transfer.journal import (
    Difference,
    Journal,
    Stamp,
    decode_journal,
    encode_journal,
    record,
)

ORIGIN = Name.parse("example.")
MUCH = 1 << 20


def _stamp(serial: int, content: int = 0) -> Stamp:
    return Stamp(serial, bytes((content,)) * 32)


def _soa(serial: int) -> bytes:
    return record(ORIGIN.wire, 6, 300, b"\0\0" + serial.to_bytes(4) + bytes(16))


def _address(number: int) -> bytes:
    return record(b"\x01a" + ORIGIN.wire, 1, 300, bytes((192, 0, 2, number % 256)))


def _difference(before: Stamp, after: Stamp) -> Difference:
    """One address goes, and two come."""
    old, new = before.serial, after.serial
    return Difference.of(
        (before, after), (_soa(old), _soa(new)), [_address(old)], [_address(new), _address(7)]
    )


def _journal(*serials: int, floor: int | None = None) -> Journal:
    pairs = pairwise(map(_stamp, serials))
    return Journal(ORIGIN, tuple(_difference(*pair) for pair in pairs), floor)


def _reread(journal: Journal) -> Journal:
    return decode_journal(encode_journal(journal), journal.origin)


def test_journal_comes_back() -> None:
    """Every difference with its versions and its records, in their order."""
    journal = _journal(1, 2, 5, floor=0)
    read = _reread(journal)

    assert journal.differences == read.differences
    assert (ORIGIN, 0, "") == (read.origin, read.floor, read.damage)
    assert len(encode_journal(journal)) == read.octets
    expected = [_soa(2), _address(2), _soa(5), _address(5), _address(7)]
    assert expected == list(read.differences[1].records())
    assert (1, 2) == (read.differences[1].deleted, read.differences[1].added)


@pytest.mark.parametrize(
    ("serial", "now", "steps"),
    [
        (10, _stamp(40), [(10, 20), (20, 30), (30, 40)]),
        (20, _stamp(40), [(20, 30), (30, 40)]),
        (30, _stamp(40), [(30, 40)]),
        (40, _stamp(40), []),  # the same
        (41, _stamp(40), []),  # newer
        (25, _stamp(40), []),  # unknown
        (9, _stamp(40), []),  # older than all that is kept
        (40 + (1 << 31), _stamp(40), []),
        # A crash has kept the last version from being served.
        (10, _stamp(30), [(10, 20), (20, 30)]),
        (30, _stamp(30), []),
        # What is served has the serial of a version that is kept, and another content.
        (10, _stamp(40, 1), []),
        (10, _stamp(50), []),
    ],
)
def test_differences_since(serial: int, now: Stamp, steps: list[tuple[int, int]]) -> None:
    """RFC 1995 4: those that lead from the client's serial to ours, the oldest first."""
    found = _reread(_journal(10, 20, 30, 40)).since(serial, now)

    assert steps == [(each.before.serial, each.after.serial) for each in found]


@pytest.mark.parametrize(
    ("floor", "serial", "found"),
    [(10, 10, 0), (9, 10, 3), (20, 20, 0), (20, 10, 0), (20, 30, 1), (15, 20, 2)],
)
def test_serial_that_two_versions_had(floor: int, serial: int, found: int) -> None:
    """Who has it, may have the other one: nothing begins there."""
    assert found == len(
        _reread(_journal(10, 20, 30, 40, floor=floor)).since(serial, _stamp(40))
    )


def test_serials_that_have_come_round() -> None:
    """RFC 1982: what is further back than half of all serials is not older."""
    quarter = 1 << 30
    journal = _journal(*(each * quarter % (1 << 32) for each in range(6)))  # 0 comes twice

    assert 1 == len(journal.since(0, _stamp(quarter)))
    assert 0 == len(journal.since(3 * quarter, _stamp(3 * quarter)))
    assert 1 == len(journal.since(3 * quarter, _stamp(0)))
    assert 0 == len(journal.since(quarter, _stamp(3 * quarter)))


def test_version_that_follows() -> None:
    """The journal goes on, and nothing in it is forgotten."""
    journal = _journal(1, 2, floor=0).follow(_difference(_stamp(2), _stamp(3)))

    assert 2 == len(journal.since(1, _stamp(3)))
    assert 0 == journal.floor


def test_version_that_was_never_served() -> None:
    """A crash came in between; who was sent it all the same must not be led on from it."""
    journal = _journal(1, 2, 3, 4).follow(_difference(_stamp(2), _stamp(4, content=1)))
    journal = journal.follow(_difference(_stamp(4, content=1), _stamp(5)))

    assert [2, 4, 5] == [each.after.serial for each in journal.differences]
    assert [0, 0, 0, 0] == [len(journal.since(each, _stamp(5))) for each in (1, 2, 3, 4)]
    journal = journal.follow(_difference(_stamp(5), _stamp(6)))
    assert [0, 1] == [len(journal.since(each, _stamp(6))) for each in (4, 5)]


def test_gap() -> None:
    """Versions in between were not noted: the journal begins again behind them."""
    journal = _journal(1, 2, 3).follow(_difference(_stamp(5), _stamp(6)))

    assert [5] == [each.before.serial for each in journal.differences]
    assert 1 == len(journal.since(5, _stamp(6)))


def test_serial_that_does_not_rise() -> None:
    """Of what was sent before, nobody can be led on: not even where the serial comes again."""
    journal = _journal(8, 9).end(9)
    for before, after in ((7, 8), (8, 9), (9, 10), (10, 11)):
        journal = journal.follow(_difference(_stamp(before, 1), _stamp(after, 1)))

    found = [len(journal.since(each, _stamp(11, 1))) for each in (7, 8, 9, 10)]
    assert [0, 0, 0, 1] == found


def test_zone_that_comes_back() -> None:
    """A floor does not sink."""
    assert 9 == _journal().end(9).end(4).floor
    assert 12 == _journal().end(9).end(12).floor
    assert 12 == _journal(10, 11, 12).end(9).floor


def test_room() -> None:
    """The oldest go first; one that is too large for all of it leaves nothing."""
    journal = _journal(1, 2, 3, 4)
    sizes = [len(encode_journal(_journal(*range(1, 2 + count)))) for count in range(4)]

    for most, expected in zip(sizes, range(4), strict=True):
        kept = journal.shorten(most)
        assert expected == len(kept.differences)
        assert len(encode_journal(kept)) <= most
        assert expected == len(kept.since(4 - expected, _stamp(4)))
    assert 2 == len(journal.shorten(sizes[3] - 1).differences)


def test_damage_never_makes_another_difference() -> None:
    """Whatever octet is wrong: all before it is read, and nothing behind it."""
    journal = _journal(1, 2, 3, floor=0)
    octets = encode_journal(journal)
    ends = [len(encode_journal(_journal(*range(1, 2 + n), floor=0))) for n in range(3)]
    for at in range(len(octets)):
        damaged = bytearray(octets)
        damaged[at] ^= 1 << at % 8
        whole = sum(end <= at for end in ends) - 1
        if whole < 0:
            with pytest.raises(JournalError):
                decode_journal(bytes(damaged), ORIGIN)
        else:
            read = decode_journal(bytes(damaged), ORIGIN)
            assert journal.differences[:whole] == read.differences
            assert read.damage


def test_cut_never_makes_another_difference() -> None:
    """As a crash leaves it, at any length."""
    journal = _journal(1, 2, 3)
    octets = encode_journal(journal)
    ends = [len(encode_journal(_journal(*range(1, 2 + n)))) for n in range(3)]
    for length in range(len(octets)):
        whole = sum(end <= length for end in ends) - 1
        if whole < 0:
            with pytest.raises(JournalError):
                decode_journal(octets[:length], ORIGIN)
        else:
            read = decode_journal(octets[:length], ORIGIN)
            assert journal.differences[:whole] == read.differences
            assert (length not in ends) == bool(read.damage)


@pytest.mark.parametrize(
    "differences",
    [
        [(1, 2), (3, 4)], [(1, 2), (1, 2)], [(2, 2)], [(2, 1)], [(1, 1 + (1 << 31))],
        [(1, 2), (2, 2)],
    ],
)  # fmt: skip
def test_chain_that_is_none(differences: list[tuple[int, int]]) -> None:
    """Sealed or not: it is read up to where it breaks."""
    broken = tuple(_difference(_stamp(a), _stamp(b)) for a, b in differences)
    read = _reread(Journal(ORIGIN, broken))

    assert len(differences) - 1 == len(read.differences)
    assert read.damage


def test_journal_after_damage() -> None:
    """It begins anew; what serials up to here stood for is not known any more."""
    damaged = decode_journal(encode_journal(_journal(1, 2, 3))[:-1], ORIGIN)
    journal = damaged.follow(_difference(_stamp(3), _stamp(4)))

    assert (0, 3) == (len(journal.since(3, _stamp(4))), journal.floor)
    assert 1 == len(journal.follow(_difference(_stamp(4), _stamp(5))).since(4, _stamp(5)))


def test_journal_of_another_zone() -> None:
    """A file that was copied or renamed is not believed."""
    with pytest.raises(JournalError, match="another zone"):
        decode_journal(encode_journal(_journal(1, 2)), Name.parse("example.net."))


@pytest.mark.parametrize("octets", [b"", b"ZONEJNL\x01", b"ZONEJNL\x02" + bytes(40), bytes(99)])
def test_no_journal(octets: bytes) -> None:
    """Something else is said to be that."""
    with pytest.raises(JournalError):
        decode_journal(octets, ORIGIN)


def test_records_that_are_none() -> None:
    """What the digest vouches for is looked at all the same."""
    pair = _stamp(1), _stamp(2)
    for octets in (_soa(1)[:-1], b"\x07example", _soa(1) + b"\0"):
        with pytest.raises(JournalError):
            list(Difference(*pair, 0, 0, octets).records())
