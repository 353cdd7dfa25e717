"""The layout of image files and of the zone images in them, as docs/image-format.md has it.

Integers are little-endian. A *key* is a name's wire form with A-Z folded. Whoever reads an
image checks the digest of its file first, and every offset all the same.
"""

import zlib
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from struct import Struct, error, pack
from typing import NamedTuple

from zoneserver.errors import ImageError

VERSION = 4  # of the format; the native engine has the same, or is of no use
MAGIC = b"ZONEIMG" + bytes((VERSION,))
DIGEST_START = 32  # what the digest covers begins here
ALIGNMENT = 8

# Image file: magic, length, digest, number of zones, 0, offset of the directory.
FILE_HEADER = Struct("<8sQ16sIIQ")
# Directory: offset and length of a zone image, octets of its origin's key, which follow.
DIRECTORY_ENTRY = Struct("<QQH")

ZONE_MAGIC = b"ZONE"
# Zone image: magic, serial, nodes, buckets, most labels; offsets of buckets, nodes and RRsets;
# offset and length of the description and of the texts; offset of the file names; records;
# offset of the chain, its links; offsets of how names are hashed and of the enclosers.
ZONE_HEADER = Struct("<4s17I")
CHAIN_AT, LINKS = 14, 15  # the fields of it that tell of the chain; 0 links: it is not signed
HASHING_AT, ENCLOSERS_AT = 16, 17  # 0: they are not hashed, or there are none
# The chain: the beginnings of what its links are sorted by, then their places: the offsets of
# the RRsets of the node, and of the link.
BEGINNING = Struct("<Q")
LINK_PLACE = Struct("<2I")
HASHING = Struct("<HB")  # iterations, octets of the salt, which follows
# A link: octets of what it is sorted by, and of its owner; records, and their octets.
LINK = Struct("<HBHI")
ENCLOSER = Struct("<2I")  # of a node: the links that prove beside that which covers the name
NO_LINK = 0xFFFFFFFF
BUCKET = Struct("<2I")  # numbers of its first node, and of the next bucket's
NODE = Struct("<6I")  # hash; offsets of key, exact table, below table, RRsets; flags
IS_CUT, IS_COVERED, IS_HASHED = 1, 2, 4
# Templates are told by their distance from the table; 0 is none.
TABLE_HEADER = Struct("<HHI")  # number of entries, 0, template of any other type
TABLE_ENTRY = Struct("<II")  # key, template
# A key is a QTYPE; with DO, in a signed zone, this is set in it. The last one of those is for
# any other type.
DNSSEC_OK, OTHER_TYPE = 0x1_0000, 0x1_FFFF
DISTANCES = 0xFFFFFFFF  # they count modulo 2**32: a template may stand before its table
# Template: rcode, flags, octets of the body and of its part that may not be cut, ANCOUNT,
# NSCOUNT, cuts, cuts that are glue, relocations, account.
TEMPLATE_HEADER = Struct("<BBHHHHHHHI")
CUT = Struct("<HH")  # end of an RRset in the body, its records
IS_AUTHORITATIVE, KIND_SHIFT, KIND_MASK = 1, 1, 3
# What a template lacks, because the name decides it: the link that covers the name, and those
# of what encloses it. What it has instead stands behind its body: the numbers of its links, and
# its names below the origin with their offsets.
LACKS_NAME, LACKS_ENCLOSER = 8, 16
SUPPLEMENT = Struct("<HH")  # links, names
NUMBER = Struct("<I")
NAMED = Struct("<HB")  # offset from the end of QNAME, octets of the key, which follows
# RRsets of one node: flags and octets of the owner, which follows; then their number.
OWNER = Struct("<BB")
COUNT = Struct("<H")
RRSET = Struct("<HIH")  # type, TTL, rdatas
RDATA = Struct("<HIHH")  # line, column and file of its mark stand behind its length

MAX_COLUMN = 0xFFFF


class Entry(NamedTuple):
    """Where in an image file the zone image of `key` is."""

    key: bytes
    offset: int
    length: int


def order(key: bytes, origin: int) -> bytes:
    """What sorts as names do (RFC 4034 6.1) that are below an origin of so many octets.

    Labels from the right, each with an end that is less than any octet of it.
    """
    labels: list[bytes] = []
    at, end = 0, len(key) - origin
    while at < end:
        label = key[at + 1 : at + 1 + key[at]]
        labels.append(label.replace(b"\1", b"\1\2").replace(b"\0", b"\1\1"))
        at += 1 + key[at]
    return b"".join([label + b"\0" for label in reversed(labels)])


def begin(ordered: bytes) -> int:
    """The beginning of what `order` made: of two that differ, the less is of the less."""
    return int.from_bytes(ordered[: BEGINNING.size].ljust(BEGINNING.size, b"\0"), "big")


def hash_key(key: bytes) -> int:
    """The hash of a key that buckets and accounts go by."""
    return zlib.crc32(key)


def relate(template: int, table: int) -> int:
    """The distance of a template, as its table has it; none stays none."""
    return template and template - table & DISTANCES


def pack_relocations(places: Sequence[int]) -> bytes:
    """Where in the body of a template the pointers are that have to be moved."""
    return pack(f"<{len(places)}H", *places)


def align(length: int) -> int:
    """The first offset at or behind `length` where a zone image may start."""
    return -(-length // ALIGNMENT) * ALIGNMENT


def pack_directory(entries: list[Entry]) -> bytes:
    """The directory of an image file."""
    return b"".join(
        DIRECTORY_ENTRY.pack(offset, length, len(key)) + key for key, offset, length in entries
    )


def pack_file_header(zones: int, directory: int, length: int, digest: bytes) -> bytes:
    """The header of an image file of `length` octets; `digest` covers all but its start."""
    return FILE_HEADER.pack(MAGIC, length, digest, zones, 0, directory)


def check_file(octets: memoryview) -> None:
    """Raises ImageError unless these are the octets of a whole image file."""
    if len(octets) < FILE_HEADER.size:
        raise ImageError("it is shorter than its header")
    magic, length, digest, *_ = FILE_HEADER.unpack_from(octets)
    if magic != MAGIC:
        raise ImageError("it is no image file, or one of another version")
    if length != len(octets):
        raise ImageError(f"it has {len(octets)} octets, and should have {length}")
    if blake2b(octets[DIGEST_START:], digest_size=len(digest)).digest() != digest:
        raise ImageError("its digest does not fit")


def read_directory(octets: memoryview) -> Iterator[Entry]:
    """The zone images of a checked image file. Raises ImageError."""
    *_, zones, _, at = FILE_HEADER.unpack_from(octets)
    try:
        for _ in range(zones):
            offset, length, size = DIRECTORY_ENTRY.unpack_from(octets, at)
            at += DIRECTORY_ENTRY.size + size
            if max(at, offset + length) > len(octets):
                raise ImageError("its directory leads beyond its end")
            yield Entry(bytes(octets[at - size : at]), offset, length)
    except (error, OverflowError) as cause:
        raise ImageError("its directory is cut") from cause
