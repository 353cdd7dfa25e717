"""Other nameservers as primaries of ours: each lets one key take its zones, and has history.

They serve two zones: one for whose key we have the secret, and one for which we have another.
"""

import base64
import os
import signal
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

from tests.certificates import make_pair
from tests.peers.bind import Bind
from tests.peers.knot import Knot
from tests.peers.nsd import Nsd
from tests.peers.pdns import Pdns
from tests.peers.server import LOOPBACK, Server, free_port

KEY = "ns2.example."
SECRET = base64.b64encode(b"32 octets that two servers share").decode()


class Primary(Server, ABC):
    """A server that tells ours, on `ours`, of changes; `is_incremental`: it has differences."""

    is_incremental = True

    def __init__(self, directory: Path, zones: Mapping[str, Path], ours: int) -> None:
        super().__init__(directory, zones)
        self.ours = ours

    @abstractmethod
    def take_up(self) -> None:
        """Have zone files that have changed read again."""


class BindPrimary(Primary, Bind):
    """BIND, also over TLS (RFC 9103) on `tls_port`."""

    def __init__(self, directory: Path, zones: Mapping[str, Path], ours: int) -> None:
        super().__init__(directory, zones, ours)
        self.tls_port = free_port()

    def configure(self) -> list[str]:
        """Write named.conf; differences come from comparing zone files."""
        certificate, key = make_pair().write(self.directory)
        text = f"""\
key "{KEY}" {{ algorithm hmac-sha256; secret "{SECRET}"; }};
tls ours {{ cert-file "{certificate}"; key-file "{key}"; }};
options {{
    directory "{self.directory}";
    listen-on port {self.port} {{ {LOOPBACK}; }};
    listen-on port {self.tls_port} tls ours {{ {LOOPBACK}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    lock-file none;
    session-keyfile none;
    recursion no;
    dnssec-validation no;
    empty-zones-enable no;
    check-integrity no;
    check-names primary ignore;
    ixfr-from-differences yes;
    notify explicit;
    notify-delay 0;
    also-notify {{ {LOOPBACK} port {self.ours} key "{KEY}"; }};
    allow-transfer {{ key "{KEY}"; }};
}};
controls {{ }};
"""
        for origin, file in self.zones.items():
            text += f'zone "{origin}" {{ type primary; file "{file}"; }};\n'
        path = self.directory / "named.conf"
        path.write_text(text)
        return [self.program(), "-g", "-n", "1", "-c", str(path)]

    def take_up(self) -> None:
        """As an operator without rndc does."""
        os.kill(self.pid, signal.SIGHUP)


class KnotPrimary(Primary, Knot):
    """Knot DNS."""

    def configure(self) -> list[str]:
        """Write knot.conf; differences come from comparing zone files."""
        text = f"""\
server:
    rundir: "{self.directory}"
    listen: {LOOPBACK}@{self.port}
control:
    listen: "{self.directory}/control"
database:
    storage: "{self.directory}/database"
log:
  - target: stderr
    any: info
key:
  - id: {KEY}
    algorithm: hmac-sha256
    secret: {SECRET}
remote:
  - id: ours
    address: {LOOPBACK}@{self.ours}
    key: {KEY}
acl:
  - id: ours
    key: {KEY}
    action: transfer
template:
  - id: default
    zonefile-sync: -1
    zonefile-load: difference
    semantic-checks: off
    acl: ours
    notify: ours
zone:
"""
        for origin, file in self.zones.items():
            text += f'  - domain: "{origin}"\n    file: "{file}"\n'
        path = self.directory / "knot.conf"
        path.write_text(text)
        (self.directory / "database").mkdir(exist_ok=True)
        return [self.program(), "-c", str(path)]

    def take_up(self) -> None:
        """Over its control socket."""
        knotc, control = self.program("knotc"), str(self.directory / "control")
        subprocess.run([knotc, "-s", control, "zone-reload"], check=True, capture_output=True)


class NsdPrimary(Primary, Nsd):
    """NSD, which finds differences when it is asked to, from version 4.6 on."""

    def configure(self) -> list[str]:
        """Write nsd.conf."""
        text = f"""\
server:
    ip-address: {LOOPBACK}@{self.port}
    do-ip6: no
    username: ""
    chroot: ""
    database: ""
    pidfile: ""
    zonesdir: "{self.directory}"
    xfrdir: "{self.directory}"
    xfrdfile: "{self.directory}/xfrd.state"
    zonelistfile: "{self.directory}/zone.list"
    rrl-ratelimit: 0
remote-control:
    control-enable: no
key:
    name: "{KEY}"
    algorithm: hmac-sha256
    secret: "{SECRET}"
"""
        for origin, file in self.zones.items():
            text += f"""\
zone:
    name: "{origin}"
    zonefile: "{file}"
    provide-xfr: {LOOPBACK} {KEY}
    notify: {LOOPBACK}@{self.ours} {KEY}
    store-ixfr: yes
    create-ixfr: yes
"""
        path = self.directory / "nsd.conf"
        path.write_text(text)
        return [self.program(), "-d", "-c", str(path)]

    def take_up(self) -> None:
        """As an operator without nsd-control does."""
        os.kill(self.pid, signal.SIGHUP)


class PdnsPrimary(Primary, Pdns):
    """PowerDNS, which keeps no differences. Its keys are in a database."""

    is_incremental = False

    def configure(self) -> list[str]:
        """Write pdns.conf, the zones as named.conf has them, and the database."""
        keys = self.directory / "keys.sqlite"
        folder = str(self.directory)
        (self.directory / "pdns.conf").write_text(f"""\
launch=bind
bind-config={folder}/named.conf
bind-dnssec-db={keys}
local-address={LOOPBACK}
local-port={self.port}
socket-dir={folder}
daemon=no
guardian=no
disable-syslog=yes
loglevel=4
primary=yes
allow-axfr-ips=
also-notify={LOOPBACK}:{self.ours}
only-notify=
""")
        (self.directory / "named.conf").write_text(
            "".join(
                f'zone "{origin.rstrip(".")}" {{ type master; file "{file}"; }};\n'
                for origin, file in self.zones.items()
            )
        )
        self._tell("create-bind-db", str(keys))
        self._tell("import-tsig-key", KEY, "hmac-sha256", SECRET)
        for origin in self.zones:
            self._tell("activate-tsig-key", origin, KEY, "primary")
        return [self.program(), f"--config-dir={folder}"]

    def take_up(self) -> None:
        """Over its control socket."""
        control = [self.program("pdns_control"), f"--socket-dir={self.directory}"]
        for origin in self.zones:
            for words in (["bind-reload-now", origin], ["notify", origin]):
                subprocess.run([*control, *words], check=True, capture_output=True)

    def _tell(self, *words: str) -> None:
        util = self.program("pdnsutil")
        command = [util, f"--config-dir={self.directory}", *words]
        subprocess.run(command, check=True, capture_output=True)


PRIMARIES: tuple[type[Primary], ...] = (NsdPrimary, KnotPrimary, BindPrimary, PdnsPrimary)
