"""The JSON Schema of zone files beside the reader: what each of them lets pass."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from tests.typed_yaml import typed
from tests.unit.zonefile.test_yaml_types import BAD, GOOD
from tests.unit.zonefile.yaml_sources import barred, errors, messages, read
from zoneserver.names import Name
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.schema import zone_schema
from zoneserver.zonefile.yaml_writer import write_yaml

CHECKOUT = Path(__file__).parents[3]
SCHEMA = zone_schema(["google", "proton"])
NEWEST, OLDER = Draft202012Validator(SCHEMA), Draft7Validator(SCHEMA)

# Mistakes too fine for a schema: what dnspython knows of a type, what 1.2 types as a number.
FINER = {
    "altitude: ¦1e3",
    "altitude: 9999999999",
    "{port: ¦010}",
    "{alpm: [h2]}",
    "ipv4hint: ['::1']",
    "¦0a000001",
    r"¦\# 5 0a000001",
    r"¦\# 1 0g",
    r"¦\# 3 0a0000",
    "¦admin txt.example.com.",
    '¦"a\\nb"',
}


def accepts(text: str) -> bool:
    """Whether editors find nothing wrong, whichever draft they go by."""
    value = typed(text)
    verdict = NEWEST.is_valid(value)
    assert verdict == OLDER.is_valid(value), text
    return verdict


def test_the_schema_is_one() -> None:
    """By the rules of its own draft, and of the one that editors know best."""
    Draft202012Validator.check_schema(SCHEMA)
    Draft7Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


def test_references_stand_alone() -> None:
    """Draft 7 ignores what stands beside a $ref."""
    todo: list[Any] = [SCHEMA]
    references = 0
    while todo:
        each = todo.pop()
        if isinstance(each, dict) and "$ref" in each:
            assert list(each) == ["$ref"]
            references += 1
        todo += (
            each.values() if isinstance(each, dict) else each if isinstance(each, list) else ()
        )

    assert references > 20


@pytest.mark.parametrize(
    "path", sorted((CHECKOUT / "zones").glob("*.yaml")), ids=lambda p: p.name
)
def test_example_zones(path: Path) -> None:
    """The zones that come with the server."""
    assert accepts(path.read_text("utf-8"))


@pytest.mark.parametrize(
    "path",
    sorted((CHECKOUT / "tests/differential/zones").glob("*.zone")),
    ids=lambda path: path.name,
)
def test_imported_zones(path: Path) -> None:
    """What `zoneserver import` writes."""
    origin = Name.parse(f"{path.stem}.")
    source = read_master_zone(path.name, path.read_bytes(), origin, lambda _: b"")

    assert len(source.records) > 3
    assert accepts(write_yaml(origin, source.records))


@pytest.mark.parametrize(
    "layout",
    [
        "x: {{type: {}, value: {}}}",
        "x:\n  type: {}\n  values:\n  - {}",
        "x:\n- type: {}\n  value: [{}]",
        "x: [{{values: {1}, type: '{0}'}}]",
    ],
)
@pytest.mark.parametrize(("type_", "value", "_rdata"), GOOD)
def test_good_values(type_: str, value: str, _rdata: str, layout: str) -> None:
    """Every type in every spelling that the reader takes."""
    assert accepts(layout.format(type_, value))


@pytest.mark.parametrize(
    ("type_", "value"),
    [(type_, value) for type_, value, _ in BAD if not any(each in value for each in FINER)],
)
def test_bad_values(type_: str, value: str) -> None:
    """Nearly every value that the reader refuses."""
    text, _ = barred(f"x: {{type: {type_}, value: {value}}}\n")

    assert not accepts(text)


# Files that both take.
SOUND = [
    "'': {type: A, value: 192.0.2.1}",
    "10: {type: PTR, value: mail.example.com.}",
    "no: {type: A, value: 192.0.2.1}\nnull: {type: A, value: 192.0.2.1}",
    r"'\$x': {type: A, value: 192.0.2.1}",
    "x: {type: A, ttl: 1h30m, value: 192.0.2.1}",
    "x: {type: A, ttl: '300', value: 192.0.2.1}",
    "x: {type: TXT, value: 2026-01-01}\ny: {type: TXT, value: 10}\nz: {type: TXT, value: ''}",
    "x: {type: ALIAS, value: a., octodns: {ignored: true}}",
    "x: {type: A, value: 192.0.2.1, octodns: {lenient: yes, excluded: [a], cloud: {x: 1}}}",
    "x: {type: A, value: 192.0.2.1, geo: {EU: [192.0.2.2]}, healthcheck: {host: a}}",
    "x: {type: WALLET, value: a}",
    "x: &x {type: A, value: 192.0.2.1}\ny: {<<: *x, ttl: 60}",
    "$ttl: 1h\n$soa: {mname: a., rname: me@example.com, serial: auto, refresh: 4h, ttl: 60}",
    "$soa: {rname: me.example.com., serial: 4294967295}",
    "$allow: {rule: MX005, owner: '', reason: it is so}",
    "$allow: [{rule: mx005, reason: 1, until: 2027-06-30}, {rule: SY006, reason: x, owner: 1}]",
    "$allow: []",
    "$mta_sts: |\n  version: STSv1\n  mode: enforce\n  mx: mail.example.com\n  max_age: 604800",
    "$mta_sts: {shop: 'version: STSv1'}",
    "$mail: {exchanger: mx.isp.example., backup: true}",
    "$mail: {exchangers: [a., b.], ttl: 5m}",
    "$mail: {exchangers: a.}",
    "$mail: {none: yes}",
    "$mail: {provider: google}",
    "$mail: {provider: proton, exchanger: a.}",
    "$mail: {'': {exchanger: mx., backup: no}, shop: {none: true}}",
]  # fmt: skip


@pytest.mark.parametrize("text", SOUND)
def test_sound_files(text: str) -> None:
    """Owners, directives, metadata."""
    assert errors(read(text)) == []
    assert accepts(text)


# Files that both refuse.
MISTAKES = [
    "x: {type: MXX, value: a.}",
    "x: {type: ANY, value: a.}",
    "x: {tpye: A, value: 192.0.2.1}",
    "x: {type: A, vlaue: 192.0.2.1}",
    "x: {type: A, value: 192.0.2.1, values: [192.0.2.2]}",
    "x: {type: A}",
    "x: {type: A, values: []}",
    "x: []",
    "x: 192.0.2.1",
    "x: {type: A, ttl: -1, value: 192.0.2.1}",
    "x: {type: A, ttl: 2147483648, value: 192.0.2.1}",
    "x: {type: A, ttl: 1 hour, value: 192.0.2.1}",
    "x: {type: A, ttl: 1.5, value: 192.0.2.1}",
    "x: {type: MX, value: {exchange: mail.example.com., preference: ten}}",
    "x: {type: MX, value: {exchange: mail.example.com., preference: '010'}}",
    "x: {type: MX, value: {exchange: mail.example.com., preference: 65536}}",
    "x: {type: MX, value: {exchange: mail.example.com, preference: 10}}",
    "x: {type: MX, value: {exchange: mail.example.com., preference: 10, prefrence: 1}}",
    "x: {type: MX, value: {preference: 10}}",
    "x: {type: MX, values: [mail.example.com.]}",
    "x: {type: CNAME, value: www}",
    "x: {type: TXT, value: {a: b}}",
    "x:\n  type: TXT\n  value: |\n    v=spf1 -all\n",
    "x: {type: A, value: 192.0.2.1, octodns: [ignored]}",
    "x: {type: ALIAS, value: a., octodns: {ignored: false}}",
    "$tll: 300",
    "$ttl: soon",
    "$soa: {mname: ns1}",
    "$soa: {serial: automatic}",
    "$soa: {nmae: a.}",
    "$allow: {rule: MX005}",
    "$allow: {rule: MX001, reason: x}",
    "$allow: {rule: XX999, reason: x}",
    "$allow: {rule: MX005, reason: ' '}",
    "$allow: {rule: MX005, reason: x, until: tomorrow}",
    "$allow: {rule: MX005, reason: x, owners: a}",
    "$mta_sts: [a]",
    "$mta_sts: {shop: [a]}",
    "$mail: mx.isp.example.",
    "$mail: {}",
    "$mail: {exchanger: mx}",
    "$mail: {exchanger: mx., none: true}",
    "$mail: {exchangers: []}",
    "$mail: {none: false}",
    "$mail: {exchangers: [a.], backup: true}",
    "$mail: {provider: google, exchanger: a., backup: true}",
    "$mail: {exchnager: a.}",
    "$mail: {'': {exchanger: mx}}",
]  # fmt: skip


@pytest.mark.parametrize("text", MISTAKES)
def test_mistakes(text: str) -> None:
    """Misspelt keys, wrong types, what is missing, what does not go together."""
    assert errors(read(text)) != []
    assert not accepts(text)


@pytest.mark.parametrize("providers", [["nobody"], []])
def test_provider(providers: list[str]) -> None:
    """Where presets are known, others are refused; where none are, any is let pass."""
    validator = Draft202012Validator(zone_schema(providers))

    assert validator.is_valid({"$mail": {"provider": "google"}}) == (not providers)


@given(st.from_regex(r"[0-9smhdwSW]{1,6}", fullmatch=True))
def test_durations(text: str) -> None:
    """A TTL in quotes is the reader's text: schema and reader agree on each."""
    zone = f"x: {{type: A, ttl: '{text}', value: 192.0.2.1}}"
    source = read(zone)

    # A schema cannot add up units: the reader alone refuses what is over 68 years.
    assert accepts(zone) == (not source.findings or "is outside 0.." in messages(source))
