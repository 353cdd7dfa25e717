"""Which names of two versions of a zone differ, found without reading either whole."""

from collections.abc import Iterator
from itertools import zip_longest

from zoneserver.errors import ImageError
from zoneserver.image import format as f
from zoneserver.image.reader import ZoneImage


def differing_keys(old: ZoneImage, new: ZoneImage) -> list[bytes]:
    """The keys of the names that one of them lacks, or that do not have the same octets.

    Equal records in another order may be among them, records at another place in the file are
    not. Both walks stay side by side, so that no more is kept than lies between two names.
    """
    lonely: tuple[dict[bytes, bytes], dict[bytes, bytes]] = ({}, {})
    differing: list[bytes] = []
    for pair in zip_longest(_contents(old), _contents(new)):
        if pair[0] == pair[1]:
            continue
        for side, entry in enumerate(pair):
            if entry is None:
                continue
            key, content = entry
            other = lonely[1 - side].pop(key, None)
            if other is None:
                lonely[side][key] = content
            elif other != content:
                differing.append(key)
    return [*differing, *lonely[0], *lonely[1]]


def _contents(image: ZoneImage) -> Iterator[tuple[bytes, bytes]]:
    """Each name's key, and its records as octets, without their marks. Raises ImageError.

    As `walk` reads them, but octet by octet: before a new version of a large zone is served,
    all of it goes through this.
    """
    octets, at = image.rrsets(), 0
    rrset_octets, rdata_octets = f.RRSET.size, f.RDATA.size
    try:
        for _ in range(image.names):
            length = octets[at + 1]
            at += f.OWNER.size + length
            key = octets[at - length : at].lower()
            count = octets[at] | octets[at + 1] << 8
            at += f.COUNT.size
            pieces: list[bytes] = []
            for _ in range(count):
                pieces.append(octets[at : at + rrset_octets])
                number = octets[at + 6] | octets[at + 7] << 8
                at += rrset_octets
                for _ in range(number):
                    size = octets[at] | octets[at + 1] << 8
                    at += rdata_octets + size
                    pieces.append(octets[at - size : at])
            yield key, b"".join(pieces)
    except IndexError as error:
        raise ImageError(f"its RRsets are damaged at {at}: {error}") from error
    if at != len(octets):
        raise ImageError(f"its RRsets end at {at}, and not at {len(octets)}")
