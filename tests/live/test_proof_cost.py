"""What it costs to prove that names do not exist, beside saying no more than that."""

import importlib.util
import socket
from pathlib import Path
from random import Random

import dns.flags
import dns.message
import dns.rcode
import pytest

from benchmarks.accounting import processor_seconds
from tests.figures import Figures
from tests.peers.server import LOOPBACK
from tests.peers.zoneserver import Zoneserver

ORIGIN = "example.com."
NAMES, ROUNDS, QUERIES, AT_ONCE = 500, 8, 2048, 64
MOST = 3.0  # times as much as without a proof
ZONE = "$dnssec: {nsec3: true}\n'': {type: NS, values: [ns.example.net.]}\n"


def flood(client: socket.socket, random: Random, *, do: bool) -> None:
    """Ask for names that do not exist, none of them twice, many at once."""
    name = "x" + "0" * 15
    query = dns.message.make_query(
        f"{name}.{ORIGIN}", "MX", use_edns=0, payload=1232, want_dnssec=do
    ).to_wire()
    answer = b""
    for _ in range(QUERIES // AT_ONCE):
        names = [b"x%015d" % random.randrange(10**15) for _ in range(AT_ONCE)]
        for query_now in [query.replace(name.encode(), each) for each in names]:
            client.send(query_now)
        for _ in range(AT_ONCE):
            answer = client.recv(4096)
            assert answer[3] & 0x0F == dns.rcode.NXDOMAIN
    message = dns.message.from_wire(answer)
    assert not message.flags & dns.flags.TC
    assert any(each.rdtype.name == "NSEC3" for each in message.authority) == do


@pytest.mark.parametrize("engine", ["native", "portable"])
def test_a_flood_of_random_names(tmp_path: Path, figures: Figures, engine: str) -> None:
    """Acceptance 17: to prove by NSEC3 takes at most three times as much CPU."""
    if engine == "native" and importlib.util.find_spec("zoneserver._fastpath") is None:
        pytest.skip("the native engine is not built")
    folder = tmp_path / "zones"
    folder.mkdir()
    path = folder / f"{ORIGIN}yaml"
    names = "".join(f"n{number}: {{type: A, value: 192.0.2.1}}\n" for number in range(NAMES))
    path.write_text(ZONE + names)
    random, spent = Random(17), {False: 0.0, True: 0.0}
    server = Zoneserver(tmp_path / "server", {ORIGIN: path}, engine=engine)
    with server, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(10)
        client.connect((LOOPBACK, server.port))
        for do in (False, True):
            flood(client, random, do=do)  # until what can be remembered is
        for do in (False, True) * ROUNDS:
            before = processor_seconds(server.pid)
            flood(client, random, do=do)
            spent[do] += processor_seconds(server.pid) - before
    ratio = spent[True] / spent[False]
    plain = spent[False] / ROUNDS / QUERIES * 1e6
    figures.add(
        f"17 random names, proven by NSEC3, {engine}",
        f"{ratio:.2f} times the {plain:.1f} us of CPU without proof",
    )
    assert ratio <= MOST
