"""The watcher: what it takes for a change, and what it does where the kernel does not tell."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from zoneserver.service.disk import watcher as module
from zoneserver.service.disk.inotify import Inotify, is_hidden
from zoneserver.service.disk.watcher import Watcher, look_at_files, walk

SECONDS = 20.0


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one file, and one below."""
    (tmp_path / "zones/shared").mkdir(parents=True)
    (tmp_path / "zones/a.yaml").write_text("a")
    (tmp_path / "zones/shared/b.yaml").write_text("b")
    return tmp_path / "zones"


@pytest.fixture(params=["told", "polling"])
def watcher(
    request: pytest.FixtureRequest, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Watcher:
    """One that the kernel tells of changes, and one that looks for itself."""
    monkeypatch.setattr(module, "POLL_SECONDS", 0.05)
    if request.param == "polling":
        monkeypatch.setattr(Inotify, "add", _no_room)
    return Watcher([folder])


def _no_room(*_: object) -> None:
    raise OSError(28, "No space left on device")


def _notices(watcher: Watcher) -> bool:
    """Whether the watcher returns."""
    waiting = threading.Thread(target=watcher.wait, daemon=True)
    waiting.start()
    waiting.join(SECONDS)
    return not waiting.is_alive()


def _touch(folder: Path) -> None:
    (folder / "a.yaml").write_text("b")


def _touch_below(folder: Path) -> None:
    (folder / "shared/b.yaml").write_text("c")


def _add(folder: Path) -> None:
    (folder / "new.yaml").write_text("d")


def _add_folder(folder: Path) -> None:
    (folder / "more").mkdir()


def _remove(folder: Path) -> None:
    (folder / "a.yaml").unlink()


def _close(folder: Path) -> None:
    (folder / "a.yaml").chmod(0)


def _exchange(folder: Path) -> None:
    """Another folder in its place."""
    folder.rename(folder.with_name("old"))
    folder.mkdir()


def _lose(folder: Path) -> None:
    folder.rename(folder.with_name("old"))


CHANGES = [_touch, _touch_below, _add, _add_folder, _remove, _close, _exchange, _lose]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.strip("_"))
def test_change_is_noticed(watcher: Watcher, folder: Path, change: object) -> None:
    """Whatever becomes of a file or a folder."""
    assert callable(change)
    change(folder)

    assert _notices(watcher)


def test_folder_that_comes_back_is_watched(watcher: Watcher, folder: Path) -> None:
    """And so are folders that are made, and what comes into them."""
    _lose(folder)
    assert _notices(watcher)
    folder.mkdir()
    assert _notices(watcher)
    (folder / "deep/deeper").mkdir(parents=True)
    assert _notices(watcher)
    (folder / "deep/deeper/c.yaml").write_text("c")
    assert _notices(watcher)


def test_change_is_waited_out(watcher: Watcher, folder: Path) -> None:
    """It is complete when nothing has happened for a moment."""

    def write() -> None:
        for number in range(10):
            (folder / "a.yaml").write_text(str(number))
            time.sleep(0.05)

    writing = threading.Thread(target=write)
    writing.start()
    assert _notices(watcher)
    is_over = not writing.is_alive()
    writing.join()

    assert is_over


def test_change_without_end_is_told(
    watcher: Watcher, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that is written all the time keeps no other from being read."""
    monkeypatch.setattr(module, "MOST_SETTLE_SECONDS", 0.5)
    over = threading.Event()

    def write() -> None:
        while not over.wait(0.02):
            (folder / "a.yaml").write_text(str(time.monotonic()))

    writing = threading.Thread(target=write)
    writing.start()
    noticed = _notices(watcher)
    over.set()
    writing.join()

    assert noticed


def test_lack_of_room_is_told_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """With the limit to raise."""
    monkeypatch.setattr(Inotify, "add", _no_room)
    watcher = Watcher([folder])
    watcher._watch()

    (record,) = caplog.records
    assert "max_user_watches with sysctl" in record.getMessage()


@pytest.mark.parametrize(
    ("change", "named"),
    [(_touch, {"a.yaml"}), (_touch_below, {"shared/b.yaml"}), (_add, {"new.yaml"}),
     (_remove, {"a.yaml"}), (_add_folder, None), (_exchange, None)],
)  # fmt: skip
def test_changed_files_are_named(
    watcher: Watcher, folder: Path, change: Callable[[Path], None], named: set[str] | None
) -> None:
    """Where it is files that have changed, and no folder."""
    change(folder)
    changed = watcher.wait()

    if watcher._inotify is None and change is _add_folder:
        named = {"more"}  # which looks like a file from outside
    assert (None if named is None else {str(folder / each) for each in named}) == changed


@pytest.mark.parametrize("change", [_touch, _remove, _add], ids=lambda change: change.__name__)
def test_what_was_told_is_known(
    watcher: Watcher, folder: Path, change: Callable[[Path], None]
) -> None:
    """It is not found a second time."""
    change(folder)
    watcher.refresh(watcher.wait())

    assert look_at_files(str(folder)) == watcher._files


def test_many_files_are_looked_at_less_often(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look takes a hundredth of the time, and no more."""
    watcher = Watcher([folder])
    slow = look_at_files

    def look_slowly(path: str) -> dict[str, int]:
        end = time.process_time() + 0.05
        while time.process_time() < end:
            pass
        return slow(path)

    monkeypatch.setattr(module, "look_at_files", look_slowly)
    watcher._look()

    assert watcher._next_look - time.monotonic() > 4.0


@pytest.mark.parametrize(
    ("name", "hidden"),
    [("a.yaml", False), (".a.yaml.swp", True), (".git", True), ("#a.yaml#", True),
     ("..data", False), ("..2026_01_01", False)],
)  # fmt: skip
def test_what_is_hidden(name: str, *, hidden: bool) -> None:
    """What editors and version control keep; not the link that Kubernetes turns."""
    assert hidden is is_hidden(name)


def test_walk(folder: Path) -> None:
    """Neither into hidden folders nor through links."""
    (folder / ".git/objects").mkdir(parents=True)
    (folder / "link").symlink_to(folder)

    assert [str(folder), str(folder / "shared")] == walk(str(folder))


def test_hidden_files_make_no_difference(folder: Path) -> None:
    """An editor's swap file changes all the time."""
    before = look_at_files(str(folder))
    (folder / ".a.yaml.swp").write_text("x")
    unchanged = look_at_files(str(folder))
    (folder / "a.yaml").write_text("x")

    assert before == unchanged != look_at_files(str(folder))


@pytest.mark.usefixtures("watcher")
def test_several_folders(folder: Path, tmp_path: Path) -> None:
    """What happens in any of them is told; one that comes later is watched from then on."""
    other = tmp_path / "other"
    both = Watcher([folder, other])
    _touch(folder)
    assert _notices(both)
    other.mkdir()
    assert _notices(both)
    _touch(other)
    assert _notices(both)
