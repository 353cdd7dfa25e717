"""Unbound, of NLnet Labs: a resolver that validates, with one zone's key for an anchor."""

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from tests.peers.process import Child
from tests.peers.server import free_port

CONFIGURATION = """\
server:
    interface: 127.0.0.1
    port: {port}
    do-ip6: no
    do-not-query-localhost: no
    directory: "{folder}"
    chroot: ""
    username: ""
    pidfile: ""
    use-syslog: no
    num-threads: 1
    module-config: "validator iterator"
    trust-anchor: "{anchor}"
    local-zone: "example." nodefault
    val-log-level: 2
    cache-max-negative-ttl: 1
    edns-buffer-size: 1232
{stubs}"""
STUB = """\
stub-zone:
    name: "{zone}"
    stub-addr: 127.0.0.1@{primary}
"""
START_SECONDS, ANSWER_SECONDS = 20.0, 10.0


class Unbound:
    """A resolver that runs. Nothing that it says is from its cache of another test."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self._log = log

    @property
    def bogus(self) -> list[str]:
        """What it has said of answers that it did not believe."""
        lines = self._log.read_text(errors="replace").splitlines()
        return [line for line in lines if "validation failure" in line]

    def ask(self, qname: str, qtype: str) -> tuple[str, bool]:
        """The RCODE, and whether all of the answer is proven (AD)."""
        query = dns.message.make_query(qname, qtype, want_dnssec=True)
        answer, _ = dns.query.udp_with_fallback(query, "127.0.0.1", ANSWER_SECONDS, self.port)
        return dns.rcode.to_text(answer.rcode()), bool(answer.flags & dns.flags.AD)


@contextmanager
def validating(
    folder: Path,
    zone: str,
    anchor: str,
    primary: int,
    *,
    below: Mapping[str, int] | None = None,
    port: int = 0,
    more: str = "",
) -> Iterator[Unbound]:
    """A resolver that gets `zone` from a port of this host, and trusts the key of a DS.

    Zones `below` it come from other ports. It is on a `port` that is free. There may be `more`
    in its configuration.
    """
    if shutil.which("unbound") is None:
        pytest.skip("unbound is not installed (Debian: unbound)")
    port = port or free_port()
    folder.mkdir()
    stubs = {zone: primary, **(below or {})}
    text = CONFIGURATION.format(
        port=port,
        folder=folder,
        anchor=anchor,
        stubs="".join(STUB.format(zone=each, primary=at) for each, at in stubs.items()),
    )
    (folder / "unbound.conf").write_text(text + more)
    command = ["unbound", "-d", "-c", str(folder / "unbound.conf")]
    child = Child(command, directory=folder, log=folder / "log")
    try:
        _wait(port, child)
        yield Unbound(port, child.log)
    finally:
        child.stop()


def _wait(port: int, child: Child) -> None:
    """Until it answers anything."""
    query = dns.message.make_query("localhost.", "A")
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            dns.query.udp(query, "127.0.0.1", 0.2, port)
        except (dns.exception.Timeout, OSError):
            continue
        return
    pytest.fail(f"unbound does not answer: {child.output()}")
