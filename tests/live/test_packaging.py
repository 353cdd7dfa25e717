"""The systemd units: what systemd says of them, and the server as confined as they have it."""

import ctypes.util
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.figures import Figures
from tests.servers import (
    CHECKOUT,
    GOOD_ZONE,
    OTHER_ZONE,
    ServerProcess,
    running,
    write_zones,
)

UNIT = CHECKOUT / "packaging/zoneserver.service"
SOCKET = CHECKOUT / "packaging/zoneserver.socket"
PROGRAM = "/opt/zoneserver/bin/zoneserver"
MOST_EXPOSURE = 1.5
needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not installed"
)


def _analyze(*words: str) -> str:
    done = subprocess.run(
        ["systemd-analyze", "--no-pager", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout + done.stderr


@needs_systemd
def test_units_are_verified(tmp_path: Path) -> None:
    """Systemd finds nothing in them, given a program where they say that it is."""
    for unit in (UNIT, SOCKET):
        (tmp_path / unit.name).write_text(unit.read_text().replace(PROGRAM, "/bin/true"))

    assert _analyze("verify", *(str(tmp_path / each.name) for each in (UNIT, SOCKET))) == ""


@needs_systemd
def test_exposure(figures: Figures) -> None:
    """Acceptance 107: what systemd counts against the unit is little."""
    said = _analyze("security", "--offline=yes", str(UNIT))
    if "Overall exposure level" not in said:
        pytest.skip(f"this systemd-analyze reads no files: {said.splitlines()[:1]}")
    exposure = float(re.findall(r"Overall exposure level.*: ([0-9.]+)", said)[0])
    figures.add("107 systemd-analyze security", f"{exposure}; {MOST_EXPOSURE} is the most")

    assert exposure <= MOST_EXPOSURE


def _is_confinable() -> bool:
    return shutil.which("systemd-analyze") is not None and (
        ctypes.util.find_library("seccomp") is not None
    )


@pytest.mark.skipif(not _is_confinable(), reason="no systemd-analyze, or no libseccomp")
@pytest.mark.parametrize("engine", ["native", "portable"])
def test_under_the_filter(
    tmp_path: Path, figures: Figures, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Acceptance 107: start, answers, reloads, a worker that dies, stop: no call is denied.

    A call that the unit denies would end the process that makes it.
    """
    monkeypatch.setenv("ZONESERVER_HTTP_LISTEN", "127.0.0.1:0")
    monkeypatch.setenv("ZONESERVER_TRANSFER_NOTIFY_NS", "true")  # there is a courier, too
    write_zones(tmp_path, example_com=GOOD_ZONE)
    prefix = (sys.executable, str(CHECKOUT / "tests/live/confined.py"), str(UNIT))
    with running(tmp_path, "--engine", engine, "--workers", "2", prefix=prefix) as server:
        for number in range(5):
            _edit(tmp_path, server, number)
        pid = server.process.pid
        for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            os.kill(int(child), signal.SIGKILL)
        for _ in range(3):  # two workers, a builder
            server.log.wait_for("ended by signal SIGKILL; it is replaced")
        server.reload()
        answers = {server.exchanges("example.com")[0] for _ in range(20)}
        status, _ = server.stop()
        lines = [*server.log.seen, *server.log.rest()]

    assert answers == {"14 mail.example.com."}
    assert status == 0
    assert not [line for line in lines if "SIGSYS" in line or "failed" in line]
    done = "0 denials in 6 reloads and 3 restarts"
    figures.add(f"107 under SystemCallFilter, {engine} engine", done)


def _edit(folder: Path, server: ServerProcess, number: int) -> None:
    text = GOOD_ZONE.replace("preference: 10", f"preference: {number + 10}")
    write_zones(folder, example_com=text, example_net=OTHER_ZONE)
    server.reload()
