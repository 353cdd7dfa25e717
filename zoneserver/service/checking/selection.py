"""Which rules a check is about: their findings alone are shown and counted.

What the server serves does not depend on it: it judges by all rules, always.
"""

from dataclasses import dataclass

from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import Finding


@dataclass(frozen=True, slots=True)
class Selection:
    """The rules that are selected (none: all), without those that are ignored.

    Each is the code of a rule, or the beginning of the codes of several.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def takes(self, finding: Finding) -> bool:
        """Whether a finding is shown and counted."""
        selected = not self.select or finding.code.startswith(self.select)
        return selected and not finding.code.startswith(self.ignore)

    @property
    def asked(self) -> frozenset[str]:
        """The rules that are off by default and named here by their whole code."""
        return frozenset(
            code for code in self.select if code in CATALOGUE and not CATALOGUE[code].default
        )
