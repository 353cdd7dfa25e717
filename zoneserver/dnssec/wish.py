"""What somebody wants to be done with the keys of a zone."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoneserver.dnssec.life import Life
from zoneserver.dnssec.lifecycle import begin, confirm, leave, stay
from zoneserver.dnssec.policy import Role
from zoneserver.dnssec.rolls import Kind
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name

ROLL, CONFIRM, LEAVE, STAY = "roll", "confirm", "leave", "stay"
_KINDS = {"", *Kind} - {Kind.FIRST, Kind.LAST}


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

    def fulfil(self, life: Life, now: int) -> Life:
        """The keys as they are then. Raises SigningKeyError where it cannot be done."""
        if self.what == CONFIRM:
            return confirm(life, now, self.tag or None)
        if self.what == ROLL:
            return begin(life, self._find_kind(life), now)
        return leave(life, now) if self.what == LEAVE else stay(life, now)

    def _find_kind(self, life: Life) -> Kind:
        if self.kind:
            return Kind(self.kind)
        if any(key.role is Role.CSK for key in life.keys):
            return Kind.CSK
        raise SigningKeyError("the zone has a KSK and a ZSK: say which is to be replaced")
