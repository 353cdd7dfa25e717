"""`zoneserver rules`: the catalogue, and a page of it."""

import json

import pytest
from click.testing import CliRunner, Result

from zoneserver.catalogue import CATALOGUE
from zoneserver.cli import main


def run(*words: str) -> Result:
    """The outcome of the command."""
    return CliRunner().invoke(main, ["rules", *words], catch_exceptions=False)


def test_catalogue_is_a_line_for_each_rule() -> None:
    """Code, level, what it forbids, the RFC, and whether one has to ask for it."""
    lines = run().output.splitlines()

    assert len(lines) == len(CATALOGUE)
    assert (
        "MX001  error    an MX target is an alias (CNAME) (RFC 2181 10.3; RFC 5321 5.1)"
        in lines
    )
    assert [line for line in lines if "off unless selected" in line] == [
        "MX018  hint     a name has a single MX (RFC 5321 5.1); off unless selected"
    ]


def test_catalogue_as_json() -> None:
    """The same for programs."""
    rows = {row["code"]: row for row in json.loads(run("--format", "json").output)["rules"]}

    assert len(rows) == len(CATALOGUE)
    assert rows["MX018"] == {
        "code": "MX018",
        "level": "hint",
        "title": "a name has a single MX",
        "rfc": "RFC 5321 5.1",
        "waivable": True,
        "default": False,
    }


@pytest.mark.parametrize("code", ["MX001", "mx001"])
def test_page(code: str) -> None:
    """Why, the bad zone, what check says of it with the line and the caret, and the fix."""
    output = run(code).output
    expected = [
        "MX001: an MX target is an alias (CNAME)",
        "error, cannot be waived; see RFC 2181 10.3; RFC 5321 5.1",
        "part of the mail\narrives, part of it bounces",
        "example.com.yaml:\n    '': {type: MX,",
        "example.com.yaml:1:50: error MX001 example.com. MX 10 mail.example.com.: ",
        f"\n{'^':>54}\n",
        "\n  fix: write MX 10 www.example.com.",
        "\nthe fix\n\nexample.com.yaml:\n",
    ]
    places = [output.find(text) for text in expected]

    assert -1 not in places, expected[places.index(-1)]
    assert places == sorted(places)


def test_page_about_several_zones() -> None:
    """The zones beside it, and the version before, are shown too."""
    assert "2.0.192.in-addr.arpa.yaml:\n    '25': {type: PTR" in run("AD003").output
    assert "example.com.yaml, as it is served:\n" in run("NS016").output


def test_page_as_json() -> None:
    """The zones as files, and the finding as in check --format json."""
    page = json.loads(run("NS008", "--format", "json").output)
    (finding,) = page["bad"]["findings"]

    assert page["level"] == "warning"
    assert page["why"].startswith("The zone has one nameserver.")
    assert list(page["bad"]["files"]) == list(page["good"]["files"]) == ["example.com.yaml"]
    assert (finding["code"], finding["file"], finding["line"]) == (
        "NS008",
        "example.com.yaml",
        1,
    )


@pytest.mark.parametrize(
    ("word", "guess"),
    [("MX0001", "did you mean `MX001`?"), ("?", "zoneserver rules lists them")],
)
def test_rule_that_there_is_not(word: str, guess: str) -> None:
    """Exit status 2, and a guess."""
    result = run(word)

    assert result.exit_code == 2
    assert f"there is no rule `{word}`; {guess}" in result.stderr
