"""Writing files that people keep: in one step, and never over what somebody else wrote."""

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from tempfile import mkstemp

from zoneserver.errors import StartError
from zoneserver.service.checking.mending import Change
from zoneserver.service.disk.files import read_file, reason


def write_changes(changes: Sequence[Change]) -> None:
    """Write every changed file. Raises StartError; it names what has been written by then.

    Nothing is written if any file is no longer what was read.
    """
    written: list[str] = []
    path = Path()
    try:
        for change in changes:
            path = change.path
            _refuse_changed(change)
        for change in changes:
            path = change.path
            _write(change)
            written.append(str(path))
    except OSError as error:
        done = f"written before that: {', '.join(written)}" if written else "nothing is written"
        raise StartError(f"cannot write {path}: {reason(error)}; {done}") from error


def _refuse_changed(change: Change) -> None:
    """Raises OSError for a file that does not hold what was read of it."""
    if read_file(change.path, change.root) != change.old:
        raise OSError("it was changed meanwhile; run the command again")


def _write(change: Change) -> None:
    """Put a new file in the place of the old one, with its mode and owner. Raises OSError."""
    real = Path(os.path.realpath(change.path, strict=True))
    before = real.stat()
    # The server reads no name that begins with a dot.
    descriptor, name = mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - a descriptor is no path
            file.write(change.new)
            file.flush()
            _keep_owner(descriptor, before)
            os.fchmod(descriptor, stat.S_IMODE(before.st_mode))
            os.fsync(descriptor)
        _refuse_changed(change)
        os.replace(name, real)  # noqa: PTH105 - as mkstemp gives it
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - as mkstemp gives it
        raise
    _sync_folder(real.parent)


def _keep_owner(descriptor: int, before: os.stat_result) -> None:
    """Give a new file the owner and group of the old one. Raises OSError."""
    new = os.fstat(descriptor)
    if (new.st_uid, new.st_gid) != (before.st_uid, before.st_gid):
        os.fchown(descriptor, before.st_uid, before.st_gid)


def _sync_folder(folder: Path) -> None:
    """Make a renaming last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
