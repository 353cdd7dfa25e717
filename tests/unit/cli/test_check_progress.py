"""`zoneserver check` at a terminal: how far it is, where that takes long."""

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.servers import GOOD_ZONE, write_zones

# What checks a folder of zones as if every piece of work took long.
IMPATIENT = """
import zoneserver.service.keeping.progress as progress
progress.QUIET_SECONDS = progress.SHOW_SECONDS = -1.0
from zoneserver.cli import main
main(["check", "zones"])
"""


def test_zones_records_and_rate(tmp_path: Path) -> None:
    """On standard error alone, and gone when the result comes."""
    write_zones(tmp_path, example_com=GOOD_ZONE, example_net=GOOD_ZONE)
    ours, theirs = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-c", IMPATIENT],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=False,
        timeout=60,
    )
    os.close(theirs)
    shown = os.read(ours, 65_536).decode()
    os.close(ours)

    assert b"2 zones" in done.stdout
    assert b"reading:" not in done.stdout
    assert "reading: 1 of 2 zones, " in shown
    assert "reading: 2 of 2 zones, " in shown
    assert shown.endswith("\r\x1b[K")
