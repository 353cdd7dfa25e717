"""What all this is for: a real sender finds the right mail host, through a real resolver."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.figures import Figures
from tests.live.mail_system import BACKUP, MAIL
from tests.servers import CHECKOUT

NEEDED = ("unbound", "postfix", "sendmail", "smtp-sink", "ip", "mount")
PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin{os.pathsep}/sbin"
NAMESPACES = ("unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that others than root may enter: Postfix has a user of its own."""
    if os.geteuid():
        pytest.skip("only root has port 53 and 25 to itself in a namespace of its own")
    if missing := [name for name in NEEDED if shutil.which(name, path=PATH) is None]:
        pytest.skip(f"not installed: {', '.join(missing)}")
    if subprocess.run([*NAMESPACES, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespaces can be made here")
    made = Path(tempfile.mkdtemp(prefix="zoneserver-mail-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def _run(script: str, folder: Path) -> list[dict[str, Any]]:
    """What became of each message, as one of the scripts here tells it."""
    done = subprocess.run(
        [*NAMESPACES, sys.executable, str(CHECKOUT / "tests/live" / script), str(folder)],
        env={**os.environ, "PYTHONPATH": str(CHECKOUT), "PATH": PATH},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    log = folder / "server.log"
    assert done.returncode == 0, f"{done.stderr}\n{log.read_text() if log.exists() else ''}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_mail_reaches_the_right_host(folder: Path, figures: Figures) -> None:
    """Postfix asks Unbound, which asks us, for MX and addresses; two hosts take the mail.

    The first message goes to the host of the lowest preference. While that refuses
    connections, the next goes to the backup. An edit that makes the mail host an alias is not
    taken: mail goes on as before. One that makes the backup the first host is. Mail to a
    domain without mail (RFC 7505) bounces at once.
    """
    said = _run("mail_system.py", folder)

    mail, backup = f"mail.example.com[{MAIL}]:25", f"backup.example.com[{BACKUP}]:25"
    assert [(each["to"], each["status"], each["relay"], each["taken by"]) for each in said] == [
        ("first@example.com", "sent", mail, [MAIL]),
        ("down@example.com", "sent", backup, [BACKUP]),
        ("mistake@example.com", "sent", mail, [MAIL]),
        ("moved@example.com", "sent", backup, [BACKUP]),
        ("nobody@example.net", "bounced", "none", []),
    ]
    assert said[-1]["words"] == "Domain example.net does not accept mail (nullMX)"
    figures.add("mail by Postfix and Unbound", "4 of 4 messages at the right host, 1 bounced")


def test_mail_reaches_the_host_with_the_right_certificate(
    folder: Path, figures: Figures
) -> None:
    """Postfix with DANE required (RFC 7672), Unbound with our anchor, TLSA from a certificate.

    A file that is no certificate changes nothing. A host that shows another certificate gets no
    mail; it gets all that waits once the file of that one is there. A certificate that was
    published as the next one is taken at once.
    """
    said = _run("dane_system.py", folder)

    host = f"mail.example.com[{MAIL}]:25"
    assert {host} == {each["relay"] for each in said}
    assert [(each["to"], each["status"], each["taken by"]) for each in said] == [
        ("first@example.com", "sent", [MAIL]),
        ("mistake@example.com", "sent", [MAIL]),
        ("swapped@example.com", "deferred", []),
        ("published@example.com", "sent", [MAIL]),
        ("swapped@example.com", "sent", [MAIL]),
        ("rolled@example.com", "sent", [MAIL]),
    ]
    assert said[2]["words"] == "Server certificate not verified"
    log = (folder / "postfix.log").read_text()
    verified = log.count(f"Verified TLS connection established to {host}")
    assert verified == 5
    figures.add(
        "mail by Postfix with DANE required",
        f"{verified} messages over verified TLS; 1 held back while the certificate was another",
    )
