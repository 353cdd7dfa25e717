"""The image files of the zones that are served, in the state directory.

`served.json` names them; it is replaced in one step, after the files that it names are whole.
So a crash leaves the old zones or the new ones, and a restart serves them before it has read
a single zone file.
"""

import json
import mmap
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from zoneserver.errors import ImageError, NameSyntaxError, ZoneserverError
from zoneserver.image import format as f
from zoneserver.image.images import Place
from zoneserver.names import Name
from zoneserver.service.answering.responder import Throttle
from zoneserver.service.disk.files import replace_file
from zoneserver.service.logs import log

_MEMORY = Path("/dev/shm")  # noqa: S108 - only a folder of our own in it is used

FOLDER = "images"
SUFFIX = ".zimg"
MANIFEST = "served.json"
SMALL_OCTETS = 4096  # that a state directory must have room for, to be tried again


class StoreError(ZoneserverError):
    """The state directory could not be read or written; the text says why."""


@dataclass(frozen=True, slots=True)
class Served:
    """What to answer from: image files, of which a later one replaces zones of earlier ones.

    Zones in `gone` are no longer served; those in `refused` have no version that may be.
    """

    files: tuple[str, ...] = ()
    gone: tuple[Name, ...] = ()
    refused: tuple[Name, ...] = ()

    def document(self) -> dict[str, Any]:
        """The same as plain values."""
        return {
            "files": list(self.files),
            "gone": [str(origin) for origin in self.gone],
            "refused": [str(origin) for origin in self.refused],
        }

    @classmethod
    def read(cls, document: dict[str, Any]) -> "Served":
        """The value of plain values. Raises KeyError, TypeError or NameSyntaxError."""
        return cls(
            tuple(document["files"]),
            tuple(Name.parse(text) for text in document["gone"]),
            tuple(Name.parse(text) for text in document["refused"]),
        )


class Store:
    """The images folder of one state directory, for the zones of one zones folder."""

    def __init__(self, state: Path | None, zones: Path) -> None:
        """Without a state, what is written goes with the server."""
        self._spare = find_memory() / f"zoneserver-{secrets.token_hex(8)}"
        self._folder = self._spare if state is None else state.absolute() / FOLDER
        self._zones = str(zones.absolute())
        self._throttle = Throttle()
        self.why_not = ""  # the state directory could be written, when that was tried last

    @classmethod
    def choose(cls, state: Path | None, zones: Path) -> "Store":
        """The store in the state directory; it is said where that is of no use."""
        store = cls(state, zones)
        if state is not None and not store.can_write():
            text = f"{state} cannot be used: {store.why_not}; a restart will not remember"
            log.warning("state-unusable", text, folder=str(state), reason=store.why_not)
            store._throttle.take()
        return store

    def close(self) -> None:
        """Remove what a restart has no use for."""
        shutil.rmtree(self._spare, ignore_errors=True)

    def write(self, make: Callable[[], Iterable[tuple[bytes, bytes]]]) -> str:
        """Write the zone images that are made, each behind its origin's key, as one file.

        Returns its path.

        Where the state directory is of no use any more, they are served all the same, and a
        restart will not remember them. Raises StoreError where that fails, too.
        """
        try:
            return _write_file(self._folder, make())
        except OSError as error:
            if (more := self._throttle.take()) is not None:
                text = f"{self._error('written', error)}; a restart will not remember{more}"
                log.error("state-unwritable", text)
        try:
            return _write_file(self._spare, make())
        except OSError as error:
            raise self._error("replaced", error) from error

    def is_away(self, path: str) -> bool:
        """Whether an image file is not in the state directory, where a restart looks."""
        return Path(path).parent != self._folder

    def can_write(self) -> bool:
        """Whether the state directory takes files now."""
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self._folder) as file:
                file.write(bytes(SMALL_OCTETS))
        except OSError as error:
            self.why_not = error.strerror or str(error)
            return False
        return True

    def keep(self, served: Served) -> None:
        """Make these the zones of the next start. Raises StoreError."""
        if any(map(self.is_away, served.files)):
            raise StoreError(f"{self._folder} could not be written")
        document = {**served.document(), "zones": self._zones}
        document["files"] = [Path(file).name for file in served.files]
        try:
            replace_file(self._folder / MANIFEST, json.dumps(document))
        except OSError as error:
            raise self._error("written", error) from error

    def restore(self) -> Served | None:
        """The zones of the last run, each file checked; None where there are none.

        Raises StoreError where there are, and they are of no use.
        """
        try:
            document = json.loads((self._folder / MANIFEST).read_text("utf-8"))
            if document["zones"] != self._zones:
                return None
            names = [Path(name).name for name in document["files"]]
            document["files"] = [str(self._folder / name) for name in names]
            served = Served.read(document)
            for path in served.files:
                with open_image_file(path) as octets:
                    f.check_file(octets)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise self._error("read", error) from error
        except (
            ValueError,
            KeyError,
            TypeError,
            RecursionError,
            ImageError,
            NameSyntaxError,
        ) as error:
            raise StoreError(f"{self._folder} is damaged: {error}") from error
        return served

    def sweep(self, served: Served) -> None:
        """Remove the image files that are not served any more, and what a crash left."""
        names = {Path(file).name for file in served.files}
        for folder in {self._folder, self._spare}:
            for path in folder.glob(f"*{SUFFIX}"):
                if path.name not in names:
                    path.unlink(missing_ok=True)

    def _error(self, what: str, error: OSError) -> StoreError:
        return StoreError(f"{self._folder} cannot be {what}: {error.strerror or error}")


