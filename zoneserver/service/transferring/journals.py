"""The journals of zones in the state directory: one file for each zone, `ORIGIN.journal`.

The builder alone writes them. It appends, and syncs, before the new version is served; what a
crash leaves behind the last whole difference is no part of the journal. Whoever reads one that
is being written has what was whole by then.
"""

import os
from contextlib import suppress
from pathlib import Path

from zoneserver.errors import JournalError
from zoneserver.image.reader import ZoneImage
from zoneserver.names import Name
from zoneserver.service.disk.copies import file_stem
from zoneserver.service.disk.files import replace_file
from zoneserver.transfer.journal import (
    Difference,
    Journal,
    decode_journal,
    encode_difference,
    encode_journal,
)

FOLDER, SUFFIX = "journals", "journal"
SMALL_OCTETS = 8192  # of differences: so few are sent and kept, however small the zone


class Journals:
    """The journals of one state directory."""

    def __init__(self, state: Path) -> None:
        self._folder = state.absolute() / FOLDER

    def path(self, origin: Name) -> Path:
        """The file of a zone."""
        return self._folder / f"{file_stem(origin)}{SUFFIX}"

    def read(self, origin: Name) -> Journal:
        """What is known of the versions of a zone; what is damaged is not. Raises OSError."""
        try:
            octets = self.path(origin).read_bytes()
        except FileNotFoundError:
            return Journal(origin)
        try:
            return decode_journal(octets, origin)
        except JournalError as error:
            return Journal(origin, damage=str(error))

    def add(self, difference: Difference, origin: Name, most_octets: int) -> str:
        """Keep what became of a version, in a file of at most so many octets.

        Returns what was found damaged, and is no more. Raises OSError.
        """
        journal = self.read(origin)
        longer, entry = journal.follow(difference), encode_difference(difference)
        is_appended = journal.octets and longer.differences[:-1] == journal.differences
        if is_appended and not journal.damage and journal.octets + len(entry) <= most_octets:
            _append(self.path(origin), entry, journal.octets)
        else:
            # Half of it goes at once, so that most differences find a file to be appended to.
            shorter = longer.shorten(most_octets // 2)
            self._replace(shorter if shorter.differences else longer.shorten(most_octets))
        return journal.damage

    def end(self, origin: Name, serial: int) -> None:
        """Forget the versions of a zone of which this was the last serial. Raises OSError.

        It is noted that other versions may come to have their serials.
        """
        self._replace(self.read(origin).end(serial))

    def _replace(self, journal: Journal) -> None:
        replace_file(self.path(journal.origin), encode_journal(journal))


def worth_of(image: ZoneImage) -> int:
    """How many octets of differences cost less than the zone itself (RFC 1995 5)."""
    return max(image.rrset_octets, SMALL_OCTETS)


def _append(path: Path, octets: bytes, at: int) -> None:
    """Write behind the octets that are there, and have it last. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        try:
            _write_at(descriptor, octets, at)
            os.fsync(descriptor)
        except OSError:
            with suppress(OSError):  # what is left of it is no part of the journal anyway
                os.ftruncate(descriptor, at)
            raise
    finally:
        os.close(descriptor)


def _write_at(descriptor: int, octets: bytes, at: int) -> None:
    """Write all of it: a disk that gets full takes a part."""
    rest = memoryview(octets)
    while rest:
        written = os.pwrite(descriptor, rest, at)
        at, rest = at + written, rest[written:]
