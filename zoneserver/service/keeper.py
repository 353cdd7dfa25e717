"""Keeps the versions of the zones that are served, and renews them from their files."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from zoneserver.errors import StartError
from zoneserver.service.admission import Admission, Changes, admit
from zoneserver.service.folder import YAML_SUFFIX, read_folder
from zoneserver.service.loading import load
from zoneserver.service.serials import Serials, StateError
from zoneserver.service.standing import InMemory, Standing
from zoneserver.zone.zoneset import RefusedZone, ZoneSet
from zoneserver.zonefile.source import Defaults


@dataclass(frozen=True, slots=True)
class Renewal:
    """One reading of the zones folder: what may be served, what was found, and in what text.

    `zones` are those to answer from. `complaint` says why the state directory was of no use,
    if it was not.
    """

    admission: Admission
    zones: ZoneSet
    texts: Mapping[str, bytes]
    complaint: str = ""


class Keeper:
    """Holds the last good version of every zone."""

    def __init__(self, serials: Serials) -> None:
        self._serials = serials
        self._standing = Standing()

    def renew(self, folder: Path, defaults: Defaults) -> Renewal:
        """Read the folder, judge all its zones, and keep what is good from now on.

        Raises StartError, and leaves everything as it was, where the folder cannot be read
        or holds no zone: it is more likely to be missing than meant.
        """
        files = read_folder(folder)
        if not files:
            raise StartError(f"no zones in {folder}: zone files are named ORIGIN{YAML_SUFFIX}")
        now = time.time()
        loaded = load(files, defaults, lambda source: self._serials.number(source, now))
        today = datetime.fromtimestamp(now, tz=UTC).date()
        versions = tuple(map(InMemory.of, loaded.candidates))
        read = {version.origin for version in versions} | loaded.unread
        gone = frozenset(each.origin for each in self._standing if each.origin not in read)
        changes = Changes(versions, loaded.unread, gone, loaded.findings)
        admission = admit(changes, today, self._standing)
        self._standing.update(admission.versions, admission.judgements, admission.gone)
        zones = [each.zone for each in self._standing]
        refused = map(RefusedZone, admission.refused)
        complaint = ""
        try:
            self._serials.keep(version.origin for version in admission.versions)
        except StateError as error:
            complaint = str(error)
        return Renewal(admission, ZoneSet([*zones, *refused]), loaded.texts, complaint)
