"""Records as they are written, and the RRsets they form."""

from dataclasses import dataclass, replace
from typing import NamedTuple

from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records.rdata import Rdata


class Record(NamedTuple):
    """One record of a zone file. `mark` is where its rdata (an MX: its exchange) stands."""

    owner: Name
    rtype: int
    ttl: int
    rdata: Rdata
    mark: Mark


@dataclass(frozen=True, slots=True)
class RRset:
    """All records of one owner and type: one TTL, rdatas in the order of the file.

    `marks` holds one mark for each rdata.
    """

    owner: Name
    rtype: int
    ttl: int
    rdatas: tuple[Rdata, ...]
    marks: tuple[Mark, ...]

    @property
    def mark(self) -> Mark:
        """Where the first record of the set stands."""
        return self.marks[0]

    def owned_by(self, owner: Name) -> "RRset":
        """The same set under another owner, as a wildcard synthesises it (RFC 4592 3.3.1)."""
        return replace(self, owner=owner)
