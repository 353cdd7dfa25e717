"""`import`, `export` and `show`: what they print, and how they end."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.servers import GOOD_ZONE
from zoneserver.cli import main

MASTER = """\
$ORIGIN example.com.
$TTL 300
@ SOA ns1 hostmaster 7 7200 1800 1209600 3600
@ NS ns1
@ NS ns2
@ MX 10 mail
mail A 192.0.2.9
ns1 A 192.0.2.1
ns2 A 198.51.100.1
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A current folder with a master file, and with a zones folder of one YAML zone."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.zone").write_text(MASTER)
    (tmp_path / "zones").mkdir()
    (tmp_path / "zones/example.com.yaml").write_text(GOOD_ZONE)
    return tmp_path


def run(*words: str) -> Result:
    """The outcome of a command."""
    return CliRunner().invoke(main, words, catch_exceptions=False)


def test_import_and_back(folder: Path) -> None:
    """What is imported can be served, and exports as the records that were there."""
    imported = run("import", "old.zone")
    (folder / "zones/example.com.yaml").write_text(imported.stdout)
    exported = run("export", "example.com")

    assert (imported.exit_code, exported.exit_code) == (0, 0)
    soa = "ns1.example.com. hostmaster.example.com. 7 7200 1800 1209600 3600"
    assert set(exported.stdout.splitlines()) == {
        "$ORIGIN example.com.",
        f"example.com.\t300\tIN\tSOA\t{soa}",
        "example.com.\t300\tIN\tNS\tns1.example.com.",
        "example.com.\t300\tIN\tNS\tns2.example.com.",
        "example.com.\t300\tIN\tMX\t10 mail.example.com.",
        "mail.example.com.\t300\tIN\tA\t192.0.2.9",
        "ns1.example.com.\t300\tIN\tA\t192.0.2.1",
        "ns2.example.com.\t300\tIN\tA\t198.51.100.1",
    }


@pytest.mark.usefixtures("folder")
def test_import_tells_what_the_old_server_let_through() -> None:
    """The YAML is written all the same; the mistake is told, and the status is 1."""
    Path("old.zone").write_text(MASTER + "alias CNAME mail\n@ MX 20 alias\n")
    result = run("import", "old.zone")

    assert result.exit_code == 1
    assert "error MX001" in result.stderr
    assert "exchange: alias.example.com." in result.stdout


@pytest.mark.usefixtures("folder")
def test_export_refuses_a_zone_with_errors() -> None:
    """Nothing is printed that another server would then serve."""
    Path("zones/example.com.yaml").write_text(
        GOOD_ZONE.replace("mail.example.com.", "no.example.com.")
    )
    result = run("export", "example.com.")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "MX004" in result.stderr


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("zone", ["example.com", "example.com.", "zones/example.com.yaml"])
def test_show_as_json(zone: str) -> None:
    """Every record with its place, whether the zone is named or its file."""
    records = json.loads(run("show", zone, "--format", "json").stdout)
    exchangers = [each for each in records if each["type"] == "MX"]

    assert [each["rdata"] for each in exchangers] == ["10 mail.example.com."]
    assert exchangers[0]["file"] == "zones/example.com.yaml"


MAIL_ZONE = """\
$mail: {exchanger: mx.isp.example.org., backup: true, ttl: 60}
$soa: {serial: 7}
'':
  - {type: NS, values: [ns1.example.org., ns2.example.org.]}
  - {type: A, value: 192.0.2.25}
"""


@pytest.mark.usefixtures("folder")
def test_show_what_mail_became() -> None:
    """--expanded has the records that the file does not write out, and no others."""
    Path("zones/example.net.yaml").write_text(MAIL_ZONE)
    result = run("show", "example.net", "--expanded")
    assert 0 == result.exit_code
    expected = """\
---
$ttl: 60
$soa:
  ttl: 3600
  mname: ns1.example.org.
  rname: hostmaster.example.net.
  serial: 7
  refresh: 7200
  retry: 1800
  expire: 1209600
  minimum: 3600
'':
  type: MX
  values:
    - preference: 5
      exchange: example.net.
    - preference: 10
      exchange: mx.isp.example.org.
"""
    assert expected == result.stdout

    master = run("show", "example.net", "--expanded", "--format", "master").stdout
    assert ["$ORIGIN", "SOA", "MX", "MX"] == [
        line.split()[3] if line[0] != "$" else line.split()[0] for line in master.splitlines()
    ]


@pytest.mark.usefixtures("folder")
def test_show_and_export_have_everything() -> None:
    """What $mail became stands among the other records, and other servers get it, too."""
    Path("zones/example.net.yaml").write_text(MAIL_ZONE)
    exchangers = [
        each["rdata"]
        for each in json.loads(run("show", "example.net", "--format", "json").stdout)
        if each["type"] in ("MX", "A")
    ]
    assert {"5 example.net.", "10 mx.isp.example.org.", "192.0.2.25"} == set(exchangers)
    exported = run("export", "example.net").stdout
    assert "example.net.\t60\tIN\tMX\t5 example.net.\n" in exported


@pytest.mark.usefixtures("folder")
def test_mistake_in_mail_keeps_the_zone_from_being_served() -> None:
    """As any other: the finding goes to standard error, and the status is 1."""
    Path("zones/example.net.yaml").write_text(
        MAIL_ZONE.replace("{exchanger", "{provider: x, a")
    )
    result = run("export", "example.net")
    assert (1, "") == (result.exit_code, result.stdout)
    assert "zones/example.net.yaml:1:22: error SY008" in result.stderr


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "words",
    [
        ("show", "example.org"),
        ("export", "example.org"),
        ("import", "nosuch.zone"),
        ("show", "example.com", "--zones", "nosuch"),
        ("show", "example.com", "--format", "xml"),
    ],
)
def test_wrong_use(words: tuple[str, ...]) -> None:
    """One line on standard error, status 2."""
    result = run(*words)

    assert (result.exit_code, result.stdout) == (2, "")
