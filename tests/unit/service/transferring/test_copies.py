"""Copies of zones on disk: what is written, and what is left of what is not."""

import os
from pathlib import Path

import pytest

from tests.unit.transfer.answers import A1, A2, A3, NOW, NS, ORIGIN, answer, changes, soa, whole
from zoneserver.errors import TransferError
from zoneserver.names import ROOT, Name
from zoneserver.service.transferring.copies import HEADING, Copies, Facts
from zoneserver.transfer.incoming import Incoming

MUCH = 1 << 20
ZONE = f"""\
{HEADING}
$ORIGIN example.org.
{soa(7)}
{NS}
{A1}
"""


@pytest.fixture
def copies(tmp_path: Path) -> Copies:
    """Those of a new state directory."""
    return Copies(tmp_path)


def _names(tmp_path: Path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "copies").iterdir())


def _text(tmp_path: Path) -> str:
    lines = (tmp_path / "copies/example.org.zone").read_text().splitlines(keepends=True)
    return "".join(lines[:2] + [line.replace("\t", " ") for line in lines[2:]])


def _take(copies: Copies, *rows: str, most: int = MUCH) -> None:
    """Keep a whole zone that comes."""
    with copies.begin(ORIGIN, most) as copy:
        copy.add(whole().receive(answer(*rows, rows[0]), NOW))
        copy.keep()


def _change(copies: Copies, *rows: str, serial: int = 7) -> None:
    """Apply differences that come."""
    incoming: Incoming = changes(serial)
    incoming.receive(answer(*rows, qtype="IXFR"), NOW)
    assert incoming.soa
    copies.change(ORIGIN, incoming.differences, incoming.soa, MUCH)


def test_whole_zone_is_kept(copies: Copies, tmp_path: Path) -> None:
    """One record on each line, as it came; for nobody else to read."""
    _take(copies, soa(7), NS, A1)

    assert ZONE == _text(tmp_path)
    found = copies.read_soa(ORIGIN)
    assert found
    assert (7, 7200) == (found.serial, found.refresh)
    (path,) = (tmp_path / "copies").iterdir()
    assert 0o600 == path.stat().st_mode & 0o777
    assert path.stat().st_size == copies.count_octets(ORIGIN)


def test_what_is_not_kept_is_gone(copies: Copies, tmp_path: Path) -> None:
    """The old copy stays as it was until the new one is whole."""
    _take(copies, soa(7), NS, A1)
    with copies.begin(ORIGIN, MUCH) as copy:
        copy.add(whole().receive(answer(soa(8), NS), NOW))

    assert ZONE == _text(tmp_path)
    assert ["example.org.zone"] == _names(tmp_path)


def test_larger_than_a_zone_may_be(copies: Copies, tmp_path: Path) -> None:
    """As text, of which compressed messages can hold very much."""
    _take(copies, soa(7), NS, A1)
    with pytest.raises(TransferError, match="larger"):
        _take(copies, soa(8), NS, A1, A2, most=200)

    assert ZONE == _text(tmp_path)


def test_differences_are_applied(copies: Copies, tmp_path: Path) -> None:
    """The SOA is the new one."""
    _take(copies, soa(7), NS, A1)
    _change(copies, soa(9), soa(7), A1, soa(8), A2, soa(8), soa(9), A3, soa(9))

    expected = ZONE.replace(soa(7), soa(9)).replace(f"{A1}\n", f"{A2}\n{A3}\n")
    assert expected == _text(tmp_path)


def test_differences_that_do_not_fit(copies: Copies, tmp_path: Path) -> None:
    """The copy stays as it was."""
    _take(copies, soa(7), NS, A1)
    with pytest.raises(TransferError, match="not there"):
        _change(copies, soa(8), soa(7), A2, soa(8), soa(8))

    assert ZONE == _text(tmp_path)
    assert ["example.org.zone"] == _names(tmp_path)


def test_damaged_copy_is_none(copies: Copies, tmp_path: Path) -> None:
    """Nor is one without an SOA at its beginning."""
    path = tmp_path / "copies/example.org.zone"
    assert copies.read_soa(ORIGIN) is None
    assert 0 == copies.count_octets(ORIGIN)
    _take(copies, soa(7), NS, A1)
    for text in ("", HEADING, ZONE.replace(soa(7), A1), "\0\0", f"{NS}\n{ZONE}"):
        path.write_text(text)
        assert copies.read_soa(ORIGIN) is None


def test_facts(copies: Copies, tmp_path: Path) -> None:
    """They come back; where they are lost, the file tells how old it is."""
    _take(copies, soa(7), NS, A1)
    facts = Facts("192.0.2.1:53", 1000.5, 2000.5)
    copies.note(ORIGIN, facts)
    os.utime(tmp_path / "copies/example.org.zone", (1000, 1000))

    assert facts == copies.read_facts(ORIGIN)
    os.utime(tmp_path / "copies/example.org.zone", (5000, 5000))
    for text in (
        "",
        "{}",
        "[]",
        '{"primary": "", "fetched": "x", "checked": 1}',
        "[" * 100_000,
    ):
        (tmp_path / "copies/example.org.json").write_text(text)
        assert Facts("", 5000, 5000) == copies.read_facts(ORIGIN)
    assert Facts() == copies.read_facts(ROOT)


def test_copy_is_newer_than_what_is_known(copies: Copies, tmp_path: Path) -> None:
    """A crash came before that was written: the copy was right when it was."""
    _take(copies, soa(7), NS, A1)
    copies.note(ORIGIN, Facts("192.0.2.1:53", 1000.5, 2000.5))
    os.utime(tmp_path / "copies/example.org.zone", (3000, 3000))

    assert copies.read_facts(ORIGIN).checked == 3000


def test_expired_copy_has_another_name(copies: Copies, tmp_path: Path) -> None:
    """So it is there for people, but not for the server."""
    _take(copies, soa(7), NS, A1)
    copies.expire(ORIGIN)

    assert copies.read_soa(ORIGIN) is None
    assert ["example.org.expired"] == _names(tmp_path)
    copies.forget_expired(ORIGIN)
    copies.forget_expired(ORIGIN)
    assert [] == _names(tmp_path)


def test_sweep(copies: Copies, tmp_path: Path) -> None:
    """What belongs to no zone of ours goes, and what a crash has left."""
    copies.sweep([ORIGIN])  # there is no folder yet
    _take(copies, soa(7), NS, A1)
    copies.note(ORIGIN, Facts())
    kept = _names(tmp_path)
    for name in ("example.net.zone", "example.net.json", "example.org.zone.x1y2z3"):
        (tmp_path / "copies" / name).write_text("")
    copies.sweep([ORIGIN])

    assert kept == _names(tmp_path)
    copies.sweep([])
    assert [] == _names(tmp_path)


@pytest.mark.parametrize("text", [".", "org.", "0/25.2.0.192.in-addr.arpa.", "a" * 63 + ".b."])
def test_names_of_files(copies: Copies, tmp_path: Path, text: str) -> None:
    """Every zone has its own, in the folder and nowhere else (RFC 2317 4 has slashes)."""
    origin = Name.parse(text)
    with copies.begin(origin, MUCH) as copy:
        copy.keep()

    assert 1 == len(list((tmp_path / "copies").iterdir()))