def find_memory() -> Path:
    """A folder for files that nobody needs after us; the root may be read-only."""
    return _MEMORY if os.access(_MEMORY, os.W_OK) else Path(tempfile.gettempdir())


def open_image_file(path: str) -> memoryview:
    """The octets of an image file, mapped. Raises OSError or ImageError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        return memoryview(mmap.mmap(descriptor, 0, prot=mmap.PROT_READ))
    except ValueError as error:
        raise ImageError(f"{path} is empty") from error
    finally:
        os.close(descriptor)


def read_places(path: str) -> dict[bytes, Place]:
    """Where the zones of an image file are, by origin's key. Raises OSError or ImageError."""
    octets = open_image_file(path)
    return {
        key: Place(octets, offset, length) for key, offset, length in f.read_directory(octets)
    }


def _write_file(folder: Path, images: Iterable[tuple[bytes, bytes]]) -> str:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, path = tempfile.mkstemp(dir=folder, suffix=SUFFIX)
    with os.fdopen(descriptor, "w+b") as file:
        try:
            _write_images(file, images)
            file.flush()
            os.fsync(descriptor)
        except BaseException:
            Path(path).unlink(missing_ok=True)
            raise
    return path


def _write_images(file: Any, images: Iterable[tuple[bytes, bytes]]) -> None:  # noqa: ANN401
    """The header, which needs all that follows it, is written last."""
    entries: list[f.Entry] = []
    digest = blake2b(digest_size=16)
    file.write(bytes(f.FILE_HEADER.size))
    at = f.FILE_HEADER.size
    for key, image in images:
        entries.append(f.Entry(key, at, len(image)))
        file.write(image)
        at += len(image)
        padding = f.align(at) - at
        file.write(bytes(padding))
        at += padding
    directory = f.pack_directory(entries)
    file.write(directory)
    length = at + len(directory)
    blank = f.pack_file_header(len(entries), at, length, bytes(16))
    file.flush()
    digest.update(blank[f.DIGEST_START :])
    with mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as written:
        digest.update(memoryview(written)[f.FILE_HEADER.size :])
    file.seek(0)
    file.write(f.pack_file_header(len(entries), at, length, digest.digest()))
