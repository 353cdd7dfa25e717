"""Knot DNS, of CZ.NIC."""

from tests.peers.server import LOOPBACK, Server

CONFIGURATION = """\
server:
    rundir: "{directory}"
    listen: {address}@{port}
    udp-workers: {workers}
    tcp-workers: {workers}
    tcp-reuseport: on
    background-workers: {workers}
    udp-max-payload: 1232
control:
    listen: "{directory}/control"
database:
    storage: "{directory}/database"
log:
  - target: stderr
    any: warning
acl:
  - id: loopback
    address: 127.0.0.0/8
    action: transfer
template:
  - id: default
    zonefile-sync: -1
    zonefile-load: whole
    journal-content: none
    semantic-checks: off
zone:
"""
ZONE = """\
  - domain: "{origin}"
    file: "{path}"
"""
PROVIDING = """\
    acl: loopback
"""


class Knot(Server):
    """One thread for each worker, no journal, no semantic checks; zone files stay untouched."""

    name = "knot"
    binary = "knotd"
    package = "knot"

    def configure(self) -> list[str]:
        """Write knot.conf; without `-d` Knot stays in the foreground."""
        path = self.directory / "knot.conf"
        server = CONFIGURATION.format(
            address=LOOPBACK, port=self.port, directory=self.directory, workers=self.workers
        )
        zone = ZONE + PROVIDING if self.sends else ZONE
        zones = [zone.format(origin=origin, path=file) for origin, file in self.zones.items()]
        path.write_text(server + "".join(zones))
        return [self.program(), "-c", str(path)]
