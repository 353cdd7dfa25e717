"""Edits of a zone file: from the write until the server answers with what was written."""

import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.servers import LOAD_SECONDS
from tests.peers import ServerError, Zoneserver
from tests.peers.server import Probe


@dataclass
class EditedZone:
    """A zone file that gets one more name with every edit; `origin` ends with a dot.

    The new text is prepared in `spare`, outside the folder of zones, and then takes the
    place of the old one in one step, as editors do it.
    """

    path: Path
    origin: str
    spare: Path
    edits: int = 0

    def __post_init__(self) -> None:
        """Keep the text that every edit adds to."""
        self._octets = self.path.read_bytes()

    def seconds_until_visible(self, server: Zoneserver) -> float:
        """Edit the zone, and wait until `server`, which watches it, has the new name."""
        self.edits += 1
        probe = Probe(f"edit{self.edits}.{self.origin}", "A")
        if server.answers(probe):
            raise ServerError(f"{probe.qname} is there before it is written")
        line = f"edit{self.edits}: {{type: A, value: 198.19.5.1}}\n"
        self.spare.write_bytes(self._octets + line.encode())
        start = time.monotonic()
        self.spare.replace(self.path)
        server.wait_until_answering(probe, LOAD_SECONDS)
        return time.monotonic() - start
