"""BIND 9, of ISC."""

from tests.peers.server import LOOPBACK, Server

CONFIGURATION = """\
options {{
    directory "{directory}";
    listen-on port {port} {{ {address}; }};
    listen-on-v6 {{ none; }};
    pid-file none;
    lock-file none;
    session-keyfile none;
    recursion no;
    notify no;
    allow-query {{ any; }};
    allow-transfer {{ {takers}; }};
    allow-update {{ none; }};
    dnssec-validation no;
    zero-no-soa-ttl no;
    trust-anchor-telemetry no;
    empty-zones-enable no;
    no-case-compress {{ any; }};
    answer-cookie no;
    minimal-responses no-auth;
    minimal-any no;
    max-udp-size 1232;
    edns-udp-size 1232;
    check-names primary ignore;
    check-mx ignore;
    check-mx-cname ignore;
    check-srv-cname ignore;
    check-integrity no;
    check-sibling no;
    check-wildcard no;
}};
controls {{ }};
"""
ZONE = """\
zone "{origin}" {{ type primary; file "{path}"; }};
"""


class Bind(Server):
    """One thread for each worker, no recursion, no checks of zones, no control channel."""

    name = "bind"
    binary = "named"
    package = "bind9"

    def configure(self) -> list[str]:
        """Write named.conf; `-g` stays in the foreground and logs to the terminal."""
        path = self.directory / "named.conf"
        server = CONFIGURATION.format(
            address=LOOPBACK,
            port=self.port,
            directory=self.directory,
            takers="localhost" if self.sends else "none",
        )
        zones = [ZONE.format(origin=origin, path=file) for origin, file in self.zones.items()]
        path.write_text(server + "".join(zones))
        return [self.program(), "-g", "-n", str(self.workers), "-c", str(path)]
