"""The floor: a C program that sends every datagram back (`echo.c`)."""

import subprocess
from pathlib import Path

import dns.exception
import dns.message
import dns.query

from tests.peers import Server
from tests.peers.server import ANSWER_SECONDS, LOOPBACK, Probe

SOURCE = Path(__file__).with_name("echo.c")
COMPILE_SECONDS = 60


class Echo(Server):
    """What receiving and sending alone costs; compiled when it is started."""

    name = "echo"
    binary = "cc"
    package = "gcc"

    def configure(self) -> list[str]:
        """Compile it into the folder of the server."""
        program = self.directory / "echo"
        subprocess.run(
            [self.program(), "-O2", "-pthread", "-o", str(program), str(SOURCE)],
            check=True,
            timeout=COMPILE_SECONDS,
        )
        return [str(program), str(self.port), str(self.workers)]

    def answers(self, probe: Probe) -> bool:
        """Whether `probe` comes back: there is nothing else to expect."""
        query = dns.message.make_query(probe.qname, probe.qtype)
        try:
            dns.query.udp(query, LOOPBACK, timeout=ANSWER_SECONDS, port=self.port)
        except (OSError, dns.exception.DNSException):
            return False
        return True
