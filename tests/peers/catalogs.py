"""Knot and BIND with catalog zones (RFC 9432): those who follow one, and those who make one.

Both sides are on loopback, and know one another's ports. What a server lists, or has, changes
with its configuration, which it reads again.
"""

import os
import signal
import time
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.peers.bind import Bind
from tests.peers.knot import Knot
from tests.peers.server import LOOPBACK, POLL_SECONDS, START_SECONDS, Server, ServerError

CATALOG = "catalog.example."

KNOT = """\
server:
    rundir: "{directory}"
    listen: {address}@{port}
    udp-workers: 1
    tcp-workers: 1
control:
    listen: "{directory}/control"
database:
    storage: "{directory}/database"
log:
  - target: stderr
    any: info
remote:
  - id: other
    address: {address}@{other}
acl:
  - id: notify
    address: {address}
    action: notify
  - id: transfer
    address: {address}
    action: transfer
"""
# A member is one of the group gold if, and only if, it may be transferred.
KNOT_CONSUMER = """\
template:
  - id: default
    storage: "{directory}"
    zonefile-sync: -1
    zonefile-load: none
    journal-content: none
  - id: plain
    storage: "{directory}"
    master: other
    acl: notify
  - id: gold
    storage: "{directory}"
    master: other
    acl: [notify, transfer]
zone:
  - domain: {catalog}
    master: other
    acl: [notify, transfer]
    catalog-role: interpret
    catalog-template: [plain, gold]
"""
KNOT_PRODUCER = """\
template:
  - id: default
    storage: "{directory}"
    zonefile-sync: -1
    acl: transfer
    notify: other
zone:
  - domain: {catalog}
    catalog-role: generate
"""
KNOT_MEMBER = """\
  - domain: {origin}
    file: "{path}"
    catalog-role: member
    catalog-zone: {catalog}
"""
BIND = """\
options {{
    directory "{directory}";
    listen-on port {port} {{ {address}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    lock-file none;
    session-keyfile none;
    recursion no;
    dnssec-validation no;
    empty-zones-enable no;
    allow-transfer {{ any; }};
    notify explicit;
    notify-delay 0;
    startup-notify-rate 100;
    also-notify {{ {notified} }};
    allow-notify {{ any; }};
    {more}
}};
controls {{ }};
"""
BIND_CONSUMER = """\
catalog-zones {{
        zone "{catalog}" default-primaries {{ {address} port {other}; }} in-memory yes
            min-update-interval 1;
    }};"""
BIND_CATALOG = """\
zone "{catalog}" {{
    type secondary; file "catalog.db"; primaries {{ {address} port {other}; }};
}};
"""
BIND_MEMBER = """\
zone "{origin}" {{ type primary; file "{path}"; }};
"""
CATALOG_ZONE = """\
@ 0 IN SOA invalid. invalid. {serial} 3600 600 2147483646 0
@ 0 IN NS invalid.
version 0 IN TXT "2"
"""


class CatalogServer(Server):
    """One that follows or makes CATALOG; the `other` side is at a port of loopback."""

    def __init__(self, directory: Path, zones: Mapping[str, Path], other: int) -> None:
        super().__init__(directory, zones)
        self.other = other
        self.groups: dict[str, str] = {}  # of its zones, by origin

    @abstractmethod
    def configure(self) -> list[str]:
        """Write the configuration, and return the command that serves it."""

    def serve(self, zones: Mapping[str, Path]) -> None:
        """Have other zones than before."""
        self.zones = zones
        self.configure()
        os.kill(self.pid, signal.SIGHUP)

    def wait_until(self, holds: Callable[[], bool]) -> float:
        """How many seconds it took until it was so. Raises ServerError where it never is."""
        begin = time.monotonic()
        child = self._child
        assert child is not None
        while not holds():
            if child.exits_within(POLL_SECONDS) or time.monotonic() > begin + START_SECONDS:
                raise ServerError(f"{self.name} is not as it should be:\n{child.output()}")
        return time.monotonic() - begin

    def places(self) -> dict[str, object]:
        """What the configuration has to say."""
        return {
            "directory": self.directory,
            "address": LOOPBACK,
            "port": self.port,
            "other": self.other,
            "catalog": CATALOG,
        }


class KnotConsumer(CatalogServer, Knot):
    """Knot as a secondary: its zones are those of the catalog."""

    def configure(self) -> list[str]:
        """Write knot.conf."""
        return _write_knot(self, KNOT_CONSUMER)


class KnotProducer(CatalogServer, Knot):
    """Knot as a primary: its zones become a catalog."""

    def configure(self) -> list[str]:
        """Write knot.conf."""
        members = [
            KNOT_MEMBER.format(origin=origin, path=path, catalog=CATALOG)
            + (f"    catalog-group: {group}\n" if (group := self.groups.get(origin)) else "")
            for origin, path in self.zones.items()
        ]
        return _write_knot(self, KNOT_PRODUCER, members)


class BindConsumer(CatalogServer, Bind):
    """BIND as a secondary. It leaves groups alone."""

    def configure(self) -> list[str]:
        """Write named.conf."""
        return _write_bind(self, BIND_CONSUMER, [BIND_CATALOG.format(**self.places())])


class BindProducer(CatalogServer, Bind):
    """BIND as a primary, with a catalog that is written by hand."""

    serial = 0

    def configure(self) -> list[str]:
        """Write named.conf, and the catalog."""
        self.serial += 1
        lines = [CATALOG_ZONE.format(serial=self.serial)]
        for number, origin in enumerate(self.zones):
            lines.append(f"{number}.zones 0 IN PTR {origin}\n")
            if group := self.groups.get(origin):
                lines.append(f"group.{number}.zones 0 IN TXT {group}\n")
        path = self.directory / "catalog.zone"
        path.write_text("".join(lines))
        members = [
            BIND_MEMBER.format(origin=origin, path=file)
            for origin, file in {CATALOG: path, **self.zones}.items()
        ]
        return _write_bind(self, "", members)


def _write_knot(server: CatalogServer, text: str, members: Iterable[str] = ()) -> list[str]:
    (server.directory / "database").mkdir(exist_ok=True)
    path = server.directory / "knot.conf"
    path.write_text((KNOT + text).format(**server.places()) + "".join(members))
    return [server.program(), "-c", str(path)]


def _write_bind(server: CatalogServer, more: str, zones: Iterable[str]) -> list[str]:
    places = server.places()
    notified = "" if more else f"{LOOPBACK} port {server.other};"
    path = server.directory / "named.conf"
    text = BIND.format(**places, notified=notified, more=more.format(**places))
    path.write_text(text + "".join(zones))
    return [server.program(), "-g", "-n", "1", "-c", str(path)]
