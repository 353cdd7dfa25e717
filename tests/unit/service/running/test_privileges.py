"""Giving up privileges: each case in a process of its own, for it is for good."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.figures import Figures
from zoneserver.errors import StartError
from zoneserver.service.running.privileges import (
    NET_BIND_SERVICE,
    Account,
    Privileges,
    give_up_capabilities,
    hand_over,
    read_capabilities,
    require_user,
)
from zoneserver.transports.endpoint import Endpoint

LOOPBACK, OUTSIDE = Endpoint("127.0.0.1", 5300), Endpoint("192.0.2.1", 53)
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


def _in_child(run: str) -> str:
    """What Python code prints, in a process of its own, which coverage does not follow.

    It may become a user who can write nothing down.
    """
    code = f"from zoneserver.service.running.privileges import *\n{run}"
    words = [sys.executable, "-c", code]
    environment = {key: each for key, each in os.environ.items() if "COVERAGE" not in key}
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, timeout=60, env=environment
    )
    return done.stdout + done.stderr


def test_what_is_refused_afterwards(figures: Figures) -> None:
    """Acceptance 107: no program can be started, no process looked into, nothing mounted."""
    refused = _in_child("""
import ctypes, os
from zoneserver.service.running.seccomp import REFUSED, _MACHINES, platform
give_up_privileges(Privileges(allow_root=True), [Endpoint("127.0.0.1", 0)])
libc = ctypes.CDLL(None, use_errno=True)
column = list(_MACHINES).index(platform.machine())
for name, numbers in REFUSED.items():
    failed = libc.syscall(numbers[column], 0, 0, 0, 0, 0, 0)
    print(name, failed, ctypes.get_errno())
try:
    os.execv("/bin/true", ["true"])
except PermissionError as error:
    print("execv", -1, error.errno)
print(libc.getppid() == os.getppid())
""")

    *calls, last = refused.splitlines()
    assert len(calls) >= 20
    assert {line.split(maxsplit=1)[1] for line in calls} == {f"-1 {errno.EPERM}"}
    assert last == "True", "other calls work"
    figures.add("107 execve, ptrace, mount and the like", f"{len(calls)} calls, all denied")


@needs_root
@pytest.mark.parametrize(("port", "kept"), [(53, {NET_BIND_SERVICE}), (5353, set[int]())])
def test_root_becomes_a_user(port: int, kept: set[int]) -> None:
    """With its group, without its old groups, and there is no way back."""
    said = _in_child(f"""
import os
give_up_privileges(Privileges("65534:65533"), [Endpoint("192.0.2.1", {port})])
print(os.getresuid(), os.getresgid(), os.getgroups())
print(read_capabilities())
give_up_capabilities()
print(read_capabilities())
os.setuid(0)
""").splitlines()

    groups = sorted({*os.getgrouplist("nobody", 65533)})
    assert said[0] == f"{(65534,) * 3} {(65533,) * 3} {groups}"
    assert said[1:3] == [str(kept), "set()"]
    assert said[-1] == "PermissionError: [Errno 1] Operation not permitted"


def test_nobody_but_root_becomes_somebody_else() -> None:
    """The error says what to do."""
    said = _in_child("""
import os
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
try:
    give_up_privileges(Privileges("4711:4711"), [])
except StartError as error:
    print(error)
""")

    assert said == (
        "cannot become user 4711: only root can, with CAP_SETUID and CAP_SETGID;"
        " or start it as that user\n"
    )


def test_who_is_that_user_already() -> None:
    """Needs nothing for it."""
    assert _in_child("""
import os
if os.geteuid() == 0:
    os.setresuid(65534, 65534, 65534)
give_up_privileges(Privileges(f"{os.geteuid()}:{os.getegid()}"), [])
print("fine")
""").endswith("fine\n")


@pytest.mark.parametrize(
    ("told", "endpoint", "uid", "complains"),
    [
        (Privileges(), OUTSIDE, 0, True),
        (Privileges(), Endpoint("::", 53), 0, True),
        (Privileges(), Endpoint("0.0.0.0", 5300), 0, True),
        (Privileges(), LOOPBACK, 0, False),
        (Privileges(), Endpoint("::1", 53), 0, False),
        (Privileges(user="nobody"), OUTSIDE, 0, False),
        (Privileges(allow_root=True), OUTSIDE, 0, False),
        (Privileges(), OUTSIDE, 1000, False),
    ],
)
def test_require_user(
    told: Privileges,
    endpoint: Endpoint,
    uid: int,
    complains: bool,  # noqa: FBT001 - a column of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Root serves loopback, and others when it was told that it may."""
    monkeypatch.setattr(os, "geteuid", lambda: uid)
    said = ""
    try:
        require_user(told, [LOOPBACK, endpoint])
    except StartError as error:
        said = str(error)

    assert said.startswith(f"it would answer others on {endpoint} as root;") is (complains)


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("root", (0, 0)),
        ("0", (0, 0)),
        ("root:0", (0, 0)),
        ("root:nogroup", (0, 65534)),
        ("4711:4712", (4711, 4712)),
    ],
)
def test_account(text: str, account: tuple[int, int]) -> None:
    """Names and numbers; numbers need no entry."""
    found = Account.find(text)

    assert found[:2] == account
    assert found.uid == 4711 or found.gid in found.groups


@pytest.mark.parametrize("text", ["nobody-here", "4711", "root:nobody-here", "9" * 30])
def test_no_such_account(text: str) -> None:
    """The error names it."""
    with pytest.raises(StartError, match=r"there is no (user|group) '(nobody-here|4711|9+)'"):
        Account.find(text)


@needs_root
def test_folder_of_root_is_handed_over(tmp_path: Path) -> None:
    """With what is in it; what links lead to stays root's."""
    folder, outside = tmp_path / "state", tmp_path / "outside"
    outside.touch()
    (folder / "images").mkdir(parents=True)
    (folder / "images/one").touch()
    (folder / "link").symlink_to(outside)
    hand_over(folder, "nobody")

    found = {path.lstat().st_uid for path in (folder, *folder.rglob("*"))}
    assert (found, outside.stat().st_uid) == ({65534}, 0)


@needs_root
def test_folder_of_others_is_left_alone(tmp_path: Path) -> None:
    """Its owner may have put links to files of root's there."""
    (tmp_path / "file").touch()
    os.chown(tmp_path, 4711, 4711)
    hand_over(tmp_path, "nobody")

    assert (tmp_path.stat().st_uid, (tmp_path / "file").stat().st_uid) == (4711, 0)


def test_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """The error names it."""
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match=r"file/state cannot be given to nobody: Not a dir"):
        hand_over(tmp_path / "file/state", "nobody")


def test_capabilities_are_those_of_the_kernel() -> None:
    """Of this process, and of one that gave them up."""
    mask = sum(1 << number for number in read_capabilities())
    status = Path("/proc/self/status").read_text()
    pid = os.fork()
    if not pid:
        give_up_capabilities()
        os._exit(len(read_capabilities(os.getpid())))

    assert f"CapEff:\t{mask:016x}\n" in status
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
