"""Files that are written in place: at once, with their mode, and never over another's work."""

import os
import stat
from pathlib import Path

import pytest

from zoneserver.errors import StartError
from zoneserver.service.checking.mending import Change
from zoneserver.service.disk import writing
from zoneserver.service.disk.writing import write_changes


def change(path: Path, new: bytes = b"new\n") -> Change:
    """A change of a file that holds `old`."""
    return Change(path, path.parent, b"old\n", new)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that holds `old`."""
    path = tmp_path / "example.com.yaml"
    path.write_bytes(b"old\n")
    return path


@pytest.mark.parametrize("mode", [0o600, 0o664, 0o444])
def test_mode(path: Path, mode: int) -> None:
    """The new file has the mode of the old one, whatever the umask."""
    path.chmod(mode)
    umask = os.umask(0o077)
    try:
        write_changes([change(path)])
    finally:
        os.umask(umask)

    assert path.read_bytes() == b"new\n"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_in_one_step(path: Path) -> None:
    """Who has the old file open goes on reading it whole; nothing is left beside the new."""
    with path.open("rb") as file:
        write_changes([change(path)])

        assert file.read() == b"old\n"
    assert list(path.parent.iterdir()) == [path]


def test_group(path: Path) -> None:
    """A file keeps its group."""
    groups = [group for group in os.getgroups() if group != path.stat().st_gid]
    if os.geteuid() == 0:
        groups.append(4711)
    if not groups:
        pytest.skip("there is no second group to give it to")
    os.chown(path, -1, groups[0])
    write_changes([change(path)])

    assert path.stat().st_gid == groups[0]


def test_changed_meanwhile(path: Path, tmp_path: Path) -> None:
    """Then nothing is written, not even the other files."""
    other = tmp_path / "other.yaml"
    other.write_bytes(b"somebody's work\n")
    with pytest.raises(StartError, match=r"other\.yaml: it was changed meanwhile.*nothing is"):
        write_changes([change(path), change(other)])

    assert path.read_bytes() == b"old\n"
    assert other.read_bytes() == b"somebody's work\n"


def test_changed_at_the_last_moment(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is compared again when the new one is ready; that one goes away."""
    keep_owner = writing._keep_owner

    def meanwhile(descriptor: int, before: os.stat_result) -> None:
        keep_owner(descriptor, before)
        path.write_bytes(b"somebody's work\n")

    monkeypatch.setattr(writing, "_keep_owner", meanwhile)
    with pytest.raises(StartError, match="changed meanwhile"):
        write_changes([change(path)])

    assert path.read_bytes() == b"somebody's work\n"
    assert list(path.parent.iterdir()) == [path]


def test_gone(path: Path) -> None:
    """A file that was deleted does not come back."""
    path.unlink()
    with pytest.raises(StartError, match="nothing is written"):
        write_changes([change(path)])

    assert not path.exists()


def test_which_are_written(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the second fails, the message names the first."""
    other = tmp_path / "other.yaml"
    other.write_bytes(b"old\n")
    replace = os.replace

    def fail(source: str, target: Path) -> None:
        if target == other:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(
        StartError, match=r"No space.*written before that: .*example\.com\.yaml"
    ):
        write_changes([change(path), change(other)])

    assert (path.read_bytes(), other.read_bytes()) == (b"new\n", b"old\n")


def test_links(path: Path, tmp_path: Path) -> None:
    """What a link leads to is written, not the link; but nothing outside the folder."""
    folder = tmp_path / "zones"
    folder.mkdir()
    inside = folder / "real.yaml"
    inside.write_bytes(b"old\n")
    link, way_out = folder / "link.yaml", folder / "out.yaml"
    link.symlink_to("real.yaml")
    way_out.symlink_to(path)
    write_changes([change(link)])

    assert link.is_symlink()
    assert inside.read_bytes() == b"new\n"
    with pytest.raises(StartError, match="leads out of the folder"):
        write_changes([change(way_out)])
    assert path.read_bytes() == b"old\n"
