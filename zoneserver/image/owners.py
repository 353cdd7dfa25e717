"""Which names a zone has, and which of them have mail, found without reading all of it."""

from collections.abc import Collection
from typing import NamedTuple

from zoneserver.image.reader import ImageNodes, ZoneImage
from zoneserver.names import ROOT
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX
from zoneserver.zone.zone import Zone

_NULL_MX_OCTETS = 3  # a preference and the root (RFC 7505 3)


class Owners(NamedTuple):
    """The keys of names with records, of those with an MX, of those with a null MX.

    The owners of NSEC3 are hashes, and no names (RFC 5155 7.2.8).
    """

    names: Collection[bytes]
    mail: Collection[bytes]
    null: Collection[bytes]


def list_owners(zone: Zone) -> Owners:
    """The names of a zone. Raises ImageError."""
    if isinstance(zone.nodes, ImageNodes):
        return _from_image(zone.nodes.image)
    names, mail, null = set[bytes](), set[bytes](), set[bytes]()
    for key, node in zone.nodes.items():
        if node.rrsets and not node.is_hashed:
            names.add(key)
        if rrset := node.find(rtypes.MX):
            is_null = all(isinstance(e, MX) and e.exchange == ROOT for e in rrset.rdatas)
            (null if is_null else mail).add(key)
    return Owners(names, mail, null)


def _from_image(image: ZoneImage) -> Owners:
    names, mail, null = set[bytes](), set[bytes](), set[bytes]()
    for key, sets in image.walk():
        if sets and not any(each.rtype == rtypes.NSEC3 for each in sets):
            names.add(key)
        for each in sets:
            if each.rtype == rtypes.MX:
                longest = max(map(len, each.rdatas), default=0)
                (mail if longest > _NULL_MX_OCTETS else null).add(key)
    return Owners(names, mail, null)
