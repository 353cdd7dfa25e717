"""`zoneserver key generate`: an entry for the file of keys."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from zoneserver.cli import main
from zoneserver.names import Name
from zoneserver.service.configuration.keys_file import read_keys

LENGTHS = {"hmac-sha224": 28, "hmac-sha256": 32, "hmac-sha384": 48, "hmac-sha512": 64}


def generate(*words: str) -> str:
    """What it prints."""
    result = CliRunner().invoke(main, ["key", "generate", *words])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize("algorithm", LENGTHS)
def test_keys_can_be_read(tmp_path: Path, algorithm: str) -> None:
    """Each with a secret as long as its signatures, of which there is nothing to warn."""
    path = tmp_path / "keys.yaml"
    names = ["ns2.example.com.", "_x-1.example.", "*.example.", "a b'\\;.example.", "1e3."]
    path.write_text("".join(generate(name, "--algorithm", algorithm) for name in names))
    path.chmod(0o600)
    found = read_keys(path)

    assert [key.name for key in found.keyring] == list(map(Name.parse, names))
    assert {key.algorithm for key in found.keyring} == {algorithm}
    assert {len(key.secret) for key in found.keyring} == {LENGTHS[algorithm]}
    assert len({key.secret for key in found.keyring}) == len(names)
    assert found.warnings == ()


def test_usual_algorithm() -> None:
    """The final dot may be left out, as in the names of zones."""
    assert generate("ns2.example.com").startswith("ns2.example.com.: {algorithm: hmac-sha256, ")


def test_wrong_name() -> None:
    """One line, and the status of wrong use."""
    result = CliRunner().invoke(main, ["key", "generate", "a..b"])

    assert result.exit_code == 2
    assert "a..b is no name" in result.output
