"""Zones of NSD, Knot, BIND and PowerDNS: whole, by differences, signed, encrypted."""

import base64
import re
import time
from collections.abc import Iterator
from pathlib import Path

import dns.name
import dns.query
import dns.rdataset
import dns.tsig
import dns.zone
import pytest

from tests.certificates import NAME
from tests.figures import Figures
from tests.peers.primaries import (
    KEY,
    PRIMARIES,
    SECRET,
    BindPrimary,
    KnotPrimary,
    Primary,
)
from tests.peers.server import LOOPBACK, free_port
from tests.servers import GOOD_ZONE, ServerProcess, running, write_zones

ORIGIN, OTHER = "example.org.", "example.net."
WRONG = "ns3.example."
PATIENCE = 20.0
# Of every kind that could be read or written wrongly.
ZONE = r"""
$TTL 300
@ 3600 IN SOA ns1 hostmaster {serial} {timers} 60
@ NS ns1
@ NS NS2.Elsewhere.example.
@ MX 10 mail
@ CAA 0 issue "ca.example; account=1"
ns1 A 192.0.2.1
ns1 AAAA 2001:db8::1
mail A 192.0.2.25
*.wild TXT "a;b" "quo\"te" "\255\000"
_sip._tcp SRV 1 2 5060 mail
Mixed.Case PTR Target.Example.
naptr NAPTR 100 10 "u" "E2U+sip" "!^.*$!sip:info@example.com!" .
ds DS 12345 13 2 0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829
ds NS ns1
ssh SSHFP 4 2 0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829
_25._tcp.mail TLSA 3 1 1 0a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223242526272829
alias CNAME www
gone DNAME example.com.
loc LOC 52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000.00m 10.00m
esc\.aped.\200 A 192.0.2.7
strange TYPE65280 \# 4 0A000001
0/25 NS ns1
{more}
"""
MANY = "\n".join(f"h{n} A 192.0.2.{n % 256}" for n in range(1500))
BEFORE, AFTER = "www A 192.0.2.80\ngoes A 192.0.2.81", "www 60 A 192.0.2.80\ncomes A 192.0.2.82"
CONFIGURATION = """\
keys: keys.yaml
watch: false
transfer:
  allow: [{{from: [127.0.0.1]}}]
secondary:
  zones:
    {origin}: {{from: '127.0.0.1:{port}', key: {key}{tls}}}
    {other}: {{from: '127.0.0.1:{port}', key: {wrong}{tls}}}
"""


def write_zone(
    folder: Path, origin: str, serial: int, more: str, timers: str = "3600 600 1209600"
) -> Path:
    """A zone file of the primary. `timers` are refresh, retry, expire."""
    path = folder / f"{origin}db"
    path.write_text(ZONE.format(serial=serial, timers=timers, more=f"{MANY}\n{more}"))
    return path


def write(folder: Path, port: int, tls: str = "") -> None:
    """What we have: a zone of our own, two of another server, and a key that is wrong."""
    write_zones(folder, example_com=GOOD_ZONE)
    text = CONFIGURATION.format(
        origin=ORIGIN, other=OTHER, port=port, key=KEY, wrong=WRONG, tls=tls
    )
    (folder / "zoneserver.yaml").write_text(text)
    lines = [f"{KEY}: {{algorithm: hmac-sha256, secret: {SECRET}}}"]
    secret = base64.b64encode(b"32 octets that nobody shares ...").decode()
    lines += [f"{WRONG}: {{algorithm: hmac-sha256, secret: {secret}}}"]
    keys = folder / "keys.yaml"
    keys.touch(0o600)
    keys.write_text("\n".join(lines))


@pytest.fixture(params=PRIMARIES, ids=lambda primary: primary.name)
def primary(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Primary]:
    """Each of them, with both zones."""
    kind: type[Primary] = request.param
    if not kind.found():
        pytest.skip(f"{kind.binary} is not installed: {kind.package}")
    (tmp_path / "primary").mkdir()
    zones = {each: write_zone(tmp_path, each, 1, BEFORE) for each in (ORIGIN, OTHER)}
    with kind(tmp_path / "primary", zones, free_port()) as server:
        yield server


def take(port: int, *, signed: bool) -> dict[tuple[str, str], dns.rdataset.Rdataset]:
    """All records of the zone, as dnspython gets them."""
    ring = {dns.name.from_text(KEY): dns.tsig.Key(KEY, SECRET, "hmac-sha256")}
    zone = dns.zone.Zone(ORIGIN, relativize=False)
    query = dns.xfr.make_query(zone, serial=None, keyring=ring if signed else None)[0]
    dns.query.inbound_xfr(LOOPBACK, zone, query, port=port, timeout=5, lifetime=20)
    return {
        (str(name).lower(), dns.rdatatype.to_text(rdataset.rdtype)): rdataset
        for name, rdataset in zone.iterate_rdatasets()
    }


