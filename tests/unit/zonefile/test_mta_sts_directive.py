"""`$mta_sts`: the policy of a domain, kept with its zone and held against its MX records."""

from datetime import date

import pytest

from tests.unit.zonefile.masters import no_include
from zoneserver.names import Name
from zoneserver.validator.judge import judge_all
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.source import Defaults, ZoneSource
from zoneserver.zonefile.yaml_zone import read_yaml_zone

ORIGIN = Name.parse("example.com.")
DEFAULTS = Defaults(ns=(Name.parse("ns1.example.net."), Name.parse("ns2.example.org.")))
RECORDS = """\
'': {type: MX, value: {exchange: mail.example.com., preference: 10}}
mail: {type: A, value: 203.0.113.25}
"""
POLICY = """\
$mta_sts: |
  version: STSv1
  mode: enforce
  mx: mail.example.com
  max_age: 86400
"""


def read(text: str) -> ZoneSource:
    """The source that a file makes."""
    return read_yaml_zone(ORIGIN, {"zone.yaml": text.encode()}, no_include, DEFAULTS)


def found(text: str) -> list[tuple[str, int]]:
    """The findings about MTA-STS, with their lines."""
    source = read(text)
    findings = judge_all([Candidate(source, build_zone(source))], date(2026, 6, 1))
    return [(each.code, each.mark.line) for each in findings if each.code.startswith("ST")]


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (POLICY, []),
        (POLICY.replace("mail.example", "*.example"), []),
        (POLICY.replace("mail.example.com", "mx.example.com"), [("ST004", 2)]),
        (POLICY.replace("enforce", "testing"), []),
        (POLICY.replace("enforce", "enforced"), [("ST004", 2)]),
        (POLICY.replace("max_age: 86400", "max age: 86400"), [("ST004", 2), ("ST004", 5)]),
        (POLICY.replace("enforce", "none").replace("mail.", "mx."), []),
    ],
)
def test_policy_is_held_against_the_exchangers(
    policy: str, expected: list[tuple[str, int]]
) -> None:
    """A policy that shuts out an exchanger, or cannot be read, is an error at its line."""
    assert found(policy + RECORDS) == expected


def test_policies_of_several_domains() -> None:
    """A mapping gives each owner its policy."""
    source = read("$mta_sts: {'': one, shop: two}\n" + RECORDS)

    assert [(str(each.owner), each.text) for each in source.mta_sts] == [
        ("example.com.", "one"),
        ("shop.example.com.", "two"),
    ]


@pytest.mark.parametrize("directive", ["$mta_sts: [a, b]\n", "$mta_sts: {shop: [a]}\n"])
def test_policy_that_is_no_text(directive: str) -> None:
    """Anything but a text, or a mapping of texts, is an error."""
    errors = [each.code for each in read(directive + RECORDS).findings if each.blocks]

    assert errors == ["SY008"]
