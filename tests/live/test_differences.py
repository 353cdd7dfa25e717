"""What we say has become of a zone: what BIND says of the same versions, and kdig can read."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import dns.message
import dns.query
import dns.rdatatype
import dns.rrset
import pytest
from click.testing import CliRunner

from tests.figures import Figures
from tests.peers import Bind
from tests.peers.server import LOOPBACK, find_program
from tests.servers import ServerProcess, running, write_zones
from zoneserver.cli import main

ORIGIN = "example.com."
CONFIGURATION = "transfer: {allow: [{from: [127.0.0.1]}]}\n"
WAIT_SECONDS, POLL_SECONDS = 20.0, 0.02

FIRST = {
    "@    300 NS    ns1.example.com.",
    "@    300 NS    ns2.example.com.",
    "@    300 MX    10 mail.example.com.",
    "mail 300 A     192.0.2.25",
    "ns1  300 A     192.0.2.1",
    "ns2  300 A     198.51.100.1",
    "www  300 A     192.0.2.80",
    "www  300 AAAA  2001:db8::80",
    "ftp  300 CNAME www.example.com.",
    'deep.name 300 TXT "one"',
    "sub  300 NS    ns1.example.com.",
    *(f"n{number} 300 A 192.0.2.{number}" for number in range(100)),
}
# What goes and what comes with each further version.
EDITS: list[tuple[set[str], set[str]]] = [
    ({"www  300 A     192.0.2.80"}, {"www 300 A 192.0.2.81", "www 300 A 192.0.2.82"}),
    ({"www  300 AAAA  2001:db8::80"}, {"www 60 AAAA 2001:db8::80"}),
    ({'deep.name 300 TXT "one"'}, {'*.w 300 TXT "two"', "name 300 MX 10 mail.example.com."}),
    ({"ftp  300 CNAME www.example.com."}, {"ftp 300 A 192.0.2.21"}),
    ({"sub  300 NS    ns1.example.com."}, {"sub 300 A 192.0.2.9"}),
    ({f"n{number} 300 A 192.0.2.{number}" for number in range(25)}, set()),
]
LAST = 1 + len(EDITS)

# A difference: the SOAs, and what goes and what comes between them.
Step = tuple[str, frozenset[str], str, frozenset[str]]


def _masters() -> Iterator[str]:
    """Each version as a master file; its serial is its place."""
    records = set(FIRST)
    for serial, (gone, come) in enumerate([(set(), set()), *EDITS], start=1):
        assert gone <= records
        records = records - gone | come
        soa = f"@ 300 SOA ns1.example.com. dns.example.com. {serial} 7200 900 1209600 300"
        yield "\n".join(["$ORIGIN example.com.", soa, *sorted(records), ""])


class Bound(Bind):
    """BIND, which finds out by itself what differs between two versions, and says it."""

    def configure(self) -> list[str]:
        """Let it look for differences."""
        command = super().configure()
        path = self.directory / "named.conf"
        text = path.read_text().replace(
            "recursion no;", "recursion no;\n    ixfr-from-differences yes;"
        )
        path.write_text(text)
        return command

    def reload(self) -> None:
        """Have the zones read again."""
        os.kill(self.pid, signal.SIGHUP)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServerProcess, Bind]]:
    """Our server and BIND; both have seen all versions."""
    if not Bind.found():
        pytest.skip("named is not installed")
    folder = tmp_path_factory.mktemp("differences")
    master = folder / "example.com.zone"
    (folder / "zoneserver.yaml").write_text(CONFIGURATION)
    first, *others = _masters()
    bind = Bound(folder / "bind", {ORIGIN: master}, sends=True)
    _write(folder, master, first, 1)
    with running(folder, "--config", "zoneserver.yaml") as server, bind:
        for serial, text in enumerate(others, start=2):
            _write(folder, master, text, serial)
            server.reload()
            bind.reload()
            for port in (server.port, bind.port):
                _wait_for(port, serial)
        yield server, bind


def _write(folder: Path, master: Path, text: str, serial: int) -> None:
    """Write a version for both of them."""
    master.write_text(text)
    os.utime(master, (serial, serial))  # BIND looks at the time, in whole seconds
    imported = CliRunner().invoke(main, ["import", str(master)])
    write_zones(folder, example_com=imported.stdout)


def _wait_for(port: int, serial: int) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    query = dns.message.make_query(ORIGIN, "SOA")
    while dns.query.udp(query, LOOPBACK, 5, port).answer[0][0].serial != serial:
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)


def _ask(port: int, serial: int) -> list[str]:
    """What whoever has a serial is sent: a line for each record."""
    messages = dns.query.xfr(
        LOOPBACK, ORIGIN, "IXFR", port=port, serial=serial, relativize=False
    )
    return [
        f"{rrset.name} {rrset.ttl} {dns.rdatatype.to_text(rrset.rdtype)} {rdata}"
        for message in messages
        for rrset in message.answer
        for rdata in rrset
    ]


def _split(lines: Sequence[str]) -> list[Step]:
    """The differences in an answer (RFC 1995 4)."""
    first, *rest, last = lines
    assert first == last
    places = [at for at, line in enumerate(rest) if line.split()[2] == "SOA"]
    parts = [rest[a:b] for a, b in zip(places, [*places[1:], len(rest)], strict=True)]
    return [
        (gone[0], frozenset(gone[1:]), come[0], frozenset(come[1:]))
        for gone, come in zip(parts[::2], parts[1::2], strict=True)
    ]


@pytest.mark.parametrize("serial", range(1, LAST))
def test_differences(both: tuple[ServerProcess, Bind], serial: int, figures: Figures) -> None:
    """Acceptance 86: from each version on, record by record what BIND says."""
    server, bind = both
    ours, theirs = _ask(server.port, serial), _ask(bind.port, serial)

    assert LAST - serial == len(_split(ours))
    assert _split(theirs) == _split(ours)
    figures.add(f"86 IXFR from {LAST - serial} versions ago", f"{len(ours)} records, as BIND's")


def test_differences_as_kdig_reads_them(both: tuple[ServerProcess, Bind]) -> None:
    """Acceptance 86: Knot's client finds the same in it."""
    kdig = find_program("kdig")
    if kdig is None:
        pytest.skip("kdig is not installed")
    server, _ = both
    command = [
        kdig,
        f"@{LOOPBACK}",
        "-p",
        str(server.port),
        "+noall",
        "+answer",
        ORIGIN,
        "IXFR=1",
    ]
    ran = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    records = [line.split() for line in ran.stdout.splitlines() if line and line[0] != ";"]

    assert _ask(server.port, 1) == [" ".join([a, b, *rest]) for a, b, _, *rest in records]
