"""Which names a zone has, and which of them have mail, found without reading all of it."""

from collections.abc import Collection
from struct import error as StructError  # noqa: N812 - struct's name for it is too short here
from typing import NamedTuple

from zoneserver.errors import ImageError
from zoneserver.image import format as f
from zoneserver.image.reader import ImageNodes, ZoneImage
from zoneserver.names import ROOT
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX
from zoneserver.zone.zone import Zone

_NULL_MX_OCTETS = 3  # a preference and the root (RFC 7505 3)


class Owners(NamedTuple):
    """The keys of names with records, of those with an MX, of those with a null MX."""

    names: Collection[bytes]
    mail: Collection[bytes]
    null: Collection[bytes]


def list_owners(zone: Zone) -> Owners:
    """The names of a zone. Raises ImageError."""
    if isinstance(zone.nodes, ImageNodes):
        return _from_image(zone.nodes.image)
    names, mail, null = set[bytes](), set[bytes](), set[bytes]()
    for key, node in zone.nodes.items():
        if node.rrsets:
            names.add(key)
        if rrset := node.find(rtypes.MX):
            is_null = all(isinstance(e, MX) and e.exchange == ROOT for e in rrset.rdatas)
            (null if is_null else mail).add(key)
    return Owners(names, mail, null)


def _from_image(image: ZoneImage) -> Owners:
    octets, at = image.octets, image.rrsets_at
    names, mail, null = set[bytes](), set[bytes](), set[bytes]()
    try:
        for _ in range(image.names):
            _, length = f.OWNER.unpack_from(octets, at)
            at += f.OWNER.size + length
            key = bytes(octets[at - length : at]).lower()
            (count,) = f.COUNT.unpack_from(octets, at)
            at += f.COUNT.size
            if count:
                names.add(key)
            for _ in range(count):
                rtype, _, rdatas = f.RRSET.unpack_from(octets, at)
                at += f.RRSET.size
                longest = 0
                for _ in range(rdatas):
                    size, *_ = f.RDATA.unpack_from(octets, at)
                    at += f.RDATA.size + size
                    longest = max(longest, size)
                if rtype == rtypes.MX:
                    (mail if longest > _NULL_MX_OCTETS else null).add(key)
    except (StructError, IndexError) as error:
        raise ImageError(f"its RRsets are damaged at {at}: {error}") from error
    return Owners(names, mail, null)
