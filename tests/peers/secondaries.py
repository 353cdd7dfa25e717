"""The other nameservers as secondaries, whose zones come from a primary on loopback.

Each is told of new versions by NOTIFY from there. Each lets everybody on loopback take the
zones from it, so that a test can look at all that it has.
"""

import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from tests.peers import bind, knot, nsd, pdns
from tests.peers.server import LOOPBACK, Server


@dataclass(frozen=True)
class SharedKey:
    """A TSIG key; its secret is in base64."""

    name: str
    secret: str
    algorithm: str = "hmac-sha256"


class Secondary(Server):
    """A nameserver whose zones come from a port, signed with a key where there is one."""

    takes_differences: ClassVar[bool] = True  # whether it asks for IXFR

    def __init__(
        self,
        directory: Path,
        origins: Iterable[str],
        primary: int,
        key: SharedKey | None = None,
    ) -> None:
        """`directory` need not exist yet."""
        super().__init__(directory, {origin: directory / f"{origin}zone" for origin in origins})
        self.primary = primary
        self.key = key


NSD_ZONE = """\
zone:
    name: "{origin}"
    zonefile: "{path}"
    request-xfr: {address}@{primary} {key}
    allow-notify: {address} {key}
    provide-xfr: {address} NOKEY
"""
NSD_KEY = """\
key:
    name: "{key.name}"
    algorithm: {key.algorithm}
    secret: "{key.secret}"
"""


class NsdSecondary(Secondary, nsd.Nsd):
    """NSD asks for IXFR over TCP."""

    def configure(self) -> list[str]:
        """Write nsd.conf; `-d` stays in the foreground."""
        path = self.directory / "nsd.conf"
        text = nsd.CONFIGURATION.format(
            address=LOOPBACK, port=self.port, directory=self.directory, workers=self.workers
        )
        text += NSD_KEY.format(key=self.key) if self.key else ""
        for origin, file in self.zones.items():
            text += NSD_ZONE.format(
                origin=origin,
                path=file,
                address=LOOPBACK,
                primary=self.primary,
                key=f'"{self.key.name}"' if self.key else "NOKEY",
            )
        path.write_text(text)
        return [self.program(), "-d", "-c", str(path)]


KNOT_REMOTE = """\
remote:
  - id: primary
    address: {address}@{primary}
    {key}
acl:
  - id: from-primary
    address: {address}
    action: notify
    {key}
"""
KNOT_ZONE = """\
  - domain: "{origin}"
    file: "{path}"
    master: primary
    acl: [from-primary, loopback]
    zonefile-load: none
"""
KNOT_KEY = """\
key:
  - id: {key.name}
    algorithm: {key.algorithm}
    secret: {key.secret}
"""


class KnotSecondary(Secondary, knot.Knot):
    """Knot asks for the SOA and for IXFR, both over TCP."""

    def configure(self) -> list[str]:
        """Write knot.conf; without `-d` Knot stays in the foreground."""
        path = self.directory / "knot.conf"
        server, template = knot.CONFIGURATION.format(
            address=LOOPBACK, port=self.port, directory=self.directory, workers=self.workers
        ).split("template:")
        key = KNOT_KEY.format(key=self.key) if self.key else ""
        named = f"key: {self.key.name}" if self.key else ""
        remote = KNOT_REMOTE.format(address=LOOPBACK, primary=self.primary, key=named)
        zones = [
            KNOT_ZONE.format(origin=origin, path=file) for origin, file in self.zones.items()
        ]
        path.write_text("".join((server, key, remote, "template:", template, *zones)))
        return [self.program(), "-c", str(path)]


BIND_ZONE = """\
zone "{origin}" {{
    type secondary;
    file "{path}";
    primaries {{ {address} port {primary} {key}; }};
}};
"""
BIND_KEY = """\
key "{key.name}" {{ algorithm {key.algorithm}; secret "{key.secret}"; }};
"""


class BindSecondary(Secondary, bind.Bind):
    """BIND asks for the SOA over UDP, then for IXFR."""

    def configure(self) -> list[str]:
        """Write named.conf; `-g` stays in the foreground and logs to the terminal."""
        path = self.directory / "named.conf"
        text = bind.CONFIGURATION.format(
            address=LOOPBACK, port=self.port, directory=self.directory, takers="localhost"
        )
        text += BIND_KEY.format(key=self.key) if self.key else ""
        for origin, file in self.zones.items():
            text += BIND_ZONE.format(
                origin=origin,
                path=file,
                address=LOOPBACK,
                primary=self.primary,
                key=f'key "{self.key.name}"' if self.key else "",
            )
        path.write_text(text)
        return [self.program(), "-g", "-n", str(self.workers), "-c", str(path)]


PDNS_ROLE = """\
secondary=yes
bind-dnssec-db={directory}/keys.db
"""
PDNS_ZONE = """\
zone "{origin}" {{ type slave; file "{path}"; masters {{ {address}:{primary}; }}; }};
"""


class PdnsSecondary(Secondary, pdns.Pdns):
    """PowerDNS with its BIND backend takes the whole zone each time."""

    takes_differences = False

    def configure(self) -> list[str]:
        """Write pdns.conf, the zones as named.conf has them, and the key into its database."""
        text = pdns.CONFIGURATION.format(
            address=LOOPBACK,
            port=self.port,
            directory=self.directory,
            workers=self.workers,
            silent="no",
        ) + PDNS_ROLE.format(address=LOOPBACK, directory=self.directory)
        zones = [
            PDNS_ZONE.format(
                origin=origin.rstrip("."), path=file, address=LOOPBACK, primary=self.primary
            )
            for origin, file in self.zones.items()
        ]
        (self.directory / "pdns.conf").write_text(text)
        (self.directory / "named.conf").write_text("".join(zones))
        self._tell("create-bind-db", str(self.directory / "keys.db"))
        if self.key:
            name = self.key.name
            self._tell("import-tsig-key", name, self.key.algorithm, self.key.secret)
            for origin in self.zones:
                self._tell("activate-tsig-key", origin.rstrip("."), name, "secondary")
        return [self.program(), f"--config-dir={self.directory}"]

    def _tell(self, *words: str) -> None:
        tool = [self.program("pdnsutil"), f"--config-dir={self.directory}", *words]
        subprocess.run(tool, check=True, capture_output=True, timeout=30)


SECONDARIES: tuple[type[Secondary], ...] = (
    NsdSecondary,
    KnotSecondary,
    BindSecondary,
    PdnsSecondary,
)
