"""Our own server, run from the checkout."""

import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.peers.server import LOOPBACK, Server

CHECKOUT = Path(__file__).parents[2]
SENDING = "transfer: {allow: [{from: [127.0.0.0/8]}]}\n"
PROGRAM = (sys.executable, "-m", "zoneserver")


class Zoneserver(Server):
    """`python -m zoneserver serve`; the zone files are YAML in one folder."""

    name = "zoneserver"
    binary = sys.executable
    package = "python3"

    def __init__(
        self,
        directory: Path,
        zones: Mapping[str, Path],
        *,
        workers: int = 1,
        sends: bool = False,
        engine: str = "auto",
    ) -> None:
        """`engine` is native, portable, or auto: the server chooses."""
        super().__init__(directory, zones, workers=workers, sends=sends)
        self.engine = engine

    def configure(self) -> list[str]:
        """Everything is said on the command line, but for what has no flag."""
        (folder,) = {path.parent for path in self.zones.values()}
        (self.directory / "zoneserver.yaml").write_text(SENDING if self.sends else "---\n")
        return [
            *PROGRAM,
            "serve",
            *("--config", str(self.directory / "zoneserver.yaml")),
            *("--zones", str(folder)),
            *("--listen", f"{LOOPBACK}:{self.port}"),
            *("--state", str(self.directory / "state")),
            *("--engine", self.engine),
            *("--workers", str(self.workers)),
        ]

    def check_command(self, origin: str) -> list[str]:
        """The command that reads and judges one zone without serving it."""
        return [*PROGRAM, "check", str(self.zones[origin])]

    def environment(self) -> dict[str, str]:
        """Import the package from the checkout, installed or not."""
        return {"PYTHONPATH": str(CHECKOUT)}

    def reload(self) -> None:
        """Have the zones read again."""
        os.kill(self.pid, signal.SIGHUP)
