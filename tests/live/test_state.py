"""A state directory that fails: zones are served on, it is said, and it is mended by itself."""

import json
import resource
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.figures import Figures
from tests.servers import GOOD_ZONE, ServerProcess, running, write_zones
from zoneserver.names import Name
from zoneserver.service.transferring.journals import Journals

RELOADS = 5
COM = Name.parse("example.com.")
ANYBODY_TAKES_ALL = "transfer: {allow: [{from: [127.0.0.1]}]}\n"


def _zone(preference: int) -> str:
    return GOOD_ZONE.replace("preference: 10", f"preference: {preference}")


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A state directory that is a small disk of its own."""
    state = tmp_path / "state"
    state.mkdir()
    mount = shutil.which("mount")
    command = ["mount", "-t", "tmpfs", "-o", "size=256k,mode=700", "none", str(state)]
    if mount is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this user may mount nothing")
    try:
        yield state
    finally:
        subprocess.run(["umount", "--lazy", str(state)], check=True)


def _fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def _ask(folder: Path, line: bytes) -> dict[str, object]:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(folder / "control.sock"))
        client.sendall(line + b"\n")
        with client.makefile("rb") as file:
            answer: dict[str, object] = json.loads(file.readline())
    return answer


def _reload(folder: Path, preference: int) -> dict[str, object]:
    write_zones(folder, example_com=_zone(preference))
    return _ask(folder, b'{"command": "reload", "wait": true}')


def _served(server: ServerProcess) -> str:
    return server.exchanges("example.com")[0].split()[0]


@pytest.mark.parametrize("trouble", ["full", "read-only"])
def test_disk_of_no_use(disk: Path, trouble: str, figures: Figures) -> None:
    """Acceptance 93: served on, one alarm for many reloads, and a restart has what was last."""
    folder = disk.parent
    write_zones(folder, example_com=_zone(10))
    (folder / "zoneserver.yaml").write_text(ANYBODY_TAKES_ALL)
    arguments = ("--config", "zoneserver.yaml", "--control", "control.sock")
    with running(folder, *arguments) as server:
        _reload(folder, 11)  # a journal begins
        if trouble == "full":
            _fill(disk / "filler")
        else:
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
        outcomes = [_reload(folder, 20 + number) for number in range(RELOADS)]
        during = _served(server)
        left = {path.suffix for path in (disk / "images").iterdir()}
        if trouble == "full":
            (disk / "filler").unlink()
        else:
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
        mended = _ask(folder, b'{"command": "reload", "wait": true}')
        server.stop()
    alarms = [line for line in server.log.rest() if "cannot be written" in line]
    journal = Journals(disk).read(COM)
    write_zones(folder, example_com="'': [")
    with running(folder) as server:
        after = _served(server)

    assert ["ok"] * RELOADS == [outcome["result"] for outcome in outcomes]
    assert all(outcome["state"] for outcome in outcomes)
    assert str(20 + RELOADS - 1) == during == after
    assert {".zimg", ".json"} == left
    assert ("ok", "") == (mended["result"], mended["state"])
    assert 1 <= len(alarms) <= 3  # of the images, of the serials, and of the journal
    assert journal.differences
    assert "" == journal.damage
    figures.add(f"93 disk {trouble}, {RELOADS} reloads", f"all served; {len(alarms)} alarms")


def test_nothing_can_be_written(tmp_path: Path, figures: Figures) -> None:
    """Acceptance 93: neither disk nor memory takes a file: the old zones stay till then."""
    write_zones(tmp_path, example_com=_zone(10))
    with running(tmp_path, "--control", "control.sock") as server:
        pids = subprocess.run(
            ["pgrep", "-P", str(server.process.pid)], capture_output=True, text=True, check=True
        ).stdout.split()
        unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
        for pid in pids:
            resource.prlimit(int(pid), resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        failed = _reload(tmp_path, 20)
        before = _served(server)
        for pid in pids:
            resource.prlimit(int(pid), resource.RLIMIT_FSIZE, unlimited)
        mended = _ask(tmp_path, b'{"command": "reload", "wait": true}')
        after = _served(server)

    assert ("failed", "10") == (failed["result"], before)
    assert ("ok", "", "20") == (mended["result"], mended["state"], after)
    figures.add("93 no file can be written", "the old version served, the next reload takes it")


def test_damaged_serials(tmp_path: Path) -> None:
    """It is said, and the next start has whole ones again."""
    write_zones(tmp_path, example_com=_zone(10))
    with running(tmp_path):
        pass
    serials = tmp_path / "state/serials"
    serials.write_bytes(b"\xff\x00 no serials\n")
    with running(tmp_path, "--control", "control.sock") as server:
        _reload(tmp_path, 20)
        server.log.wait_for("state/serials is damaged")
    with running(tmp_path) as server:
        assert "20" == _served(server)
        assert "damaged" not in str(server.log)
    assert serials.read_text("ascii").startswith("example.com. ")
