"""Zones that are exchanged while they are asked for: never a mix, never a gap."""

import json
import os
import re
import resource
import shutil
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import dns.message
import dns.rcode
import dns.rdatatype
import pytest
from click.testing import CliRunner, Result

from tests.figures import Figures
from tests.servers import BAD_ZONE, GOOD_ZONE, OTHER_ZONE, ServerProcess, running, write_zones
from zoneserver.cli import main

RELOADS, RATE = 200, 2000
MEMORY_RELOADS = 40
NEVER_LATE_SECONDS = 5.0
NAME = "example.com.yaml"

# Each breaks the zone in its own way.
BROKEN = {
    "empty": "", "comment": "# nothing\n", "null": "~\n", "list": "- a\n", "scalar": "zone\n",
    "open bracket": "'': [", "open quote": "'': {type: 'A", "tab": "'':\n\t- {type: A}\n",
    "NUL": "'': {type: A, value: 192.0.2.1}\0\n", "no YAML": "\x01\x02\x03",
    "cut": GOOD_ZONE[:100], "two documents": GOOD_ZONE + "---\na: {}\n",
    "tag": "'': !!python/x 1\n",
    "bomb": "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\n",
    "unknown type": GOOD_ZONE + "x: {type: MAIL, value: a}\n",
    "unknown key": GOOD_ZONE + "x: {type: A, valeu: 192.0.2.1}\n",
    "address": GOOD_ZONE + "x: {type: A, value: 192.0.2.256}\n",
    "twice": GOOD_ZONE + "mail: {type: A, value: 192.0.2.26}\n",
    "MX to alias": BAD_ZONE,
    "MX to nowhere": GOOD_ZONE.replace("exchange: mail.", "exchange: nowhere."),
}  # fmt: skip


def _version(number: int) -> str:
    """A zone of which two records carry the number of the version."""
    pair = f"[192.0.2.{number % 256}, 198.51.100.{number % 256}]"
    return GOOD_ZONE + f"pair: {{type: A, values: {pair}}}\n"


class Reloading:
    """A server, and its control socket."""

    def __init__(self, folder: Path, server: ServerProcess) -> None:
        self.folder = folder
        self.server = server
        self.zones = folder / "zones"
        self.path = self.zones / NAME
        self._control = str(folder / "state/control.sock")

    def run(self, *words: str) -> Result:
        """A command that asks the server."""
        return CliRunner().invoke(main, [*words, "--control", self._control])

    def reload(self, *words: str) -> Result:
        """Have it read the zones, and wait for that."""
        return self.run("reload", "--wait", *words)

    def zone(self, origin: str = "example.com") -> dict[str, object]:
        """What the server says of a zone."""
        (zone,) = json.loads(self.run("zones", origin, "--format", "json").output)["zones"]
        found: dict[str, object] = zone
        return found

    def is_served(self) -> bool:
        """Whether the good version answers."""
        return self.server.exchanges("example.com") == ["10 mail.example.com."]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reloading]:
    """A server that reads its zones when it is told to."""
    folder = tmp_path_factory.mktemp("reload")
    write_zones(folder, example_com=GOOD_ZONE)
    with running(folder) as server:
        yield Reloading(folder, server)


@pytest.fixture
def reloading(server: Reloading) -> Reloading:
    """The same, with one good zone."""
    shutil.rmtree(server.zones)
    write_zones(server.folder, example_com=GOOD_ZONE)
    assert 0 == server.reload("--force").exit_code
    return server


class Asker(threading.Thread):
    """Asks for the pair at a steady rate, and keeps what it was told and how fast."""

    def __init__(self, port: int) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self.wrong: list[str] = []
        self.done = threading.Event()
        self._client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._client.settimeout(NEVER_LATE_SECONDS)
        self._client.connect(("127.0.0.1", port))

    def run(self) -> None:
        """Ask until it is done."""
        query = dns.message.make_query("pair.example.com", "A").to_wire()
        due = time.monotonic()
        with self._client:
            while not self.done.is_set():
                begin = time.monotonic()
                self._client.send(query)
                try:
                    answer = self._client.recv(2048)
                except TimeoutError:
                    self.wrong.append("lost")
                    continue
                self.seconds.append(time.monotonic() - begin)
                self._judge(answer)
                due = max(due + 1 / RATE, time.monotonic() - 0.1)
                time.sleep(max(0.0, due - time.monotonic()))

    def _judge(self, answer: bytes) -> None:
        """The last octets of both addresses are those of one version."""
        code, count = answer[3] & 15, int.from_bytes(answer[6:8])
        if code or count != 2:
            self.wrong.append(f"RCODE {code}, {count} records")
            return
        # Behind the pointer to the owner: type, class, TTL, length, and the address.
        first, second = (part[13] for part in answer.split(b"\xc0\x0c")[1:])
        if first != second:
            self.wrong.append(f"a mix of {first} and {second}")


def _turn(zones: Path, number: int) -> None:
    link = zones / "..data_new"
    link.symlink_to(f"..{number}")
    link.replace(zones / "..data")


