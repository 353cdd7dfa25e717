"""Which names of two versions of a zone differ, found without reading either whole."""

from collections.abc import Iterator
from itertools import zip_longest

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
    """Each name's key, and its records as octets, without their marks. Raises ImageError."""
    for key, sets in image.walk():
        yield key, b"".join(octets for each in sets for octets in (each.head, *each.rdatas))
