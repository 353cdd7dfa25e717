"""What of a zones folder has to be read again, and what need not be opened."""

import os
import shutil
from pathlib import Path

import pytest

from tests.servers import GOOD_ZONE, OTHER_ZONE, write_zones
from zoneserver.names import Name
from zoneserver.service.disk.files import sign
from zoneserver.service.disk.scan import Scanner

COM, NET = Name.parse("example.com."), Name.parse("example.net.")


def _folder(tmp_path: Path) -> Path:
    return write_zones(tmp_path, example_com=GOOD_ZONE, example_net=OTHER_ZONE)


def _read(scanner: Scanner, folder: Path) -> set[str]:
    return {str(each.origin) for each in scanner.scan(folder).read}


def test_first_look_reads_everything(tmp_path: Path) -> None:
    """And the second one nothing."""
    folder, scanner = _folder(tmp_path), Scanner()

    assert {"example.com.", "example.net."} == _read(scanner, folder)
    again = scanner.scan(folder)
    assert () == again.read
    assert {COM, NET} == again.origins


def test_edit_is_seen_whatever_its_times_say(tmp_path: Path) -> None:
    """Same size, same mtime: the kernel has noted the change all the same."""
    folder, scanner = _folder(tmp_path), Scanner()
    scanner.scan(folder)
    path = folder / "example.com.yaml"
    before = path.stat()
    path.write_text(GOOD_ZONE.replace("192.0.2.25", "192.0.2.99"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))

    assert before.st_size == path.stat().st_size
    assert {"example.com."} == _read(scanner, folder)


def test_file_that_replaces_another(tmp_path: Path) -> None:
    """As editors save, and as Kubernetes flips a symbolic link."""
    folder, scanner = _folder(tmp_path), Scanner()
    link = folder / "example.org.yaml"
    for number in (1, 2):
        (tmp_path / f"v{number}.yaml").write_text(GOOD_ZONE)
    os.link(tmp_path / "v1.yaml", folder / "..v1")
    os.link(tmp_path / "v2.yaml", folder / "..v2")
    link.symlink_to("..v1")
    scanner.scan(folder)
    flipped = folder / "..flip"
    flipped.symlink_to("..v2")
    flipped.rename(link)

    assert {"example.org."} == _read(scanner, folder)


def test_file_that_goes_and_comes_back(tmp_path: Path) -> None:
    """It is not among the unchanged, and is read when it is there again."""
    folder, scanner = _folder(tmp_path), Scanner()
    scanner.scan(folder)
    (folder / "example.net.yaml").rename(tmp_path / "kept")
    gone = scanner.scan(folder)
    shutil.move(tmp_path / "kept", folder / "example.net.yaml")

    assert ((), frozenset({COM})) == (gone.read, gone.origins)
    assert {"example.net."} == _read(scanner, folder)


def test_split_zone_gains_a_file(tmp_path: Path) -> None:
    """A new member is as good as an edit of an old one."""
    folder, scanner = _folder(tmp_path), Scanner()
    split = folder / "example.org."
    split.mkdir()
    (split / "a.yaml").write_text(GOOD_ZONE)
    scanner.scan(folder)
    assert set() == _read(scanner, folder)
    (split / "b.yaml").write_text("www: {type: A, value: 192.0.2.1}")
    assert {"example.org."} == _read(scanner, folder)
    (split / "b.yaml").write_text("www: {type: A, value: 192.0.2.2}")
    assert {"example.org."} == _read(scanner, folder)


def test_two_places_for_one_zone(tmp_path: Path) -> None:
    """Both are needed to say so, although one has not changed; and again until it is mended."""
    folder, scanner = _folder(tmp_path), Scanner()
    scanner.scan(folder)
    (folder / "example.com.").mkdir()
    (folder / "example.com./a.yaml").write_text(GOOD_ZONE)
    for _ in range(2):
        (found,) = scanner.scan(folder).read
        assert 2 == len(found.findings)
    shutil.rmtree(folder / "example.com.")

    assert frozenset({COM, NET}) == scanner.scan(folder).origins


