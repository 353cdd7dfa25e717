"""A zone image as a zone: its nodes are read when they are asked for.

So everything that works on zones works on images too, `respond` and `solve` first of all.
"""

from collections.abc import Iterator, Mapping
from struct import error as StructError  # noqa: N812 - struct's name for it is too short here
from typing import NamedTuple

from zoneserver.errors import ImageError, RdataError
from zoneserver.findings import Mark
from zoneserver.image import format as f
from zoneserver.image.links import Links, RawChain
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.parse import decode_rdata
from zoneserver.records.rdata import Rdata
from zoneserver.records.rrset import RRset
from zoneserver.zone.build import make_negative
from zoneserver.zone.denial import make_denial
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone


class RawSet(NamedTuple):
    """An RRset as octets: its type, its head with type and TTL, its rdatas without marks."""

    rtype: int
    head: memoryview
    rdatas: list[memoryview]


class ZoneImage:
    """The octets of one zone image, and where its parts are. Raises ImageError."""

    def __init__(self, octets: memoryview) -> None:
        try:
            fields = f.ZONE_HEADER.unpack_from(octets)
        except StructError as error:
            raise ImageError("it is shorter than its header") from error
        if fields[0] != f.ZONE_MAGIC:
            raise ImageError("it is no zone image")
        self.octets = octets
        self.serial: int = fields[1]
        self.names: int = fields[2]
        self._mask: int = fields[3] - 1
        self._buckets_at, self._nodes_at = fields[5:7]
        self.rrsets_at: int = fields[7]
        self._description, self._texts = fields[8:10], fields[10:12]
        self._files_at: int = fields[12]
        self.records: int = fields[13]
        self.links: int = fields[f.LINKS]

    @property
    def description(self) -> bytes:
        """What its keeper wanted to know again."""
        at, length = self._description
        return bytes(self.octets[at : at + length])

    @property
    def texts(self) -> bytes:
        """What the zone was read from."""
        at, length = self._texts
        return bytes(self.octets[at : at + length])

    def find_node(self, key: bytes) -> int | None:
        """The offset of a name's node, if it exists."""
        octets, wanted = self.octets, f.hash_key(key)
        at = self._buckets_at + 4 * (wanted & self._mask)
        try:
            first, end = f.BUCKET.unpack_from(octets, at)
            for number in range(first, end):
                node: int = self._nodes_at + f.NODE.size * number
                found, key_at, *_ = f.NODE.unpack_from(octets, node)
                if found == wanted and octets[key_at + 1 : key_at + 1 + octets[key_at]] == key:
                    return node
        except (StructError, IndexError) as error:
            raise ImageError(f"its index is damaged: {error}") from error
        return None

    def read_files(self) -> list[str]:
        """The names of the files that marks are in."""
        octets, at = self.octets, self._files_at + f.COUNT.size
        names: list[str] = []
        try:
            (count,) = f.COUNT.unpack_from(octets, self._files_at)
            for _ in range(count):
                (length,) = f.COUNT.unpack_from(octets, at)
                at += f.COUNT.size + length
                name = bytes(octets[at - length : at])
                names.append(name.decode("utf-8", "surrogateescape"))
        except StructError as error:
            raise ImageError(f"its file names are damaged: {error}") from error
        return names

    def walk(self) -> Iterator[tuple[bytes, list[RawSet]]]:
        """Each name's key and RRsets, in canonical order, none decoded. Raises ImageError."""
        at = self.rrsets_at
        for _ in range(self.names):
            owner, sets, at = self._read_raw(at)
            yield owner.lower(), sets

    def find_raw(self, key: bytes) -> tuple[bytes, list[RawSet]] | None:
        """A name as it was written, and its RRsets, if it exists. Raises ImageError."""
        node = self.find_node(key)
        if node is None:
            return None
        owner, sets, _ = self._read_raw(f.NODE.unpack_from(self.octets, node)[4])
        return owner, sets

    def rrsets(self) -> bytes:
        """The octets of all RRsets, as docs/image-format.md has them."""
        return bytes(self.octets[self.rrsets_at : self._files_at])

    @property
    def rrset_octets(self) -> int:
        """About how many octets the records have in a transfer."""
        return self._files_at - self.rrsets_at

    def _read_raw(self, at: int) -> tuple[bytes, list[RawSet], int]:
        """The owner and the RRsets at an offset, and the offset behind them."""
        octets = self.octets
        try:
            _, length = f.OWNER.unpack_from(octets, at)
            at += f.OWNER.size + length
            owner = bytes(octets[at - length : at])
            (count,) = f.COUNT.unpack_from(octets, at)
            at += f.COUNT.size
            sets: list[RawSet] = []
            for _ in range(count):
                rtype, _, number = f.RRSET.unpack_from(octets, at)
                head = octets[at : at + f.RRSET.size]
                at += f.RRSET.size
                rdatas: list[memoryview] = []
                for _ in range(number):
                    size, *_ = f.RDATA.unpack_from(octets, at)
                    at += f.RDATA.size + size
                    rdatas.append(octets[at - size : at])
                sets.append(RawSet(rtype, head, rdatas))
        except (StructError, IndexError) as error:
            raise ImageError(f"its RRsets are damaged at {at}: {error}") from error
        return owner, sets, at

    def zone(self) -> Zone:
        """The zone, as lazy as it can be. Raises ImageError."""
        nodes = ImageNodes(self)
        apex = nodes.apex = next(iter(nodes.values()))  # in canonical order it is the first
        if self.find_node(apex.owner.key) is None:
            raise ImageError("its index lacks the apex")
        denial = None
        if self.links:
            chain = RawChain(self.octets, 0, len(apex.owner.key))
            denial = make_denial(apex, lambda _: Links(chain, nodes.read))
        return Zone(apex.owner, nodes, make_negative(apex), denial)


