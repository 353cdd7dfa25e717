"""Edits that are taken up by themselves: however they are saved, and whatever comes between."""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.figures import Figures
from tests.servers import GOOD_ZONE, ServerProcess, running, write_zones

NOTICED_SECONDS = 2.0
NAME = "example.com.yaml"


def _zone(preference: int) -> str:
    return GOOD_ZONE.replace("preference: 10", f"preference: {preference}")


def _wait_for(server: ServerProcess, preference: int, seconds: float = 10.0) -> float:
    """Return how long it took until a version was served, in seconds."""
    begin = time.monotonic()
    expected = [f"{preference} mail.example.com."]
    while server.exchanges("example.com") != expected:
        assert time.monotonic() < begin + seconds, server.log.seen
        time.sleep(0.01)
    return time.monotonic() - begin


def _truncate_and_write(path: Path, text: str) -> None:
    path.write_text(text)


def _rename_over(path: Path, text: str) -> None:
    """As `mv`, and most editors' safe way."""
    new = path.with_name("new.tmp")
    new.write_text(text)
    new.rename(path)


def _as_vi(path: Path, text: str) -> None:
    """Swap file, probe, the old file moved aside, a new one written, the backup removed."""
    swap, probe = path.with_name(f".{path.name}.swp"), path.with_name("4913")
    swap.write_bytes(b"b0VIM 9.0")
    probe.write_text("")
    probe.unlink()
    backup = path.with_name(f"{path.name}~")
    path.rename(backup)
    path.write_text(text)
    backup.unlink()
    swap.unlink()


def _as_emacs(path: Path, text: str) -> None:
    """A lock that is a link to nothing, an auto-save file, a backup that stays."""
    lock, saved = path.with_name(f".#{path.name}"), path.with_name(f"#{path.name}#")
    lock.symlink_to("somebody@somewhere.1234:1")
    saved.write_text(text)
    path.with_name(f"{path.name}~").write_text(path.read_text())
    path.write_text(text)
    saved.unlink()
    lock.unlink()


def _by_command(*words: str) -> Callable[[Path, str], None]:
    """A program that gets the new text as `new` beside the zones folder."""

    def save(path: Path, text: str) -> None:
        (path.parent.parent / "new").write_text(text)
        shell = " ".join(words).format(path=path, new=path.parent.parent / "new")
        subprocess.run(["sh", "-c", shell], check=True, stdout=subprocess.DEVNULL)

    return save


def _hard_link(path: Path, text: str) -> None:
    """Written by another of its names, elsewhere, which the kernel does not tell."""
    other = path.parent.parent / "other-name"
    if not other.exists():
        other.hardlink_to(path)
    other.write_text(text)


def _swap(path: Path, text: str) -> None:
    """Another file by another inode, put in place with the times and the size of the old."""
    before = path.stat()
    new = path.parent.parent / "new"
    new.write_text(text)
    os.utime(new, ns=(before.st_atime_ns, before.st_mtime_ns))
    new.replace(path)


def _keep_times(path: Path, text: str) -> None:
    """The same size, and a modification time that goes back."""
    path.write_text(text)
    os.utime(path, (1, 1))


WAYS: dict[str, Callable[[Path, str], None]] = {
    "truncate and write": _truncate_and_write,
    "rename": _rename_over,
    "vi": _as_vi,
    "emacs": _as_emacs,
    "sed -i": _by_command('sed -i "s/$(grep pref {path})/$(grep pref {new})/" {path}'),
    "mv": _by_command("mv {new} {path}"),
    "cp": _by_command("cp {new} {path}"),
    "tee": _by_command("tee {path} < {new}"),
    "hard link": _hard_link,
    "inode swap": _swap,
    "times kept": _keep_times,
}


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Path]]:
    """A server that watches, and the file that is edited."""
    folder = tmp_path_factory.mktemp("watch")
    zones = write_zones(folder, example_com=_zone(10))
    with running(folder, watch=True) as server:
        yield server, zones / NAME


@pytest.mark.parametrize("way", WAYS)
def test_edit_is_served(edited: tuple[ServerProcess, Path], way: str, figures: Figures) -> None:
    """Acceptance 65: seen within 2 s, one swap for each, however it is saved."""
    server, path = edited
    preference = 20 + list(WAYS).index(way)
    swaps = len([line for line in server.log.seen if line.startswith("changed:")])
    WAYS[way](path, _zone(preference))
    seconds = _wait_for(server, preference)
    server.log.wait_for("^reloaded")

    assert seconds < NOTICED_SECONDS + 1.0
    changed = [line for line in server.log.seen if line.startswith("changed:")]
    assert len(changed) == swaps + 1
    figures.add(f"65 saved by {way}", f"served after {seconds:.2f} s")
