"""Copies of zones that others own, as the one who fetches them writes them.

A copy is a master file with one record on each line, the SOA first, so that people can read it
and differences can be applied line by line. Beside it is what else is known of it. Each is
replaced in one step. A copy that may be served no more gets another name.
"""

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records.rdata import SOA
from zoneserver.records.rrset import Record
from zoneserver.service.disk.copies import copies_folder, copy_path, file_stem
from zoneserver.service.disk.files import replace_file
from zoneserver.service.transferring.digests import verify_digest
from zoneserver.transfer.changes import Changes
from zoneserver.transfer.incoming import Difference
from zoneserver.transfer.lines import LineWriter
from zoneserver.transfer.responses import WireRecord
from zoneserver.zonefile.export import write_line
from zoneserver.zonefile.master import read_master_zone

FACTS, EXPIRED = "json", "expired"  # how the other files of a zone end
HEADING = "; A copy of a zone that another server owns: what is edited here is lost."
_DIGEST = "\tIN\tZONEMD\t"
_HEAD_LINES = 3  # the heading, $ORIGIN, the SOA
_HEAD_OCTETS = 8192  # they fit: in text no name has more than 1020 signs


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a copy beside its records. Times are in seconds since 1970.

    `primary` is where it was `fetched` from. When it was `checked` last, some primary said that
    there is no newer one.
    """

    primary: str = ""
    fetched: float = 0.0
    checked: float = 0.0

    @classmethod
    def read(cls, document: Any) -> "Facts":  # noqa: ANN401 - whatever the file holds
        """The value of plain values. Raises KeyError, TypeError or ValueError."""
        times = float(document["fetched"]), float(document["checked"])
        return cls(str(document["primary"]), *times)


class Copies:
    """The folder of copies in one state directory."""

    def __init__(self, state: Path) -> None:
        self._folder = copies_folder(state)

    def read_soa(self, origin: Name) -> SOA | None:
        """The SOA of a copy that may be served; None where there is none that can be read."""
        try:
            with copy_path(self._folder, origin).open("rb") as file:
                head = file.read(_HEAD_OCTETS).splitlines(keepends=True)[:_HEAD_LINES]
        except OSError:
            return None
        records = read_master_zone("", b"".join(head), origin, _refuse).records
        rdata = records[0].rdata if len(records) == 1 and records[0].owner == origin else None
        return rdata if isinstance(rdata, SOA) else None

    def count_octets(self, origin: Name) -> int:
        """How large a copy is, 0 where there is none."""
        try:
            return copy_path(self._folder, origin).stat().st_size
        except OSError:
            return 0

    def read_facts(self, origin: Name) -> Facts:
        """What is known of a copy; where that is lost, when its file was written.

        A crash may have come between the two.
        """
        try:
            written = copy_path(self._folder, origin).stat().st_mtime
        except OSError:
            written = 0.0
        try:
            facts = Facts.read(json.loads(self._path(origin, FACTS).read_text("utf-8")))
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            return Facts(fetched=written, checked=written)
        return replace(facts, checked=max(facts.checked, written))

    def note(self, origin: Name, facts: Facts) -> None:
        """Keep what is known of a copy. Raises OSError."""
        replace_file(self._path(origin, FACTS), json.dumps(asdict(facts)) + "\n")

    def begin(self, origin: Name, most_octets: int) -> "NewCopy":
        """Begin to write one; what is there stays until it is complete. Raises OSError."""
        return NewCopy(copy_path(self._folder, origin), origin, most_octets)

    def change(
        self, origin: Name, differences: list[Difference], soa: Record, most_octets: int
    ) -> None:
        """Apply differences to a copy. Raises OSError, or TransferError: they do not fit it."""
        changes = Changes(origin, differences)
        with copy_path(self._folder, origin).open(encoding="latin-1") as old:
            lines = (
                line.rstrip("\n") for number, line in enumerate(old) if number >= _HEAD_LINES
            )
            with self.begin(origin, most_octets) as new:
                new.add_lines([write_line(soa)])
                new.add_lines(changes.apply(lines))
                new.keep()

    def expire(self, origin: Name) -> None:
        """Put a copy aside that may be served no more. Raises OSError."""
        copy_path(self._folder, origin).replace(self._path(origin, EXPIRED))

    def revive(self, origin: Name) -> None:
        """It may be served after all. Raises OSError."""
        self._path(origin, EXPIRED).replace(copy_path(self._folder, origin))

    def forget_expired(self, origin: Name) -> None:
        """There is a newer one. Raises OSError."""
        self._path(origin, EXPIRED).unlink(missing_ok=True)

    def sweep(self, kept: Iterable[Name]) -> None:
        """Remove all of other zones, and what a crash has left. Raises OSError."""
        if not self._folder.is_dir():
            return
        names = {path.name for origin in kept for path in self._paths(origin)}
        for path in self._folder.iterdir():
            if path.name not in names:
                path.unlink(missing_ok=True)

    def _paths(self, origin: Name) -> tuple[Path, ...]:
        others = (self._path(origin, ending) for ending in (FACTS, EXPIRED))
        return copy_path(self._folder, origin), *others

    def _path(self, origin: Name, ending: str) -> Path:
        return self._folder / f"{file_stem(origin)}{ending}"


class NewCopy:
    """A copy that is being written: nobody sees it before `keep`, and without, it is gone."""

    def __init__(self, path: Path, origin: Name, most_octets: int) -> None:
        """Raises OSError."""
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f"{path.name}.")  # 0600
        self._path, self._temporary, self._origin = path, Path(name), origin
        self._has_digest = False
        self._file = os.fdopen(descriptor, "w", encoding="ascii")
        self._left = most_octets
        self._writer = LineWriter()
        self._file.write(f"{HEADING}\n$ORIGIN {origin}\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._file.close()
        finally:
            self._temporary.unlink(missing_ok=True)

    def add(self, records: Iterable[WireRecord]) -> None:
        """Write records, the SOA first. Raises OSError or TransferError."""
        self.add_lines(map(self._writer.write, records))

    def add_lines(self, lines: Iterable[str]) -> None:
        """The same, of their text."""
        for line in lines:
            self._left -= len(line) + 1
            if self._left < 0:
                raise TransferError("as text it is larger than a zone may be")
            self._has_digest |= _DIGEST in line
            self._file.write(f"{line}\n")

    def keep(self) -> None:
        """Put it in the place of the old one. Raises OSError, or TransferError: it must not."""
        self._file.flush()
        if self._has_digest:
            verify_digest(self._temporary, self._origin)
        os.fsync(self._file.fileno())
        self._temporary.replace(self._path)
        descriptor = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _refuse(path: str) -> bytes:
    raise OSError(f"{path} is not read from a copy")
