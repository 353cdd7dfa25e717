"""Findings for programs: JSON, SARIF, GitHub's lines."""

import json
from collections.abc import Iterator
from typing import Any

import click
import pytest

from zoneserver import __version__
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.service.checking.formats import FORMATS, Checked

FILE = "zones/example.com.yaml"
ORIGIN = Name.parse("example.com.")
ALIAS = make_finding(
    "MX001",
    Mark(FILE, 3, 39),
    "example.com. MX 10 mail.example.com.: mail is an alias.",
    "give it an address",
    origin=ORIGIN,
    owner=ORIGIN,
    related=((Mark("zones/example.net.yaml", 4, 28), "CNAME www.example.net."),),
    also=frozenset({Name.parse("example.net.")}),
)
SINGLE = make_finding("NS008", Mark(FILE, 1, 1), "one nameserver.")
WAIVED = Finding("MX004", Level.ERROR, Mark(FILE, 2, 5), "no address.", waived="moving")

# SARIF 2.1.0 (OASIS): what each object must have, and what else it may have of what we
# write. The schema allows no other properties, so a misspelt one is a mistake, too.
SARIF: dict[str, tuple[set[str], dict[str, str]]] = {
    "log": ({"version", "runs"}, {"$schema": "", "version": "", "runs": "run"}),
    "run": ({"tool"}, {"tool": "tool", "columnKind": "", "results": "result"}),
    "tool": ({"driver"}, {"driver": "component"}),
    "component": ({"name"}, {"name": "", "version": "", "rules": "rule"}),
    "rule": (
        {"id"},
        {
            "id": "",
            "shortDescription": "text",
            "fullDescription": "text",
            "help": "text",
            "defaultConfiguration": "configuration",
        },
    ),
    "text": ({"text"}, {"text": ""}),
    "configuration": (set(), {"level": ""}),
    "result": (
        {"message"},
        {
            "ruleId": "",
            "ruleIndex": "",
            "level": "",
            "message": "text",
            "locations": "location",
            "relatedLocations": "location",
            "suppressions": "suppression",
        },
    ),
    "location": (set(), {"physicalLocation": "physical", "message": "text"}),
    "physical": (set(), {"artifactLocation": "artifact", "region": "region"}),
    "artifact": (set(), {"uri": ""}),
    "region": (set(), {"startLine": "", "startColumn": ""}),
    "suppression": ({"kind"}, {"kind": "", "justification": ""}),
}


def formatted(form: str, *findings: Finding) -> str:
    """What a check of two zones says."""
    return "\n".join(FORMATS[form](Checked(2, 30, findings, {})))


def test_json() -> None:
    """Every key is there, whatever the finding."""
    assert json.loads(formatted("json", ALIAS, SINGLE, WAIVED)) == {
        "version": 1,
        "summary": {
            "zones": 2,
            "records": 30,
            "errors": 1,
            "warnings": 1,
            "hints": 0,
            "waived": 1,
        },
        "findings": [
            {
                "code": "MX001",
                "level": "error",
                "file": FILE,
                "line": 3,
                "column": 39,
                "zone": "example.com.",
                "owner": "example.com.",
                "reason": "example.com. MX 10 mail.example.com.: mail is an alias.",
                "fix": "give it an address",
                "rfc": "RFC 2181 10.3; RFC 5321 5.1",
                "waived": None,
                "related": [
                    {
                        "file": "zones/example.net.yaml",
                        "line": 4,
                        "column": 28,
                        "text": "CNAME www.example.net.",
                    }
                ],
                "other_zones": ["example.net."],
            },
            {
                "code": "NS008",
                "level": "warning",
                "file": FILE,
                "line": 1,
                "column": 1,
                "zone": None,
                "owner": None,
                "reason": "one nameserver.",
                "fix": "",
                "rfc": "RFC 1034 4.1; RFC 2182 5",
                "waived": None,
                "related": [],
                "other_zones": [],
            },
            {
                "code": "MX004",
                "level": "error",
                "file": FILE,
                "line": 2,
                "column": 5,
                "zone": None,
                "owner": None,
                "reason": "no address.",
                "fix": "",
                "rfc": "RFC 5321 5.1",
                "waived": "moving",
                "related": [],
                "other_zones": [],
            },
        ],
    }


