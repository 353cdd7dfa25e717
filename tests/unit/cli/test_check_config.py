"""`zoneserver check-config`: what is set, where, and what is wrong."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.certificates import make_pair
from zoneserver.cli import main
from zoneserver.service.running.validity import read_validity


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A sound file."""
    (tmp_path / "zones").mkdir()
    path = tmp_path / "zoneserver.yaml"
    path.write_text("zones: zones\nworkers: 2\n")
    return path


def test_sound(file: Path) -> None:
    """Every key with its place, and the verdict."""
    result = CliRunner().invoke(
        main,
        ["check-config", "--config", str(file)],
        env={"ZONESERVER_NSID": "ns1", "ZONESERVER_PORT": "tcp://10.0.0.1:53"},
    )

    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        f"zones: zones  # {file}:1:8",
        f"workers: 2  # {file}:2:10",
        "nsid: ns1  # variable ZONESERVER_NSID",
        f"{file}: no mistakes",
    ]
    assert "no key belongs to the variable ZONESERVER_PORT" in result.stderr


def test_mistakes(file: Path) -> None:
    """File, line and column, and what to write; status 2."""
    file.write_text("workrs: 2\nlisten: 127.0.0.1\n")
    result = CliRunner().invoke(main, ["check-config", "--config", str(file)])

    assert result.exit_code == 2
    assert f"{file}:1:1: unknown key 'workrs': did you mean 'workers'?" in result.stderr
    assert f"{file}:2:9: listen: " in result.stderr


def test_folder_that_is_missing(file: Path) -> None:
    """It could not be served; status 1."""
    file.write_text("zones: nosuch\n")
    result = CliRunner().invoke(main, ["check-config", "--config", str(file)])

    assert result.exit_code == 1
    assert f"{file.parent / 'nosuch'}, does not exist" in result.stderr


def test_certificate(file: Path) -> None:
    """How long it is valid, or why it cannot be used; the server starts all the same."""
    pair = make_pair()
    pair.write(file.parent)
    tls = "tls: {listen: '127.0.0.1:853', certificate: fullchain.pem, key: privkey.pem}\n"
    file.write_text(f"zones: zones\n{tls}")
    sound = CliRunner().invoke(main, ["check-config", "--config", str(file)])
    (file.parent / "privkey.pem").unlink()
    without = CliRunner().invoke(main, ["check-config", "--config", str(file)])

    assert (sound.exit_code, without.exit_code) == (0, 0)
    end = read_validity(pair.certificate).end
    assert f"{file.parent}/fullchain.pem: valid until {end}" in sound.stdout
    assert f"warning: {file.parent}/privkey.pem: No such file" in without.stderr


def test_files_of_primaries(file: Path) -> None:
    """Those that cannot be used are told, each once; the server starts all the same."""
    make_pair().write(file.parent)
    (file.parent / "none.pem").write_text("nothing")
    file.write_text("""\
secondary:
  zones:
    a.: {from: 192.0.2.1, tls: {name: ns1.example, ca: fullchain.pem}}
    b.: {from: 192.0.2.2, tls: {name: ns2.example, ca: nosuch.pem}}
    c.: {from: 192.0.2.2, tls: {name: ns2.example, ca: nosuch.pem}}
  catalogs:
    d.:
      from: 192.0.2.3
      groups: {g: {from: 192.0.2.4, tls: {name: ns3.example, ca: none.pem}}}
""")
    result = CliRunner().invoke(main, ["check-config", "--config", str(file)])

    assert result.exit_code == 0
    first, second = result.stderr.splitlines()
    folder = file.parent
    assert first.startswith(f"warning: {folder / 'nosuch.pem'}: No such file")
    assert first.endswith("as long as that is so, nothing comes from ns2.example")
    assert second.startswith(f"warning: {folder / 'none.pem'}: ")
    assert second.endswith("nothing comes from ns3.example")
