"""The health check of the container image: can somebody get an answer?

    python healthcheck.py [ZONES [ADDRESS [PORT]]]

Asks for the SOA of the zones in a folder, one after the other, over UDP and TCP, until one
zone is answered with authority over both. A zone that the server refuses to load does not
make it unhealthy; silence, or no zone at all, does.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode

TIMEOUT_SECONDS = 1.5


def find_origins(folder: Path) -> Iterator[str]:
    """The zones of a folder: `example.com.yaml`, or a folder `example.com.`."""
    for path in sorted(folder.iterdir()):
        if path.is_dir() and path.name.endswith("."):
            yield path.name
        elif path.suffix in {".yaml", ".yml"}:
            yield path.stem


def is_served(origin: str, address: str, port: int) -> bool:
    """Whether the server has the zone, over both transports. Raises when nobody answers."""
    query = dns.message.make_query(origin, "SOA")
    for ask in (dns.query.udp, dns.query.tcp):
        reply = ask(query, address, timeout=TIMEOUT_SECONDS, port=port)
        if reply.rcode() != dns.rcode.NOERROR or not reply.flags & dns.flags.AA:
            return False
    return True


def main(zones: str = "/zones", address: str = "127.0.0.1", port: str = "5353") -> int:
    """Exit status: 0 healthy, 1 not."""
    try:
        if any(is_served(origin, address, int(port)) for origin in find_origins(Path(zones))):
            return 0
    except (OSError, dns.exception.DNSException) as error:
        print(f"no answer from {address} port {port}: {error!r}", file=sys.stderr)
        return 1
    print(f"no zone of {zones} is served by {address} port {port}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
