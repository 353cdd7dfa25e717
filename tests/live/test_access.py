"""Who may ask, as the configuration has it: a server process, over UDP and TCP."""

from pathlib import Path

import dns.message
import dns.query
import dns.rcode
import pytest

from tests.servers import GOOD_ZONE, OTHER_ZONE, running, write_zones

CONFIGURATION = """\
acl:
  allow_query: 127.0.0.2
  zones:
    example.com.: {allow_query: [127.0.0.0/31, '::1']}
    exmaple.net.: {allow_query: 127.0.0.1}
"""


@pytest.mark.parametrize("tcp", [False, True], ids=["udp", "tcp"])
def test_acl(tmp_path: Path, *, tcp: bool) -> None:
    """A zone's own rule goes before that of all; a rule for no zone of ours is warned of."""
    write_zones(tmp_path, example_com=GOOD_ZONE, example_net=OTHER_ZONE)
    (tmp_path / "zoneserver.yaml").write_text(CONFIGURATION)
    ask = dns.query.tcp if tcp else dns.query.udp
    told = {}
    with running(tmp_path, "--config", "zoneserver.yaml") as server:
        server.log.wait_for("acl.zones: exmaple.net. is no zone of this server")
        for qname in ("example.com", "example.net"):
            query = dns.message.make_query(qname, "MX", use_edns=0)
            for source in ("127.0.0.1", "127.0.0.2"):
                reply = ask(query, "127.0.0.1", 5, server.port, source=source)
                told[qname, source] = dns.rcode.to_text(reply.rcode())

    assert told == {
        ("example.com", "127.0.0.1"): "NOERROR",
        ("example.com", "127.0.0.2"): "REFUSED",
        ("example.net", "127.0.0.1"): "REFUSED",
        ("example.net", "127.0.0.2"): "NOERROR",
    }
