"""`zoneserver explain`: which zones it reads, what it prints, how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.servers import BAD_ZONE, GOOD_ZONE, OTHER_ZONE, write_zones
from zoneserver.cli import main


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with two zones in ./zones."""
    monkeypatch.chdir(tmp_path)
    null = "null: {type: MX, value: {preference: 0, exchange: .}}\n"
    lost = "lost: {type: MX, value: {preference: 5, exchange: nosuch.example.com.}}\n"
    write_zones(tmp_path, example_com=GOOD_ZONE + null + lost, example_net=OTHER_ZONE)
    return tmp_path


def explain(*words: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, ["explain", *words], catch_exceptions=False)


@pytest.mark.usefixtures("folder")
def test_text() -> None:
    """./zones is read, and the path printed round by round."""
    lines = explain("info@example.com").output.splitlines()

    assert lines[0] == "Mail for info@example.com goes to mail.example.com."
    assert lines[4:6] == ["1. preference 10", "   mail.example.com."]


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("info@example.com", 0),
        ("example.net", 0),
        ("mail.example.com", 0),
        ("info@null.example.com", 0),
        ("info@example.org", 0),
        ("info@lost.example.com", 1),
        ("info@nosuch.example.com", 1),
        ("info@[127.0.0.1]", 1),
        ("info@", 2),
        ("info@exa_mple.com", 2),
    ],
)
def test_status(address: str, status: int) -> None:
    """0 where mail arrives or is refused on purpose, 1 where it does not, 2 for no address."""
    assert explain(address).exit_code == status


@pytest.mark.usefixtures("folder")
def test_wrong_address_is_explained() -> None:
    """What is wrong with it, and nothing that could steer a terminal."""
    result = explain("\x1b[31m@example.com")

    assert "write the address alone, such as info@example.com" in result.output
    assert "\x1b" not in result.output


@pytest.mark.usefixtures("folder")
def test_nothing_in_an_address_steers_the_terminal() -> None:
    """Quoted mailboxes may hold anything."""
    assert "\x1b" not in explain('"\x1b[31m"@example.com').output


@pytest.mark.usefixtures("folder")
def test_json() -> None:
    """One JSON document, with the finding that breaks the path."""
    document = json.loads(explain("lost.example.com", "--format", "json").output)
    (host,) = document["rounds"][0]["hosts"]

    assert (document["outcome"], host["name"]) == ("bounced", "nosuch.example.com.")
    assert [(each["code"], each["file"]) for each in host["findings"]] == [
        ("MX004", "zones/example.com.yaml")
    ]


def test_draft(folder: Path) -> None:
    """--zones reads a draft anywhere, a folder or one file, in place of ./zones."""
    draft = folder / "draft/example.com.yaml"
    draft.parent.mkdir()
    draft.write_text(BAD_ZONE)

    assert explain("example.com").exit_code == 0
    for path in ("draft", str(draft)):
        result = explain("example.com", "--zones", path)
        assert result.exit_code == 1
        assert "error MX001: example.com. MX 10 mail.example.com.: " in result.output


def test_configuration(folder: Path) -> None:
    """The folder and the defaults come from the configuration, where one is given."""
    (folder / "conf").mkdir()
    (folder / "conf/zoneserver.yaml").write_text("zones: mine\ndefaults: {ttl: 7200}\n")
    (folder / "conf/mine").mkdir()
    zone = GOOD_ZONE.removeprefix("$ttl: 300\n")
    (folder / "conf/mine/example.com.yaml").write_text(zone)
    result = explain("example.com", "--config", "conf/zoneserver.yaml")

    assert "kept for 2 hours" in result.output
    assert explain("example.net", "--config", "conf/zoneserver.yaml").exit_code == 0


def test_zone_that_cannot_be_read(folder: Path) -> None:
    """A zone whose file is there, and of no use, is not taken for somebody else's."""
    (folder / "zones/example.net.yaml").unlink()
    (folder / "zones/example.net.yaml").mkdir()
    result = explain("example.net")

    assert result.exit_code == 1
    assert "its zone cannot be read" in result.output


def test_record_that_cannot_be_read(folder: Path) -> None:
    """A mistyped MX is not taken for a missing one."""
    broken = GOOD_ZONE.replace("preference: 10", "preference: ten")
    write_zones(folder, example_com=broken)
    result = explain("example.com")

    assert result.exit_code == 1
    assert "a record of it cannot be read" in result.output
    assert "error MX013" in result.output


@pytest.mark.usefixtures("folder")
def test_missing_folder() -> None:
    """Nothing to read: status 2, and the reason."""
    result = explain("example.com", "--zones", "nowhere")

    assert result.exit_code == 2
    assert "nowhere" in result.output
