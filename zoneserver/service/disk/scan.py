"""What has changed in the zones folder, found without opening what has not."""

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from zoneserver.names import Name
from zoneserver.service.disk.files import Signature, sign
from zoneserver.service.disk.folder import (
    ZoneFiles,
    is_split_zone,
    is_zone_file,
    list_entries,
    list_members,
    read_entry,
    refuse_twins,
    root_of,
)

Signatures = Mapping[str, Signature | None]

SETTLE_SECONDS = 0.2  # an edit that is younger may not be complete
MOST_READINGS = 10  # of files that change again and again


@dataclass(slots=True)
class _Seen:
    """A zone as it was read last: its name, and the signatures of all it was read from."""

    origin: Name | None
    signatures: dict[str, Signature | None]

    @property
    def key(self) -> bytes:
        """The key of the origin; without one, what no origin has."""
        return self.origin.key if self.origin else b""

    def still_holds(self) -> bool:
        """Whether all of it is as it was."""
        return all(
            signature is not None and sign(path) == signature
            for path, signature in self.signatures.items()
        )

    def settles_in(self, seconds: float) -> float:
        """How long it takes until all of it has stayed as it is for some seconds."""
        now = time.time()
        changed = [each.changed / 1e9 for each in self.signatures.values() if each]
        ages = [now - each for each in changed if each <= now]  # or the clock was set back
        return seconds - min(ages, default=seconds)


@dataclass(frozen=True, slots=True)
class Scan:
    """One look at the folder: the zones that were read, and the origins of all there are.

    `origins` is the very same object until there is another zone, or one less.
    """

    read: tuple[ZoneFiles, ...]
    origins: frozenset[Name]


class _Memory:
    """What was read, found without a look at all of it.

    Each zone has an entry in the folder, and may have been read from other files, too.
    """

    def __init__(self) -> None:
        self.seen: dict[str, _Seen] = {}  # by entry
        self._entries: dict[bytes, tuple[str, ...]] = {}  # by the key of the origin
        self._readers: dict[str, tuple[str, ...]] = {}  # the entries, by other files
        self.restless: set[str] = set()  # entries that are to be read again anyway
        self._origins: frozenset[Name] | None = None

    def put(self, entry: str, seen: _Seen) -> None:
        """Remember an entry."""
        known = self.seen.get(entry)
        if known is None or known.origin != seen.origin:
            self.drop(entry)
            self._origins = None
            self._entries[seen.key] = (*self._entries.get(seen.key, ()), entry)
        self.restless.discard(entry)
        self.seen[entry] = seen
        self._note_readers(entry, seen.signatures)

    def drop(self, entry: str) -> None:
        """Forget an entry."""
        seen = self.seen.pop(entry, None)
        if seen is None:
            return
        self._origins = None
        self.restless.discard(entry)
        rest = tuple(each for each in self._entries[seen.key] if each != entry)
        self._entries[seen.key] = rest
        if not rest:
            del self._entries[seen.key]

    def origins(self) -> frozenset[Name]:
        """Those of all entries that have one."""
        if self._origins is None:
            self._origins = frozenset(each.origin for each in self.seen.values() if each.origin)
        return self._origins

    def entries(self, origin: Name) -> tuple[str, ...]:
        """The entries of an origin: one, if all is well."""
        return self._entries.get(origin.key, ())

    def readers(self, path: str) -> list[str]:
        """The entries that were read from a file."""
        others = (each for each in self._readers.get(path, ()) if each in self.seen)
        read = [
            each
            for each in others
            if each in self.restless or path in self.seen[each].signatures
        ]
        return [path, *read] if path in self.seen else read

    def add(self, entry: str, signatures: Signatures) -> None:
        """Remember other files that an entry was read from."""
        self.seen[entry].signatures.update(signatures)
        self._note_readers(entry, signatures)

    def unsettle(self, entry: str) -> None:
        """Have an entry read again the next time, whatever becomes of it."""
        self.seen[entry].signatures = {}
        self.restless.add(entry)

    def _note_readers(self, entry: str, paths: Iterable[str]) -> None:
        for path in paths:
            known = self._readers.get(path, ())
            if path != entry and entry not in known:
                self._readers[path] = (*known, entry)