def wait_for_serial(server: ServerProcess, serial: int) -> float:
    """Return when we serve it; how long that took in seconds."""
    begun = time.monotonic()
    while time.monotonic() < begun + PATIENCE:
        answer = server.ask(ORIGIN, "SOA").answer
        if answer and answer[0][0].serial == serial:
            return time.monotonic() - begun
        time.sleep(0.02)
    raise AssertionError(f"serial {serial} has not come:\n{server.log}")


def test_zone_of_another_server(primary: Primary, tmp_path: Path, figures: Figures) -> None:
    """Acceptance 83: it comes, signed, is the same, and so is the next one, by differences."""
    write(tmp_path, primary.port)
    options = ("--config", "zoneserver.yaml")
    with running(tmp_path, *options, listen=(f"{LOOPBACK}:{primary.ours}",)) as server:
        wait_for_serial(server, 1)
        assert take(primary.port, signed=True) == take(server.port, signed=False)
        for zone in (ORIGIN, OTHER):
            write_zone(tmp_path, zone, 2, AFTER)
        primary.take_up()
        took = wait_for_serial(server, 2)
        assert take(primary.port, signed=True) == take(server.port, signed=False)
        assert server.ask(OTHER, "SOA").rcode() == dns.rcode.SERVFAIL
        figures.add(f"83 {primary.name}: new serial served", f"after {took:.2f} s")
        assert server.stop()[0] == 0
        said = server.log.rest()
    came = [line for line in said if " has come from " in line]
    assert all(line.startswith(ORIGIN) for line in came)
    records = [int(count) for count in re.findall(r": (\d+) records", "\n".join(came))]
    figures.add(f"83 {primary.name}: records on the wire", f"{records[0]}, then {records[1]}")
    assert "IXFR" in came[1] if primary.is_incremental else "AXFR" in came[1]
    assert records[1] < 12 or not primary.is_incremental
    (refused,) = {line for line in said if "cannot be fetched" in line}
    assert OTHER in refused


def test_over_tls_and_after_a_restart(tmp_path: Path) -> None:
    """It comes over TLS, and while its primary is away a restart serves what there is."""
    if not BindPrimary.found():
        pytest.skip("named is not installed")
    (tmp_path / "primary").mkdir()
    zones = {ORIGIN: write_zone(tmp_path, ORIGIN, 1, BEFORE)}
    ours = free_port()
    options, listen = ("--config", "zoneserver.yaml"), (f"{LOOPBACK}:{ours}",)
    with BindPrimary(tmp_path / "primary", zones, ours) as primary:
        tls = f", tls: {{name: {NAME}, ca: primary/fullchain.pem}}"
        write(tmp_path, primary.tls_port, tls)
        with running(tmp_path, *options, listen=listen) as server:
            wait_for_serial(server, 1)
            assert server.stop()[0] == 0
        taken = take(primary.port, signed=True)
    with running(tmp_path, *options, listen=listen) as server:
        assert wait_for_serial(server, 1) < 1
        assert taken == take(server.port, signed=False)
        server.log.wait_for(f"{ORIGIN} cannot be fetched; the copy stays.*Connection refused")
        assert server.stop()[0] == 0


def test_zone_expires(tmp_path: Path) -> None:
    """RFC 1034 4.3.5: it is SERVFAIL, and is back with its primary."""
    if not KnotPrimary.found():
        pytest.skip("knotd is not installed")
    (tmp_path / "primary").mkdir()
    zones = {ORIGIN: write_zone(tmp_path, ORIGIN, 1, BEFORE, timers="2 1 4")}
    primary = KnotPrimary(tmp_path / "primary", zones, free_port())
    write(tmp_path, primary.port)
    options, listen = ("--config", "zoneserver.yaml"), (f"{LOOPBACK}:{primary.ours}",)
    with running(tmp_path, *options, listen=listen) as server:
        with primary:
            wait_for_serial(server, 1)
        server.log.wait_for(f"{ORIGIN} has expired")
        server.log.wait_for("^reloaded")
        assert server.ask(ORIGIN, "SOA").rcode() == dns.rcode.SERVFAIL
        with primary:
            wait_for_serial(server, 1)
        assert server.stop()[0] == 0
