"""Digests of zones (RFC 8976) between us and Knot, which makes and verifies them by itself."""

import time
from collections.abc import Callable
from pathlib import Path

import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.zone
import dns.zonetypes
import pytest

from tests.live.test_transfer_in import BEFORE, ORIGIN, take, wait_for_serial, write, write_zone
from tests.peers.primaries import KnotPrimary, NsdPrimary
from tests.peers.secondaries import KnotSecondary
from tests.peers.server import LOOPBACK, free_port
from tests.servers import GOOD_ZONE, running, write_zones

PATIENCE = 30.0
ZONE = "example.com."
OURS = """\
watch: false
transfer:
  allow: [{{from: [127.0.0.1]}}]
  notify: [{{to: '127.0.0.1:{port}'}}]
"""
HEAD = "$dnssec: true\n"


class Generating(KnotPrimary):
    """Knot that publishes the digest of each version."""

    def configure(self) -> list[str]:
        """As the others have it, and the digest."""
        command = super().configure()
        path = self.directory / "knot.conf"
        digest = "semantic-checks: off\n    zonemd-generate: zonemd-sha384"
        path.write_text(path.read_text().replace("semantic-checks: off", digest))
        return command


class Verifying(KnotSecondary):
    """Knot that takes no zone without a digest that is right."""

    def configure(self) -> list[str]:
        """As the others have it, and the look at the digest."""
        command = super().configure()
        path = self.directory / "knot.conf"
        path.write_text(
            path.read_text().replace(
                "    zonefile-load: none", "    zonefile-load: none\n    zonemd-verify: on"
            )
        )
        return command


def serial_at(port: int) -> int:
    """The serial of our zone at a server, 0 while it has none."""
    query = dns.message.make_query(ZONE, "SOA")
    answer = dns.query.udp(query, LOOPBACK, port=port, timeout=5).answer
    return int(answer[0][0].serial) if answer else 0


def wait(condition: Callable[[], bool], what: Callable[[], object]) -> None:
    """Return when something is so."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, what()
        time.sleep(0.05)


def test_knot_verifies_our_digest(tmp_path: Path) -> None:
    """Of the first version, whole, and of the next, by differences."""
    if not Verifying.found():
        pytest.skip("knotd is not installed (Debian: knot)")
    port = free_port()
    secondary = Verifying(tmp_path / "knot", [ZONE], port)
    (tmp_path / "zoneserver.yaml").write_text(OURS.format(port=secondary.port))
    write_zones(tmp_path, example_com=HEAD + GOOD_ZONE)
    options = ("--config", "zoneserver.yaml", "--state", "state")
    with running(tmp_path, *options, listen=(f"{LOOPBACK}:{port}",)) as server, secondary:
        for text in (GOOD_ZONE, GOOD_ZONE.replace("192.0.2.25", "192.0.2.26")):
            write_zones(tmp_path, example_com=HEAD + text)
            server.reload()
            ours = serial_at(port)
            wait(lambda: serial_at(secondary.port) == ours, lambda: server.log)  # noqa: B023
            _verify(port)
            _verify(secondary.port)
        assert server.stop()[0] == 0


def _verify(port: int) -> None:
    """The digest of a zone, by dnspython."""
    zone = dns.zone.Zone(ZONE, relativize=False)
    dns.query.inbound_xfr(LOOPBACK, zone, port=port, timeout=5, lifetime=20)
    zone.verify_digest()


def test_digest_of_knot(tmp_path: Path) -> None:
    """We take both versions, the second one by differences."""
    if not Generating.found():
        pytest.skip("knotd is not installed (Debian: knot)")
    (tmp_path / "primary").mkdir()
    zones = {ORIGIN: write_zone(tmp_path, ORIGIN, 1, BEFORE)}
    with Generating(tmp_path / "primary", zones, free_port()) as primary:
        write(tmp_path, primary.port)
        listen = (f"{LOOPBACK}:{primary.ours}",)
        with running(tmp_path, "--config", "zoneserver.yaml", listen=listen) as server:
            for number in (1, 2):
                name = f"n{number}.{ORIGIN}"
                # Knot takes a serial of its own for the digest.
                write_zone(tmp_path, ORIGIN, 10 * number, f"n{number} A 192.0.2.{number}")
                primary.take_up()
                wait(lambda: bool(server.ask(name, "A").answer), lambda: server.log)  # noqa: B023
                theirs = take(primary.port, signed=True)
                assert (ORIGIN, "ZONEMD") in theirs
                assert theirs == take(server.port, signed=False)
            assert server.stop()[0] == 0


def test_zone_that_is_not_its_owners(tmp_path: Path) -> None:
    """It does not have the digest that it tells: what we have is served on."""
    if not NsdPrimary.found():
        pytest.skip("nsd is not installed (Debian: nsd)")
    (tmp_path / "primary").mkdir()
    path = _write_digested(tmp_path, 1)
    with NsdPrimary(tmp_path / "primary", {ORIGIN: path}, free_port()) as primary:
        write(tmp_path, primary.port)
        listen = (f"{LOOPBACK}:{primary.ours}",)
        with running(tmp_path, "--config", "zoneserver.yaml", listen=listen) as server:
            wait_for_serial(server, 1)
            before = take(server.port, signed=False)
            text = _write_digested(tmp_path, 2).read_text()
            path.write_text(text.replace("mail A 192.0.2.25", "mail A 192.0.2.66"))
            primary.take_up()
            server.log.wait_for("do not have the digest that its ZONEMD tells")
            assert before == take(server.port, signed=False)
            _write_digested(tmp_path, 3)
            primary.take_up()
            wait_for_serial(server, 3)
            assert server.stop()[0] == 0


def _write_digested(folder: Path, serial: int) -> Path:
    """A zone file with a digest made by dnspython."""
    path = write_zone(folder, ORIGIN, serial, BEFORE)
    zone = dns.zone.from_file(str(path), ORIGIN, relativize=False, check_origin=False)
    digest = zone.compute_digest(dns.zonetypes.DigestHashAlgorithm.SHA384)
    with path.open("a") as file:
        file.write(f"{ORIGIN} 3600 IN ZONEMD {digest.to_text()}\n")
    return path
