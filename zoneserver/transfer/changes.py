"""Differences that came in, applied to a copy of the zone that they are of: line by line.

A copy has one record on each line, as `write_line` writes it. So a zone of any size goes
through here without being kept in memory, and only lines that a difference touches are read.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records.rdata import Rdata
from zoneserver.records.rrset import Record
from zoneserver.transfer.incoming import Difference
from zoneserver.zonefile.export import write_line
from zoneserver.zonefile.master import read_master_zone

# What tells records apart. Names in it are compared without regard to case, as they must be:
# a compressed name has the case of the one that it points to. All records of an RRset have one
# TTL (RFC 2181 5.2), so that is no part of it.
_Key = tuple[Name, int, Rdata]


@dataclass(slots=True)
class _Fate:
    """Whether the old version must have had a record, and whether the new one has it."""

    was: bool
    line: str | None  # of the new version
    found: bool = False


class Changes:
    """Several differences, each from where the one before it ended, as one."""

    def __init__(self, origin: Name, differences: Sequence[Difference]) -> None:
        """Raises TransferError for differences that cannot follow one another."""
        self._origin = origin
        self._fates: dict[_Key, _Fate] = {}
        self._touched: set[str] = set()
        for difference in differences:
            for record in difference.deleted:
                self._delete(record)
            for record in difference.added:
                self._add(record)

    def apply(self, lines: Iterable[str]) -> Iterator[str]:
        """The lines of the new version, of those of the old one; all without an SOA.

        Raises TransferError where the old version is not the one that the differences are of.
        """
        for line in lines:
            fate = self._find(line) if _loosely(line) in self._touched else None
            if fate is None:
                yield line
                continue
            # NSD adds what it has at the apex with each new SOA, though it has been there: the
            # same record is no harm, one with another TTL means that ours is another version.
            if not fate.was and fate.line is not None and _ttl(fate.line) != _ttl(line):
                raise TransferError(f"a difference adds what is there: {_shown(line)}")
            if fate.line is not None and not fate.found:
                yield fate.line
            fate.found = True
        for key, fate in self._fates.items():
            if fate.was and not fate.found:
                raise TransferError(f"a difference deletes what is not there, of {key[0]}")
            if fate.line is not None and not fate.found:
                yield fate.line

    def _delete(self, record: Record) -> None:
        key = self._touch(record)
        fate = self._fates.setdefault(key, _Fate(was=True, line=""))
        if fate.line is None:
            raise TransferError(f"differences delete the same twice, of {record.owner}")
        fate.line = None

    def _add(self, record: Record) -> None:
        key = self._touch(record)
        fate = self._fates.setdefault(key, _Fate(was=False, line=None))
        if fate.line is not None:
            raise TransferError(f"differences add the same twice, to {record.owner}")
        fate.line = write_line(record)

    def _touch(self, record: Record) -> _Key:
        self._touched.add(_loosely(write_line(record)))
        return record.owner, record.rtype, record.rdata

    def _find(self, line: str) -> _Fate | None:
        """What becomes of the record on a line, if anything does."""
        source = read_master_zone("", line.encode(), self._origin, _refuse)
        for record in source.records:
            return self._fates.get((record.owner, record.rtype, record.rdata))
        return None


def _loosely(line: str) -> str:
    """What lines of equal records have in common: all but the case, and the TTL."""
    owner, _, rest = line.partition("\t")
    return (owner + rest[rest.find("\t") :]).lower()


def _ttl(line: str) -> str:
    return line.split("\t", 2)[1]


def _shown(line: str) -> str:
    return line if len(line) <= 120 else f"{line[:120]}..."


def _refuse(path: str) -> bytes:
    raise OSError(f"{path} is not read from a copy")
