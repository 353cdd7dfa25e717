"""A zone image as a zone: its nodes are read when they are asked for.

So everything that works on zones works on images too, `respond` and `solve` first of all.
"""

from collections.abc import Iterator, Mapping
from struct import error as StructError  # noqa: N812 - struct's name for it is too short here

from zoneserver.errors import ImageError, RdataError
from zoneserver.findings import Mark
from zoneserver.image import format as f
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.parse import decode_rdata
from zoneserver.records.rdata import Rdata
from zoneserver.records.rrset import RRset
from zoneserver.zone.build import make_negative
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone


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
        first, end = (
            int.from_bytes(octets[each : each + 4], "little") for each in (at, at + 4)
        )
        for node in range(
            self._nodes_at + first * f.NODE.size,
            self._nodes_at + end * f.NODE.size,
            f.NODE.size,
        ):
            found, key_at, *_ = f.NODE.unpack_from(octets, node)
            if found == wanted and octets[key_at + 1 : key_at + 1 + octets[key_at]] == key:
                return node
        return None

    def read_files(self) -> list[str]:
        """The names of the files that marks are in."""
        (count,) = f.COUNT.unpack_from(self.octets, self._files_at)
        names, at = [], self._files_at + f.COUNT.size
        for _ in range(count):
            (length,) = f.COUNT.unpack_from(self.octets, at)
            at += f.COUNT.size + length
            names.append(
                bytes(self.octets[at - length : at]).decode("utf-8", "surrogateescape")
            )
        return names

    def zone(self) -> Zone:
        """The zone, as lazy as it can be. Raises ImageError."""
        nodes = _Nodes(self)
        apex = next(iter(nodes.values()))  # in canonical order the apex is the first
        return Zone(apex.owner, nodes, make_negative(apex))


class _Nodes(Mapping[bytes, Node]):
    """The nodes of an image by key; iteration is in canonical order."""

    def __init__(self, image: ZoneImage) -> None:
        self._image = image
        self._files = image.read_files()

    def __getitem__(self, key: bytes) -> Node:
        at = self._image.find_node(key)
        if at is None:
            raise KeyError(key)
        rrsets_at = f.NODE.unpack_from(self._image.octets, at)[4]
        return self._read_node(rrsets_at)[0]

    def __iter__(self) -> Iterator[bytes]:
        return (node.owner.key for node in self._read_all())

    def __len__(self) -> int:
        return self._image.names

    def values(self) -> "Iterator[Node]":  # type: ignore[override]  # walked once, not kept
        """Every node, in canonical order."""
        return self._read_all()

    def _read_all(self) -> Iterator[Node]:
        at = self._image.rrsets_at
        for _ in range(self._image.names):
            node, at = self._read_node(at)
            yield node

    def _read_node(self, at: int) -> tuple[Node, int]:
        """The node whose RRsets are at an offset, and the offset behind it."""
        octets = self._image.octets
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
        except (StructError, RdataError, IndexError) as error:
            raise ImageError(f"its RRsets are damaged at {at}: {error}") from error
        cover = self._find_cover(owner) if flags & f.IS_COVERED else None
        return Node(owner, tuple(rrsets), bool(flags & f.IS_CUT), cover), at

    def _read_rrset(self, owner: Name, at: int) -> tuple[RRset, int]:
        octets = self._image.octets
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

    def _find_cover(self, owner: Name) -> Node | None:
        """The zone cut or DNAME above a covered name: the only one that nothing covers."""
        for name in owner.ancestors():
            node = self.get(name.key)
            if node and not node.cover and (node.is_cut or node.find(rtypes.DNAME)):
                return node
        return None
