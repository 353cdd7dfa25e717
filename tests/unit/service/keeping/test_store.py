"""The image files in the state directory: whole, or not served."""

import json
import os
from pathlib import Path

import pytest

from tests.logs import read_log
from tests.zones_text import name, zone
from zoneserver.image import format as f
from zoneserver.image.compile import compile_zone
from zoneserver.service.keeping import store as module
from zoneserver.service.keeping.store import (
    FOLDER,
    MANIFEST,
    SUFFIX,
    Served,
    Store,
    StoreError,
    open_image_file,
    read_places,
)

ZONES = [zone("www A 192.0.2.1"), zone("*.w MX 5 www", "example.net.")]
IMAGES = [(each.origin.key, compile_zone(each)) for each in ZONES]


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where a store without a state keeps its files."""
    folder = tmp_path / "memory"
    folder.mkdir()
    monkeypatch.setattr(module, "_MEMORY", folder)
    return folder


def _kept(folder: Path) -> tuple[Store, Served]:
    """A store of which two files are to be served again."""
    store = Store(folder / "state", folder / "zones")
    files = (store.write(lambda: IMAGES), store.write(lambda: IMAGES[:1]))
    served = Served(files, (name("gone.example."),), (name("refused.example."),))
    store.keep(served)
    return store, served


def _again(folder: Path, zones: str = "zones") -> Store:
    return Store(folder / "state", folder / zones)


def test_files_are_image_files(tmp_path: Path) -> None:
    """With a digest, a directory, and every zone as it was given."""
    path = Store(tmp_path, tmp_path).write(lambda: IMAGES)
    octets = open_image_file(path)
    f.check_file(octets)
    places = read_places(path)

    assert dict(IMAGES) == {
        key: bytes(place.octets[place.offset : place.offset + place.length])
        for key, place in places.items()
    }
    assert 0o600 == Path(path).stat().st_mode & 0o777


def test_file_without_zones(tmp_path: Path) -> None:
    """Where all zones are refused."""
    path = Store(tmp_path, tmp_path).write(list)
    f.check_file(open_image_file(path))

    assert {} == read_places(path)


def test_restart(tmp_path: Path) -> None:
    """What was kept is what is served, in the same order."""
    _, served = _kept(tmp_path)

    assert served == _again(tmp_path).restore()


def test_restart_from_a_relative_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state is where it is, however that was written."""
    monkeypatch.chdir(tmp_path)
    store = Store(Path("state"), Path("zones"))
    served = Served((store.write(lambda: IMAGES),))
    store.keep(served)

    found = _again(tmp_path).restore()
    assert found is not None
    assert served.files == found.files


def test_first_start(tmp_path: Path) -> None:
    """There is nothing yet, and that is no mistake."""
    assert _again(tmp_path).restore() is None


def test_state_of_another_folder_of_zones(tmp_path: Path) -> None:
    """A server with other zones does not serve these."""
    _kept(tmp_path)

    assert _again(tmp_path, "others").restore() is None


def test_file_that_is_gone(tmp_path: Path) -> None:
    """The zones are read anew."""
    _, served = _kept(tmp_path)
    Path(served.files[0]).unlink()

    assert _again(tmp_path).restore() is None


def _damage(path: Path, at: int) -> None:
    octets = bytearray(path.read_bytes())
    octets[at] ^= 1
    path.write_bytes(octets)


@pytest.mark.parametrize("at", [0, 8, 16, 32, 40, 100, -100, -1])
@pytest.mark.parametrize("number", [0, 1])
def test_damaged_file(tmp_path: Path, number: int, at: int) -> None:
    """One wrong bit in one of the files is enough not to serve any of it."""
    _, served = _kept(tmp_path)
    _damage(Path(served.files[number]), at)

    with pytest.raises(StoreError, match="images is damaged"):
        _again(tmp_path).restore()


@pytest.mark.parametrize("octets", [0, 10, 48, 500])
def test_cut_file(tmp_path: Path, octets: int) -> None:
    """So is a file that a crash cut off."""
    _, served = _kept(tmp_path)
    os.truncate(served.files[0], octets)

    with pytest.raises(StoreError, match="images is damaged"):
        _again(tmp_path).restore()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        "3",
        "{}",
        '{"zones": 1}',
        "\udcff",
        "NAMED",
        "NUMBER",
        "[" * 100_000,
    ],
)
def test_damaged_manifest(tmp_path: Path, text: str) -> None:
    """Whatever it is, it is said or passed over; it stops no start."""
    _kept(tmp_path)
    path = tmp_path / "state" / FOLDER / MANIFEST
    document = json.loads(path.read_text())
    if text == "NAMED":
        text = json.dumps({**document, "gone": ["a..b"]})
    elif text == "NUMBER":
        text = json.dumps({**document, "files": 7})
    path.write_text(text, errors="surrogateescape")
    if text == '{"zones": 1}':
        assert _again(tmp_path).restore() is None
        return

    with pytest.raises(StoreError, match="images is damaged"):
        _again(tmp_path).restore()


