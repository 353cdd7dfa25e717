"""The watcher: a process that says when the files in the zones folder have changed.

The kernel tells it of most changes at once. It also looks for itself, now and then, because
the kernel does not tell everything: not what happens on another machine's disk, to a file by
another of its names, or to more folders than may be watched.
"""

import errno
import os
import socket
import time
from contextlib import suppress
from pathlib import Path

from zoneserver.service.disk.files import sign
from zoneserver.service.disk.inotify import Inotify, is_hidden
from zoneserver.service.logs import log
from zoneserver.service.running.channel import Channel

SETTLE_SECONDS = 0.2  # without a change, after which an edit is taken for complete
MOST_SETTLE_SECONDS = 5.0  # after which one that goes on and on is no longer waited for
POLL_SECONDS = 1.0  # from one look at all files to the next
POLL_SHARE = 100  # a look may take one part in so many of the time


class Watcher:
    """Watches one folder, and the folders in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._inotify: Inotify | None = None
        self._watched: tuple[int, int] | None = None  # device and inode of the folder
        self._has_complained = False
        self._files = 0
        self._next_look = 0.0
        self._watch()
        self._look()

    def wait(self) -> None:
        """Return when something has changed, and nothing more for a moment."""
        while not self._has_changed(POLL_SECONDS):
            pass
        deadline = time.monotonic() + MOST_SETTLE_SECONDS
        while time.monotonic() < deadline:
            if not self._has_changed(SETTLE_SECONDS, look=self._inotify is None):
                break

    def refresh(self) -> None:
        """Take the files as they are for known: what has been told is not found again."""
        if self._inotify is not None:  # else they have just been looked at
            self._look()

    def _has_changed(self, seconds: float, *, look: bool = False) -> bool:
        """Whether anything changes within a time. `look`: by looking at the files, too."""
        if self._inotify is None:
            time.sleep(seconds)
        else:
            happened = self._inotify.wait(seconds)
            if happened.folders:
                self._watch()
            if happened.files:
                return True
            if happened.folders:
                return False
        return (look or time.monotonic() >= self._next_look) and self._look()

    def _look(self) -> bool:
        """Look at every file: whether any is not as it was the last time."""
        begin = time.process_time()
        if _identity(self._folder) != self._watched:
            self._watch()
        before, self._files = self._files, summarise(self._folder)
        spent = time.process_time() - begin
        self._next_look = time.monotonic() + max(POLL_SECONDS, POLL_SHARE * spent)
        return before != self._files

    def _watch(self) -> None:
        """Have the kernel tell of changes to all folders there are."""
        if self._inotify is not None and _identity(self._folder) != self._watched:
            self._inotify.close()
            self._inotify = None
        self._watched = _identity(self._folder)
        try:
            self._inotify = self._inotify or Inotify()
            for folder in walk(self._folder):
                with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                    self._inotify.add(folder)
        except OSError as error:
            self._complain(error)
            if self._inotify is not None:
                self._inotify.close()
                self._inotify = None

    def _complain(self, error: OSError) -> None:
        if self._has_complained:
            return
        self._has_complained = True
        fix = ""
        if error.errno in {errno.ENOSPC, errno.EMFILE}:
            what = "watches" if error.errno == errno.ENOSPC else "instances"
            fix = f"; raise fs.inotify.max_user_{what} with sysctl"
        log.warning(
            "zones-unwatched",
            f"{self._folder} cannot be watched ({error.strerror}): its files are"
            f" looked at once a second, or less often if they are many{fix}",
        )


def run_watcher(folder: Path, end: socket.socket) -> int:
    """The life of a watcher process. Returns its exit status."""
    channel, watcher = Channel(end), Watcher(folder)
    channel.send({"watching": True})
    while True:
        watcher.wait()
        channel.send({"changed": True})
        watcher.refresh()


def walk(folder: str) -> list[str]:
    """A folder and all below it, but for hidden ones; links are not followed."""
    folders = [folder]
    for each in folders:
        with suppress(OSError), os.scandir(each) as entries:
            folders += [
                entry.path
                for entry in entries
                if not is_hidden(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    return folders


def summarise(folder: str) -> int:
    """A number that is another one when any file in a folder is another, or has changed."""
    total = hash(_identity(folder))
    for each in walk(folder):
        with suppress(OSError), os.scandir(each) as entries:
            for entry in entries:
                if not is_hidden(entry.name):
                    total += hash((entry.path, sign(entry.path)))
    return total


def _identity(folder: str) -> tuple[int, int] | None:
    """What tells a folder from another in its place."""
    try:
        found = os.stat(folder)  # noqa: PTH116 - one of many ways to the same folder
    except OSError:
        return None
    return found.st_dev, found.st_ino
