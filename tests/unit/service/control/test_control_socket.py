"""The place of the control socket: who is there already, and who may ask."""

import socket
import stat
from pathlib import Path

import pytest

from tests.figures import Figures
from zoneserver.errors import StartError
from zoneserver.service.control.control_socket import (
    MOST_PATH,
    ask,
    bind_control,
    default_control,
)


def test_only_its_user_may_connect(tmp_path: Path) -> None:
    """Mode 0600, in a folder that is made when it is not there."""
    path = tmp_path / "run/control.sock"
    with bind_control(path):
        found = path.stat()

    assert stat.S_ISSOCK(found.st_mode)
    assert 0o600 == stat.S_IMODE(found.st_mode)
    assert 0o700 == stat.S_IMODE(path.parent.stat().st_mode)


def test_socket_that_was_left_is_replaced(tmp_path: Path) -> None:
    """A server that was killed takes nothing away with it."""
    path = tmp_path / "control.sock"
    bind_control(path).close()
    assert path.exists()
    with bind_control(path), socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))


def test_server_that_runs_is_left_alone(tmp_path: Path) -> None:
    """Two servers with one state would take it from each other."""
    path = tmp_path / "control.sock"
    with bind_control(path):
        with pytest.raises(StartError, match="another server runs"):
            bind_control(path)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))


@pytest.mark.parametrize("target", ["elsewhere", "nowhere", "file", "folder"])
def test_what_else_is_there_is_refused(tmp_path: Path, target: str, figures: Figures) -> None:
    """Acceptance 67: a link is not followed, a file not removed (CVE-2020-28935)."""
    path, elsewhere = tmp_path / "control.sock", tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    if target == "file":
        path.write_text("precious")
    elif target == "folder":
        path.mkdir()
    else:
        path.symlink_to(tmp_path / target)
    with pytest.raises(StartError, match="control socket cannot be"):
        bind_control(path)

    assert "precious" == elsewhere.read_text()
    assert path.is_symlink() is (target in {"elsewhere", "nowhere"})
    figures.add(f"67 control socket: {target} in its place", "refused")


def test_long_path(tmp_path: Path) -> None:
    """Longer than an address can hold: it is reached all the same."""
    path = tmp_path / ("long" * 30) / "control.sock"
    with bind_control(path) as listener:
        assert len(str(path)) > MOST_PATH
        assert path.exists()
        listener.settimeout(5)
        with pytest.raises(StartError, match="has not answered in time"):
            ask(path, {}, 0.05)


@pytest.mark.parametrize(
    ("environment", "state", "path"),
    [
        ({}, None, None),
        ({}, Path("/state"), Path("/state/control.sock")),
        ({"RUNTIME_DIRECTORY": "/run/a:/run/b"}, Path("/s"), Path("/run/a/control.sock")),
    ],
)
def test_where_it_is(
    environment: dict[str, str], state: Path | None, path: Path | None
) -> None:
    """As systemd has it, else in the state."""
    assert path == default_control(environment, state)


def test_nobody_answers(tmp_path: Path) -> None:
    """It is said what to do."""
    with pytest.raises(StartError, match=r"no server answers at .*--control"):
        ask(tmp_path / "control.sock", {"command": "status"})