def test_every_answer_is_of_one_version(reloading: Reloading, figures: Figures) -> None:
    """Acceptance 61: 200 reloads under load, over the control socket."""
    # All versions lie ready, and a link is turned from one to the next, as Kubernetes does.
    for number in range(RELOADS + 1):
        (reloading.zones / f"..{number}").mkdir()
        (reloading.zones / f"..{number}" / NAME).write_text(_version(number))
    _turn(reloading.zones, 0)
    reloading.path.unlink()
    reloading.path.symlink_to(f"..data/{NAME}")
    assert 0 == reloading.reload().exit_code
    asker = Asker(reloading.server.port)
    asker.start()
    for number in range(1, RELOADS + 1):
        _turn(reloading.zones, number)
        outcome = reloading.reload()
        assert 0 == outcome.exit_code, outcome.output
    asker.done.set()
    asker.join()

    assert [] == asker.wrong
    last = [f"192.0.2.{RELOADS % 256}", f"198.51.100.{RELOADS % 256}"]
    answer = reloading.server.ask("pair.example.com", "A").answer[0]
    assert last == sorted(each.to_text() for each in answer)
    percentile = statistics.quantiles(asker.seconds, n=100)[98]
    figures.add(
        f"61 {RELOADS} reloads under load",
        f"{len(asker.seconds)} answers, each of one version, 0 lost;"
        f" p99 {percentile * 1000:.1f} ms, longest {max(asker.seconds) * 1000:.0f} ms",
    )


def test_last_good_version_outlives_every_mistake(
    reloading: Reloading, figures: Figures
) -> None:
    """Acceptance 62: served all through, told with file and line, stale until it is mended."""
    for name, text in BROKEN.items():
        reloading.path.write_text(text)
        outcome = reloading.reload()
        assert 1 == outcome.exit_code, name
        assert "example.com.yaml:" in outcome.output, name
        assert reloading.zone()["stale"], name
        assert reloading.is_served(), name
        assert CliRunner().invoke(main, ["check", str(reloading.path)]).exit_code, name
        reloading.path.write_text(GOOD_ZONE)
        assert 0 == reloading.reload().exit_code, name
        assert not reloading.zone()["stale"], name
    figures.add(f"62 {len(BROKEN)} broken files", "the last good version served all through")


def _unlink(path: Path) -> None:
    path.unlink()


def _make_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _make_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def _make_socket(path: Path) -> None:
    path.unlink()
    with socket.socket(socket.AF_UNIX) as left:
        here = Path.cwd()
        os.chdir(path.parent)
        try:
            left.bind(path.name)
        finally:
            os.chdir(here)


