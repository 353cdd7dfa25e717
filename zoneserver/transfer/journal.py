"""The journal of a zone: what each version took away from the one before it, and added.

Octets to values and back, as docs/journal-format.md has it. Nothing in a journal is believed
that its digests do not vouch for: what cannot be read is as if it had never been written, and
whoever asks for it is sent the whole zone.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from itertools import chain
from struct import Struct
from struct import error as StructError  # noqa: N812 - struct's name for it is too short here
from typing import NamedTuple

from zoneserver.errors import JournalError
from zoneserver.names import Name
from zoneserver.transfer.serial import is_newer

MAGIC = b"ZONEJNL\x01"  # the last octet is the version of the format
_DIGEST_OCTETS = 16
_HAS_FLOOR = 1

# Integers are little-endian, but for those in DNS octets. A digest follows on each part.
# Head: magic, flags, floor, octets of the origin's key, which follows.
_HEAD = Struct("<8sBIB")
# Entry: octets of what follows. Then serial and content before and after, numbers of deleted
# and of added records, and all records.
_LENGTH = Struct("<I")
_ENTRY = Struct("<I32sI32sII")
_FIXED = Struct("!HHIH")  # type, class, TTL, length of the rdata (RFC 1035 3.2.1)
ENTRY_OCTETS = _LENGTH.size + _ENTRY.size + _DIGEST_OCTETS  # beside its records


class Stamp(NamedTuple):
    """What tells versions of a zone apart: the serial, and a digest of all but the serial."""

    serial: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Difference:
    """What became of one version of a zone.

    `octets` are all records in the order in which they are sent (RFC 1995 4): the old SOA, so
    many `deleted` ones, the new SOA, so many `added` ones. Their names are not compressed.
    """

    before: Stamp
    after: Stamp
    deleted: int
    added: int
    octets: bytes | memoryview

    @classmethod
    def of(
        cls,
        versions: tuple[Stamp, Stamp],
        soas: tuple[bytes, bytes],
        deleted: Sequence[bytes],
        added: Sequence[bytes],
    ) -> "Difference":
        """What lies between two versions; both SOAs stand apart from the other records."""
        records = chain(soas[:1], deleted, soas[1:], added)
        return cls(*versions, len(deleted), len(added), b"".join(records))

    def records(self) -> Iterator[bytes]:
        """The records one by one, in wire form. Raises JournalError."""
        octets, at = self.octets, 0
        try:
            while at < len(octets):
                start = at
                while octets[at]:
                    at += 1 + octets[at]
                at += 1 + _FIXED.size
                at += int.from_bytes(octets[at - 2 : at])
                if at > len(octets):
                    raise JournalError("a record of it is cut")
                yield bytes(octets[start:at])
        except IndexError as error:
            raise JournalError("a record of it is cut") from error


@dataclass(frozen=True, slots=True)
class Journal:
    """What is known of the versions of a zone.

    Each difference begins where the one before it ended. What a serial up to the `floor`
    stands for is not certain: another version had it, too. `octets` is how much of the file
    was read, `damage` says why the rest was not.
    """

    origin: Name
    differences: tuple[Difference, ...] = ()
    floor: int | None = None
    octets: int = 0
    damage: str = ""

    def since(self, serial: int, now: Stamp) -> Sequence[Difference]:
        """The differences that lead from a serial to a version.

        None: they are not known, and whoever has that serial needs the whole zone.
        """
        at, wanted = self._count_to(now), now
        for start in range(at - 1, -1, -1):
            wanted = self.differences[start].before
            if not is_newer(now.serial, wanted.serial) or not self._is_certain(wanted.serial):
                break  # so far back that serials have come round, or that others had them
            if wanted.serial == serial:
                return self.differences[start:at]
        return ()

    def follow(self, difference: Difference) -> "Journal":
        """The journal with what became of the version that it should end with.

        What does not lead to that version goes.
        """
        kept = self._count_to(difference.before)
        floor = self._raise_floor(kept)
        if self.damage:
            floor = _later(floor, difference.before.serial)
        return Journal(self.origin, (*self.differences[:kept], difference), floor)

    def end(self, serial: int) -> "Journal":
        """The journal of a zone that goes, or whose serial does not rise from this one."""
        return Journal(self.origin, (), _later(self._raise_floor(0), serial))

    def shorten(self, most_octets: int) -> "Journal":
        """The journal with as many of its latest differences as have room."""
        octets, kept = len(encode_head(self)), 0
        for each in reversed(self.differences):
            octets += ENTRY_OCTETS + len(each.octets)
            if octets > most_octets:
                break
            kept += 1
        return replace(self, differences=self.differences[len(self.differences) - kept :])

    def _count_to(self, version: Stamp) -> int:
        """How many differences lead to a version; behind it are such as a crash undid."""
        count = len(self.differences)
        while count and self.differences[count - 1].after != version:
            count -= 1
        return count

    def _raise_floor(self, kept: int) -> int | None:
        """The floor when all but the first differences go.

        Perhaps somebody was sent them, and yet other versions will have their serials.
        """
        floor = self.floor
        for each in self.differences[kept:]:
            floor = _later(floor, each.after.serial)
        return floor

    def _is_certain(self, serial: int) -> bool:
        return self.floor is None or is_newer(serial, self.floor)


def record(owner: bytes, rtype: int, ttl: int, rdata: bytes) -> bytes:
    """A record in wire form, of class IN."""
    return owner + _FIXED.pack(rtype, 1, ttl, len(rdata)) + rdata


def encode_journal(journal: Journal) -> bytes:
    """The octets of a journal."""
    return encode_head(journal) + b"".join(map(encode_difference, journal.differences))


def encode_head(journal: Journal) -> bytes:
    """What a journal begins with."""
    flags = 0 if journal.floor is None else _HAS_FLOOR
    key = journal.origin.key
    return _seal((_HEAD.pack(MAGIC, flags, journal.floor or 0, len(key)), key))


def encode_difference(difference: Difference) -> bytes:
    """What is appended to a journal for one more difference."""
    octets = difference.octets
    numbers = difference.deleted, difference.added
    entry = _ENTRY.pack(*difference.before, *difference.after, *numbers)
    return _seal((_LENGTH.pack(len(entry) + len(octets)), entry, octets))


def decode_journal(octets: bytes, origin: Name) -> Journal:
    """All that can be read of a journal. Raises JournalError where its head cannot be."""
    try:
        magic, flags, floor, size = _HEAD.unpack_from(octets)
    except StructError as error:
        raise JournalError("it is shorter than its head") from error
    if magic != MAGIC:
        raise JournalError("it is no journal, or one of another version")
    view = memoryview(octets)
    at = _check(view, 0, _HEAD.size + size)
    if octets[_HEAD.size : _HEAD.size + size] != origin.key:
        raise JournalError("it is of another zone")
    journal = Journal(origin, (), floor if flags & _HAS_FLOOR else None)
    differences: list[Difference] = []
    damage = ""
    while at < len(octets) and not damage:
        try:
            difference, end = _decode_difference(view, at)
            _check_follows(differences[-1:], difference)
        except (JournalError, StructError) as error:
            damage = f"octet {at} of {len(octets)} and what follows: {error}"
        else:
            differences.append(difference)
            at = end
    return replace(journal, differences=tuple(differences), octets=at, damage=damage)


def _seal(parts: Sequence[bytes | memoryview]) -> bytes:
    digest = blake2b(digest_size=_DIGEST_OCTETS)
    for part in parts:
        digest.update(part)
    return b"".join((*parts, digest.digest()))


def _check(octets: memoryview, start: int, end: int) -> int:
    """Hold octets against the digest behind them; where that ends. Raises JournalError."""
    digest = octets[end : end + _DIGEST_OCTETS]
    if len(digest) < _DIGEST_OCTETS:
        raise JournalError("it is cut")
    if blake2b(octets[start:end], digest_size=_DIGEST_OCTETS).digest() != digest:
        raise JournalError("its digest does not fit")
    return end + _DIGEST_OCTETS


def _decode_difference(octets: memoryview, start: int) -> tuple[Difference, int]:
    """The difference at an offset, and the offset behind it."""
    (length,) = _LENGTH.unpack_from(octets, start)
    at = start + _LENGTH.size
    end = _check(octets, start, at + length)
    serial, content, later, newer, deleted, added = _ENTRY.unpack_from(octets, at)
    records = octets[at + _ENTRY.size : at + length]
    before, after = Stamp(serial, content), Stamp(later, newer)
    return Difference(before, after, deleted, added, records), end


def _check_follows(before: Iterable[Difference], difference: Difference) -> None:
    """A journal is a chain of versions whose serials rise. Raises JournalError."""
    if not is_newer(difference.after.serial, difference.before.serial):
        raise JournalError("the serial does not rise")
    if any(last.after != difference.before for last in before):
        raise JournalError("it does not follow on the one before it")


def _later(floor: int | None, serial: int) -> int:
    return floor if floor is not None and is_newer(floor, serial) else serial
