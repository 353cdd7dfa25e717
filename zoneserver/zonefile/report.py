"""What the reader of one zone has to say: it collects findings, and stops at too many."""

import difflib
from collections import Counter
from collections.abc import Iterable

from zoneserver.catalogue import CATALOGUE
from zoneserver.errors import ZoneserverError
from zoneserver.findings import LEVELS, Finding, Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.zonefile.nodes import NodeError, Related, ReportedError, show

MAX_FINDINGS = 500  # of one level: nobody mends more in one go, and a bomb would go on


class GiveUpError(ZoneserverError):
    """The zone goes beyond a limit, and reading it ends here; the text says which."""


class Report:
    """The findings about one zone; `owner` is the name that is being read.

    Warnings and hints beyond MAX_FINDINGS are dropped, errors beyond it end the reading.
    """

    def __init__(self, origin: Name) -> None:
        self.origin = origin
        self.owner: Name | None = None
        self.findings: list[Finding] = []
        self._counts: Counter[Level] = Counter()

    def add(
        self, code: str, mark: Mark, reason: str, fix: str = "", related: Related = ()
    ) -> None:
        """Keep a finding. Raises GiveUpError."""
        level = LEVELS[CATALOGUE[code].level]
        self._counts[level] += 1
        if self._counts[level] > MAX_FINDINGS:
            if level is Level.ERROR:
                raise GiveUpError(f"the zone has over {MAX_FINDINGS} errors")
            return
        self.findings.append(
            make_finding(
                code, mark, reason, fix, origin=self.origin, owner=self.owner, related=related
            )
        )

    def note(self, problem: NodeError) -> None:
        """Keep what is wrong as a finding, unless there is one. Raises GiveUpError."""
        if isinstance(problem, ReportedError):
            return
        self.add(problem.code, problem.mark, problem.reason, problem.fix, problem.related)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The known word closest to a misspelt one, as a question; empty if none is close."""
    words = {each.lower(): each for each in known}
    matches = difflib.get_close_matches(word.lower()[:64], words, 1)
    return f"did you mean {show(words[matches[0]])}?" if matches else ""
