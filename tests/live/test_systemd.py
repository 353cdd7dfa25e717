"""The unit as it is, under a systemd of its own, and an upgrade as docs/upgrade.md has it."""

import base64
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import dns.query
import dns.tsigkeyring
import dns.xfr
import dns.zone
import pytest

from tests.figures import Figures
from tests.live.test_replace import SOCKETS, Datagrams
from tests.servers import CHECKOUT, GOOD_ZONE, WAIT_SECONDS

UNIT = CHECKOUT / "packaging/zoneserver.service"
DOCS = CHECKOUT / "docs"
SYSTEMD = Path("/lib/systemd/systemd")
STUBS = ("sysinit", "basic", "shutdown", "network-online", "multi-user")
# What the unit names is in folders that nobody else sees; $1 is where they come from. The
# checkout ($3) and the packages ($4) are there, too: the unit does not see every place.
BOOT = """\
set -e
mount --make-rprivate /
mount -t tmpfs tmpfs /opt
mkdir /opt/zoneserver
mount --bind "$1/opt" /opt/zoneserver
mount --bind "$3" /opt/zoneserver/checkout
mount --bind "$4" /opt/zoneserver/packages
cp -a /etc "$1/etc"
mount --bind "$1/etc" /etc
mkdir -p /etc/zoneserver
mount --bind "$1/opt/etc" /etc/zoneserver
echo zoneserver:x:64000:64000::/nonexistent:/usr/sbin/nologin >>/etc/passwd
echo zoneserver:x:64000: >>/etc/group
mount -t tmpfs tmpfs /var/lib
mkdir -m 700 /var/lib/private
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system
umount --lazy /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
test -z "$2" || exit 0
export container=test SYSTEMD_UNIT_PATH=/opt/zoneserver/units
exec /lib/systemd/systemd --system --unit=basic.target --log-target=console --show-status=no
"""
PRIVATE = ("--pid", "--fork", "--kill-child", "--mount", "--ipc", "--uts", "--cgroup")
SOURCES = (str(CHECKOUT), str(Path(click.__file__).parents[1]))
UNSHARE = ("unshare", *PRIVATE, "--mount-proc", "sh", "-c", BOOT, "sh")


USER = 64000  # zoneserver, there
AS_USER = (f"--reuid={USER}", f"--regid={USER}", "--clear-groups")
BY_HAND = (
    *("serve", "--replace", "--config", "/etc/zoneserver/zoneserver.yaml"),
    *("--state", "/var/lib/zoneserver", "--control", "/run/zoneserver/control.sock"),
)
SECRET = base64.b64encode(b"32 octets that two servers share").decode()
TRANSFERS = """\
listen: 127.0.0.1:0
http: {listen: 127.0.0.1:0}
keys: keys.yaml
transfer:
  allow: [{from: 127.0.0.0/8, key: ns2.example.com.}]
secondary:
  zones: {example.net.: {from: '127.0.0.1:1'}}
"""


