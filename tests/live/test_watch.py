"""Edits that are taken up by themselves: however they are saved, and whatever comes between."""

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.figures import Figures
from tests.servers import BAD_ZONE, GOOD_ZONE, ServerProcess, running, write_zones

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


SAME = {"inode swap", "times kept"}


@pytest.fixture(scope="module")
def edited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Path]]:
    """A server that watches, and the file that is edited."""
    folder = tmp_path_factory.mktemp("watch")
    zones = write_zones(folder, example_com=_zone(10))
    with running(folder, watch=True) as server:
        yield server, zones / NAME


@pytest.mark.parametrize("way", WAYS)
def test_edit_is_served(edited: tuple[ServerProcess, Path], way: str, figures: Figures) -> None:
    """Acceptance 65 and 69: seen within 2 s, one swap for each, however it is saved.

    The time and the size of a file may be those of the old one: its content counts.
    """
    server, path = edited
    preference = 20 + list(WAYS).index(way)
    swaps = len([line for line in server.log.seen if line.startswith("changed:")])
    WAYS[way](path, _zone(preference))
    seconds = _wait_for(server, preference)
    server.log.wait_for(rf"mail for .* now goes to .*\({preference}\)")

    assert seconds < NOTICED_SECONDS + 1.0
    changed = [line for line in server.log.seen if line.startswith("changed:")]
    assert len(changed) == swaps + 1
    number = 69 if way in SAME else 65
    figures.add(f"{number} saved by {way}", f"served after {seconds:.2f} s")


@pytest.fixture
def watched(edited: tuple[ServerProcess, Path]) -> tuple[ServerProcess, Path]:
    """The same with nothing on its way any more."""
    server, path = edited
    path.unlink(missing_ok=True)
    path.write_text(_zone(10))
    _wait_for(server, 10)
    return server, path


def test_link_is_turned_as_kubernetes_does(
    watched: tuple[ServerProcess, Path], figures: Figures
) -> None:
    """Acceptance 65: a ConfigMap's files are links through `..data`, which is turned."""
    server, path = watched
    for number in (80, 81):
        (path.parent / f"..{number}").mkdir()
        (path.parent / f"..{number}" / NAME).write_text(_zone(number))
    data = path.parent / "..data"
    data.symlink_to("..80")
    path.unlink()
    path.symlink_to(f"..data/{NAME}")
    _wait_for(server, 80)
    new = path.parent / "..data_tmp"
    new.symlink_to("..81")
    new.replace(data)
    seconds = _wait_for(server, 81)

    assert seconds < NOTICED_SECONDS + 1.0
    figures.add("65 saved by ..data link", f"served after {seconds:.2f} s")


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_checkout(watched: tuple[ServerProcess, Path], figures: Figures) -> None:
    """Acceptance 65: a branch with another version of many zones, at once."""
    server, path = watched
    zones = path.parent
    config = ("-c", "user.name=test", "-c", "user.email=test@example.com")

    def git(*words: str) -> None:
        subprocess.run(["git", *config, *words], cwd=zones, check=True, capture_output=True)

    git("init", "--initial-branch=one")
    git("add", NAME)
    git("commit", "--message=one")
    git("checkout", "-b", "two")
    path.write_text(_zone(85))
    git("commit", "--all", "--message=two")
    _wait_for(server, 85)
    git("checkout", "one")
    seconds = _wait_for(server, 10)

    assert seconds < NOTICED_SECONDS + 1.0
    figures.add("65 saved by git checkout", f"served after {seconds:.2f} s")


def test_include_is_watched(watched: tuple[ServerProcess, Path]) -> None:
    """In a folder below, which is made while the server runs."""
    server, path = watched
    folder = path.parent / "shared"
    folder.mkdir()
    included = folder / "mx.yaml"
    included.write_text("{type: MX, value: {preference: 90, exchange: mail.example.com.}}\n")
    own = "  - {type: MX, value: {preference: 10, exchange: mail.example.com.}}\n"
    path.write_text(GOOD_ZONE.replace(own, "  - !include shared/mx.yaml\n"))
    _wait_for(server, 90)
    included.write_text("{type: MX, value: {preference: 91, exchange: mail.example.com.}}\n")
    _wait_for(server, 91)
    path.write_text(_zone(10))
    _wait_for(server, 10)


