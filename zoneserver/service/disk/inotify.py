"""inotify(7), as far as a watcher of folders needs it: what has happened, to which files?"""

import ctypes
import os
import select
import struct
from typing import NamedTuple

_MODIFY, _ATTRIB, _CLOSE_WRITE = 0x2, 0x4, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF = 0x400, 0x800
_Q_OVERFLOW, _IGNORED = 0x4000, 0x8000
_ONLYDIR, _ISDIR = 0x0100_0000, 0x4000_0000
_MASK = (
    _MODIFY | _ATTRIB | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
    | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
)  # fmt: skip
# After these, other folders are to be watched than before.
_OF_FOLDERS = _Q_OVERFLOW | _IGNORED | _DELETE_SELF | _MOVE_SELF | _ISDIR

_EVENT = struct.Struct("iIII")  # wd, mask, cookie, length of the name
_OCTETS = 1 << 16


class Happened(NamedTuple):
    """The files that count to which anything happened; whether to the folders themselves."""

    files: frozenset[str] = frozenset()
    folders: bool = False


def is_hidden(name: str) -> bool:
    """Whether a name is of what editors and version control keep beside the files.

    Kubernetes turns the link `..data` around when a ConfigMap changes: that one counts.
    """
    return name.startswith((".", "#")) and not name.startswith("..")


class Inotify:
    """One queue of events. Every method raises OSError where the kernel has no more room."""

    def __init__(self) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor: int = self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise _error()
        self._folders: dict[int, str] = {}  # by watch
        self._poll = select.poll()
        self._poll.register(self._descriptor, select.POLLIN)

    def add(self, folder: str) -> None:
        """Watch a folder, not what is in folders below it."""
        path = os.fsencode(folder)
        watch = self._libc.inotify_add_watch(self._descriptor, path, ctypes.c_uint32(_MASK))
        if watch < 0:
            raise _error()
        self._folders[watch] = folder

    def wait(self, seconds: float) -> Happened:
        """What happens within a time, or has happened before; it returns at the first event."""
        if not self._poll.poll(seconds * 1000):
            return Happened()
        octets, at = os.read(self._descriptor, _OCTETS), 0
        files, folders = set[str](), False
        while at < len(octets):
            watch, mask, _, length = _EVENT.unpack_from(octets, at)
            at += _EVENT.size + length
            name = os.fsdecode(octets[at - length : at].rstrip(b"\0"))
            if not is_hidden(name):
                files.add(f"{self._folders.get(watch, '')}/{name}")
            folders = folders or bool(mask & _OF_FOLDERS)
        return Happened(frozenset(files), folders)

    def close(self) -> None:
        """Watch no more."""
        os.close(self._descriptor)


def _error() -> OSError:
    number = ctypes.get_errno()
    return OSError(number, os.strerror(number))
