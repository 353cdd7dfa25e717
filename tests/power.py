"""A power cut, whenever: what may be left of a folder that is being written to.

The kernel has a file's octets on disk for certain only once the file was synced, and a new
name once the folder was. Until then, each part of what was written may be there or not.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CUTS = 10  # images that are made at each step
BLOCK = 16  # octets that are written together; a disk's have more, a test has fewer


class Power:
    """Watches what is done to one folder, and has it fail at any moment.

    Each image of the folder that a power cut may leave goes to `judge`, by file name.
    """

    def __init__(self, folder: Path, judge: Callable[[dict[str, bytes]], None]) -> None:
        self._folder = folder
        self._judge = judge
        self._random = random.Random(92)
        self._names: dict[str, int] = {}  # that are certain, and the inodes behind them
        self._certain: dict[int, bytes] = {}  # what of an inode is
        self._seen: dict[int, bytes] = {}
        self._look()
        self._names, self._certain = self._now(), dict(self._seen)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Have it fail inside of the block, before and after whatever is done."""
        with pytest.MonkeyPatch.context() as patch:
            for name in ("pwrite", "fsync", "replace", "ftruncate"):
                patch.setattr(os, name, self._wrap(getattr(os, name), is_sync=name == "fsync"))
            yield

    def _wrap(self, call: Callable[..., Any], *, is_sync: bool) -> Callable[..., Any]:
        def called(*arguments: Any, **named: Any) -> Any:
            self._step()
            result = call(*arguments, **named)
            if is_sync:
                self._note_sync(os.fstat(arguments[0]).st_ino)
            self._step()
            return result

        return called

    def _step(self) -> None:
        self._look()
        self.fail()

    def fail(self) -> None:
        """Have it fail now, in several ways."""
        for _ in range(CUTS):
            self._judge(self._cut())

    def _now(self) -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in self._folder.iterdir()}

    def _look(self) -> None:
        for path in self._folder.iterdir():
            self._seen[path.stat().st_ino] = path.read_bytes()

    def _note_sync(self, inode: int) -> None:
        self._look()
        if inode == self._folder.stat().st_ino:
            self._names = self._now()
        else:
            self._certain[inode] = self._seen[inode]

    def _cut(self) -> dict[str, bytes]:
        """One folder as it may be found afterwards."""
        names = self._random.choice((self._names, self._now()))
        return {
            name: self._mix(self._certain.get(inode, b""), self._seen[inode])
            for name, inode in names.items()
        }

    def _mix(self, certain: bytes, written: bytes) -> bytes:
        """Some blocks of either, of any length between; what has no octets yet is zero."""
        length = self._random.randint(*sorted((len(certain), len(written))))
        choices = (certain.ljust(length, b"\0"), written.ljust(length, b"\0"))
        return b"".join(
            self._random.choice(choices)[at : min(at + BLOCK, length)]
            for at in range(0, length, BLOCK)
        )
