"""What the parent of a zone says of its keys: the DS records that somebody has seen there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from zoneserver.records.rdata import DS


@dataclass(frozen=True, slots=True)
class ParentDs:
    """All DS records of a zone, as they were `seen` at its parent, in seconds since 1970.

    Others may keep them for `ttl` seconds; where there are none, that there are none.
    """

    records: frozenset[DS]
    ttl: int
    seen: int

    def document(self) -> dict[str, Any]:
        """The same as plain values."""
        records = sorted(each.text for each in self.records)
        return {"records": records, "ttl": self.ttl, "seen": self.seen}

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "ParentDs":
        """The value again. Raises KeyError or ValueError."""
        records = frozenset(map(_read_ds, document["records"]))
        return cls(records, int(document["ttl"]), int(document["seen"]))


def _read_ds(text: str) -> DS:
    tag, algorithm, digest_type, digest = text.split(" ")
    return DS(int(tag), int(algorithm), int(digest_type), bytes.fromhex(digest))
