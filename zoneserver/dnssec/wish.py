"""What somebody wants to be done with the keys of a zone.

It is passed on by processes that know no keys, and need not load what does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoneserver.names import Name

ROLL, CONFIRM, LEAVE, STAY = "roll", "confirm", "leave", "stay"
_KINDS = frozenset({"", "zsk", "ksk", "csk", "all"})


@dataclass(frozen=True, slots=True)
class Wish:
    """To `roll` keys of some kind, or to `confirm` that the DS with a tag is at the parent; to
    `leave`, so that the zone is signed no longer, or to `stay` after all.

    Without a kind it is the one that there is; without a tag (0) it is the DS waited for.
    """

    zone: Name
    what: str
    kind: str = ""
    tag: int = 0

    def document(self) -> dict[str, Any]:
        """The same as plain values."""
        return {"zone": str(self.zone), "what": self.what, "kind": self.kind, "tag": self.tag}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Wish":
        """The value again. Raises KeyError, TypeError, ValueError or NameSyntaxError."""
        what, kind, tag = document["what"], document.get("kind", ""), document.get("tag", 0)
        if what not in {ROLL, CONFIRM, LEAVE, STAY} or kind not in _KINDS:
            raise ValueError("that can be done with no keys")
        return cls(Name.parse(document["zone"]), what, kind, int(tag))
