"""What is wrong with a zone, and where: marks, levels, findings.

A finding is a plain value. The reader of zone files makes some, the validator makes
the others; `report` in the service layer prints them.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, NamedTuple

from zoneserver.catalogue import CATALOGUE
from zoneserver.names import Name


class Mark(NamedTuple):
    """A position in a file; line and column count from 1, as editors show them."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def document(self) -> dict[str, Any]:
        """The position with the keys it has in every JSON output."""
        return {"file": self.file, "line": self.line, "column": self.column}


class Level(IntEnum):
    """How bad a finding is. Only an error keeps a zone from being served."""

    HINT = 0
    WARNING = 1
    ERROR = 2

    def __str__(self) -> str:
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake (or doubt): the rule, the place, the reason, the fix.

    `origin` is the zone it was found in, `owner` the name it is about. `related` are
    the other places that disagree with `mark`, each with what stands there; `also` are
    other zones concerned. `waived` holds the reason of the waiver that lifted it.
    """

    code: str
    level: Level
    mark: Mark
    reason: str
    fix: str = ""
    origin: Name | None = None
    owner: Name | None = None
    related: tuple[tuple[Mark, str], ...] = ()
    also: frozenset[Name] = field(default=frozenset())
    waived: str = ""

    @property
    def rfc(self) -> str:
        """The RFC sections behind the rule, as the catalogue cites them."""
        return CATALOGUE[self.code].rfc

    @property
    def blocks(self) -> bool:
        """Whether the zone must not be served because of this finding."""
        return self.level is Level.ERROR and not self.waived

    def document(self) -> dict[str, Any]:
        """The finding with the keys it has in every JSON output; docs/check.md lists them."""
        return {
            "code": self.code,
            "level": str(self.level),
            **self.mark.document(),
            "zone": str(self.origin) if self.origin else None,
            "owner": str(self.owner) if self.owner else None,
            "reason": self.reason,
            "fix": self.fix,
            "rfc": self.rfc,
            "waived": self.waived or None,
            "related": [{**mark.document(), "text": text} for mark, text in self.related],
            "other_zones": sorted(str(origin) for origin in self.also),
        }


LEVELS = {"E": Level.ERROR, "W": Level.WARNING, "H": Level.HINT}


def make_finding(
    code: str,
    mark: Mark,
    reason: str,
    fix: str = "",
    *,
    level: Level | None = None,
    origin: Name | None = None,
    owner: Name | None = None,
    related: tuple[tuple[Mark, str], ...] = (),
    also: frozenset[Name] = frozenset(),
) -> Finding:
    """A finding at the level that the catalogue gives its code, unless `level` is given."""
    if level is None:
        level = LEVELS[CATALOGUE[code].level]
    return Finding(code, level, mark, reason, fix, origin, owner, related, also)
