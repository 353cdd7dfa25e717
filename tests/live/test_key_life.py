"""Keys of a running server: what is told of them, and what is done with them when asked."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tests.servers import (
    GOOD_ZONE,
    OTHER_ZONE,
    WAIT_SECONDS,
    ServerProcess,
    running,
    write_zones,
)
from zoneserver.cli import main

# Nobody answers there, so that it is people who say what the parent has.
CONFIGURATION = """
state: state
dnssec:
  resolver: 127.0.0.1:9
  policies: {fast: {key_ttl: 1, propagation: 1, ds_ttl: 1}}
"""
SIGNED = "$dnssec: fast\n" + GOOD_ZONE.replace("$ttl: 300", "$ttl: 1\n$soa: {minimum: 1}")


class Keys:
    """The commands that tell of keys."""

    def __init__(self, folder: Path, server: ServerProcess) -> None:
        self.folder, self.server = folder, server

    def run(self, *words: str) -> Result:
        """The outcome of one that asks the server."""
        control = str(self.folder / "state/control.sock")
        return CliRunner().invoke(main, ["dnssec", *words, "--control", control])

    def say(self, *words: str) -> str:
        """What one prints that succeeds."""
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.output

    def wait_for(self, words: str) -> None:
        """Return when the status has some words. It comes a moment after the first answers."""
        self.wait(lambda: self.run("status", "example.com").output, words)

    def wait_for_served(self, qtype: str, words: str) -> None:
        """Return when the zone is served with some words. Keys are written before it is."""
        self.wait(lambda: self.server.ask("example.com.", qtype).to_text(), words)

    def wait(self, say: Callable[[], str], words: str) -> None:
        """Return when something is said."""
        deadline = time.monotonic() + WAIT_SECONDS
        while words not in (said := say()):
            assert time.monotonic() < deadline, said
            time.sleep(0.1)

    def tags(self) -> list[str]:
        """Those of the keys that there are."""
        answer = json.loads(self.say("status", "example.com", "--format", "json"))
        return [str(key["tag"]) for key in answer["zones"][0]["keys"]]

    def ds(self) -> str:
        """The DS record for the parent."""
        words = ["dnssec", "ds", "example.com", "--state", str(self.folder / "state")]
        return CliRunner().invoke(main, words).output.strip()


@pytest.fixture
def keys(tmp_path: Path) -> Iterator[Keys]:
    """A server with a zone that is signed on a fast clock, and one that is not."""
    write_zones(tmp_path, example_com=SIGNED, example_net=OTHER_ZONE)
    (tmp_path / "zoneserver.yaml").write_text(CONFIGURATION)
    with running(tmp_path, "--config", "zoneserver.yaml", "--workers", "1") as server:
        yield Keys(tmp_path, server)


def test_life_of_a_key(keys: Keys) -> None:
    """From the first signing to its successor, by one command, and two words of the parent."""
    keys.wait_for("example.com.\n  key ")
    (old,) = keys.tags()
    keys.wait_for("the parent has to have the DS")
    said = keys.say("status", "example.com")
    assert keys.ds() in said
    assert "to do: give your registrar this DS" in said
    keys.wait_for("in vain: 127.0.0.1:9: no answer over TCP")
    keys.wait_for_served("CDS", f" CDS {old} 13 2 ")
    assert "nothing is waited for" in keys.say("confirm", "example.com", old)

    said = keys.say("roll", "example.com")
    assert "rollover of the CSK" in said
    (_, new) = keys.tags()
    assert f"({old} -> {new}): publishing" in said
    keys.wait_for("no old one")
    assert f"in place of that of key {old}" in keys.say("status", "example.com")
    keys.say("confirm", "example.com")
    keys.wait_for("nothing is waited for")
    assert [new] == keys.tags()
    keys.wait_for_served("CDS", f" CDS {new} 13 2 ")
    assert "the parent has to have no DS of the zone" in keys.say("unsign", "example.com")
    keys.wait_for_served("CDS", " CDS 0 0 0 00")
    keys.say("confirm", "example.com")
    keys.wait_for("to do: take $dnssec out of the file of example.com.")

    (path,) = (keys.folder / "state/keys").iterdir()
    secret = json.loads(path.read_text())["keys"][0]["private"].splitlines()[1]
    keys.server.stop()
    said = "\n".join(keys.server.log.rest())
    assert secret not in said
    assert 3 == said.count("waits for a DS at its parent")


REFUSED = [
    (("confirm", "example.com"), "nothing waits for the DS at the parent"),
    (("roll", "example.com", "--zsk"), "there is no zsk"),
    (("roll", "example.com"), "a rollover of these keys is under way"),
    (("unsign", "example.com", "--undo"), "the zone is to be signed anyway"),
    (("roll", "example.net"), "example.net. is not signed here"),
    (("confirm", "example.org"), "example.org. is not signed here"),
]


def test_what_cannot_be_done(tmp_path: Path) -> None:
    """It is said why, also to programs; zones that are not signed have no keys to tell of."""
    write_zones(tmp_path, example_com=f"$dnssec: true\n{GOOD_ZONE}", example_net=OTHER_ZONE)
    with running(tmp_path, "--state", "state", "--workers", "1") as server:
        keys = Keys(tmp_path, server)
        keys.wait_for("example.com.\n  key ")
        for words, says in REFUSED:
            result = keys.run(*words)
            assert (2, f"zoneserver: {says}\n") == (result.exit_code, result.output)
            result = keys.run(*words, "--format", "json")
            assert 2 == result.exit_code
            assert says == json.loads(result.output)["error"]
        result = keys.run("status", "example.com", "example.net")
        assert 1 == result.exit_code
        assert "caches may have the zone without signatures" in result.output
        assert "example.net. is not signed here" in result.output
        (tmp_path / "state/keys/example.com.json").unlink()
        result = keys.run("status")
        assert 1 == result.exit_code
        assert "error: its file of keys is gone" in result.output
