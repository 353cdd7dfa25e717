"""Which names of two versions of a zone differ, found without reading either whole."""

from collections.abc import Iterator
from itertools import zip_longest
from struct import error as StructError  # noqa: N812 - struct's name for it is too short here

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
    """Each name's key, and its records as octets, without their marks. Raises ImageError."""
    octets, at = image.octets, image.rrsets_at
    try:
        for _ in range(image.names):
            _, length = f.OWNER.unpack_from(octets, at)
            at += f.OWNER.size + length
            key = bytes(octets[at - length : at]).lower()
            (count,) = f.COUNT.unpack_from(octets, at)
            at += f.COUNT.size
            content = []
            for _ in range(count):
                _, _, rdatas = f.RRSET.unpack_from(octets, at)
                content.append(octets[at : at + f.RRSET.size])
                at += f.RRSET.size
                for _ in range(rdatas):
                    size, *_ = f.RDATA.unpack_from(octets, at)
                    at += f.RDATA.size + size
                    content.append(octets[at - size : at])
            yield key, b"".join(content)
    except (StructError, IndexError) as error:
        raise ImageError(f"its RRsets are damaged at {at}: {error}") from error
