"""NSD, Knot, BIND and PowerDNS as secondaries of ours: they have what we have, and at once."""

import base64
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dns.exception
import dns.message
import dns.query
import dns.tsigkeyring
import dns.zone
import pytest

from tests.figures import Figures
from tests.peers.secondaries import SECONDARIES, Secondary, SharedKey
from tests.peers.server import LOOPBACK, Probe
from tests.relay import Relay, relaying
from tests.servers import GOOD_ZONE, ServerProcess, running, write_zones
from zoneserver.service.control.control_socket import ask

ORIGIN = "example.com."
KEY = SharedKey("transfer.example.", base64.b64encode(bytes(range(32))).decode())
OTHER = SharedKey(KEY.name, base64.b64encode(bytes(32)).decode())
CONFIGURATION = """\
keys: keys.yaml
transfer:
  allow:
    - {{from: [127.0.0.1], key: {key}}}
  notify:
    - {{to: '127.0.0.1:{port}', key: {key}}}
"""
NAMES = 200
EDITS = 3
IN_TIME = 2.0  # seconds from the edit to the answer of the secondary
POLL_SECONDS = 0.01
WAIT_SECONDS = 30.0
NOTAUTH = 9  # RFC 8945 5.2.2


@pytest.fixture(params=SECONDARIES, ids=lambda kind: kind.name)
def kind(request: pytest.FixtureRequest) -> type[Secondary]:
    """Each of them in turn."""
    found: type[Secondary] = request.param
    if not found.found():
        pytest.skip(f"{found.binary} is not installed")
    return found


class Pair:
    """Our server and a secondary of it, with a relay between them."""

    def __init__(
        self, folder: Path, server: ServerProcess, relay: Relay, secondary: Secondary
    ) -> None:
        self.folder = folder
        self.server = server
        self.relay = relay
        self.secondary = secondary

    def edit(self, number: int) -> float:
        """Give the mail host another address; how long the secondary takes to have it."""
        begin = time.monotonic()
        write_zones(self.folder, example_com=_text(number))
        while self.address() != f"192.0.2.{number}":
            assert time.monotonic() < begin + WAIT_SECONDS, (
                self.secondary.directory / "log"
            ).read_text()
            time.sleep(POLL_SECONDS)
        return time.monotonic() - begin

    def address(self) -> str:
        """What the secondary has for the mail host."""
        query = dns.message.make_query(f"mail.{ORIGIN}", "A")
        try:
            answer = dns.query.udp(query, LOOPBACK, 0.5, self.secondary.port).answer
        except dns.exception.Timeout:
            return ""
        return answer[0][0].to_text() if answer else ""

    def known(self) -> dict[str, Any]:
        """What our server knows of the secondary."""
        request = {"command": "zones", "zones": [ORIGIN]}
        (zone,) = ask(self.folder / "state/control.sock", request)["zones"]
        (row,) = zone["secondaries"]
        return dict(row)

    def records(self, port: int, key: SharedKey | None = None) -> set[str]:
        """All that a server has of the zone, a line each."""
        ring = (
            dns.tsigkeyring.from_text({key.name: (key.algorithm, key.secret)}) if key else None
        )
        messages = dns.query.xfr(LOOPBACK, ORIGIN, port=port, relativize=False, keyring=ring)
        zone = dns.zone.from_xfr(messages, relativize=False)
        return set(zone.to_text(relativize=False).splitlines())


def _text(number: int) -> str:
    names = "".join(f"n{n}: {{type: A, value: 192.0.2.{n % 256}}}\n" for n in range(NAMES))
    return GOOD_ZONE.replace("192.0.2.25", f"192.0.2.{number}") + names


@contextmanager
def _paired(folder: Path, kind: type[Secondary], key: SharedKey) -> Iterator[Pair]:
    """A secondary that runs, with a key that may be another than ours; it may lack the zone."""
    write_zones(folder, example_com=_text(1))
    secondary = kind(folder / kind.name, [ORIGIN], 0, key)
    text = CONFIGURATION.format(port=secondary.port, key=KEY.name)
    (folder / "zoneserver.yaml").write_text(text)
    keys = f"{KEY.name}: {{algorithm: {KEY.algorithm}, secret: {KEY.secret}}}\n"
    (folder / "keys.yaml").write_text(keys)
    (folder / "keys.yaml").chmod(0o600)
    with (
        running(folder, "--config", "zoneserver.yaml", watch=True) as server,
        relaying(server.port) as relay,
    ):
        secondary.primary = relay.port
        secondary.spawn()
        try:
            yield Pair(folder, server, relay, secondary)
        finally:
            secondary.stop()


def test_secondary(tmp_path: Path, kind: type[Secondary], figures: Figures) -> None:
    """Acceptance 86: it hears of each edit, and is sent what has changed and no more."""
    with _paired(tmp_path, kind, KEY) as pair:
        pair.secondary.wait_until_answering(Probe(ORIGIN))
        seconds = [pair.edit(number) for number in range(2, 2 + EDITS)]
        deadline = time.monotonic() + WAIT_SECONDS
        while (known := pair.known())["behind"]:  # until we have seen that it has it
            assert time.monotonic() < deadline
            time.sleep(POLL_SECONDS)
        ours = pair.records(pair.server.port, KEY)
        theirs = pair.records(pair.secondary.port)
        first, *later = pair.relay.transfers()

    assert not known["problem"]
    assert NAMES + 6 < len(ours)
    assert ours == theirs
    assert statistics.median(seconds) < IN_TIME, seconds
    assert NAMES < first.records
    # RFC 1995 4: the new SOA, then old SOA, old address, new SOA, new address; the new SOA.
    expected = [6] * EDITS if kind.takes_differences else [first.records] * EDITS
    assert expected == [each.records for each in later]
    figures.add(
        f"86 {kind.name} as our secondary",
        f"at the new serial {statistics.median(seconds):.2f} s after an edit;"
        f" {later[-1].records} of {first.records} records sent ({later[-1].qtype})",
    )


def test_secondary_with_a_wrong_key(
    tmp_path: Path, kind: type[Secondary], figures: Figures
) -> None:
    """Acceptance 78: it is told so (RFC 8945 5.2), and gets nothing."""
    with _paired(tmp_path, kind, OTHER) as pair:
        deadline = time.monotonic() + WAIT_SECONDS
        while not any(each.messages for each in pair.relay.exchanges):
            assert time.monotonic() < deadline
            time.sleep(POLL_SECONDS)
        answered = [each for each in pair.relay.exchanges if each.messages]

        assert {NOTAUTH} == {each.rcode for each in answered}
        assert 0 == sum(each.records for each in answered)
        assert not pair.address()
    figures.add(f"78 {kind.name} with a wrong key", "NOTAUTH, 0 records")
