"""From a zone to the octets of its image."""

from collections.abc import Iterable
from typing import NamedTuple

from zoneserver.image import format as f
from zoneserver.image.tables import TableMaker
from zoneserver.records.rrset import RRset
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone


class _Row(NamedTuple):
    """A node as the index has it, its key not placed yet."""

    hash: int
    key: bytes
    exact: int
    below: int
    rrsets: int
    flags: int


def compile_zone(zone: Zone, description: bytes = b"", texts: bytes = b"") -> bytes:
    """The image of a zone that was admitted.

    `description` is what its keeper wants to know of it again, `texts` what it was read from;
    neither is looked into.
    """
    # RFC 4034 6.1: the order in which zones are transferred and signed.
    nodes = sorted(zone.nodes.values(), key=lambda node: node.owner.canonical())
    maker = TableMaker(zone, f.ZONE_HEADER.size)
    tables = [maker.make(node) for node in nodes]
    rrsets_at = f.ZONE_HEADER.size + len(maker.octets)
    sets = _Sets(rrsets_at)
    rows = [
        _Row(f.hash_key(node.owner.key), node.owner.key, *made, sets.add(node), _flags(node))
        for node, made in zip(nodes, tables, strict=True)
    ]
    names = sets.pack_files()
    index_at = rrsets_at + len(sets.octets) + len(names)
    buckets, index, keys = _pack_index(rows, index_at)
    keys_at = index_at + len(buckets) + len(index)
    description_at = keys_at + len(keys)
    texts_at = description_at + len(description)
    header = f.ZONE_HEADER.pack(
        f.ZONE_MAGIC,
        zone.serial,
        len(rows),
        len(buckets) // 4 - 1,
        max(len(node.owner.labels) for node in nodes),
        index_at,
        index_at + len(buckets),
        rrsets_at,
        description_at,
        len(description),
        texts_at,
        len(texts),
        rrsets_at + len(sets.octets),
        sets.records,
    )
    parts = (header, maker.octets, sets.octets, names, buckets, index, keys, description, texts)
    return b"".join(parts)


def _flags(node: Node) -> int:
    return f.IS_CUT * node.is_cut | f.IS_COVERED * (node.cover is not None)


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
    """The RRsets as they were written, node by node, and the names of their files."""

    def __init__(self, at: int) -> None:
        self.octets = bytearray()
        self.records = 0
        self._at = at
        self._files: dict[str, int] = {}

    def add(self, node: Node) -> int:
        """Append a node; returns its offset."""
        offset = self._at + len(self.octets)
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
            number = self._files.setdefault(file, len(self._files))
            wire = rdata.wire
            yield f.RDATA.pack(len(wire), line, min(column, f.MAX_COLUMN), number)
            yield wire

    def pack_files(self) -> bytes:
        """The names of the files that marks are in, numbered from 0."""
        names = [name.encode("utf-8", "surrogateescape") for name in self._files]
        lines = (f.COUNT.pack(len(name)) + name for name in names)
        return f.COUNT.pack(len(names)) + b"".join(lines)


def redescribe(octets: memoryview, description: bytes, texts: bytes) -> bytes:
    """The same image with another description and other texts, which are its end."""
    fields = list(f.ZONE_HEADER.unpack_from(octets))
    at = fields[8]
    fields[9:12] = len(description), at + len(description), len(texts)
    body = octets[f.ZONE_HEADER.size : at]
    return b"".join((f.ZONE_HEADER.pack(*fields), body, description, texts))
