"""Journals as files: appended to, shortened, and whole whatever happens."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.figures import Figures
from tests.power import Power
from zoneserver.names import Name
from zoneserver.service.transferring.journals import FOLDER, Journals
from zoneserver.transfer.journal import Difference, Stamp, record

ORIGIN = Name.parse("example.")
SOA = record(ORIGIN.wire, 6, 300, bytes(22))
MUCH = 1 << 20


def _stamp(serial: int) -> Stamp:
    return Stamp(serial, serial.to_bytes(32))


def _difference(serial: int, octets: int = 40) -> Difference:
    """What leads to a serial from the one before."""
    added = record(ORIGIN.wire, 16, 300, bytes((octets,)) + bytes((serial,)) * octets)
    return Difference.of((_stamp(serial - 1), _stamp(serial)), (SOA, SOA), [], [added])


def _add(journals: Journals, *serials: int, most: int = MUCH) -> None:
    for serial in serials:
        journals.add(_difference(serial), ORIGIN, most)


def _serials(journals: Journals) -> list[int]:
    return [each.after.serial for each in journals.read(ORIGIN).differences]


def _file(folder: Path) -> Path:
    (path,) = (folder / FOLDER).iterdir()
    return path


def test_journal_grows(tmp_path: Path) -> None:
    """By appending: what is there stays where it is."""
    journals = Journals(tmp_path)
    _add(journals, 2)
    begin = _file(tmp_path).read_bytes()
    inode = _file(tmp_path).stat().st_ino
    _add(journals, 3, 4)

    assert [2, 3, 4] == _serials(Journals(tmp_path))
    assert _file(tmp_path).read_bytes().startswith(begin)
    assert inode == _file(tmp_path).stat().st_ino
    assert 0o600 == _file(tmp_path).stat().st_mode & 0o777


def test_no_journal(tmp_path: Path) -> None:
    """Nothing is known, and nothing is wrong."""
    journal = Journals(tmp_path).read(ORIGIN)

    assert ((), "") == (journal.differences, journal.damage)


def test_journal_is_bounded(tmp_path: Path) -> None:
    """It never has more octets than it may, and mostly some differences."""
    journals, most = Journals(tmp_path), 1500
    counts = []
    for serial in range(2, 60):
        _add(journals, serial, most=most)
        counts.append(len(_serials(journals)))
        assert _file(tmp_path).stat().st_size <= most
        assert serial == _serials(journals)[-1]
    assert 3 <= max(counts[10:])
    assert 1 <= min(counts)


def test_difference_without_room(tmp_path: Path) -> None:
    """The journal goes on behind it."""
    journals = Journals(tmp_path)
    _add(journals, 2)
    journals.add(_difference(3, octets=255), ORIGIN, 400)
    assert [] == _serials(journals)
    _add(journals, 4, most=400)
    assert [4] == _serials(journals)


def test_damage_is_told_and_gone(tmp_path: Path) -> None:
    """The journal begins anew, with a floor that keeps it honest."""
    journals = Journals(tmp_path)
    _add(journals, 2, 3)
    octets = bytearray(_file(tmp_path).read_bytes())
    octets[-20] ^= 1
    _file(tmp_path).write_bytes(octets)

    assert "its digest does not fit" in journals.add(_difference(4), ORIGIN, MUCH)
    assert "" == journals.add(_difference(5), ORIGIN, MUCH)
    assert [0, 0, 0, 1] == [
        len(journals.read(ORIGIN).since(serial, _stamp(5))) for serial in (1, 2, 3, 4)
    ]


def test_file_that_is_no_journal(tmp_path: Path) -> None:
    """It is replaced."""
    journals = Journals(tmp_path)
    journals.end(ORIGIN, 1)
    _file(tmp_path).write_bytes(b"no journal")

    assert "shorter than its head" in journals.read(ORIGIN).damage
    assert "shorter than its head" in journals.add(_difference(2), ORIGIN, MUCH)
    assert [2] == _serials(journals)


def test_end(tmp_path: Path) -> None:
    """Only the floor is left, which is as high as it has been."""
    journals = Journals(tmp_path)
    _add(journals, 2, 3)
    journals.end(ORIGIN, 1)

    assert ((), 3) == (journals.read(ORIGIN).differences, journals.read(ORIGIN).floor)


def test_names_of_zones(tmp_path: Path) -> None:
    """Whatever octets they have, each zone has a file of its own, in one folder."""
    journals = Journals(tmp_path)
    origins = [Name.from_labels([bytes((n,)) * 63, *([b"\0" * 63] * 2)]) for n in range(9)]
    origins += [Name.parse(text) for text in (".", "a/b.", r"\..", r"a\.b.", "a.b.")]
    for origin in origins:
        journals.end(origin, 1)

    assert len(origins) == len(list((tmp_path / FOLDER).iterdir()))


def test_power_cuts(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 92: old or new, never another; and new for good once that is said."""
    source, copy = tmp_path / "source", tmp_path / "copy"
    (copy / FOLDER).mkdir(parents=True)
    journals = Journals(source)
    journals.end(ORIGIN, 0)
    left: list[tuple[Difference, ...]] = []

    def read(files: dict[str, bytes]) -> None:
        for path in (copy / FOLDER).iterdir():
            path.unlink()
        for name, octets in files.items():
            (copy / FOLDER / name).write_bytes(octets)
        left.append(Journals(copy).read(ORIGIN).differences)

    power, old, new = Power(source / FOLDER, read), 0, 0
    for serial in range(2, 32):
        before = journals.read(ORIGIN).differences
        left.clear()
        with power.watching():
            _add(journals, serial, most=1500)
        after = journals.read(ORIGIN).differences
        assert serial == after[-1].after.serial
        assert {before, after} >= set(left)
        old, new = old + left.count(before), new + left.count(after)
        left.clear()
        power.fail()
        assert {after} == set(left)
    assert min(old, new) > 100
    figures.add("92 power cuts", f"{old + new} images: {old} the old versions, {new} the new")


