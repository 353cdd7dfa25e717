"""What the server's processes may still do once they serve."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from tests.figures import Figures
from tests.servers import (
    CHECKOUT,
    GOOD_ZONE,
    OTHER_ZONE,
    ServerProcess,
    running,
    starting,
    write_zones,
)
from zoneserver.service.keeping.keeper import MOST_ZONES
from zoneserver.service.running.privileges import NET_BIND_SERVICE, read_capabilities

NOBODY = 65534
NO_MAIL = "$mail: {none: true}\n'': {type: NS, values: [ns1.example.com., ns2.example.com.]}\n"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
# Coverage would be written by a user who may not write here.
UNMEASURED = ("env", "-u", "COVERAGE_PROCESS_CONFIG", "-u", "COVERAGE_PROCESS_START")
# $1 can be written to, nothing else that is on disk.
READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro / && shift && exec "$@"'
# Runs the rest with another Python than the one that it names first.
OTHER_PYTHON = 'python="$1" && shift 2 && exec "$python" "$@"'


def _for_others() -> Sequence[str]:
    """A prefix that has the server run where users who are not root can read its program."""
    if all(parent.stat().st_mode & 0o005 == 0o005 for parent in Path(os.__file__).parents):
        return UNMEASURED
    version = ".".join(map(str, sys.version_info[:2]))
    python = shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip(f"others may not read this Python, and there is no other {version}")
    packages = str(Path(click.__file__).parents[1])
    path = f"PYTHONPATH={CHECKOUT}{os.pathsep}{packages}"
    return (*UNMEASURED, path, "sh", "-c", OTHER_PYTHON, "sh", python)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others may enter, as they may not that of a root's test."""
    made = Path(tempfile.mkdtemp(prefix="zoneserver-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def _processes(server: ServerProcess) -> list[int]:
    """The main process, and those that it has made."""
    main = server.process.pid
    children = Path(f"/proc/{main}/task/{main}/children").read_text()
    return [main, *map(int, children.split())]


def _status(pid: int, key: str) -> str:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(line.split(":", 1)[1].strip() for line in lines if line.startswith(f"{key}:"))


def _has_port_53() -> bool:
    return not any(
        line.split()[1].endswith(":0035")
        for table in ("udp", "tcp")
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]
        if line.split()[1].startswith(("00000000:", "0100007F:"))
    )


def _read_only(folder: Path) -> Sequence[str]:
    (folder / "state").mkdir()
    unshare = ("unshare", "--mount", "sh", "-c", READ_ONLY, "sh", str(folder / "state"))
    if subprocess.run([*unshare, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no mount namespace can be made here")
    return (*unshare, *_for_others())


@needs_root
@pytest.mark.parametrize(("port", "kept"), [(0, set[int]()), (53, {NET_BIND_SERVICE})])
def test_user(folder: Path, figures: Figures, port: int, kept: set[int]) -> None:
    """Acceptance 106: uid 65534, a read-only root; no capability but the one for port 53."""
    if port and not _has_port_53():
        pytest.skip(f"port {port} is taken here")
    write_zones(folder, example_com=GOOD_ZONE)
    prefix = _read_only(folder)
    listen = (f"127.0.0.1:{port}",)
    with running(folder, "--user", "nobody", listen=listen, prefix=prefix) as server:
        main, *others = _processes(server)
        capabilities = {pid: read_capabilities(pid) for pid in (main, *others)}
        uids = {_status(pid, "Uid") for pid in (main, *others)}
        marks = {
            _status(pid, "NoNewPrivs") + _status(pid, "Seccomp") for pid in (main, *others)
        }
        many = {f"z{number}_example": NO_MAIL for number in range(MOST_ZONES)}  # read by a crew
        write_zones(folder, example_com=GOOD_ZONE, example_net=OTHER_ZONE, **many)
        server.reload()
        exchanges = server.exchanges("example.net")
        owners = {path.lstat().st_uid for path in (folder / "state").rglob("*")}

    assert capabilities.pop(main) == kept
    assert set().union(*capabilities.values()) == set()
    assert len(others) >= 2, "workers and a builder"
    assert uids == {"\t".join([str(NOBODY)] * 4)}
    assert marks == {"12"}, "no_new_privs is set, and a filter"
    assert exchanges == ["10 mail.example.net."]
    assert owners == {NOBODY}
    figures.add(
        f"106 capabilities on port {port or '> 1023'}",
        f"main process {len(kept)}, {len(others)} others 0, uid {NOBODY}, read-only root",
    )


@needs_root
def test_state_of_root_is_handed_over(folder: Path) -> None:
    """What an earlier run as root has left can be written by the user."""
    write_zones(folder, example_com=GOOD_ZONE)
    with running(folder):
        pass
    assert {path.lstat().st_uid for path in (folder / "state").rglob("*")} == {0}
    with running(folder, "--user", "65534:65534", prefix=_for_others()) as server:
        assert server.exchanges("example.com") == ["10 mail.example.com."]

    assert {path.lstat().st_uid for path in (folder / "state").rglob("*")} == {NOBODY}


@needs_root
@pytest.mark.parametrize(
    ("arguments", "status"), [((), 2), (("--allow-root",), 0), (("--user", "nobody"), 0)]
)
def test_root_must_say_whom_to_become(
    folder: Path, arguments: tuple[str, ...], status: int
) -> None:
    """Before it serves anybody but this host."""
    write_zones(folder, example_com=GOOD_ZONE)
    with starting(folder, *arguments, listen=("0.0.0.0:0",), prefix=_for_others()) as server:
        if status:
            assert server.process.wait(20) == status
            (line,) = server.log.rest()
            assert "as root; write --user NAME, or user: NAME" in line
        else:
            server.wait_until_ready()
            assert read_capabilities(server.process.pid) == set()


@needs_root
def test_user_must_be_able_to_read(folder: Path) -> None:
    """What a reload could not read is said at the start."""
    write_zones(folder, example_com=GOOD_ZONE)
    configuration = folder / "zoneserver.yaml"
    configuration.write_text("workers: 1\n")
    configuration.chmod(0o600)
    with starting(folder, "--user", "nobody", prefix=_for_others()) as server:
        assert server.process.wait(20) == 2
        (line,) = server.log.rest()

    assert line == "zoneserver: cannot read zoneserver.yaml: Permission denied"


@needs_root
def test_program_must_be_readable(folder: Path) -> None:
    """What is loaded late could not be loaded."""
    if _for_others() == UNMEASURED:
        pytest.skip("others may read this Python")
    write_zones(folder, example_com=GOOD_ZONE)
    with starting(folder, "--user", "nobody", prefix=UNMEASURED) as server:
        assert server.process.wait(20) == 2
        (line,) = server.log.rest()

    assert line.endswith("install it where that user can read, such as /opt/zoneserver")


@needs_root
def test_root_does_not_move_to_where_others_are(folder: Path) -> None:
    """What it would not have started with, it does not take up at a reload either."""
    write_zones(folder, example_com=GOOD_ZONE)
    (folder / "zoneserver.yaml").write_text("listen: '127.0.0.1:0'\n")
    with running(folder, listen=()) as server:
        (folder / "zoneserver.yaml").write_text("listen: '0.0.0.0:0'\n")
        server.signal(signal.SIGHUP)
        line = server.log.wait_for("it listens where it did")
        exchanges = server.exchanges("example.com")

    assert "it would answer others on 0.0.0.0:0 as root; write --user NAME" in line
    assert exchanges == ["10 mail.example.com."]


@needs_root
def test_other_user_takes_no_place(folder: Path) -> None:
    """Root may talk to the server of a user, but not take its sockets and go on as root."""
    write_zones(folder, example_com=GOOD_ZONE)
    with running(folder, "--user", f"{NOBODY}:{NOBODY}", prefix=_for_others()) as server:
        with socket.socket(socket.AF_UNIX) as client, client.makefile("rwb") as file:
            client.settimeout(20)
            client.connect(str(folder / "state/control.sock"))
            file.write(b'{"command": "replace"}\n')
            file.flush()
            said = json.loads(file.readline())
        assert server.exchanges("example.com") == ["10 mail.example.com."]

    assert said["refused"].startswith(f"the running server is user {NOBODY}, this process is")