def faults(kind: str, value: Any) -> Iterator[str]:
    """What the schema would say against a part of a SARIF log."""
    for each in value if isinstance(value, list) else [value]:
        required, allowed = SARIF[kind]
        yield from (f"{kind} has no {name}" for name in sorted(required - each.keys()))
        yield from (f"{kind} may have no {name}" for name in sorted(each.keys() - allowed))
        for name, inner in each.items():
            if allowed.get(name):
                yield from faults(allowed[name], inner)


@pytest.mark.parametrize("findings", [(), (ALIAS, SINGLE, WAIVED)])
def test_sarif_keeps_the_schema(findings: tuple[Finding, ...]) -> None:
    """Everything is there that must be, and nothing that may not."""
    assert list(faults("log", json.loads(formatted("sarif", *findings)))) == []


def test_sarif() -> None:
    """Levels, places and waivers in SARIF's words; each rule once, with its page."""
    (run,) = json.loads(formatted("sarif", ALIAS, SINGLE, WAIVED, ALIAS))["runs"]
    driver, (alias, single, waived, again) = run["tool"]["driver"], run["results"]

    assert (driver["name"], driver["version"]) == ("zoneserver", __version__)
    assert [rule["id"] for rule in driver["rules"]] == ["MX001", "MX004", "NS008"]
    assert driver["rules"][2]["defaultConfiguration"] == {"level": "warning"}
    assert "While that is down" in driver["rules"][2]["fullDescription"]["text"]
    assert [driver["rules"][each["ruleIndex"]]["id"] for each in run["results"]] == [
        "MX001",
        "NS008",
        "MX004",
        "MX001",
    ]
    assert alias == again
    assert alias["level"] == "error"
    assert alias["message"]["text"].endswith("mail is an alias. Fix: give it an address")
    assert alias["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": FILE},
        "region": {"startLine": 3, "startColumn": 39},
    }
    assert alias["relatedLocations"][0]["message"] == {"text": "CNAME www.example.net."}
    assert "suppressions" not in single
    assert waived["suppressions"] == [{"kind": "inSource", "justification": "moving"}]


def test_sarif_names_files_by_uri() -> None:
    """Blanks, signs and octets that are no UTF-8 are written as RFC 3986 asks."""
    finding = make_finding("NS008", Mark("my zones/50%/m\udcff.yaml", 1, 1), "one.")
    (run,) = json.loads(formatted("sarif", finding))["runs"]
    place = run["results"][0]["locations"][0]["physicalLocation"]

    assert place["artifactLocation"]["uri"] == "my%20zones/50%25/m%FF.yaml"


def test_github() -> None:
    """One command a finding, without those that are waived; the summary is no command."""
    assert formatted("github", ALIAS, SINGLE, WAIVED).splitlines() == [
        f"::error file={FILE},line=3,col=39,title=MX001::{ALIAS.reason} Fix: {ALIAS.fix}",
        f"::warning file={FILE},line=1,col=1,title=NS008::one nameserver.",
        "2 zones, 30 records: 1 error, 1 warning, 0 hints, 1 waived",
    ]


def test_github_command_cannot_be_broken_out_of() -> None:
    """Line ends, percent signs, and in a property commas and colons are coded."""
    finding = make_finding("MX023", Mark("a,b:c%.yaml", 1, 1), "x\n::set-env::y\x1b[2J")

    assert formatted("github", finding).splitlines()[0] == (
        "::notice file=a%2Cb%3Ac%25.yaml,line=1,col=1,title=MX023::x%0A::set-env::y\\x1b[2J"
    )


def test_text_ends_with_the_summary() -> None:
    """Each finding as a compiler prints it."""
    lines = click.unstyle(formatted("text", SINGLE)).splitlines()

    assert lines[0] == (f"{FILE}:1:1: warning NS008 one nameserver.")
    assert lines[-1] == "2 zones, 30 records: 0 errors, 1 warning, 0 hints"
