"""`zoneserver diff`: which zones it compares, what it prints, how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.servers import GOOD_ZONE, OTHER_ZONE
from zoneserver.cli import main

MOVED_ZONE = GOOD_ZONE.replace("192.0.2.25", "192.0.2.9")
LOST_ZONE = GOOD_ZONE.replace("exchange: mail.example.com.", "exchange: nosuch.example.com.")
MASTER = """\
$TTL 300
@ NS ns1
@ NS ns2
@ MX 10 mail
mail A 192.0.2.9
ns1 A 192.0.2.1
ns2 A 198.51.100.1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with the folders `old` and `new`, each with the same zone."""
    monkeypatch.chdir(tmp_path)
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "example.com.yaml").write_text(GOOD_ZONE)
    return tmp_path


def diff(*words: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, ["diff", *words], catch_exceptions=False)


def test_no_difference(folder: Path) -> None:
    """Comments and order are no difference."""
    (folder / "new/example.com.yaml").write_text(f"# the same\n{GOOD_ZONE}")
    result = diff("old", "new")

    assert (result.exit_code, result.output) == (0, "No difference.\n")


def test_move(folder: Path) -> None:
    """Mail in words, then the records."""
    (folder / "new/example.com.yaml").write_text(MOVED_ZONE)
    result = diff("old", "new")

    assert result.exit_code == 0
    assert result.output.splitlines() == [
        (
            "mail for example.com. goes to 192.0.2.9 instead of 192.0.2.25 (mail.example.com.);"
            " known everywhere within 5 minutes"
        ),
        "",
        "zone example.com.",
        "- mail.example.com. 300 A 192.0.2.25",
        "+ mail.example.com. 300 A 192.0.2.9",
    ]


def test_lost_mail(folder: Path) -> None:
    """A name without a host that takes its mail: exit status 1."""
    (folder / "new/example.com.yaml").write_text(LOST_ZONE)
    result = diff("old", "new")

    assert result.exit_code == 1
    assert result.output.startswith("LOST: mail for example.com.: was mail.example.com.;")
    assert result.output.endswith("\n1 name would lose mail.\n")


def test_mail_that_comes_back(folder: Path) -> None:
    """The other way round nothing is lost."""
    (folder / "old/example.com.yaml").write_text(LOST_ZONE)

    assert diff("old", "new").exit_code == 0


def test_added_and_removed_zones(folder: Path) -> None:
    """Zones of one folder alone."""
    (folder / "new/example.net.yaml").write_text(OTHER_ZONE)

    assert diff("old", "new").exit_code == 0
    assert "zone example.net. added" in diff("old", "new").output
    assert diff("new", "old").exit_code == 1
    assert "zone example.net. removed" in diff("new", "old").output


def test_single_files(folder: Path) -> None:
    """Two files of one zone, a YAML one and a master file."""
    (folder / "example.com.zone").write_text(MASTER)
    result = diff("old/example.com.yaml", "example.com.zone")

    assert "goes to 192.0.2.9 instead of 192.0.2.25" in result.output


def test_origin(folder: Path) -> None:
    """--origin says which zone two files of other names are."""
    (folder / "before.yaml").write_text(GOOD_ZONE)
    (folder / "after.yaml").write_text(MOVED_ZONE)
    result = diff("before.yaml", "after.yaml", "--origin", "example.com")

    assert result.exit_code == 0
    assert "goes to 192.0.2.9 instead of 192.0.2.25" in result.output


def test_configuration(folder: Path) -> None:
    """Defaults of the configuration hold for both sides."""
    without = GOOD_ZONE.removeprefix("$ttl: 300\n")
    (folder / "new/example.com.yaml").write_text(without)
    (folder / "other.yaml").write_text("defaults: {ttl: 300}\n")

    assert "3600 MX" in diff("old", "new").output
    assert diff("old", "new", "--config", "other.yaml").output == "No difference.\n"


def test_json(folder: Path) -> None:
    """One JSON document, the same exit status."""
    (folder / "new/example.com.yaml").write_text(LOST_ZONE)
    result = diff("old", "new", "--format", "json")

    assert result.exit_code == 1
    assert json.loads(result.output)["loses_mail"] is True


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "words", [("old",), ("old", "nowhere"), ("old", "new", "--format", "x")]
)
def test_wrong_use(words: tuple[str, ...]) -> None:
    """Exit status 2."""
    assert diff(*words).exit_code == 2


@pytest.mark.parametrize(
    "text", ["mail: [", GOOD_ZONE.replace("192.0.2.25", "192.0.2.999"), "mail: {type: MXX}\n"]
)
def test_what_cannot_be_read_is_not_compared(folder: Path, text: str) -> None:
    """A mistake is shown; it would look like lost mail otherwise."""
    (folder / "new/example.com.yaml").write_text(text)
    result = diff("old", "new")

    assert result.exit_code == 2
    assert "new/example.com.yaml:" in result.output
    assert "LOST" not in result.output


def test_file_that_cannot_be_opened(folder: Path) -> None:
    """A zone that is there and cannot be opened is no removed zone."""
    (folder / "new/example.com.yaml").unlink()
    (folder / "new/example.com.yaml").mkdir()
    result = diff("old", "new")

    assert result.exit_code == 2
    assert "cannot be read" in result.output
