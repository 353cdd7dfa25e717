"""What this process may do, and how it gives that up.

The main process becomes the user that it is told and keeps one right, to bind ports below
1024, as long as it listens on one. The processes that it makes keep none.
"""

import ctypes
import errno
import grp
import ipaddress
import os
import pwd
from collections.abc import Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Self

from zoneserver.errors import StartError
from zoneserver.service.running.seccomp import refuse_for_good
from zoneserver.transports.endpoint import Endpoint

NET_BIND_SERVICE = 10  # capabilities(7)
_ALL_CAPABILITIES = range(64)
# From linux/prctl.h and linux/capability.h.
_PR_SET_KEEPCAPS, _PR_CAPBSET_DROP, _PR_SET_NO_NEW_PRIVS = 8, 24, 38
_CAPABILITY_VERSION = 0x20080522
_FIRST_FREE_PORT = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")


@dataclass(frozen=True, slots=True)
class Privileges:
    """Who to become: `name` or `name:group`, also as numbers; empty: nobody else.

    With `allow_root` root may stay root.
    """

    user: str = ""
    allow_root: bool = False


class Account(NamedTuple):
    """A user of this host, with the groups that its processes have."""

    uid: int
    gid: int
    groups: tuple[int, ...]

    @classmethod
    def find(cls, text: str) -> Self:
        """Read `name` or `name:group`. Raises StartError where there is none."""
        name, _, group = text.partition(":")
        try:
            entry = pwd.getpwuid(int(name)) if name.isdecimal() else pwd.getpwnam(name)
        except (KeyError, OverflowError) as error:
            if not (name.isdecimal() and group.isdecimal()):
                raise StartError(
                    f"there is no user {name!r} here; `adduser --system --group NAME` makes one"
                ) from error
            return cls(int(name), int(group), ())  # in a container numbers are enough
        gid = _find_group(group) if group else entry.pw_gid
        return cls(entry.pw_uid, gid, tuple(os.getgrouplist(entry.pw_name, gid)))


def require_user(privileges: Privileges, endpoints: Iterable[Endpoint]) -> None:
    """See to it that root serves nobody but this host, unless told. Raises StartError."""
    if os.geteuid() or privileges.user or privileges.allow_root:
        return
    for endpoint in endpoints:
        if not ipaddress.ip_address(endpoint.address).is_loopback:
            raise StartError(
                f"it would answer others on {endpoint} as root; write --user NAME,"
                " or user: NAME in the configuration file, and it binds as root, then goes on"
                " as that user (`adduser --system --group zoneserver` makes one);"
                " --allow-root lets it stay root"
            )


def give_up_privileges(privileges: Privileges, endpoints: Collection[Endpoint]) -> None:
    """Become the user that was asked for, with no right but to bind these endpoints.

    It is for good: nothing that this process starts can have more. It must be the only
    thread. Raises StartError.
    """
    kept = {NET_BIND_SERVICE} if any(map(_is_reserved, endpoints)) else set[int]()
    may_bind = kept & read_capabilities()
    account = Account.find(privileges.user) if privileges.user else None
    ours = os.getresuid()
    for capability in _ALL_CAPABILITIES:
        if capability not in kept:  # what the bounding set lacks, no program can give back
            with suppress(OSError):
                _prctl(_PR_CAPBSET_DROP, capability)
    if account and set(ours) != {account.uid}:
        _become(account)
    _set_capabilities(may_bind)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    refuse_for_good()


def give_up_capabilities() -> None:
    """Keep none."""
    _set_capabilities(set())


def require_program() -> None:
    """See to it that what Python loads later can be loaded. Raises StartError."""
    for folder in {Path(os.__file__).parent, Path(__file__).parent}:
        if not os.access(folder, os.R_OK | os.X_OK):
            raise StartError(
                f"user {os.geteuid()} cannot read {folder}, which the server is part of;"
                " install it where that user can read, such as /opt/zoneserver"
            )


def hand_over(folder: Path, user: str) -> None:
    """Let a folder of root's, made if need be, belong to a user, with all that is in it.

    A folder of anybody else's stays as it is: what its owner has put there could be a way to
    something else of root's. Raises StartError.
    """
    account = Account.find(user)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.geteuid() or folder.stat().st_uid or not account.uid:
            return
        for parent, folders, files in os.walk(folder, topdown=False):
            for name in (*folders, *files):
                os.lchown(Path(parent) / name, account.uid, account.gid)
        os.chown(folder, account.uid, account.gid)
    except OSError as error:
        reason = error.strerror or str(error)
        raise StartError(f"{folder} cannot be given to {user}: {reason}") from error


def read_capabilities(pid: int | str = "self", kind: bytes = b"CapEff") -> set[int]:
    """The capabilities of a process, by number: its effective ones, if nothing else is said.

    Raises OSError.
    """
    status = Path(f"/proc/{pid}/status").read_bytes()  # text takes a codec, maybe from disk
    (line,) = (each for each in status.splitlines() if each.startswith(kind + b":"))
    mask = int(line.split()[1], 16)
    return {number for number in _ALL_CAPABILITIES if mask >> number & 1}


def _find_group(text: str) -> int:
    try:
        return int(text) if text.isdecimal() else grp.getgrnam(text).gr_gid
    except KeyError as error:
        raise StartError(f"there is no group {text!r} here") from error


def _become(account: Account) -> None:
    try:
        _prctl(_PR_SET_KEEPCAPS, 1)  # until we say which
        os.setgroups(account.groups)
        os.setresgid(account.gid, account.gid, account.gid)
        os.setresuid(account.uid, account.uid, account.uid)
    except OSError as error:
        advice = "only root can, with CAP_SETUID and CAP_SETGID; or start it as that user"
        raise StartError(f"cannot become user {account.uid}: {advice}") from error


def _is_reserved(endpoint: Endpoint) -> bool:
    """Whether binding it takes the capability."""
    try:
        first_free = int(_FIRST_FREE_PORT.read_bytes())
    except (OSError, ValueError):
        first_free = 1024
    return 0 < endpoint.port < first_free


class _Header(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _Sets(ctypes.Structure):
    _fields_ = (
        ("effective", ctypes.c_uint32),
        ("permitted", ctypes.c_uint32),
        ("inheritable", ctypes.c_uint32),
    )


def _has_none() -> bool:
    return not any(read_capabilities(kind=each) for each in (b"CapEff", b"CapPrm", b"CapInh"))


def _set_capabilities(kept: Collection[int]) -> None:
    """Have these, and no others that could be taken up or passed on. Raises StartError."""
    if not kept and _has_none():
        return  # the call is one that others may have forbidden
    mask = sum(1 << number for number in kept)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    sets = (_Sets * 2)(_Sets(low, low, 0), _Sets(high, high, 0))
    header = _Header(_CAPABILITY_VERSION, 0)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.capset(ctypes.byref(header), sets):
        reason = os.strerror(ctypes.get_errno())
        raise StartError(f"capabilities cannot be given up: {reason}; allow the call capset(2)")


def _prctl(option: int, value: int) -> None:
    """Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0):
        number = ctypes.get_errno()
        raise OSError(number, errno.errorcode.get(number, os.strerror(number)))