def test_burst_is_one_reload(watched: tuple[ServerProcess, Path], figures: Figures) -> None:
    """Forty files within a moment: judged together, and told once."""
    server, path = watched
    for number in range(40):
        name = f"burst{number}.example"
        zone = GOOD_ZONE.replace("example.com", name)
        (path.parent / f"{name}.yaml").write_text(zone)
    while not server.ask("burst39.example").answer:
        time.sleep(0.01)
    serials = {
        server.ask(f"burst{number}.example", "SOA").answer[0][0].serial for number in range(40)
    }

    assert 1 == len(serials)  # all were read in the same second
    figures.add("65 forty files in a burst", "one reload")


def test_half_written_file_is_never_served(
    watched: tuple[ServerProcess, Path], figures: Figures
) -> None:
    """Acceptance 63: a file that grows line by line for a second, a hundred cuts."""
    server, path = watched
    lines = [*_zone(63).splitlines(keepends=True)]
    lines += [f"host{number}: {{type: A, value: 192.0.2.{number}}}\n" for number in range(93)]
    assert 100 == len(lines)
    with path.open("w") as file:
        for line in lines:
            file.write(line)
            file.flush()
            time.sleep(0.01)
            assert server.exchanges("example.com") == ["10 mail.example.com."]
    _wait_for(server, 63)
    server.log.wait_for(r"now goes to .*\(63\)")

    sizes = re.findall(r"changed: example\.com\. .*, (\d+) records", str(server.log))
    assert ["100"] == [size for size in sizes if size != "7"]
    assert server.ask("host92.example.com", "A").answer
    figures.add("63 file that grows for 1 s, 100 cuts", "no part of it served; one swap")


def test_mistake_is_told_once(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 62: a finding is logged once, whatever else is edited meanwhile."""
    zones = write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, watch=True) as server:
        (zones / NAME).write_text(BAD_ZONE)
        server.log.wait_for("error MX001")
        for number in range(3):
            (zones / f"beside{number}.example.yaml").write_text(
                GOOD_ZONE.replace("example.com", f"beside{number}.example")
            )
            server.log.wait_for(f"^added: beside{number}.example")
            server.log.wait_for("^reloaded")
        assert server.exchanges("example.com") == ["10 mail.example.com."]
        (zones / NAME).write_text(_zone(20))
        _wait_for(server, 20)

    assert 1 == sum("error MX001" in line for line in server.log.seen)
    figures.add("62 mistake in the log, three reloads", "told once, with file and line")


def test_watcher_that_is_killed(tmp_path: Path) -> None:
    """Another takes its place, and what was edited meanwhile is served."""
    zones = write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, watch=True) as server:
        os.kill(_watcher(server.process.pid), signal.SIGKILL)
        server.log.wait_for("the watcher ended by signal SIGKILL; it is replaced")
        (zones / NAME).write_text(_zone(20))
        _wait_for(server, 20)


def _open_files(pid: str) -> str:
    return " ".join(str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir())


def _watcher(parent: int) -> int:
    """The one child that has an inotify queue open."""
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    (pid,) = (int(child) for child in children if "inotify" in _open_files(child))
    return pid


@pytest.mark.skipif(shutil.which("unshare") is None, reason="unshare is not installed")
def test_folder_that_cannot_be_watched_is_polled(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 70: no inotify left: it is said, with the fix, and edits are noticed."""
    limit = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"'
    prefix = ["unshare", "--user", "--map-root-user", "sh", "-c", limit, "sh"]
    if subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this user may have no namespaces")
    zones = write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path, watch=True, prefix=prefix) as server:
        server.log.wait_for("cannot be watched .*max_user_instances with sysctl")
        (zones / NAME).write_text(_zone(20))
        seconds = _wait_for(server, 20)

    figures.add("70 without inotify", f"said, polled, served after {seconds:.2f} s")