class Machine:
    """A systemd that is the first process of its own namespaces."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "opt/log"
        self._manager = subprocess.Popen(
            [*UNSHARE, str(folder), "", *SOURCES],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run systemctl there."""
        return self.enter("systemctl", *words)

    def enter(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a command there, beside all units."""
        return subprocess.run(
            ["nsenter", "--target", *self._children(), "--all", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def show(self, key: str) -> str:
        """A property of the unit."""
        return self.run("show", "zoneserver", "--value", f"--property={key}").stdout.strip()

    def wait_until_up(self) -> None:
        """Return once it takes commands."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not self._children() or self.run("is-active", "basic.target").returncode:
            assert time.monotonic() < deadline, "systemd does not start"

    def wait_for_log(self, pattern: str) -> str:
        """What a group of the pattern matches, once something in the log does."""
        deadline = time.monotonic() + WAIT_SECONDS
        while (found := re.search(pattern, self.log.read_text())) is None:
            assert time.monotonic() < deadline, f"no {pattern} in\n{self.log.read_text()}"
            time.sleep(0.05)
        return found[1]

    def _children(self) -> list[str]:
        """The first process there, once it is."""
        pid = self._manager.pid
        return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()

    def close(self) -> None:
        """End it, and all that runs there."""
        self._manager.kill()
        self._manager.wait(WAIT_SECONDS)


def _program() -> str:
    """A script that runs the server, from places that its user can read."""
    version = ".".join(map(str, sys.version_info[:2]))
    python = shutil.which(f"python{version}", path="/usr/bin:/usr/local/bin")
    if python is None:
        pytest.skip(f"there is no Python {version} that others may read")
    path = "/opt/zoneserver/checkout:/opt/zoneserver/packages"
    return f'#!/bin/sh\nPYTHONPATH={path} exec {python} -B -m zoneserver "$@"\n'


def _read_drop_in(page: str) -> str:
    (text,) = re.findall(r"```ini\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)
    return str(text)


def _is_possible(command: Sequence[str]) -> bool:
    return (
        os.geteuid() == 0
        and SYSTEMD.exists()
        and shutil.which("nsenter") is not None
        and not subprocess.run(command, capture_output=True, check=False).returncode
    )


@pytest.fixture
def machine(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Machine]:
    """One with the unit and the drop-in of docs/upgrade.md, or of another page as well."""
    opt = tmp_path / "opt"
    for folder in ("bin", "checkout", "etc/zones", "packages", "units/zoneserver.service.d"):
        (opt / folder).mkdir(parents=True)
    if not _is_possible([*UNSHARE, str(tmp_path), "try", *SOURCES]):
        pytest.skip("no systemd can be run here")
    program = opt / "bin/zoneserver"
    program.write_text(_program())
    program.chmod(0o755)
    (opt / "etc/zoneserver.yaml").write_text("listen: 127.0.0.1:0\n")
    (opt / "etc/zones/example.com.yaml").write_text(GOOD_ZONE)
    units = opt / "units"
    for name in STUBS:
        (units / f"{name}.target").write_text("[Unit]\nDefaultDependencies=no\n")
    output = "StandardOutput=append:/opt/zoneserver/log\nStandardError=inherit\n"
    (units / "zoneserver.service").write_text(UNIT.read_text())
    drop_ins = units / "zoneserver.service.d"
    (drop_ins / "upgrade.conf").write_text(_read_drop_in("upgrade.md") + output)
    if getattr(request, "param", ""):
        (drop_ins / "transfers.conf").write_text(_read_drop_in("transfers.md"))
        (opt / "etc/zoneserver.yaml").write_text(TRANSFERS)
        keys = opt / "etc/keys.yaml"
        keys.write_text(f"ns2.example.com.: {{algorithm: hmac-sha256, secret: {SECRET}}}\n")
        keys.chmod(0o600)
        os.chown(keys, USER, USER)
    made = Machine(tmp_path)
    try:
        made.wait_until_up()
        yield made
    finally:
        made.close()


def test_upgrade(machine: Machine, figures: Figures) -> None:
    """Acceptance 103: `systemctl reload` starts a new server, which the unit follows.

    One that does not start changes nothing.
    """
    started = machine.run("start", "zoneserver")
    assert 0 == started.returncode, started.stderr
    port = machine.wait_for_log(r"listening on 127.0.0.1:(\d+) ")
    datagrams = Datagrams(int(port), SOCKETS)
    datagrams.start()
    first, reload = machine.show("MainPID"), machine.run("reload", "zoneserver")
    second = machine.show("MainPID")
    datagrams.done.set()
    datagrams.join()
    configuration = machine.log.parent / "etc/zoneserver.yaml"
    configuration.write_text("listen: 127.0.0.2:0\n")
    failed, after = machine.run("reload", "zoneserver"), machine.show("MainPID")
    restarts, state = machine.show("NRestarts"), machine.show("ActiveState")
    stopped = machine.run("stop", "zoneserver")

    assert (0, 1, 0) == (reload.returncode, failed.returncode, stopped.returncode)
    assert first != second == after
    assert ("0", "active") == (restarts, state)
    assert 0 == datagrams.lost
    assert machine.wait_for_log("(this one would on 127.0.0.2:0)")
    figures.add("103 systemctl reload", f"0 of {datagrams.asked} lost; the unit follows")


def _take(port: int) -> int:
    """How many names come with the zone, for who has the key."""
    zone = dns.zone.Zone("example.com")
    key = dns.tsigkeyring.from_text({"ns2.example.com.": SECRET})
    query, _ = dns.xfr.make_query(zone, keyring=key)
    dns.query.inbound_xfr("127.0.0.1", zone, query, port=port, timeout=WAIT_SECONDS)
    return len(zone.nodes)


@pytest.mark.parametrize("machine", ["transfers"], indirect=True)
def test_transfers(machine: Machine) -> None:
    """With a user of its own it reads keys; all its processes do their work, an heir's, too."""
    started = machine.run("start", "zoneserver")
    assert 0 == started.returncode, started.stderr
    port = machine.wait_for_log(r"listening on 127.0.0.1:(\d+) ")
    before = _take(int(port))
    machine.wait_for_log("(example.net. cannot be fetched)")
    reload = machine.run("reload", "zoneserver")
    after = _take(int(port))
    by_hand = machine.enter("setpriv", *AS_USER, "/opt/zoneserver/bin/zoneserver", *BY_HAND)
    log = machine.log.read_text()

    assert 0 == reload.returncode, log
    assert 4 == before == after
    assert 2 == by_hand.returncode
    assert "a service manager keeps the running server" in by_hand.stderr
    trouble = [line for line in log.splitlines() if "-ended" in line or "-failed" in line]
    assert not trouble
