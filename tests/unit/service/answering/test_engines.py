"""Which engine answers: the compiled one where it fits to the rest, else the portable one."""

import sys
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType

import pytest

from tests.logs import read_log
from zoneserver.errors import StartError
from zoneserver.image import format as f
from zoneserver.service.answering.engines import choose_engine, choose_writer
from zoneserver.service.answering.native import write_whole
from zoneserver.service.configuration.settings import Settings
from zoneserver.transfer import outgoing

NAME = "zoneserver._fastpath"
CHOSEN = [Settings(engine=engine) for engine in ("auto", "native", "portable")]
AUTO, NATIVE, PORTABLE = CHOSEN


def install(monkeypatch: pytest.MonkeyPatch, **contents: int) -> None:
    """Have an extension with these attributes."""
    extension = ModuleType(NAME)
    extension.__spec__ = ModuleSpec(NAME, None)
    extension.__dict__.update(contents)
    monkeypatch.setitem(sys.modules, NAME, extension)


def test_the_compiled_engine_is_chosen(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Unless the portable one is asked for."""
    install(monkeypatch, IMAGE_VERSION=f.VERSION)
    names = [choose_engine(settings).name for settings in CHOSEN]
    assert names == ["native", "native", "portable"]
    assert (choose_writer(AUTO), choose_writer(PORTABLE)) == (write_whole, outgoing.write_whole)
    assert not read_log(caplog)


@pytest.mark.parametrize("contents", [{}, {"IMAGE_VERSION": f.VERSION - 1}])
def test_one_of_another_version_is_passed_over(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, contents: dict[str, int]
) -> None:
    """With a warning, once; who insists on it cannot start."""
    install(monkeypatch, **contents)
    assert choose_engine(AUTO).name == "portable"
    warning = read_log(caplog)
    assert "of another version than the rest: install zoneserver again" in warning
    assert choose_writer(AUTO) is outgoing.write_whole
    assert choose_engine(PORTABLE).name == "portable"
    assert not read_log(caplog)
    with pytest.raises(StartError, match="of another version than the rest: install"):
        choose_engine(NATIVE)


def test_one_that_cannot_be_loaded_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is built for another Python, or cut."""
    (tmp_path / "_fastpath.abi3.so").write_bytes(b"cut")
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    monkeypatch.setattr(sys.modules["zoneserver"], "__path__", [str(tmp_path)])
    assert choose_engine(AUTO).name == "portable"
    warning = read_log(caplog)
    assert "cannot be loaded" in warning


def test_without_one_nobody_is_warned(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It needs Rust, which not everybody has."""
    monkeypatch.setitem(sys.modules, NAME, None)
    assert choose_engine(AUTO).name == "portable"
    assert not read_log(caplog)
    with pytest.raises(StartError, match="is not installed: it needs Rust"):
        choose_engine(NATIVE)
