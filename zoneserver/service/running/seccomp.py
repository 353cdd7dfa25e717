"""What no process of this server ever does, and the kernel shall refuse it: seccomp(2).

A server that was talked into something by a packet cannot start a program, look into another
process, or mount a file system.
"""

import ctypes
import os
import platform
import struct
from collections.abc import Sequence

from zoneserver.errors import StartError

# Each call by its numbers on x86_64 and on aarch64.
REFUSED = {
    "execve": (59, 221),
    "execveat": (322, 281),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "unshare": (272, 97),
    "setns": (308, 268),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "keyctl": (250, 219),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "kexec_load": (246, 104),
}
# The numbers of those machines in linux/audit.h, in that order.
_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
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
    machine = platform.machine()
    if machine not in _MACHINES:
        return
    column = list(_MACHINES).index(machine)
    program = make_filter(_MACHINES[machine], [each[column] for each in REFUSED.values()])
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
