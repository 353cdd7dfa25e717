"""Catalog zones between us and others, in both roles: members come, and go again."""

from contextlib import ExitStack
from pathlib import Path

import dns.exception
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype
import dns.xfr
import dns.zone
import pytest

from tests.figures import Figures
from tests.peers.catalogs import (
    BindConsumer,
    BindProducer,
    CatalogServer,
    KnotConsumer,
    KnotProducer,
)
from tests.peers.server import LOOPBACK, ServerError, free_port
from tests.servers import GOOD_ZONE, running, write_zones
from zoneserver.service.control.control_socket import ask

COM, NET, ORG = "example.com.", "example.net.", "example.org."
FORCED = {"command": "reload", "zones": [COM], "wait": True, "force": True}
OURS = """\
transfer:
  allow: [{{from: [127.0.0.0/8]}}]
  notify: [{{to: '127.0.0.1:{peer}'}}]
  catalog: catalog.example.
  catalog_groups: {{gold: [example.net.]}}
"""
THEIRS = """\
secondary:
  catalogs:
    catalog.example.:
      from: '127.0.0.1:{peer}'
      groups: {{nowhere: {{from: '127.0.0.1:{closed}'}}}}
"""
MASTER = """\
@ 300 IN SOA ns1 hostmaster {serial} 3600 600 86400 300
@ 300 IN NS ns1
@ 300 IN NS ns2
@ 300 IN MX 10 mail
ns1 300 IN A 192.0.2.1
ns2 300 IN A 198.51.100.1
mail 300 IN A 192.0.2.25
"""


def rcode(port: int, origin: str) -> str:
    """What a server answers for the SOA of a zone."""
    query = dns.message.make_query(origin, dns.rdatatype.SOA)
    try:
        response = dns.query.udp(query, LOOPBACK, timeout=1, port=port)
    except dns.exception.Timeout:
        return "nothing"
    return dns.rcode.to_text(response.rcode())


def wait_for(peer: CatalogServer, port: int, **wanted: str) -> float:
    """The seconds until a server at a port answers so for the zones example.WORD."""

    def answers() -> dict[str, str]:
        return {word: rcode(port, f"example.{word}.") for word in wanted}

    try:
        return peer.wait_until(lambda: answers() == wanted)
    except ServerError as error:
        raise AssertionError(f"{answers()}, not {wanted}; {error}") from error


def may_transfer(port: int, origin: str) -> bool:
    """Whether a server lets us take a zone."""
    zone = dns.zone.Zone(origin)
    try:
        dns.query.inbound_xfr(LOOPBACK, zone, port=port, timeout=5)
    except (dns.xfr.TransferError, EOFError):
        return False
    return True


@pytest.mark.parametrize("kind", [KnotConsumer, BindConsumer])
def test_others_follow_our_catalog(
    tmp_path: Path, kind: type[CatalogServer], figures: Figures
) -> None:
    """They have what is in our folder, as soon as it is there, and no longer than it is."""
    if not kind.found():
        pytest.skip(f"{kind.binary} is not installed")
    zones = write_zones(tmp_path, example_com=GOOD_ZONE, example_net=zone_of(NET))
    peer_port = free_port()
    (tmp_path / "zoneserver.yaml").write_text(OURS.format(peer=peer_port))
    with ExitStack() as stack:
        server = stack.enter_context(running(tmp_path, watch=True))
        peer = kind(tmp_path / "peer", {}, server.port)
        peer.port = peer_port
        stack.enter_context(peer)
        wait_for(peer, peer.port, com="NOERROR", net="NOERROR", org="REFUSED")
        (zones / "example.org.yaml").write_text(zone_of(ORG))
        added = wait_for(peer, peer.port, com="NOERROR", org="NOERROR")
        if kind is KnotConsumer:  # which lets those of the group gold out, and no others
            assert [False, True] == [may_transfer(peer.port, each) for each in (COM, NET)]
        (zones / "example.com.yaml").unlink()
        server.log.wait_for("the file is gone")
        assert "NOERROR" == rcode(peer.port, COM)
        ask(tmp_path / "state/control.sock", FORCED, None)
        removed = wait_for(peer, peer.port, com="REFUSED", net="NOERROR", org="NOERROR")
    figures.add(f"R9432 {kind.name} follows our catalog", f"{added:.2f} s, {removed:.2f} s")


@pytest.mark.parametrize("kind", [KnotProducer, BindProducer])
def test_we_follow_the_catalogs_of_others(
    tmp_path: Path, kind: type[CatalogServer], figures: Figures
) -> None:
    """Their members are served, from where their groups say, until they are listed no more."""
    if not kind.found():
        pytest.skip(f"{kind.binary} is not installed")
    write_zones(tmp_path)
    files = {origin: tmp_path / f"{origin}zone" for origin in (COM, NET, ORG)}
    for path in files.values():
        path.write_text(MASTER.format(serial=1))
    port = free_port()
    peer = kind(tmp_path / "peer", {each: files[each] for each in (COM, NET)}, port)
    peer.groups = {NET: "nowhere"}
    configuration = THEIRS.format(peer=peer.port, closed=free_port())
    (tmp_path / "zoneserver.yaml").write_text(configuration)
    with peer, running(tmp_path, listen=(f"{LOOPBACK}:{port}",)) as server:
        wait_for(peer, server.port, com="NOERROR", net="SERVFAIL", org="REFUSED")
        assert ["10 mail.example.com."] == server.exchanges(COM)
        peer.serve(files)
        added = wait_for(peer, server.port, com="NOERROR", net="SERVFAIL", org="NOERROR")
        peer.serve({each: files[each] for each in (NET, ORG)})
        removed = wait_for(peer, server.port, com="REFUSED", net="SERVFAIL", org="NOERROR")
        assert not (tmp_path / "state/copies/example.com.zone").exists()
    with running(tmp_path) as server:  # of what it has: nobody is there to be asked
        assert ["10 mail.example.org."] == server.exchanges(ORG)
        assert "REFUSED" == rcode(server.port, COM)
    figures.add(f"R9432 we follow a catalog of {kind.name}", f"{added:.2f} s, {removed:.2f} s")


def zone_of(origin: str) -> str:
    """A zone file for an origin."""
    return GOOD_ZONE.replace(COM, origin)
