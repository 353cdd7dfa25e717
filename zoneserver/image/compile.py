"""From a zone to the octets of its image.

A part of the names is compiled by itself, so that several processes can share a large zone:
nothing in a part depends on where in the image it will be, nor on the other parts.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from zoneserver.image import format as f
from zoneserver.image.chain import ChainMaker, join_chains
from zoneserver.image.tables import TableMaker
from zoneserver.records.rrset import RRset
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

# Of a node in a part: hash, offsets of its tables and its RRsets in the part, flags, and the
# links of what it encloses.
_ROW = Struct("<7I")
_PART_HEADER = Struct("<7I")  # records, and the octets of what follows


@dataclass(frozen=True, slots=True)
class Part:
    """Some of a zone's names, compiled: tables, RRsets, rows and keys, and their records.

    `links` are those of its chain, `chain` has a row for each.
    """

    tables: bytes
    sets: bytes
    rows: bytes
    keys: bytes
    chain: bytes
    links: bytes
    records: int

    def pack(self) -> bytes:
        """The octets of a part, for another process."""
        parts = self.tables, self.sets, self.rows, self.keys, self.chain, self.links
        return _PART_HEADER.pack(self.records, *map(len, parts)) + b"".join(parts)

    @classmethod
    def unpack(cls, octets: bytes) -> "Part":
        """The part again."""
        records, *lengths = _PART_HEADER.unpack_from(octets)
        at, parts = _PART_HEADER.size, []
        for length in lengths:
            parts.append(octets[at : at + length])
            at += length
        tables, sets, rows, keys, chain, links = parts
        return cls(tables, sets, rows, keys, chain, links, records)


class _Row(NamedTuple):
    """A node as the index has it, its key not placed yet."""

    hash: int
    key: bytes
    exact: int
    below: int
    rrsets: int
    flags: int
    enclosing: tuple[int, int]


def compile_zone(zone: Zone, description: bytes = b"", texts: bytes = b"") -> bytes:
    """The image of a zone that was admitted.

    `description` is what its keeper wants to know of it again, `texts` what it was read from;
    neither is looked into.
    """
    files = list_files(zone)
    part = compile_part(zone, sort_nodes(zone), files)
    return join_parts(zone, [part], files, description, texts)


def sort_nodes(zone: Zone) -> list[Node]:
    """The names in the order in which zones are transferred and signed (RFC 4034 6.1)."""
    return sorted(zone.nodes.values(), key=lambda node: node.owner.canonical())


def list_files(zone: Zone) -> list[str]:
    """The names of the files that marks are in."""
    marks = (mark for rrset in zone.rrsets() for mark in rrset.marks)
    return list(dict.fromkeys(file for file, _, _ in marks))


def compile_part(zone: Zone, nodes: Iterable[Node], files: Sequence[str]) -> Part:
    """Some of the names of a zone; `files` are those of all of it."""
    maker = TableMaker(zone, f.ZONE_HEADER.size)
    sets, chain = _Sets(files), ChainMaker(zone)
    rows, keys = bytearray(), bytearray()
    for node in nodes:
        key, rrsets = node.owner.key, sets.add(node)
        chain.add(node, rrsets)
        exact, below = maker.make(node)
        enclosing = chain.enclose(node)
        rows += _ROW.pack(f.hash_key(key), exact, below, rrsets, _flags(node), *enclosing)
        keys.append(len(key))
        keys += key
    return Part(
        bytes(maker.octets),
        bytes(sets.octets),
        bytes(rows),
        bytes(keys),
        bytes(chain.rows),
        bytes(chain.octets),
        sets.records,
    )


def join_parts(
    zone: Zone,
    parts: Sequence[Part],
    files: Sequence[str],
    description: bytes = b"",
    texts: bytes = b"",
) -> bytes:
    """The image of a zone whose names are in these parts, in the order of `sort_nodes`."""
    tables = b"".join(part.tables for part in parts)
    sets = b"".join(part.sets for part in parts)
    rrsets_at = f.ZONE_HEADER.size + len(tables)
    rows = list(_place_rows(parts, rrsets_at))
    names, files_at = _pack_files(files), rrsets_at + len(sets)
    chain_at = files_at + len(names)
    pieces = [(part.chain, part.links, len(part.sets)) for part in parts]
    chain, places = join_chains(zone.denial, pieces, rrsets_at, chain_at)
    index_at = chain_at + len(chain)
    buckets, index, keys = _pack_index(rows, index_at)
    enclosers = b"".join(f.ENCLOSER.pack(*row.enclosing) for row in rows) if chain else b""
    enclosers_at = index_at + sum(map(len, (buckets, index, keys)))
    description_at = enclosers_at + len(enclosers)
    header = f.ZONE_HEADER.pack(
        f.ZONE_MAGIC,
        zone.serial,
        len(rows),
        len(buckets) // 4 - 1,
        max(len(node.owner.labels) for node in zone.nodes.values()),
        index_at,
        index_at + len(buckets),
        rrsets_at,
        description_at,
        len(description),
        description_at + len(description),
        len(texts),
        files_at,
        sum(part.records for part in parts),
        *places,
        enclosers_at if enclosers else 0,
    )
    areas = tables, sets, names, chain, buckets, index, keys, enclosers, description, texts
    return b"".join((header, *areas))


def _place_rows(parts: Iterable[Part], rrsets_at: int) -> Iterator[_Row]:
    """The rows of all parts, with the offsets that they have in the image."""
    tables_before = 0
    for part in parts:
        at = 0
        for number, exact, below, rrsets, flags, *enclosing in _ROW.iter_unpack(part.rows):
            end = at + 1 + part.keys[at]
            yield _Row(
                number,
                part.keys[at + 1 : end],
                exact and exact + tables_before,
                below and below + tables_before,
                rrsets + rrsets_at,
                flags,
                (enclosing[0], enclosing[1]),
            )
            at = end
        tables_before += len(part.tables)
        rrsets_at += len(part.sets)


def _flags(node: Node) -> int:
    flags = f.IS_CUT * node.is_cut | f.IS_COVERED * (node.cover is not None)
    return flags | f.IS_HASHED * node.is_hashed


def _pack_index(rows: list[_Row], at: int) -> tuple[bytes, bytes, bytes]:
    """Buckets, nodes and keys; the first stand at `at`, the others behind them."""
    size = 1 << max(0, len(rows) - 1).bit_length()
    rows.sort(key=lambda row: row.hash & (size - 1))
    starts = [0] * (size + 1)
    for row in rows:
        starts[(row.hash & (size - 1)) + 1] += 1
    for bucket in range(size):
        starts[bucket + 1] += starts[bucket]
    key_at = at + 4 * len(starts) + f.NODE.size * len(rows)
    nodes: list[bytes] = []
    keys: list[bytes] = []
    for row in rows:
        nodes.append(f.NODE.pack(row.hash, key_at, row.exact, row.below, row.rrsets, row.flags))
        keys.append(bytes((len(row.key),)) + row.key)
        key_at += 1 + len(row.key)
    return (
        b"".join(start.to_bytes(4, "little") for start in starts),
        b"".join(nodes),
        b"".join(keys),
    )


class _Sets:
    """The RRsets as they were written, node by node."""

    def __init__(self, files: Sequence[str]) -> None:
        self.octets = bytearray()
        self.records = 0
        self._files = {name: number for number, name in enumerate(files)}

    def add(self, node: Node) -> int:
        """Append a node; returns its offset."""
        offset = len(self.octets)
        wire = node.owner.wire
        self.octets += f.OWNER.pack(_flags(node), len(wire)) + wire
        self.octets += f.COUNT.pack(len(node.rrsets))
        for rrset in node.rrsets:
            self.octets += f.RRSET.pack(rrset.rtype, rrset.ttl, len(rrset.rdatas))
            self.octets += b"".join(self._pack_rdatas(rrset))
        return offset

    def _pack_rdatas(self, rrset: RRset) -> Iterable[bytes]:
        self.records += len(rrset.rdatas)
        for rdata, (file, line, column) in zip(rrset.rdatas, rrset.marks, strict=True):
            wire = rdata.wire
            number = self._files[file]
            yield f.RDATA.pack(len(wire), line, min(column, f.MAX_COLUMN), number)
            yield wire


def _pack_files(files: Sequence[str]) -> bytes:
    """The names of the files that marks are in, numbered from 0."""
    names = [name.encode("utf-8", "surrogateescape") for name in files]
    lines = (f.COUNT.pack(len(name)) + name for name in names)
    return f.COUNT.pack(len(names)) + b"".join(lines)


def redescribe(octets: memoryview, description: bytes, texts: bytes) -> bytes:
    """The same image with another description and other texts, which are its end."""
    fields = list(f.ZONE_HEADER.unpack_from(octets))
    at = fields[8]
    fields[9:12] = len(description), at + len(description), len(texts)
    body = octets[f.ZONE_HEADER.size : at]
    return b"".join((f.ZONE_HEADER.pack(*fields), body, description, texts))
