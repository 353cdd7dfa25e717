"""Our own server, run from the checkout."""

import sys
from pathlib import Path

from tests.peers.server import LOOPBACK, Server

CHECKOUT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "zoneserver")


class Zoneserver(Server):
    """`python -m zoneserver serve`; the zone files are YAML in one folder."""

    name = "zoneserver"
    binary = sys.executable
    package = "python3"

    def configure(self) -> list[str]:
        """No configuration file: everything is said on the command line."""
        (folder,) = {path.parent for path in self.zones.values()}
        return [
            *PROGRAM,
            "serve",
            *("--zones", str(folder)),
            *("--listen", f"{LOOPBACK}:{self.port}"),
            *("--state", str(self.directory / "state")),
        ]

    def check_command(self, origin: str) -> list[str]:
        """The command that reads and judges one zone without serving it."""
        return [*PROGRAM, "check", str(self.zones[origin])]

    def environment(self) -> dict[str, str]:
        """Import the package from the checkout, installed or not."""
        return {"PYTHONPATH": str(CHECKOUT)}
