"""Our own server, run from the checkout."""

import functools
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.peers.server import LOOPBACK, Server

CHECKOUT = Path(__file__).parents[2]
PROGRAM = (sys.executable, "-m", "zoneserver")
HELP_SECONDS = 30


@functools.cache
def serve_help() -> str:
    """What `zoneserver serve --help` says, to know the options it takes."""
    done = subprocess.run(
        [*PROGRAM, "serve", "--help"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
        timeout=HELP_SECONDS,
    )
    return done.stdout


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
        engine: str | None = None,
    ) -> None:
        """`engine` is native or portable; None leaves the choice to the server."""
        super().__init__(directory, zones, workers=workers)
        self.engine = engine

    def configure(self) -> list[str]:
        """No configuration file: everything is said on the command line."""
        (folder,) = {path.parent for path in self.zones.values()}
        chosen = {"--workers": str(self.workers), "--engine": self.engine}
        return [
            *PROGRAM,
            "serve",
            *("--zones", str(folder)),
            *("--listen", f"{LOOPBACK}:{self.port}"),
            *("--state", str(self.directory / "state")),
            *(
                text
                for option, value in chosen.items()
                if value is not None and option in serve_help()
                for text in (option, value)
            ),
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