class Scanner:
    """Remembers what was read of a folder."""

    def __init__(self) -> None:
        self._memory = _Memory()

    def scan(
        self, folder: Path, settle: float = 0.0, paths: frozenset[str] | None = None
    ) -> Scan:
        """Look at the zones of the folder, and read those that are not as remembered.

        They must have stayed as they are for `settle` seconds. Where `paths` says which files
        have changed, no other is looked at. Raises StartError where the folder cannot be read.
        """
        root, memory = root_of(folder), self._memory
        entries = None
        if paths is not None and memory.seen:
            entries = self._touched(str(folder), paths)
        if entries is None:
            entries = list_entries(folder)
            for gone in memory.seen.keys() - set(entries):
                memory.drop(gone)
        read: dict[str, ZoneFiles] = {}
        for entry in entries:
            known = memory.seen.get(entry)
            if known is None or entry in memory.restless or not known.still_holds():
                read[entry] = self._read(entry, root, settle)
        # Where a zone is written in two places, both have to be there to be refused.
        for origin in {zone.origin for zone in read.values()} - {None}:
            assert origin is not None
            twins = memory.entries(origin)
            for entry in twins if len(twins) > 1 else ():
                if entry not in read:
                    read[entry] = self._read(entry, root, settle)
                memory.unsettle(entry)
        zones = (read[entry] for entry in sorted(read))
        return Scan(tuple(refuse_twins(zones)), memory.origins())

    def _touched(self, folder: str, paths: frozenset[str]) -> list[str] | None:
        """The zones that changes of some files touch, by path; None: it may be any.

        They are those that were read from one of them, those that have to be read again anyway,
        and new ones. Those that are no longer there are forgotten.
        """
        memory = self._memory
        touched = set(memory.restless)
        for path in paths:
            readers = memory.readers(path)
            parent, _, name = path.rpartition("/")
            if parent in memory.seen:  # a file of a split zone
                readers.append(parent)
            elif not readers and parent == folder and is_zone_file(name):
                readers.append(path)
            if not readers:
                return None
            touched.update(readers)
        for entry in [each for each in touched if not os.path.lexists(each)]:
            touched.remove(entry)
            memory.drop(entry)
        return sorted(touched)

    def find(self, origin: Name) -> str | None:
        """Where a zone is written."""
        return next(iter(self._memory.entries(origin)), None)

    def note(self, signatures: Mapping[Name, Signatures]) -> None:
        """Remember what zones include, too, as it was before it was read."""
        for origin, its in signatures.items():
            for entry in self._memory.entries(origin):
                self._memory.add(entry, its)

    def forget(self, origins: Iterable[Name]) -> None:
        """Have zones read again next time, whether or not they change."""
        for origin in origins:
            for entry in self._memory.entries(origin):
                self._memory.unsettle(entry)

    def _read(self, entry: str, root: Path, settle: float) -> ZoneFiles:
        """Read an entry, again if somebody was still writing it."""
        zone = self._read_once(entry, root)
        for _ in range(MOST_READINGS):
            rest = self._memory.seen[entry].settles_in(settle)
            if rest <= 0:
                return zone
            time.sleep(rest)
            if self._memory.seen[entry].still_holds():
                return zone
            zone = self._read_once(entry, root)
        self._memory.unsettle(entry)
        return zone.with_finding("it is being written all the time", "write it, then rename it")

    def _read_once(self, entry: str, root: Path) -> ZoneFiles:
        path = Path(entry)
        signatures = {entry: sign(entry)}
        if is_split_zone(path):
            with suppress(OSError):
                signatures |= {str(each): sign(str(each)) for each in list_members(path)}
        zone = read_entry(path, root)
        self._memory.put(entry, _Seen(zone.origin, signatures))
        return zone
