"""Copies of zones that other servers have: where they are, which there are, what has changed.

The courier writes each in one step, as a master file. It is there as long as it may be
served: where it has expired (RFC 1035 3.3.13), the courier gives it another name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path

from zoneserver.names import Name
from zoneserver.service.disk.files import Includer, Signature, sign
from zoneserver.service.disk.folder import ZoneFiles, read_files
from zoneserver.zonefile.source import Kind

FOLDER = "copies"
SUFFIX = "zone"  # behind the final dot of the origin
MAX_COPY_OCTETS = 1 << 40  # who writes it keeps to `secondary.most_megabytes`
MOST_SIGNS = 200  # of an origin in the name of a file, which may have 255


def copies_folder(state: Path) -> Path:
    """The folder of copies in a state directory."""
    return state / FOLDER


def copy_path(folder: Path, origin: Name) -> Path:
    """Where the copy of a zone is."""
    return folder / f"{file_stem(origin)}{SUFFIX}"


def is_copy(state: Path, path: str) -> bool:
    """Whether a file is among the copies."""
    return Path(path).parent == copies_folder(state)


def file_stem(origin: Name) -> str:
    """How the names of files begin that we write for a zone: its origin, in lower case.

    Two origins never have the same one, and none leads out of a folder (RFC 2317 4 has
    slashes in names).
    """
    text = str(Name(origin.key)).replace("%", "%25").replace("/", "%2F")
    if len(text) > MOST_SIGNS:
        return f"%{blake2b(origin.key, digest_size=16).hexdigest()}."
    return text


@dataclass(frozen=True, slots=True)
class Copies:
    """One look at the copies: those that were read, all others, and the zones without one."""

    read: tuple[ZoneFiles, ...] = ()
    unchanged: frozenset[Name] = frozenset()
    missing: frozenset[Name] = frozenset()


@dataclass(slots=True)
class CopyScanner:
    """Remembers what was read of the copies."""

    _seen: dict[Name, Signature] = field(default_factory=dict)

    def scan(
        self, folder: Path, wanted: Mapping[Name, Kind], paths: frozenset[str] | None = None
    ) -> Copies:
        """Look for the copies of zones, and read those that are not as remembered.

        Where `paths` says which have changed, no other that is remembered is looked at.
        """
        read: list[ZoneFiles] = []
        unchanged: list[Name] = []
        missing: list[Name] = []
        for gone in self._seen.keys() - wanted.keys():
            del self._seen[gone]
        for origin, kind in wanted.items():
            path = copy_path(folder, origin)
            if paths is not None and origin in self._seen and str(path) not in paths:
                unchanged.append(origin)
                continue
            signature = sign(str(path))
            if signature is not None and self._seen.get(origin) == signature:
                unchanged.append(origin)
                continue
            self._seen.pop(origin, None)
            if signature is None and _is_missing(path):
                missing.append(origin)
                continue
            if signature is not None:
                self._seen[origin] = signature
            read.append(_read(path, origin, kind))
        return Copies(tuple(read), frozenset(unchanged), frozenset(missing))

    def forget(self, origins: Iterable[Name]) -> None:
        """Have copies read again next time, whether or not they change."""
        for origin in origins:
            self._seen.pop(origin, None)


def _is_missing(path: Path) -> bool:
    """Whether a copy is not there, and not only out of reach."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        pass
    return False


def _read(path: Path, origin: Name, kind: Kind) -> ZoneFiles:
    """A copy that is there; what is wrong with it becomes a finding."""
    folder = path.parent.resolve()
    include = Includer(path.parent, folder)  # a copy of ours names no other file
    files = ZoneFiles(path, origin, include, is_master=True, kind=kind)
    return read_files(files, [path], folder, MAX_COPY_OCTETS)