def test_manifest_names_no_file_elsewhere(tmp_path: Path) -> None:
    """A name is looked for in the folder only."""
    _, served = _kept(tmp_path)
    outside = tmp_path / Path(served.files[0]).name
    Path(served.files[0]).rename(outside)
    path = tmp_path / "state" / FOLDER / MANIFEST
    document = json.loads(path.read_text())
    document["files"] = [str(outside)]
    path.write_text(json.dumps(document))

    assert _again(tmp_path).restore() is None


def test_link_is_not_followed(tmp_path: Path) -> None:
    """An image file is a file of its own."""
    _, served = _kept(tmp_path)
    Path(served.files[0]).rename(tmp_path / "elsewhere")
    Path(served.files[0]).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StoreError, match="cannot be read"):
        _again(tmp_path).restore()


def test_sweep(tmp_path: Path) -> None:
    """What is not served any more goes, and what a crash left; other files stay."""
    store, served = _kept(tmp_path)
    folder = tmp_path / "state" / FOLDER
    (folder / f"left{SUFFIX}").write_bytes(b"half")
    (folder / "note.txt").write_text("mine")
    store.sweep(Served(served.files[1:]))

    assert {Path(served.files[1]).name, MANIFEST, "note.txt"} == {
        path.name for path in folder.iterdir()
    }


def test_state_that_is_of_no_use(
    tmp_path: Path, memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is said, and the zones are served from memory, as long as the server runs."""
    (tmp_path / "state").write_text("a file, where a folder is due")
    store = Store.choose(tmp_path / "state", tmp_path)
    path = store.write(lambda: IMAGES)
    with pytest.raises(StoreError, match="could not be written"):
        store.keep(Served((path,)))

    assert "cannot be used: Not a directory" in read_log(caplog)
    assert store.restore() is None
    assert memory in Path(path).parents
    store.close()
    assert [] == list(memory.iterdir())


def test_no_state(tmp_path: Path, memory: Path) -> None:
    """Nobody gave one: the same, and nothing to be said."""
    store = Store.choose(None, tmp_path)
    path = store.write(lambda: IMAGES)

    assert memory in Path(path).parents
    assert 0o700 == Path(path).parent.stat().st_mode & 0o777
    store.close()
    assert [] == list(memory.iterdir())


def test_state_that_breaks(
    tmp_path: Path, memory: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What is new is served from memory; a restart has the old, or nothing."""
    store, served = _kept(tmp_path)
    (tmp_path / "state").rename(tmp_path / "gone")
    (tmp_path / "state").write_text("a file, where a folder is due")
    path = store.write(lambda: IMAGES)
    for _ in range(9):
        store.write(lambda: IMAGES)
    with pytest.raises(StoreError, match="could not be written"):
        store.keep(Served((path,)))
    store.sweep(Served((path,)))

    assert memory in Path(path).parents
    assert 1 == read_log(caplog).count("cannot be written: Not a directory")
    assert not store.can_write()
    (tmp_path / "state").unlink()
    (tmp_path / "gone").rename(tmp_path / "state")
    assert served == _again(tmp_path).restore()
    store.close()


def test_closed_store_leaves_the_state(tmp_path: Path, memory: Path) -> None:
    """That is what it is for."""
    store, served = _kept(tmp_path)
    store.close()

    assert served == _again(tmp_path).restore()
    assert [] == list(memory.iterdir())


def test_failed_write_leaves_nothing(tmp_path: Path, memory: Path) -> None:
    """Neither here nor there."""

    def fail() -> list[tuple[bytes, bytes]]:
        raise OSError(28, "No space left on device")

    store = Store(tmp_path / "state", tmp_path)
    with pytest.raises(StoreError, match="No space left"):
        store.write(fail)

    assert [] == list(tmp_path.rglob(f"*{SUFFIX}"))
    assert [] == list(memory.rglob(f"*{SUFFIX}"))