def _link_to(target: str) -> Callable[[Path], None]:
    def link(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return link


def _remove_folder(path: Path) -> None:
    path.parent.rename(path.parent.with_name("away"))


DAMAGES: dict[str, Callable[[Path], None]] = {
    "removed": _unlink,
    "a folder": _make_folder,
    "a FIFO": _make_fifo,
    "a socket": _make_socket,
    "a device": _link_to("/dev/zero"),
    "a link to itself": _link_to(NAME),
    "a link to nothing": _link_to("nowhere.yaml"),
    "a link out of the folder": _link_to("../outside.yaml"),
    "its folder removed": _remove_folder,
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_file_that_is_none_any_more(
    reloading: Reloading, damage: str, figures: Figures
) -> None:
    """Acceptance 66: served from memory, told, and mended with the file (67: links)."""
    (reloading.folder / "outside.yaml").write_text(GOOD_ZONE.replace("10", "66"))
    DAMAGES[damage](reloading.path)
    begin = time.monotonic()
    outcome = reloading.reload()
    seconds = time.monotonic() - begin
    served = reloading.is_served()
    away = reloading.folder / "away"
    if away.exists():
        away.rename(reloading.zones)
    elif reloading.path.is_dir():
        reloading.path.rmdir()
    else:
        reloading.path.unlink(missing_ok=True)
    reloading.path.write_text(GOOD_ZONE.replace("preference: 10", "preference: 5"))
    mended = reloading.reload()

    assert outcome.exit_code in {1, 2}
    assert served
    assert seconds < NEVER_LATE_SECONDS
    assert 0 == mended.exit_code
    assert ["5 mail.example.com."] == reloading.server.exchanges("example.com")
    number = 67 if "out of" in damage else 66
    figures.add(f"{number} the file is {damage}", "served from memory, then mended")


def test_include_that_leads_out_of_the_folder(reloading: Reloading, figures: Figures) -> None:
    """Acceptance 67: by `..`, by an absolute path, by a link."""
    outside = reloading.folder / "outside.yaml"
    outside.write_text("{type: A, value: 192.0.2.66}\n")
    (reloading.zones / "link.inc").symlink_to(outside)
    for path in ("../outside.yaml", str(outside), "link.inc"):
        reloading.path.write_text(GOOD_ZONE + f"x: !include {path}\n")
        outcome = reloading.reload()
        assert 1 == outcome.exit_code
        assert "leads out of the folder" in outcome.output
        assert reloading.server.ask("x.example.com", "A").rcode() == dns.rcode.NXDOMAIN
    figures.add("67 include by .., absolute, link", "refused, 3 of 3")


def test_serial_that_does_not_rise(reloading: Reloading, figures: Figures) -> None:
    """Acceptance 68: the content is served, with a warning."""
    zone = GOOD_ZONE + "$soa: {serial: 2000}\n"
    reloading.path.write_text(zone)
    reloading.reload("--force")
    for serial in (2000, 1999):
        changed = zone.replace("192.0.2.25", f"192.0.2.{serial % 100}").replace(
            "serial: 2000", f"serial: {serial}"
        )
        reloading.path.write_text(changed)
        outcome = reloading.reload()
        assert 0 == outcome.exit_code
        assert "warning NS016" in outcome.output
    figures.add("68 serial the same, and lower", "served, with warning NS016 each time")


def test_zone_in_two_places(reloading: Reloading, figures: Figures) -> None:
    """Acceptance 75: neither is right, both are named, and the old version is served."""
    split = reloading.zones / "example.com."
    split.mkdir()
    (split / "all.yaml").write_text(GOOD_ZONE.replace("preference: 10", "preference: 75"))
    outcome = reloading.reload()
    served = reloading.is_served()
    reloading.path.unlink()
    moved = reloading.reload()

    assert 1 == outcome.exit_code
    assert "the zone example.com. is written in 2 places" in outcome.output
    assert served
    assert 0 == moved.exit_code
    assert ["75 mail.example.com."] == reloading.server.exchanges("example.com")
    figures.add("75 zone in two places", "refused, both named; then moved")


def test_edit_of_two_zones_is_one_reload(reloading: Reloading) -> None:
    """What came together is judged together."""
    other = OTHER_ZONE.replace("exchange: mail.example.net.", "exchange: mx.example.com.")
    write_zones(reloading.folder, example_net=other)
    reloading.path.write_text(GOOD_ZONE + "mx: {type: A, value: 192.0.2.26}\n")
    outcome = reloading.reload()

    assert 0 == outcome.exit_code, outcome.output
    assert ["10 mx.example.com."] == reloading.server.exchanges("example.net")


def _pid(server: ServerProcess, name: str) -> int:
    """The process of a server that calls itself so."""
    parent = server.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    (pid,) = (
        int(each)
        for each in children
        if Path(f"/proc/{each}/comm").read_text().startswith(f"zone-{name}")
    )
    return pid


def test_reload_without_memory(reloading: Reloading, figures: Figures) -> None:
    """Acceptance 100: the old zone stays, and the next reload finds the builder well."""
    names = (f"host{number}: {{type: A, value: 192.0.2.1}}\n" for number in range(10_000))
    big = GOOD_ZONE.replace("preference: 10", "preference: 30") + "".join(names)
    pid = _pid(reloading.server, "builder")
    (size,) = re.findall(r"VmSize:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    before = resource.prlimit(pid, resource.RLIMIT_AS)
    reloading.path.write_text(big)
    resource.prlimit(pid, resource.RLIMIT_AS, ((int(size) << 10) + (2 << 20), before[1]))
    failed = reloading.reload()
    served = reloading.is_served()
    with suppress(ProcessLookupError):
        resource.prlimit(pid, resource.RLIMIT_AS, before)
    mended = reloading.reload()

    assert 2 == failed.exit_code
    assert served
    assert 0 == mended.exit_code, mended.output
    assert ["30 mail.example.com."] == reloading.server.exchanges("example.com")
    figures.add("100 reload with 2 MB of memory left", "failed, the old zone stayed")


def _resident(server: ServerProcess) -> int:
    """What the main process and the builder have in memory, in KB."""
    pids = server.process.pid, _pid(server, "builder")
    texts = (Path(f"/proc/{pid}/status").read_text() for pid in pids)
    return sum(int(re.findall(r"RssAnon:\s+(\d+)", text)[0]) for text in texts)


def test_memory_over_many_reloads(reloading: Reloading, figures: Figures) -> None:
    """Acceptance 76: 40 reloads of 200 names; what is new takes the place of what was."""
    names = "".join(f"h{number}: {{type: A, value: 192.0.2.1}}\n" for number in range(200))
    for number in (0, 1):
        (reloading.zones / f"..{number}").mkdir()
        (reloading.zones / f"..{number}" / NAME).write_text(_version(number) + names)
    _turn(reloading.zones, 0)
    reloading.path.unlink()
    reloading.path.symlink_to(f"..data/{NAME}")
    resident = []
    for number in range(MEMORY_RELOADS):
        _turn(reloading.zones, number % 2)
        assert 0 == reloading.reload().exit_code
        resident.append(_resident(reloading.server))
    early, late = max(resident[5:15]), max(resident[-10:])

    assert late < 1.1 * early, resident
    figures.add(
        f"76 {MEMORY_RELOADS} reloads of 200 names",
        f"{late >> 10} MB after {early >> 10} MB: {late / early:.2f}",
    )
