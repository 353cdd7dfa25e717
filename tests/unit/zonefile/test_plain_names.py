"""Names that are read by pattern, and lines that look like such names and are none."""

import pytest

from tests.unit.zonefile.yaml_sources import FILE, ORIGIN, errors, read, records
from zoneserver.zonefile.plain import read_plain_names
from zoneserver.zonefile.report import Report
from zoneserver.zonefile.values import ValueReader

APEX = "'': {type: NS, value: ns.test.}\n"

LONG = """\
a:
  - type: A
    ttl: 60
    value: 192.0.2.1
  - {type: NS, value: b.}
  - type: MX
    values:
      - preference: 1
        exchange: b.
      - exchange: c.
        preference: 2"""

# a name, its records
PLAIN = [
    ("a: {type: A, value: 192.0.2.1}", {"a 3600 A 192.0.2.1"}),
    ("a: {ttl: 60, type: AAAA, value: 2001:db8::1}", {"a 60 AAAA 2001:db8::1"}),
    ("a: {type: NS, ttl: 1h, values: [b., c.]}", {"a 3600 NS b.", "a 3600 NS c."}),
    ("a: {type: MX, value: {exchange: b., preference: 1}}", {"a 3600 MX 1 b."}),
    ("a:\n  type: TXT\n  value: 'v=spf1 -all'", {'a 3600 TXT "v=spf1 -all"'}),
    ("a:\n  type: TXT\n  value: v=spf1 mx ~all", {'a 3600 TXT "v=spf1 mx ~all"'}),
    ("a:\n  type: A\n  values:\n  - 192.0.2.1", {"a 3600 A 192.0.2.1"}),
    ("a:\n  type: MX\n  value:\n    preference: 1\n    exchange: b.", {"a 3600 MX 1 b."}),
    (
        LONG,
        {"a 60 A 192.0.2.1", "a 3600 NS b.", "a 3600 MX 1 b.", "a 3600 MX 2 c."},
    ),
]


@pytest.mark.parametrize(("name", "expected"), PLAIN)
def test_plain_name(name: str, expected: set[str]) -> None:
    """It is taken out of the text, which keeps its lines, and read to the same records."""
    text = f"{name}\n{APEX}"
    names, rest = read_plain_names(FILE, text, ValueReader(Report(ORIGIN)))
    assert ["a"] == [key.text for key, _ in names]
    assert "#" + "\n" * (name.count("\n") + 1) + APEX == rest
    assert expected | {"@ 3600 NS ns.test."} == records(read(text))


NAME = "a: {type: A, value: 192.0.2.1}\n"
A, NS = "a 3600 A 192.0.2.1", "@ 3600 NS ns.test."
QUOTED = 'b 3600 TXT "x a: {type: A, value: 192.0.2.1} y"'
# the file, its records, its errors
TURNED = [
    (f"b: {{type: TXT, value: 'x\n{NAME}y'}}\n{APEX}", {QUOTED, NS}, []),
    (f"{{\n{NAME.strip()},\n{APEX}}}\n", {A, NS}, []),
    (f"{APEX}...\n{NAME}", set[str](), ["3:1 SY008"]),
    (f"{APEX}---\n{NAME}", {NS}, ["2:1 SY008"]),
    (f"{NAME}---\n{APEX}", {A}, ["2:1 SY008"]),
    (f"%YAML 1.1\n{NAME}---\n{APEX}", set[str](), ["2:1 SY008"]),
    (f"{NAME}  b: c\n{APEX}", set[str](), ["2:3 SY008"]),
    (f"{NAME}- b\n{APEX}", set[str](), ["2:1 SY008"]),
    (f"  b: {{type: A, value: 192.0.2.2}}\n{NAME}{APEX}", set[str](), ["2:1 SY008"]),
    (f"- b\n{NAME}{APEX}", set[str](), ["2:1 SY008"]),
    (f"? b\n{NAME}{APEX}", {A, NS}, ["2:1 SY008"]),
    (f"b: |\n{NAME}{APEX}", {A, NS}, ["1:4 SY008"]),
    (f"b\n{NAME}{APEX}", set[str](), ["2:2 SY008"]),
    (f"!t\n{NAME}{APEX}", set[str](), ["1:1 SY008"]),
    (f"{NAME}{NAME}{APEX}", {A, NS}, ["2:1 SY008"]),
    (NAME, {A}, []),
]


@pytest.mark.parametrize(("text", "expected", "wrong"), TURNED)
def test_what_stands_around_a_name(text: str, expected: set[str], wrong: list[str]) -> None:
    """A line is a name where YAML has it so, whatever it looks like."""
    source = read(text)
    assert expected == records(source)
    assert wrong == errors(source)