def _fails(code: int, octets: int = 0) -> Callable[..., int]:
    """A call that fails once some octets are written."""
    room = octets

    def write(descriptor: int, data: bytes, at: int) -> int:
        nonlocal room
        part = data[:room]
        room -= len(part)
        if not part:
            raise OSError(code, os.strerror(code))
        return os.write(descriptor, part) if os.lseek(descriptor, at, 0) == at else 0

    return write


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS])
@pytest.mark.parametrize("octets", [0, 30])
def test_disk_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, octets: int, figures: Figures
) -> None:
    """Acceptance 93: the journal stays as it was, also where half a difference was written."""
    journals = Journals(tmp_path)
    _add(journals, 2, 3)
    before = _file(tmp_path).read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", _fails(code, octets))
        with pytest.raises(OSError, match=os.strerror(code)):
            _add(journals, 4)

    assert before == _file(tmp_path).read_bytes()
    _add(journals, 4)
    assert [2, 3, 4] == _serials(journals)
    figures.add(f"93 journal, {errno.errorcode[code]} after {octets} octets", "as it was")


def test_sync_that_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What may not be on disk is not said to be."""
    journals = Journals(tmp_path)
    _add(journals, 2)

    def fail(_: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            _add(journals, 3)
        with pytest.raises(OSError, match=os.strerror(errno.EIO)):
            journals.end(ORIGIN, 2)

    assert [2] == _serials(journals)
    assert 1 == len(list((tmp_path / FOLDER).iterdir()))


def test_disk_that_takes_little_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything arrives all the same."""
    journals = Journals(tmp_path)
    _add(journals, 2)
    pwrite = os.pwrite
    monkeypatch.setattr(os, "pwrite", lambda file, octets, at: pwrite(file, octets[:7], at))
    _add(journals, 3)

    assert [2, 3] == _serials(journals)