class ImageNodes(Mapping[bytes, Node]):
    """The nodes of an image by key; iteration is in canonical order."""

    def __init__(self, image: ZoneImage) -> None:
        self.image = image
        self.apex: Node | None = None  # once it is known it is not read again
        self._files = image.read_files()

    def __getitem__(self, key: bytes) -> Node:
        if self.apex is not None and self.apex.owner.key == key:
            return self.apex
        at = self.image.find_node(key)
        if at is None:
            raise KeyError(key)
        rrsets_at = f.NODE.unpack_from(self.image.octets, at)[4]
        node = self.read(rrsets_at)
        if node.owner.key != key:
            raise ImageError("its index leads to another name")
        return node

    def __iter__(self) -> Iterator[bytes]:
        return (node.owner.key for node in self._read_all())

    def __len__(self) -> int:
        return self.image.names

    def values(self) -> "Iterator[Node]":  # type: ignore[override]  # walked once, not kept
        """Every node, in canonical order."""
        return self._read_all()

    def read(self, at: int) -> Node:
        """The node whose RRsets are at an offset. Raises ImageError."""
        node, _ = self._read_node(at)
        return node

    def _read_all(self) -> Iterator[Node]:
        at = self.image.rrsets_at
        for _ in range(self.image.names):
            node, at = self._read_node(at)
            yield node

    def _read_node(self, at: int) -> tuple[Node, int]:
        """The node whose RRsets are at an offset, and the offset behind it."""
        octets = self.image.octets
        try:
            flags, length = f.OWNER.unpack_from(octets, at)
            at += f.OWNER.size + length
            owner = Name(bytes(octets[at - length : at]))
            (count,) = f.COUNT.unpack_from(octets, at)
            at += f.COUNT.size
            rrsets = []
            for _ in range(count):
                rrset, at = self._read_rrset(owner, at)
                rrsets.append(rrset)
            cover = self._find_cover(owner) if flags & f.IS_COVERED else None
        except (StructError, RdataError, IndexError) as error:
            raise ImageError(f"its RRsets are damaged at {at}: {error}") from error
        is_cut, is_hashed = bool(flags & f.IS_CUT), bool(flags & f.IS_HASHED)
        node = Node(owner, tuple(rrsets), is_cut, cover, is_hashed)
        if node.is_cut and node.find(rtypes.NS) is None:
            raise ImageError("a zone cut of it has no NS")
        return node, at

    def _read_rrset(self, owner: Name, at: int) -> tuple[RRset, int]:
        octets = self.image.octets
        rtype, ttl, count = f.RRSET.unpack_from(octets, at)
        at += f.RRSET.size
        rdatas: list[Rdata] = []
        marks: list[Mark] = []
        for _ in range(count):
            length, line, column, file = f.RDATA.unpack_from(octets, at)
            at += f.RDATA.size + length
            rdatas.append(decode_rdata(rtype, bytes(octets[at - length : at])))
            marks.append(Mark(self._files[file], line, column))
        return RRset(owner, rtype, ttl, tuple(rdatas), tuple(marks)), at

    def _find_cover(self, owner: Name) -> Node:
        """The zone cut or DNAME that covers a name: the first above it that nothing covers."""
        for name in owner.ancestors():
            at = self.image.find_node(name.key)
            if at and not f.NODE.unpack_from(self.image.octets, at)[5] & f.IS_COVERED:
                cover = self[name.key]
                if cover.is_cut or cover.find(rtypes.DNAME):
                    return cover
        raise ImageError("nothing covers what is covered in it")
