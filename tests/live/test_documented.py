"""Every configuration of docs/transfers.md, word for word: does the zone arrive?"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.figures import Figures
from tests.live.documented import COMMANDS, PAGE, SECONDARY
from tests.live.test_mail_system import NAMESPACES, PATH
from tests.servers import CHECKOUT

HEADINGS = re.findall(r"^#### (.*)$", PAGE.read_text("utf-8"), re.MULTILINE)
SERVERS = {"NSD", "Knot DNS", "BIND", "PowerDNS", "zoneserver"}
PROGRAMS = {"NSD": "nsd", "Knot DNS": "knotd", "BIND": "named", "PowerDNS": "pdns_server"}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others than root may enter: the servers have users of their own."""
    if os.geteuid():
        pytest.skip("only root has port 53 to itself in a namespace of its own")
    if subprocess.run([*NAMESPACES, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespaces can be made here")
    made = Path(tempfile.mkdtemp(prefix="zoneserver-pages-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def _server(heading: str) -> str:
    return re.split(r" over |, ", heading.removeprefix("From "))[0]


def test_page_has_every_server() -> None:
    """Each is there as a secondary; what there is about it is about one of them."""
    assert SERVERS == SERVERS.intersection(HEADINGS)
    assert SERVERS == set(map(_server, HEADINGS)) == set(COMMANDS)


@pytest.mark.parametrize("heading", HEADINGS)
def test_configuration(folder: Path, heading: str, figures: Figures) -> None:
    """The zone arrives, an edit follows, and nobody else is sent anything."""
    program = PROGRAMS.get(_server(heading), sys.executable)
    if shutil.which(program, path=PATH) is None:
        pytest.skip(f"not installed: {program}")
    script = CHECKOUT / "tests/live/documented.py"
    done = subprocess.run(
        [*NAMESPACES, sys.executable, str(script), str(folder), heading],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    logs = "\n".join(path.read_text() for path in folder.glob("*.log"))
    assert done.returncode == 0, f"{done.stderr}\n{logs}"
    seen = json.loads(done.stdout)

    assert seen["same"]
    assert ["example.com. 3600 20 mail.example.com."] == seen["mx"]
    assert heading.startswith("From ") or "REFUSED" == seen["stranger"]
    assert ("catalog" in heading) is ("members" in seen)
    assert heading.startswith("From ") or f"sent to {SECONDARY}" in logs
    figures.add(f"edit to secondary, {heading}", f"{seen['seconds']:.1f} s")
