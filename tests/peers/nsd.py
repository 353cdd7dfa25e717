"""NSD, of NLnet Labs."""

from tests.peers.server import LOOPBACK, Server

CONFIGURATION = """\
server:
    ip-address: {address}@{port}
    do-ip6: no
    server-count: {workers}
    reuseport: yes
    username: ""
    chroot: ""
    database: ""
    pidfile: ""
    zonesdir: "{directory}"
    xfrdir: "{directory}"
    xfrdfile: "{directory}/xfrd.state"
    zonelistfile: "{directory}/zone.list"
    minimal-responses: no
    refuse-any: no
    round-robin: no
    rrl-ratelimit: 0
    rrl-whitelist-ratelimit: 0
    ipv4-edns-size: 1232
remote-control:
    control-enable: no
"""
ZONE = """\
zone:
    name: "{origin}"
    zonefile: "{path}"
"""
PROVIDING = """\
    provide-xfr: 127.0.0.1 NOKEY
"""


class Nsd(Server):
    """One process for each worker, no database, no rate limit, no control socket."""

    name = "nsd"
    binary = "nsd"
    package = "nsd"

    def configure(self) -> list[str]:
        """Write nsd.conf; `-d` stays in the foreground."""
        path = self.directory / "nsd.conf"
        server = CONFIGURATION.format(
            address=LOOPBACK, port=self.port, directory=self.directory, workers=self.workers
        )
        zone = ZONE + PROVIDING if self.sends else ZONE
        zones = [zone.format(origin=origin, path=file) for origin, file in self.zones.items()]
        path.write_text(server + "".join(zones))
        return [self.program(), "-d", "-c", str(path)]

    def check_command(self, origin: str) -> list[str]:
        """The command that reads and judges one zone without serving it."""
        checker = self.program("nsd-checkzone")
        return [checker, origin, str(self.zones[origin])]
