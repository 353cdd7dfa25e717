"""What no process of this server ever does, and the kernel shall refuse it: seccomp(2).

A server that was talked into something by a packet cannot start a program, look into another
process, or mount a file system.
"""

import ctypes
import os
import platform
import struct
from collections.abc import Sequence
from typing import NamedTuple

from zoneserver.errors import StartError


class _Machine(NamedTuple):
    """A machine's number in linux/audit.h, and those of its calls that are refused."""

    audit: int
    calls: tuple[int, ...]


# execve execveat, ptrace process_vm_readv process_vm_writev, mount umount2 pivot_root chroot,
# unshare setns, bpf perf_event_open userfaultfd, keyctl, init_module finit_module kexec_load.
_X86_64 = (59, 322, 101, 310, 311, 165, 166, 155, 161, 272, 308, 321, 298, 323, 250, 175, 313, 246)
_AARCH64 = (221, 281, 117, 270, 271, 40, 39, 41, 51, 97, 268, 280, 241, 282, 219, 105, 273, 104)
# The same on every machine: io_uring_setup open_tree move_mount fsopen fsmount.
_COMMON = (425, 428, 429, 430, 432)
_MACHINES = {
    "x86_64": _Machine(0xC000003E, (*_X86_64, *_COMMON)),
    "aarch64": _Machine(0xC00000B7, (*_AARCH64, *_COMMON)),
}
# x86_64 has each call a second time, for the x32 ABI, from this number on.
_X32_CALLS = 0x40000000

# linux/bpf_common.h, linux/seccomp.h
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER_AT, _MACHINE_AT = 0, 4  # octets, in struct seccomp_data
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_EPERM = 1
_PR_SET_SECCOMP, _MODE_FILTER = 22, 2
_INSTRUCTION = struct.Struct("=HBBI")


def refuse_for_good() -> None:
    """Have the kernel refuse those calls with EPERM, here and in all that is started here.

    It needs no_new_privs. On a machine whose numbers are not known it does nothing, nor in a
    kernel without seccomp. Raises StartError.
    """
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        return
    program = make_filter(machine.audit, machine.calls)
    octets = ctypes.create_string_buffer(program, len(program))
    length = len(program) // _INSTRUCTION.size
    # struct sock_fprog: the number of instructions, and where they are.
    pointer = struct.pack("@HP", length, ctypes.addressof(octets))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_SECCOMP, ctypes.c_ulong(_MODE_FILTER), pointer, 0, 0):
        number = ctypes.get_errno()
        if number != 22:  # EINVAL: this kernel has none
            raise StartError(f"no seccomp filter could be set: {os.strerror(number)}")


def make_filter(audit: int, calls: Sequence[int]) -> bytes:
    """The program: EPERM for these calls, and for all calls of another machine's numbers."""
    refused = len(calls) + 1  # the distance of the refusal from the first comparison
    steps = [
        (_LOAD, 0, 0, _MACHINE_AT),
        (_IF_EQUAL, 0, refused + 2, audit),
        (_LOAD, 0, 0, _NUMBER_AT),
        (_IF_AT_LEAST, refused, 0, _X32_CALLS),
        *((_IF_EQUAL, refused - 1 - at, 0, call) for at, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _ERRNO | _EPERM),
    ]
    return b"".join(_INSTRUCTION.pack(*step) for step in steps)
