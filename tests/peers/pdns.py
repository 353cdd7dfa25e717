"""PowerDNS Authoritative Server, with its BIND backend."""

from tests.peers.server import LOOPBACK, Server

# Each receiver answers what it reads (distributor-threads=1), which is both the fastest and
# the fairest beside servers without a second set of threads. The caches are as PowerDNS
# ships them.
CONFIGURATION = """\
launch=bind
bind-config={directory}/named.conf
local-address={address}
local-port={port}
socket-dir={directory}
daemon=no
guardian=no
disable-syslog=yes
loglevel=3
receiver-threads={workers}
distributor-threads=1
reuseport=yes
udp-truncation-threshold=1232
any-to-tcp=no
disable-axfr={silent}
allow-axfr-ips=127.0.0.0/8
"""
ZONE = """\
zone "{origin}" {{ type master; file "{path}"; }};
"""


class Pdns(Server):
    """One receiver thread for each worker, no queue behind it, caches as they come."""

    name = "pdns"
    binary = "pdns_server"
    package = "pdns-server, pdns-backend-bind"

    def configure(self) -> list[str]:
        """Write pdns.conf, and the zones as named.conf has them."""
        server = CONFIGURATION.format(
            address=LOOPBACK,
            port=self.port,
            directory=self.directory,
            workers=self.workers,
            silent="no" if self.sends else "yes",
        )
        zones = [
            ZONE.format(origin=origin.rstrip("."), path=file)
            for origin, file in self.zones.items()
        ]
        (self.directory / "pdns.conf").write_text(server)
        (self.directory / "named.conf").write_text("".join(zones))
        return [self.program(), f"--config-dir={self.directory}"]
