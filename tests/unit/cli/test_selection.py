"""`zoneserver check --select` and `--ignore`: what is shown, and what is counted."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.servers import write_zones
from zoneserver.cli import main

# MX004 (error), NS008 and NS018 (warnings), SR003 (hint), and a name with a single MX.
ZONE = """\
$soa: {rname: dns@example.com}
'':
  - {type: NS, value: ns1.example.net.}
  - {type: MX, value: {preference: 10, exchange: nosuch.example.com.}}
"""


@pytest.fixture(autouse=True)
def _zones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with that zone is the current one."""
    write_zones(tmp_path, example_com=ZONE)
    monkeypatch.chdir(tmp_path)


def run(*words: str) -> Result:
    """The outcome of a check."""
    return CliRunner().invoke(main, ["check", *words], catch_exceptions=False)


@pytest.mark.parametrize(
    ("words", "codes", "status"),
    [
        ("", {"MX004", "NS008", "NS018", "SR003"}, 1),
        ("--select MX004", {"MX004"}, 1),
        ("--select MX", {"MX004"}, 1),
        ("--select mx --select ns008", {"MX004", "NS008"}, 1),
        ("--select NS", {"NS008", "NS018"}, 0),
        ("--select NS --strict", {"NS008", "NS018"}, 1),
        ("--select SR", {"SR003"}, 0),
        ("--select MX018", {"MX018"}, 0),
        ("--select SP", set(), 0),
        ("--ignore MX004", {"NS008", "NS018", "SR003"}, 0),
        ("--ignore MX004 --strict", {"NS008", "NS018", "SR003"}, 1),
        ("--ignore MX --ignore NS --strict", {"SR003"}, 0),
        ("--select MX --select NS --ignore NS018", {"MX004", "NS008"}, 1),
        ("--select NS --ignore N", set(), 0),
    ],
)
def test_selection(words: str, codes: set[str], status: int) -> None:
    """Both the list and the exit status are about the selected rules alone."""
    result = run(*words.split(), "--format", "json")
    document = json.loads(result.output)
    summary = document["summary"]

    assert {each["code"] for each in document["findings"]} == codes
    assert result.exit_code == status
    assert summary["errors"] + summary["warnings"] + summary["hints"] == len(
        document["findings"]
    )


@pytest.mark.parametrize("option", ["--select", "--ignore"])
@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("MX0001", "there is no rule `MX0001`; did you mean `MX001`?"),
        ("X", "there is no rule `X`"),
        ("", "there is no rule"),
    ],
)
def test_rule_that_there_is_not(option: str, word: str, said: str) -> None:
    """A misspelt rule would hide, or show, something else than was meant."""
    result = run(option, word)

    assert result.exit_code == 2
    assert said in result.stderr


@pytest.mark.parametrize("form", ["text", "json", "sarif", "github"])
def test_every_format_ends_alike(form: str) -> None:
    """The exit status does not depend on it, and nothing but it is on standard output."""
    result = run("--format", form)

    assert result.exit_code == 1
    assert "MX004" in result.stdout
    assert result.stderr == ""
    if form in {"json", "sarif"}:
        json.loads(result.stdout)
