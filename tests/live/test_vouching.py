"""Zones of one server that vouch for one another, as a resolver that validates sees it."""

from functools import partial
from pathlib import Path

from click.testing import CliRunner

from tests.live.registrar import find_ds
from tests.live.waiting import wait_until
from tests.peers.unbound import Unbound, validating
from tests.servers import ServerProcess, running, write_zones
from zoneserver.cli import main

CONFIGURATION = """\
dnssec:
  resolver: 127.0.0.1:1
  policies:
    quick: {key_ttl: 1, propagation: 1, ds_ttl: 1}
"""
HEAD = """\
$dnssec: quick
$ttl: 1
$soa: {mname: ns1.net., rname: hostmaster@example.net, minimum: 1}
'': {type: NS, values: [ns1.net., ns2.net.]}
"""
ADDRESSES = """\
ns1: {type: A, value: 192.0.2.1}
ns2: {type: A, value: 192.0.2.2}
"""
CHILD = """\
www: {type: A, value: 192.0.2.25}
"""
DELEGATION = """\
child: {type: NS, values: [ns1.net., ns2.net.]}
"""
SIGNAL = "_dsboot.lone.org._signal.ns1.net."


def _is_proven(resolver: Unbound, qname: str, qtype: str) -> bool:
    return resolver.ask(qname, qtype) == ("NOERROR", True)


def leave(folder: Path, zone: str) -> None:
    """Have a zone signed no longer, as a person does."""
    words = ["dnssec", "unsign", zone, "--control", str(folder / "state/control.sock")]
    result = CliRunner().invoke(main, words)
    assert result.exit_code == 0, result.output


def is_unsigned(folder: Path, server: ServerProcess, resolver: Unbound) -> bool:
    """Whether the child has left, which is tried again and again."""
    rcode, is_proven = resolver.ask("www.child.com.", "A")
    assert rcode == "NOERROR"
    if is_proven:
        return False
    write_zones(folder, child_com=HEAD.replace("$dnssec: quick\n", "") + CHILD)
    server.reload()
    return not server.ask("child.com.", "DNSKEY").answer


def test_a_chain_that_nobody_had_to_tie(tmp_path: Path) -> None:
    """A child whose parent is here is proven; one whose parent is not, has signals."""
    (tmp_path / "zoneserver.yaml").write_text(CONFIGURATION)
    zones = {"com": HEAD + DELEGATION, "child_com": HEAD + CHILD, "lone_org": HEAD + CHILD}
    write_zones(tmp_path, net=HEAD + ADDRESSES, **zones)
    with running(tmp_path, "--config", "zoneserver.yaml") as server:
        (port,) = server.ports()
        below, anchor = {"child.com.": port}, find_ds(tmp_path, "com.")
        with validating(tmp_path / "one", "com.", anchor, port, below=below) as resolver:
            wait_until(partial(_is_proven, resolver, "www.child.com.", "A"))
            assert resolver.ask("nobody.child.com.", "A") == ("NXDOMAIN", True)
            leave(tmp_path, "child.com.")
            wait_until(partial(is_unsigned, tmp_path, server, resolver))
            assert [] == resolver.bogus
        with validating(
            tmp_path / "other", "net.", find_ds(tmp_path, "net."), port
        ) as resolver:
            for qtype in ("CDS", "CDNSKEY"):
                wait_until(partial(_is_proven, resolver, SIGNAL, qtype))
                sent = server.ask(SIGNAL, qtype).answer[0]
                wanted = server.ask("lone.org.", qtype).answer[0]
                assert set(wanted) == set(sent)
