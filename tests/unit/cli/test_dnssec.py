"""`zoneserver dnssec`: what the parent has to know."""

from pathlib import Path

import dns.dnssec
import dns.name
import dns.rdata
import pytest
from click.testing import CliRunner
from dns.rdtypes.ANY.DNSKEY import DNSKEY

from zoneserver.cli import main
from zoneserver.dnssec.lifecycle import create
from zoneserver.dnssec.policy import Policy
from zoneserver.names import Name
from zoneserver.service.keeping.zone_keys import write_life

ZONE = "example.com."


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with the key of a zone."""
    write_life(tmp_path, Name.parse(ZONE), create(Policy(), 1_795_000_000))
    return tmp_path


def run(*words: str) -> list[str]:
    """The lines that it prints."""
    result = CliRunner().invoke(main, ["dnssec", *words])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def test_ds_is_that_of_the_key(state: Path) -> None:
    """As dnspython makes it of the key that is listed."""
    (ds,) = run("ds", ZONE, "--state", str(state))
    about, key = run("keys", ZONE, "--state", str(state))
    rdata = dns.rdata.from_text("IN", "DNSKEY", key.split(" ", 3)[3])
    assert isinstance(rdata, DNSKEY)
    theirs = dns.dnssec.make_ds(dns.name.from_text(ZONE), rdata, "SHA256")

    assert ds.lower() == f"{ZONE} in ds {theirs}".lower()
    assert about == f"{dns.dnssec.key_id(rdata)} ECDSAP256SHA256 csk"


def test_no_secret_is_printed(state: Path) -> None:
    """Whatever is asked for."""
    (path,) = (state / "keys").iterdir()
    said = " ".join(
        line for what in ("ds", "keys") for line in run(what, ZONE, "--state", str(state))
    )

    assert not any(line in said for line in path.read_text().split("\\n") if len(line) > 40)


def test_zone_without_keys(tmp_path: Path) -> None:
    """It is said when there will be some."""
    result = CliRunner().invoke(main, ["dnssec", "ds", ZONE, "--state", str(tmp_path)])

    assert result.exit_code == 2
    assert "when the server first serves the zone" in result.output
