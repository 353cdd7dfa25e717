"""The members of the catalogs that we consume: kept in the state directory.

The courier writes them; the builder reads which zones come from elsewhere by them. They
outlive a catalog that is broken, or gone for a while (RFC 9432 5.1).
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from zoneserver.errors import NameSyntaxError
from zoneserver.names import Name
from zoneserver.service.disk.copies import file_stem
from zoneserver.service.disk.files import Signature, replace_file, sign
from zoneserver.transfer.catalog import Held, Member

FOLDER, SUFFIX = "catalogs", "json"


@dataclass(slots=True)
class MemberFiles:
    """One file for each catalog, in a folder of a state directory."""

    folder: Path
    _read: dict[Name, tuple[Signature, dict[Name, Member]]] = field(default_factory=dict)

    @classmethod
    def below(cls, state: Path) -> "MemberFiles":
        """Those in a state directory."""
        return cls(state / FOLDER)

    def read(self, catalogs: Iterable[Name]) -> dict[Name, Held]:
        """The members of some catalogs; a file that is damaged has none."""
        return {
            origin: Held(catalog, member)
            for catalog in catalogs
            for origin, member in self._look(catalog).items()
        }

    def write(self, catalog: Name, members: Mapping[Name, Member]) -> None:
        """Keep the members of a catalog. Raises OSError."""
        document = {str(Name(origin.key)): _write(each) for origin, each in members.items()}
        replace_file(self._path(catalog), json.dumps(document, indent=0) + "\n")

    def sweep(self, catalogs: Iterable[Name]) -> None:
        """Remove what is kept of all other catalogs. Raises OSError."""
        kept = {self._path(catalog) for catalog in catalogs}
        for path in self.folder.glob("*"):
            if path not in kept:
                path.unlink(missing_ok=True)

    def _look(self, catalog: Name) -> dict[Name, Member]:
        """The members in a file, read again where it has changed."""
        path = self._path(catalog)
        signature = sign(str(path))
        if signature is None:
            return {}
        known = self._read.get(catalog)
        if known is not None and known[0] == signature:
            return known[1]
        members = _read_members(path)
        self._read[catalog] = signature, members
        return members

    def _path(self, catalog: Name) -> Path:
        return self.folder / f"{file_stem(catalog)}{SUFFIX}"


def _write(member: Member) -> list[Any]:
    return [member.label, *member.groups]


def _read_members(path: Path) -> dict[Name, Member]:
    try:
        document = json.loads(path.read_text("utf-8"))
        return {
            Name.parse(origin): Member(label, tuple(groups))
            for origin, (label, *groups) in document.items()
        }
    except (OSError, ValueError, TypeError, AttributeError, NameSyntaxError, RecursionError):
        return {}
