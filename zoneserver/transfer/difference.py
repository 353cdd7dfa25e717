"""What two versions of a zone differ in, record by record, told from their images."""

from zoneserver.errors import ImageError
from zoneserver.image import format as f
from zoneserver.image.compare import differing_keys
from zoneserver.image.reader import ZoneImage
from zoneserver.records import rtypes
from zoneserver.transfer.journal import Difference, Stamp, record

# Type, TTL and rdata: a record but for its owner, whose case is no difference (RFC 4343).
_Content = tuple[int, int, bytes]


def find_difference(
    old: ZoneImage, new: ZoneImage, versions: tuple[Stamp, Stamp], most_octets: int
) -> Difference | None:
    """What became of a version; None where that has more than `most_octets`.

    `versions` are the stamps of both. Raises ImageError.
    """
    deleted: list[bytes] = []
    added: list[bytes] = []
    octets = 0
    for key in differing_keys(old, new):
        gone, come = _differing(old, new, key)
        octets += sum(map(len, gone)) + sum(map(len, come))
        if octets > most_octets:
            return None
        deleted += gone
        added += come
    return Difference.of(versions, (_soa(old), _soa(new)), deleted, added)


def _differing(old: ZoneImage, new: ZoneImage, key: bytes) -> tuple[list[bytes], list[bytes]]:
    """The records of a name that are only in the one, and only in the other; no SOA."""
    was, had = _read(old, key)
    now, has = _read(new, key)
    gone = [record(was, *each) for each in had if each not in has and each[0] != rtypes.SOA]
    come = [record(now, *each) for each in has if each not in had and each[0] != rtypes.SOA]
    return gone, come


def _read(image: ZoneImage, key: bytes) -> tuple[bytes, dict[_Content, None]]:
    """A name and what it has, in the order of its image."""
    owner, sets = image.find_raw(key) or (b"", [])
    found: dict[_Content, None] = {}
    for each in sets:
        _, ttl, _ = f.RRSET.unpack(each.head)
        found |= dict.fromkeys((each.rtype, ttl, bytes(rdata)) for rdata in each.rdatas)
    return owner, found


def _soa(image: ZoneImage) -> bytes:
    """The SOA of a zone; in canonical order the apex is the first name."""
    key, _ = next(image.walk())
    owner, contents = _read(image, key)
    for each in contents:
        if each[0] == rtypes.SOA:
            return record(owner, *each)
    raise ImageError("it has no SOA")
