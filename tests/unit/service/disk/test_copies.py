"""Copies of zones of other servers: how their files are named, and which are looked at."""

from pathlib import Path

import pytest

from zoneserver.names import Name
from zoneserver.service.disk.copies import CopyScanner, copy_path, file_stem, is_copy
from zoneserver.zonefile.encoding import MAX_FILE_OCTETS
from zoneserver.zonefile.source import Kind

ORG, NET = Name.parse("example.org."), Name.parse("example.net.")
WANTED = {ORG: Kind.SECONDARY, NET: Kind.SECONDARY}


@pytest.mark.parametrize(
    ("origin", "stem"),
    [
        ("Example.ORG.", "example.org."),
        ("0/25.2.0.192.in-addr.arpa.", "0%2F25.2.0.192.in-addr.arpa."),
        ("50%.example.", "50%25.example."),
        (".", "."),
        (r"a\.b.example.", r"a\.b.example."),
        (r"\000\255.example.", r"\000\255.example."),
    ],
)
def test_origin_names_one_file(origin: str, stem: str) -> None:
    """In one folder, whatever is in it."""
    assert stem == file_stem(Name.parse(origin))


def test_longest_origins_have_files_of_their_own() -> None:
    """A file's name may not be as long as a zone's in presentation format."""
    origins = [Name.parse(".".join([rf"\{number:03d}" * 60] * 4) + ".") for number in (1, 2)]
    stems = {file_stem(origin) for origin in origins}

    assert 2 == len(stems)
    assert max(map(len, stems)) < 200


def test_only_what_has_changed_is_read(tmp_path: Path) -> None:
    """What changed without anybody saying so, is seen by the next look at everything."""
    scanner, paths = CopyScanner(), [copy_path(tmp_path, each) for each in WANTED]
    for path in paths:
        path.write_text("1")
    assert WANTED.keys() == {each.origin for each in scanner.scan(tmp_path, WANTED).read}
    for path in paths:
        path.write_text("22")
    told = scanner.scan(tmp_path, WANTED, frozenset({str(paths[0])}))

    assert [ORG] == [each.origin for each in told.read]
    assert {NET} == told.unchanged
    assert [NET] == [each.origin for each in scanner.scan(tmp_path, WANTED).read]


def test_copy_that_cannot_be_read_is_one_all_the_same(tmp_path: Path) -> None:
    """It is not missing, so the zone that stands is not taken away."""
    copy_path(tmp_path, ORG).mkdir()
    copies = CopyScanner().scan(tmp_path, {ORG: Kind.SECONDARY})

    assert not copies.missing
    assert ["SY009"] == [each.code for each in copies.read[0].findings]


def test_copy_may_be_larger_than_a_zone_file(tmp_path: Path) -> None:
    """How large is for the one who fetches it to say."""
    path = copy_path(tmp_path, ORG)
    with path.open("wb") as file:
        file.truncate(MAX_FILE_OCTETS + 1)
    (read,) = CopyScanner().scan(tmp_path, {ORG: Kind.SECONDARY}).read

    assert () == read.findings
    assert MAX_FILE_OCTETS + 1 == read.octets


def test_file_is_a_copy_where_the_courier_puts_them(tmp_path: Path) -> None:
    """And nowhere else."""
    assert is_copy(tmp_path, str(tmp_path / "copies/example.org.zone"))
    assert not is_copy(tmp_path, str(tmp_path / "zones/example.org.yaml"))
