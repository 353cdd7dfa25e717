"""A stand-in for a registry: a parent zone whose DS records follow the CDS of its children."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

import dns.dnssec
import dns.exception
import dns.message
import dns.name
import dns.query
import dns.rdatatype
import dns.rdtypes.ANY.DS
import dns.rrset

from tests.servers import ServerProcess, running, write_zones
from zoneserver.names import Name
from zoneserver.service.keeping.zone_keys import read_life

LOOK_SECONDS = 0.2
NO_DS = "0 0 0 00"  # a CDS that asks for none (RFC 8078 4)
_HEAD = """\
$dnssec: true
$ttl: 1
$soa: {mname: ns.com., rname: hostmaster@example.net, minimum: 1}
'': {type: NS, values: [ns.com., ns2.com.]}
ns: {type: A, value: 192.0.2.1}
ns2: {type: A, value: 192.0.2.2}
"""
_CHILD = "{label}:\n  - {{type: NS, values: [ns.com., ns2.com.]}}\n"
_DS = (
    "  - {{type: DS, value: {{key_tag: {0}, algorithm: {1}, digest_type: {2}, digest: {3}}}}}\n"
)


class Registry:
    """The zone com., with children on the port of another server.

    Of each it takes the first CDS on trust (RFC 8078 3.3), and the following ones if they are
    signed by a key that its DS names (RFC 7344 4.1). `refused` are those that were not.
    """

    def __init__(self, folder: Path, children: Sequence[str], port: int) -> None:
        self._folder, self._children, self._port = folder, children, port
        self.ds: dict[str, set[str]] = {child: set() for child in children}
        self.changes: list[tuple[str, set[str]]] = []
        self.refused: list[str] = []
        self._server: ServerProcess | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)

    def write(self) -> None:
        """The zone as it is now."""
        text = _HEAD
        for child, records in self.ds.items():
            text += _CHILD.format(label=child.split(".")[0])
            text += "".join(_DS.format(*each.split()) for each in sorted(records))
        zones = write_zones(self._folder)
        (self._folder / "next").write_text(text)
        (self._folder / "next").replace(zones / "com.yaml")  # whoever reads has all of it

    def start(self, server: ServerProcess) -> None:
        """Follow the children from now on."""
        self._server = server
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(30)

    def _work(self) -> None:
        assert self._server
        while not self._over.wait(LOOK_SECONDS):
            before = {child: set(records) for child, records in self.ds.items()}
            for child in self._children:
                self._look(child)
            if before != self.ds:
                self.write()
                self._server.reload()

    def _look(self, child: str) -> None:
        try:
            found = self._ask(child, "CDS")
        except (OSError, dns.exception.DNSException):
            return
        if found is None:
            return
        wanted = {rdata.to_text() for rdata in found[0]} - {NO_DS}
        if wanted == self.ds[child]:
            return
        if self.ds[child] and not self._is_vouched_for(child, found):
            self.refused.append(f"{child} {wanted}")
            return
        self.ds[child] = wanted
        self.changes.append((child, wanted))

    def _ask(self, child: str, rtype: str) -> tuple[dns.rrset.RRset, dns.rrset.RRset] | None:
        """A set of the child's apex, with its signatures."""
        query = dns.message.make_query(child, rtype, want_dnssec=True)
        answer = dns.query.tcp(query, "127.0.0.1", 5.0, self._port)
        sets = {rrset.rdtype: rrset for rrset in answer.answer}
        kind = dns.rdatatype.from_text(rtype)
        return (sets[kind], sets[dns.rdatatype.RRSIG]) if kind in sets else None

    def _is_vouched_for(
        self, child: str, requests: tuple[dns.rrset.RRset, dns.rrset.RRset]
    ) -> bool:
        """Whether a key that the DS names has signed the keys, and what is asked for."""
        keys = self._ask(child, "DNSKEY")
        assert keys
        name = dns.name.from_text(child)
        trusted = dns.rrset.RRset(name, keys[0].rdclass, keys[0].rdtype)
        for key in keys[0]:
            for ds in self.ds[child]:
                digest = {"2": "SHA256", "4": "SHA384"}[ds.split()[2]]
                if dns.dnssec.make_ds(name, key, digest).to_text() == ds:
                    trusted.add(key)
        try:
            for rrset, signatures in (keys, requests):
                dns.dnssec.validate(rrset, signatures, {name: trusted})
        except dns.exception.DNSException:  # what it says of signatures, too
            return False
        return True


@contextmanager
def registering(
    folder: Path, children: Sequence[str], port: int
) -> Iterator[tuple[Registry, ServerProcess, str]]:
    """A registry that works, its server, and the DS of its own zone."""
    folder.mkdir()
    with Registry(folder, children, port) as registry:
        registry.write()
        with running(folder, "--state", "state") as server:
            registry.start(server)
            yield registry, server, find_ds(folder, "com.")
            registry._over.set()
            registry._thread.join(30)


def find_ds(folder: Path, origin: str) -> str:
    """The DS of a zone that a server signs with one key."""
    life = read_life(folder / "state", Name.parse(origin))
    assert life
    (key,) = life.keys
    return f"{origin} DS {key.key.ds(Name.parse(origin)).text}"
