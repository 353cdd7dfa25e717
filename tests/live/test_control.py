"""A running server is asked, and told, over its control socket."""

import json
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.figures import Figures
from tests.servers import (
    BAD_ZONE,
    GOOD_ZONE,
    OTHER_ZONE,
    ServerProcess,
    running,
    starting,
    write_zones,
)
from zoneserver.cli import main

SALES = "sales: {type: MX, value: {preference: 10, exchange: mail.example.com.}}\n"
WIDE = GOOD_ZONE + "".join(f"host{n}: {{type: A, value: 192.0.2.{n}}}\n" for n in range(10))


class Asking:
    """A server with two zones, and the commands that ask it."""

    def __init__(self, folder: Path, server: ServerProcess) -> None:
        self.folder = folder
        self.server = server

    def run(self, *words: str) -> Result:
        """The outcome of a command, with the socket of this server."""
        control = str(self.folder / "state/control.sock")
        return CliRunner().invoke(main, [*words, "--control", control])

    def is_settled(self) -> bool:
        """Whether every worker answers, and the zones are told."""
        status = self.ask(b'{"command": "status"}')
        workers: Any = status["workers"]
        return status["reload"] is not None and all(each["answers"] for each in workers)

    def ask(self, line: bytes) -> dict[str, object]:
        """What is answered to one line."""
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(20)
            client.connect(str(self.folder / "state/control.sock"))
            client.sendall(line + b"\n")
            with client.makefile("rb") as file:
                answer: dict[str, object] = json.loads(file.readline())
        return answer

    def write(self, text: str) -> None:
        """Another version of the first zone."""
        write_zones(self.folder, example_com=text)


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    """A server that reads its zones again when it is told to."""
    folder = tmp_path_factory.mktemp("control")
    write_zones(folder, example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    with running(folder) as server:
        asking = Asking(folder, server)
        while not asking.is_settled():
            pass  # it answers before every worker does, and before it has told what it read
        yield asking


def test_status(asking: Asking) -> None:
    """Processes, rights, zones, the last reload: for people and for programs."""
    text, document = asking.run("status"), asking.run("status", "--format", "json")
    status = json.loads(document.stdout)

    assert (0, 0) == (text.exit_code, document.exit_code)
    assert asking.server.process.pid == status["pid"]
    assert {"served": 2, "stale": 0, "refused": 0} == status["zones"]
    assert [f"127.0.0.1:{asking.server.port}"] == status["listening"]
    assert all(worker["answers"] for worker in status["workers"])
    assert re.search(
        r"^process +\d+, user \d+, CapEff [0-9a-f]{16}$", text.stdout, re.MULTILINE
    )
    assert re.search(
        r"^zones +2 served, 0 of them stale; 0 refused$", text.stdout, re.MULTILINE
    )
    assert re.search(r"^last reload .* 2 zones changed: ok$", text.stdout, re.MULTILINE)


def test_zones(asking: Asking) -> None:
    """Each with its serial and the route of its mail."""
    done = asking.run("zones", "example.net")
    unknown = asking.run("zones", "example.org")

    assert 0 == done.exit_code
    assert re.fullmatch(
        r"example\.net\. serial \d+, 7 records, loaded [-0-9]+ [:0-9]+Z,"
        r" mail to mail\.example\.net\. \(10\)\n",
        done.stdout,
    )
    assert (1, "example.org. is not here\n") == (unknown.exit_code, unknown.stdout)


def test_stats_outlive_workers(asking: Asking) -> None:
    """What they counted is counted once they are gone."""

    def received() -> int:
        return int(str(asking.ask(b'{"command": "stats"}')["received"]))

    before = received()
    for _ in range(20):
        asking.server.exchanges("example.com")
    while received() < before + 20:
        pass
    for worker in json.loads(asking.run("status", "--format", "json").stdout)["workers"]:
        os.kill(worker["pid"], 9)
        asking.server.log.wait_for("it is replaced")
    assert received() >= before + 20


def test_reload_shows_what_changed(asking: Asking) -> None:
    """As the log does; exit status 0."""
    asking.write(GOOD_ZONE.replace("preference: 10", "preference: 30"))
    done = asking.run("reload", "--wait")

    assert 0 == done.exit_code, done
    assert "mail for example.com. now goes to mail.example.com. (30)\n" in done.stdout
    assert re.search(r"^reloaded in \d+\.\d\d s: ok$", done.stdout, re.MULTILINE)
    assert ["30 mail.example.com."] == asking.server.exchanges("example.com")


def test_reload_shows_mistakes_as_check_does(asking: Asking) -> None:
    """With the line and the caret; exit status 1, though not for another zone."""
    asking.write(BAD_ZONE)
    done, other = asking.run("reload", "--wait"), asking.run("reload", "--wait", "example.net")
    document = json.loads(asking.run("reload", "--wait", "--format", "json").stdout)
    status = asking.run("status")
    asking.write(GOOD_ZONE)
    asking.run("reload", "--wait")

    assert (1, 0) == (done.exit_code, other.exit_code)
    assert re.search(r"^zones/example\.com\.yaml:4:\d+: error MX001 ", done.stdout)
    assert "\n  fix: write MX 10 ns1.example.com." in done.stdout
    assert "MX001" not in other.stdout
    assert ("kept", ["MX001"]) == (
        document["result"],
        [e["code"] for e in document["findings"]],
    )
    assert "example.com. STALE serial" in status.stdout
    assert ": error MX001 " in status.stdout


@pytest.mark.parametrize(
    ("before", "after", "code"),
    [(GOOD_ZONE + SALES, GOOD_ZONE, "GU001"), (WIDE, GOOD_ZONE, "GU002")],
    ids=["last MX", "most names"],
)
def test_guard(asking: Asking, before: str, after: str, code: str, figures: Figures) -> None:
    """Acceptance 64: what would take mail or most names away waits until it is forced."""
    asking.write(before)
    assert 0 == asking.run("reload", "--wait", "--force").exit_code
    asking.write(after)
    refused = asking.run("reload", "--wait")
    stale = asking.run("zones", "example.com")
    elsewhere = asking.run("reload", "--wait", "--force", "example.net")
    still = asking.run("zones", "example.com")
    forced = asking.run("reload", "--wait", "--force", "example.com")
    clean = asking.run("zones", "example.com")

    assert (1, 1, 0) == (refused.exit_code, stale.exit_code, elsewhere.exit_code)
    assert f": error {code} " in refused.stdout
    assert "zoneserver reload --force example.com." in refused.stdout
    assert "STALE" in still.stdout
    assert (0, 0) == (forced.exit_code, clean.exit_code)
    figures.add(f"64 shrink guard, {code}", "refused, the old version served until forced")


def test_guard_names_who_loses_mail(asking: Asking) -> None:
    """And a waiver in the zone lets it pass."""
    asking.write(GOOD_ZONE + SALES)
    asking.run("reload", "--wait", "--force")
    asking.write(GOOD_ZONE)
    refused = asking.run("reload", "--wait")
    waiver = "$allow: [{rule: GU001, owner: sales, reason: sales has moved}]\n"
    asking.write(GOOD_ZONE + waiver)
    waived = asking.run("reload", "--wait")
    asking.write(GOOD_ZONE)

    assert 1 == refused.exit_code
    assert "sales.example.com. has an MX in the version that is served" in refused.stdout
    assert 0 == waived.exit_code, waived.stdout
    assert "waived: sales has moved" in waived.stdout


def test_zone_whose_file_is_gone(asking: Asking) -> None:
    """It is served until it is forced out of service."""
    (asking.folder / "zones/example.net.yaml").unlink()
    kept = asking.run("reload", "--wait")
    served = asking.server.exchanges("example.net")
    forced = asking.run("reload", "--wait", "--force", "example.net")
    gone = asking.server.ask("example.net")
    write_zones(asking.folder, example_net=OTHER_ZONE)
    back = asking.run("reload", "--wait")

    assert (1, 0, 0) == (kept.exit_code, forced.exit_code, back.exit_code)
    assert "error SY009 the file is gone" in kept.stdout
    assert ["10 mail.example.net."] == served
    assert "removed: example.net." in forced.stdout
    assert not gone.answer


def test_reload_that_fails(asking: Asking) -> None:
    """Exit status 2: nothing could be read, and nothing has changed."""
    zones = asking.folder / "zones"
    zones.rename(asking.folder / "elsewhere")
    done = asking.run("reload", "--wait")
    (asking.folder / "elsewhere").rename(zones)

    assert 2 == done.exit_code
    assert "cannot read the zones folder zones: No such file" in done.stderr
    assert asking.server.exchanges("example.com")


@pytest.mark.parametrize(
    "line",
    [
        b"", b"{", b"[]", b"{}", b"\xff", b'{"command": "halt"}', b'{"command": ["status"]}',
        b'{"command": "reload", "zones": ["a..b"]}', b'{"command": "zones", "zones": [1]}',
        b"[" * 100_000,
    ],
    ids=lambda line: line[:20],
)  # fmt: skip
def test_what_is_no_request(asking: Asking, line: bytes) -> None:
    """It is said, and the server goes on."""
    assert ["refused"] == list(asking.ask(line))
    assert asking.server.exchanges("example.com")


def test_log_level(asking: Asking) -> None:
    """Until the next start; every process goes by it."""
    before = asking.run("log-level")
    changed = asking.run("log-level", "error")
    asking.write(GOOD_ZONE.replace("preference: 10", "preference: 40"))
    asking.run("reload", "--wait")
    quiet = asking.run("log-level", "info")
    asking.write(GOOD_ZONE)
    asking.run("reload", "--wait")
    asking.server.log.wait_for(r"now goes to mail\.example\.com\. \(10\)")

    assert ["info\n", "error\n", "info\n"] == [each.output for each in (before, changed, quiet)]
    assert "(40)" not in str(asking.server.log)
    assert 2 == asking.run("log-level", "loud").exit_code
    assert ["refused"] == list(asking.ask(b'{"command": "log-level", "level": "loud"}'))


def test_requests_one_after_the_other(asking: Asking) -> None:
    """On one connection."""
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(asking.folder / "state/control.sock"))
        client.sendall(b'{"command": "stats"}\n{"command": "zones"}\n')
        with client.makefile("rb") as file:
            answers = [json.loads(file.readline()) for _ in range(2)]

    assert "received" in answers[0]
    assert ["example.com.", "example.net."] == [e["origin"] for e in answers[1]["zones"]]


def test_idle_clients_are_not_in_the_way(asking: Asking) -> None:
    """Of a hundred that say nothing, some are sent away; the server answers the next."""
    clients = [socket.socket(socket.AF_UNIX) for _ in range(100)]
    for client in clients:
        client.settimeout(20)
        client.connect(str(asking.folder / "state/control.sock"))
    refused = sum(client.recv(1) == b"" for client in clients[40:])
    for client in clients:
        client.close()

    assert refused == 60
    assert 0 == asking.run("status").exit_code


def test_no_server() -> None:
    """Which socket was tried, and what to do; exit status 2."""
    done = CliRunner().invoke(main, ["status", "--control", "nowhere.sock"])

    assert 2 == done.exit_code
    assert "zoneserver: no server answers at nowhere.sock: start one" in done.stderr


def test_two_servers_with_one_state(tmp_path: Path) -> None:
    """The second does not start, and does the first no harm."""
    write_zones(tmp_path, example_com=GOOD_ZONE)
    with running(tmp_path) as server:
        with starting(tmp_path) as second:
            assert 2 == second.process.wait(20)
            assert "another server runs" in "".join(second.log.rest())
        assert server.exchanges("example.com")
        server.stop()

    assert not (tmp_path / "state/control.sock").exists()
