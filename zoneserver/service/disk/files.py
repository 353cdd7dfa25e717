"""Reading files that people write: bounded, confined to one folder, never blocking."""

import errno
import os
import stat
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from zoneserver.zonefile.encoding import MAX_FILE_OCTETS

_PRIVATE = b"PRIVATE KEY-----"  # how the first line of each kind ends (RFC 7468)
READ_ATTEMPTS = 3  # a file that somebody is writing meanwhile is read again


class Signature(NamedTuple):
    """What of a file changes with its content.

    The kernel's own clock is among it: whoever writes to a file changes its ctime, whatever
    is done to its mtime.
    """

    inode: int
    size: int
    changed: int
    modified: int


def sign(path: str) -> Signature | None:
    """The signature of a file or a folder; None where it cannot be had."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a hundred thousand Path objects take a second
    except (OSError, ValueError):
        return None
    return Signature(found.st_ino, found.st_size, found.st_ctime_ns, found.st_mtime_ns)


def read_file(
    path: Path, root: Path, most: int = MAX_FILE_OCTETS, also: Iterable[str] = ()
) -> bytes:
    """The octets of a regular file inside `root`, symbolic links followed; at most so many.

    It may be inside of one of the folders `also`, too. Raises OSError.
    """
    real = str(path)
    if not _is_directly_in(real, root):
        real = _resolve(real, root, also)
        if not stat.S_ISREG(os.stat(real).st_mode):  # noqa: PTH116 - as in `sign`
            raise OSError(errno.EINVAL, "it is no regular file")
    # Should the file become a FIFO at this moment, opening it will not wait for a writer.
    descriptor = os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    with open(descriptor, "rb") as file:  # noqa: PTH123 - a descriptor is no path
        for _ in range(READ_ATTEMPTS):
            before = os.fstat(descriptor)
            if before.st_size > most:
                raise OSError(errno.EFBIG, f"it is over {most >> 20} MB")
            file.seek(0)
            # Room for the most there could be, asked for a hundred thousand times, is more
            # than the kernel will promise to a process that wants to fork.
            octets = file.read(before.st_size + 1)
            after = os.fstat(descriptor)
            if (before.st_mtime_ns, len(octets)) == (after.st_mtime_ns, after.st_size):
                return octets
    raise OSError(errno.EBUSY, "it is being written")


def _is_directly_in(path: str, root: Path) -> bool:
    """Whether a path leads to a regular file in `root` itself, as nearly all do."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISREG(found.st_mode) and os.path.dirname(path) == str(root)  # noqa: PTH120


def _resolve(path: str, root: Path, also: Iterable[str]) -> str:
    """Where a path leads. Raises OSError where that is out of all these folders."""
    try:
        real = Path(os.path.realpath(path, strict=True))
    except ValueError as error:  # a NUL in the path
        raise OSError(errno.EINVAL, str(error)) from error
    roots = (root, *(Path(os.path.realpath(each)) for each in also))
    if not any(map(real.is_relative_to, roots)):
        raise PermissionError(errno.EPERM, f"it leads out of the folder {root}")
    return str(real)


def reason(error: OSError) -> str:
    """Why a file could not be used, in words."""
    return error.strerror or str(error)


def replace_file(path: Path, content: str | bytes) -> None:
    """Replace a file in one step: after a crash there is the old one or the new one."""
    octets = content.encode() if isinstance(content, str) else content
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # 0600
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(octets)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


class Includer:
    """Reads the files that a zone's files name, and keeps them for quoting.

    Paths are relative to `folder`; nothing outside `root` is read. What is `known`, by the
    name that marks have, is not read from disk.
    """

    def __init__(
        self, folder: Path, root: Path, known: Mapping[str, bytes] = MappingProxyType({})
    ) -> None:
        self.folder = folder
        self.root = root
        self._known = known
        self.files: dict[str, bytes] = {}
        self.signatures: dict[str, Signature | None] = {}  # from before they were read

    def __call__(self, path: str, also: Iterable[str] = ()) -> bytes:
        """The octets of a file, which may be in one of the folders `also`. Raises OSError."""
        # The name that marks have: not normalised, so that `./a` stays `./a`.
        folder = "" if self.folder == Path() else f"{self.folder}/"
        name = path if path.startswith("/") else f"{folder}{path}"
        octets = self._known.get(name)
        if octets is None:
            self.signatures[str(self.folder / path)] = sign(str(self.folder / path))
            octets = read_file(self.folder / path, self.root, also=also)
            if _PRIVATE in octets:  # not to be kept with the zone, and quoted
                raise PermissionError(errno.EPERM, "it holds a private key")
        self.files[name] = octets
        return octets

    def knowing(self, files: Mapping[str, bytes]) -> "Includer":
        """The same, but with these files as they are given."""
        return Includer(self.folder, self.root, files)
