"""The layout of image files and of the zone images in them, as docs/image-format.md has it.

Integers are little-endian. A *key* is a name's wire form with A-Z folded. Whoever reads an
image checks the digest of its file first, and every offset all the same.
"""

import zlib
from collections.abc import Iterator
from hashlib import blake2b
from struct import Struct, error
from typing import NamedTuple

from zoneserver.errors import ImageError

VERSION = 3  # of the format; the native engine has the same, or is of no use
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
# offset of the chain, its links.
ZONE_HEADER = Struct("<4s15I")
CHAIN_AT, LINKS = 14, 15  # the fields of it that tell of the chain; 0 links: it is not signed
LINK = Struct("<I")
BUCKET = Struct("<2I")  # numbers of its first node, and of the next bucket's
NODE = Struct("<6I")  # hash; offsets of key, exact table, below table, RRsets; flags
IS_CUT, IS_COVERED, IS_HASHED, IS_LINK = 1, 2, 4, 8
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
RELOCATION = Struct("<H")
CUT = Struct("<HH")  # end of an RRset in the body, its records
IS_AUTHORITATIVE, KIND_SHIFT = 1, 1
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


def hash_key(key: bytes) -> int:
    """The hash of a key that buckets and accounts go by."""
    return zlib.crc32(key)


def relate(template: int, table: int) -> int:
    """The distance of a template, as its table has it; none stays none."""
    return template and template - table & DISTANCES


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
