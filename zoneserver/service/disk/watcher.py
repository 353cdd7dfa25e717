"""The watcher: a process that says when the files in the zones folder have changed.

The kernel tells it of most changes at once. It also looks for itself, now and then, because
the kernel does not tell everything: not what happens on another machine's disk, to a file by
another of its names, or to more folders than may be watched.
"""

import errno
import os
import socket
import time
from collections.abc import Iterable, Sequence
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
MOST_TOLD = 1000  # files that are named; where there are more, any may have changed


# The device and the inode of a folder; None where it is gone.
Identity = tuple[int, int] | None


class Watcher:
    """Watches some folders, and the folders in them."""

    def __init__(self, folders: Iterable[Path]) -> None:
        self._folders = tuple(map(str, folders))
        self._inotify: Inotify | None = None
        self._watched: Sequence[Identity] = ()  # of each of the folders
        self._has_complained = False
        self._files: dict[str, int] = {}  # as they were at the last look
        self._next_look = 0.0
        self._watch()
        self._look()

    def wait(self) -> frozenset[str] | None:
        """Return when something has changed, and nothing more for a moment.

        Returns which files; None: it may be any of them.
        """
        changed: frozenset[str] | None = frozenset()
        while changed == frozenset():
            changed = self._find_changed(POLL_SECONDS)
        deadline = time.monotonic() + MOST_SETTLE_SECONDS
        while time.monotonic() < deadline:
            more = self._find_changed(SETTLE_SECONDS, look=self._inotify is None)
            if more == frozenset():
                break
            changed = None if changed is None or more is None else changed | more
        return changed

    def refresh(self, changed: frozenset[str] | None) -> None:
        """Take files as they are for known: what has been told is not found again."""
        if changed is None:
            self._look()
            return
        for path in changed:
            self._files.pop(path, None)
            if (found := _hash(path)) is not None:
                self._files[path] = found

    def _find_changed(self, seconds: float, *, look: bool = False) -> frozenset[str] | None:
        """What changes within a time. `look`: by looking at the files, too."""
        if self._inotify is None:
            time.sleep(seconds)
        else:
            happened = self._inotify.wait(seconds)
            if happened.folders:
                self._watch()
                return None if happened.files else frozenset()
            if happened.files:
                return happened.files
        if look or time.monotonic() >= self._next_look:
            return self._look()
        return frozenset()

    def _look(self) -> frozenset[str] | None:
        """Look at every file: which ones are not as they were the last time."""
        begin = time.process_time()
        if is_another := self._identify() != self._watched:
            self._watch()
        before, self._files = self._files, look_at_files(*self._folders)
        spent = time.process_time() - begin
        self._next_look = time.monotonic() + max(POLL_SECONDS, POLL_SHARE * spent)
        if is_another:
            return None
        return frozenset(path for path, _ in before.items() ^ self._files.items())

    def _watch(self) -> None:
        """Have the kernel tell of changes to all folders there are."""
        if self._inotify is not None and self._identify() != self._watched:
            self._inotify.close()
            self._inotify = None
        self._watched = self._identify()
        try:
            self._inotify = self._inotify or Inotify()
            for folder in walk(*self._folders):
                with suppress(FileNotFoundError, NotADirectoryError, PermissionError):
                    self._inotify.add(folder)
        except OSError as error:
            self._complain(error)
            if self._inotify is not None:
                self._inotify.close()
                self._inotify = None

    def _identify(self) -> list[Identity]:
        return [_identity(each) for each in self._folders]

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
            f"{' and '.join(self._folders)} cannot be watched ({error.strerror}): its files are"
            f" looked at once a second, or less often if they are many{fix}",
        )


def run_watcher(folders: Iterable[Path], end: socket.socket) -> int:
    """The life of a watcher process. Returns its exit status."""
    channel, watcher = Channel(end), Watcher(folders)
    channel.send({"watching": True})
    while True:
        changed = watcher.wait()
        few = changed is not None and len(changed) <= MOST_TOLD
        channel.send({"changed": sorted(changed) if changed and few else None})
        watcher.refresh(changed)


def walk(*tops: str) -> list[str]:
    """Some folders and all below them, but for hidden ones; links are not followed."""
    folders = list(tops)
    for each in folders:
        with suppress(OSError), os.scandir(each) as entries:
            folders += [
                entry.path
                for entry in entries
                if not is_hidden(entry.name) and entry.is_dir(follow_symlinks=False)
            ]
    return folders


def look_at_files(*tops: str) -> dict[str, int]:
    """All files of some folders, each with a number that is another one when it has changed."""
    found: dict[str, int] = {}
    for each in walk(*tops):
        with suppress(OSError), os.scandir(each) as entries:
            for entry in entries:
                if not is_hidden(entry.name):
                    found[entry.path] = _hash(entry.path) or 0
    return found


def _hash(path: str) -> int | None:
    """A number that is another one when a file has changed; None where it is gone."""
    signature = sign(path)
    return hash(signature) if signature else None


def _identity(folder: str) -> Identity:
    """What tells a folder from another in its place."""
    try:
        found = os.stat(folder)  # noqa: PTH116 - one of many ways to the same folder
    except OSError:
        return None
    return found.st_dev, found.st_ino
