"""What has changed in the zones folder, found without opening what has not."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
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
    """One look at the folder: the zones that were read, and the origins of all the others."""

    read: tuple[ZoneFiles, ...]
    unchanged: frozenset[Name]


@dataclass(slots=True)
class Scanner:
    """Remembers what was read of a folder."""

    _seen: dict[str, _Seen] = field(default_factory=dict)

    def scan(
        self, folder: Path, settle: float = 0.0, paths: frozenset[str] | None = None
    ) -> Scan:
        """Look at the zones of the folder, and read those that are not as remembered.

        They must have stayed as they are for `settle` seconds. Where `paths` says which files
        have changed, no other is looked at. Raises StartError where the folder cannot be read.
        """
        root = root_of(folder)
        entries = None
        if paths is not None and self._seen:
            entries = self._touched(str(folder), paths)
        if entries is None:
            entries = list_entries(folder)
            for gone in self._seen.keys() - set(entries):
                del self._seen[gone]
        read: dict[str, ZoneFiles] = {}
        for entry in entries:
            known = self._seen.get(entry)
            if known is None or not known.still_holds():
                read[entry] = self._read(entry, root, settle)
        # Where a zone is written in two places, both have to be there to be refused.
        counts = Counter(seen.origin for seen in self._seen.values())
        for entry, seen in list(self._seen.items()):
            if seen.origin is not None and counts[seen.origin] > 1 and entry not in read:
                read[entry] = self._read(entry, root, settle)
        origins = {zone.origin for zone in read.values()}
        unchanged = frozenset(
            seen.origin for seen in self._seen.values() if seen.origin not in origins
        )
        zones = (read[entry] for entry in sorted(read))
        return Scan(tuple(refuse_twins(zones)), frozenset(filter(None, unchanged)))

    def _touched(self, folder: str, paths: frozenset[str]) -> list[str] | None:
        """The zones that changes of some files touch, by path; None: it may be any.

        They are those that were read from one of them, those that have to be read again anyway,
        and new ones. Those that are no longer there are forgotten.
        """
        touched, known = set[str](), set[str]()
        for entry, seen in self._seen.items():
            if not seen.signatures.keys().isdisjoint(paths):
                touched.add(entry)
                known |= seen.signatures.keys() & paths
            elif "" in seen.signatures:
                touched.add(entry)
        for path in paths - known:
            parent, _, name = path.rpartition("/")
            if parent in self._seen:  # a new file of a split zone
                touched.add(parent)
            elif parent == folder and is_zone_file(name):
                touched.add(path)
            else:
                return None
        for entry in [each for each in touched if not os.path.lexists(each)]:
            touched.remove(entry)
            self._seen.pop(entry, None)
        return sorted(touched)

    def find(self, origin: Name) -> str | None:
        """Where a zone is written."""
        return next((entry for entry, it in self._seen.items() if it.origin == origin), None)

    def note(self, signatures: Mapping[Name, Signatures]) -> None:
        """Remember what zones include, too, as it was before it was read."""
        for seen in self._seen.values() if signatures else ():
            if seen.origin is not None:
                seen.signatures.update(signatures.get(seen.origin, {}))

    def forget(self, origins: Iterable[Name]) -> None:
        """Have zones read again next time, whether or not they change."""
        forgotten = set(origins)
        for seen in self._seen.values() if forgotten else ():
            if seen.origin in forgotten:
                seen.signatures = {"": None}

    def _read(self, entry: str, root: Path, settle: float) -> ZoneFiles:
        """Read an entry, again if somebody was still writing it."""
        zone = self._read_once(entry, root)
        for _ in range(MOST_READINGS):
            rest = self._seen[entry].settles_in(settle)
            if rest <= 0:
                return zone
            time.sleep(rest)
            if self._seen[entry].still_holds():
                return zone
            zone = self._read_once(entry, root)
        self._seen[entry].signatures = {"": None}  # it is read again next time
        return zone.with_finding("it is being written all the time", "write it, then rename it")

    def _read_once(self, entry: str, root: Path) -> ZoneFiles:
        path = Path(entry)
        signatures = {entry: sign(entry)}
        if is_split_zone(path):
            with suppress(OSError):
                signatures |= {str(each): sign(str(each)) for each in list_members(path)}
        zone = read_entry(path, root)
        self._seen[entry] = _Seen(zone.origin, signatures)
        return zone
