"""`zoneserver schema`: what is printed is a schema, for zone files and for configurations."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from jsonschema import Draft7Validator, Draft202012Validator

from tests.typed_yaml import typed
from tests.unit.service.configuration.test_configuration import FULL, read
from zoneserver.cli import main
from zoneserver.errors import ConfigurationError


def schema(*words: str) -> dict[str, Any]:
    """What the command prints."""
    result = CliRunner().invoke(main, ["schema", *words], catch_exceptions=False)
    assert (result.exit_code, result.stderr) == (0, "")
    printed: dict[str, Any] = json.loads(result.stdout)
    return printed


@pytest.mark.parametrize("kind", ["zone", "config"])
def test_drafts(kind: str) -> None:
    """It names its draft, and is sound by that draft and by the one before."""
    printed = schema(kind)
    Draft202012Validator.check_schema(printed)
    Draft7Validator.check_schema(printed)

    assert printed["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert printed["title"].startswith("zoneserver ")


def test_zone_is_the_default() -> None:
    """It knows the presets of `$mail`."""
    printed = schema()
    validator = Draft202012Validator(printed)

    assert printed == schema("zone")
    assert validator.is_valid({"$mail": {"provider": "fastmail"}})
    assert not validator.is_valid({"$mail": {"provider": "nobody"}})


def test_wrong_use() -> None:
    """There are two kinds of file."""
    assert CliRunner().invoke(main, ["schema", "zones"]).exit_code == 2


@pytest.mark.parametrize(
    "text",
    [
        FULL,
        "{}",
        "listen: 127.0.0.1:53",
        "defaults: {ns: ns1.example.com., soa: {rname: hostmaster.example.com.}}",
        "defaults: {ttl: '300'}",
        "strict_start: 'true'",
    ],
)
def test_good_configurations(tmp_path: Path, text: str) -> None:
    """What the server takes."""
    read(tmp_path, text)

    assert Draft202012Validator(schema("config")).is_valid(typed(text))


@pytest.mark.parametrize(
    "text",
    [
        "strict-start: true",
        "zones: [a, b]",
        "strict_start: yes please",
        "listen: {address: 127.0.0.1}",
        "listen: [53]",
        "defaults: {ttl: 1h}",
        "defaults: {ttl: -1}",
        "defaults: {ttl: 2147483648}",
        "defaults: {soa: {mname: ns1}}",
        "defaults: {soa: {serial: 1}}",
        "defaults: []",
        "[]",
    ],
)
def test_bad_configurations(tmp_path: Path, text: str) -> None:
    """What the server refuses."""
    with pytest.raises(ConfigurationError):
        read(tmp_path, text)

    assert not Draft202012Validator(schema("config")).is_valid(typed(text))
