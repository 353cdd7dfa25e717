"""Runs a command as our systemd unit would: under its filter of system calls, and the rest.

    python confined.py UNIT COMMAND...

What the unit answers with EPERM ends the process here (SIGSYS), so that no denial goes unseen;
but for setpriority, which the server may try.
"""

import ctypes
import os
import re
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_KILL_PROCESS, _ALLOW, _ERRNO = 0x80000000, 0x7FFF0000, 0x00050000
_EQUAL = 4  # enum scmp_compare
_PR_SET_MDWE, _MDWE_REFUSE_EXEC_GAIN = 65, 1
_TRIED = ("setpriority",)


class Comparison(ctypes.Structure):
    """struct scmp_arg_cmp"""

    _fields_ = (
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("value", ctypes.c_uint64),
        ("other", ctypes.c_uint64),
    )


def expand(name: str) -> Iterator[str]:
    """The calls of a group such as @mount, or the call itself."""
    if not name.startswith("@"):
        yield name
        return
    words = ["systemd-analyze", "--no-pager", "syscall-filter", name]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    for line in done.stdout.splitlines()[1:]:
        if (entry := line.strip()) and not entry.startswith("#"):
            yield from expand(entry)


def read_calls(unit: str) -> set[str]:
    """What the SystemCallFilter= lines of a unit allow, one after the other."""
    allowed = set(expand("@default"))  # systemd.exec(5): these are allowed in any case
    for words in re.findall("^SystemCallFilter=(.*)", unit, re.MULTILINE):
        calls = {call for word in words.lstrip("~").split() for call in expand(word)}
        allowed = allowed - calls if words.startswith("~") else allowed | calls
    return allowed


def confine(unit: str) -> None:
    """Be as confined as the unit says, as far as that can be done without systemd."""
    calls = read_calls(unit)
    families = re.findall(r"^RestrictAddressFamilies=(.*)", unit, re.MULTILINE)[0].split()
    files = int(re.findall("^LimitNOFILE=(.*)", unit, re.MULTILINE)[0])
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    libc, library = ctypes.CDLL(None), ctypes.CDLL("libseccomp.so.2")
    library.seccomp_init.restype = ctypes.c_void_p
    rule = library.seccomp_rule_add_array
    rule.argtypes = (
        *(ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.c_void_p),
    )
    library.seccomp_load.argtypes = library.seccomp_release.argtypes = (ctypes.c_void_p,)

    def number(call: str) -> int:
        found: int = library.seccomp_syscall_resolve_name(call.encode())
        return found

    only_families = library.seccomp_init(_ALLOW)
    for family in set(range(46)) - {getattr(socket, name) for name in families}:
        comparison = Comparison(0, _EQUAL, family, 0)
        rule(only_families, _ERRNO | 97, number("socket"), 1, ctypes.byref(comparison))
    only_calls = library.seccomp_init(_KILL_PROCESS)
    for call in calls:
        rule(only_calls, _ALLOW, number(call), 0, None)
    for call in set(_TRIED) - calls:
        rule(only_calls, _ERRNO | 1, number(call), 0, None)
    if libc.prctl(_PR_SET_MDWE, _MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
        sys.stderr.write("MemoryDenyWriteExecute= needs Linux 6.3\n")
    for made in (only_families, only_calls):
        assert library.seccomp_load(made) == 0


if __name__ == "__main__":
    confine(Path(sys.argv[1]).read_text())
    os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606 - no shell is wanted