def test_included_file_counts(tmp_path: Path) -> None:
    """Once it is known what a zone includes."""
    folder, scanner = _folder(tmp_path), Scanner()
    (folder / "shared").mkdir()
    (folder / "shared/mx.yaml").write_text("{type: A, value: 192.0.2.1}")
    (folder / "example.com.yaml").write_text("mail: !include shared/mx.yaml")
    (zone,) = (each for each in scanner.scan(folder).read if each.origin == COM)
    zone.include("shared/mx.yaml")
    scanner.note({COM: zone.include.signatures})
    assert set() == _read(scanner, folder)
    (folder / "shared/mx.yaml").write_text("{type: A, value: 192.0.2.2}")

    assert {"example.com."} == _read(scanner, folder)


def test_forgotten_zone_is_read_once_more(tmp_path: Path) -> None:
    """What was not admitted may be mended by another zone."""
    folder, scanner = _folder(tmp_path), Scanner()
    scanner.scan(folder)
    scanner.forget({NET})

    assert {"example.net."} == _read(scanner, folder)
    assert set() == _read(scanner, folder)


def _read_at(scanner: Scanner, folder: Path, *paths: Path) -> set[str]:
    return {
        str(each.origin) for each in scanner.scan(folder, 0.0, frozenset(map(str, paths))).read
    }


def test_only_what_has_changed_is_looked_at(tmp_path: Path) -> None:
    """Where somebody says what that is."""
    folder, scanner = _folder(tmp_path), Scanner()
    scanner.scan(folder)
    for name in ("example.com.yaml", "example.net.yaml"):
        (folder / name).write_text(GOOD_ZONE.replace("192.0.2.25", "192.0.2.99"))

    assert {"example.com."} == _read_at(scanner, folder, folder / "example.com.yaml")
    assert {"example.net."} == _read(scanner, folder)


def test_new_and_removed_files_are_found_by_their_names(tmp_path: Path) -> None:
    """As zones of their own, as parts of a split zone, and as what they were."""
    folder, scanner = _folder(tmp_path), Scanner()
    split = folder / "example.org."
    split.mkdir()
    (split / "a.yaml").write_text(GOOD_ZONE)
    scanner.scan(folder)
    new, part, gone = folder / "new.example.yaml", split / "b.yaml", folder / "example.net.yaml"
    new.write_text(GOOD_ZONE)
    part.write_text("www: {type: A, value: 192.0.2.1}")
    gone.unlink()

    assert {"new.example.", "example.org."} == _read_at(scanner, folder, new, part, gone)
    origins = {COM, Name.parse("example.org."), Name.parse("new.example.")}
    assert origins == scanner.scan(folder, 0.0, frozenset({str(gone)})).origins


def test_included_file_touches_who_includes_it(tmp_path: Path) -> None:
    """By the signature that was noted for it."""
    folder, scanner = _folder(tmp_path), Scanner()
    shared = folder / "shared.part"
    shared.write_text("a")
    scanner.scan(folder)
    scanner.note({COM: {str(shared): sign(str(shared))}})
    shared.write_text("ab")

    assert {"example.com."} == _read_at(scanner, folder, shared)


@pytest.mark.parametrize("name", ["..data", "strange", "sub/a.yaml", "new.example.yml"])
def test_what_is_not_understood_makes_it_look_at_everything(tmp_path: Path, name: str) -> None:
    """A link that is turned may change any file."""
    folder, scanner = _folder(tmp_path), Scanner()
    scanner.scan(folder)
    (folder / "example.net.yaml").write_text(GOOD_ZONE)

    known = {"example.net."} if name != "new.example.yml" else set()
    assert known == _read_at(scanner, folder, folder / name)


def test_refused_twin_is_read_when_the_other_goes(tmp_path: Path) -> None:
    """Though its own file has not changed."""
    folder, scanner = _folder(tmp_path), Scanner()
    twin = folder / "example.com."
    twin.mkdir()
    (twin / "a.yaml").write_text(GOOD_ZONE)
    scanner.scan(folder)
    scanner.forget({COM})
    shutil.rmtree(twin)

    assert {"example.com."} == _read_at(scanner, folder, twin)


def test_who_remembers_nothing_looks_at_everything(tmp_path: Path) -> None:
    """Whatever is said to have changed."""
    folder = _folder(tmp_path)

    assert {"example.com.", "example.net."} == _read_at(Scanner(), folder, folder / "x.yaml")
