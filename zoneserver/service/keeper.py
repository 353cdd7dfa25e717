"""Keeps the versions of the zones that are served, and renews them from their files."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from zoneserver.errors import StartError
from zoneserver.service.folder import YAML_SUFFIX, read_folder
from zoneserver.service.loading import Admission, Standing, admit, load
from zoneserver.service.serials import Serials, StateError
from zoneserver.zonefile.source import Defaults


@dataclass(frozen=True, slots=True)
class Renewal:
    """One reading of the zones folder: what may be served, what was found, and in what text.

    `complaint` says why the state directory was of no use, if it was not.
    """

    admission: Admission
    texts: Mapping[str, bytes]
    complaint: str = ""


class Keeper:
    """Holds the last good version of every zone."""

    def __init__(self, serials: Serials) -> None:
        self._serials = serials
        self._standing: Standing = {}

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
        admission = admit(loaded, today, self._standing)
        self._standing = admission.standing
        complaint = ""
        try:
            self._serials.keep(admission.standing.keys() - admission.kept)
        except StateError as error:
            complaint = str(error)
        return Renewal(admission, loaded.texts, complaint)
