"""Where in a zone image a name and the template of an answer are.

This is read for nearly every query, so it is as plain as it can be: prepared unpackers, plain
numbers, and no object for what is found.
"""

from zlib import crc32

from zoneserver.image import format as f
from zoneserver.image.images import Place
from zoneserver.image.proofs import LACKS, NO_PROOF, Enclosed, Proof, Prover
from zoneserver.image.query import Asked

EXACT, BELOW, _FLAGS, _NUMBER = 2, 3, 5, 6  # fields of a node: tables, flags, its number

_unpack_pair = f.TABLE_ENTRY.unpack_from
_unpack_node = f.NODE.unpack_from
_NODE_OCTETS = f.NODE.size

# Where a template is, 0: hand over; and how a name is enclosed that it lacks a proof for.
Template = tuple[int, Enclosed | None]


class Index:
    """The names of one zone image. `is_signed`: who sends DO gets answers of their own.

    Its methods raise StructError or IndexError where the image is damaged.
    """

    __slots__ = ("_buckets_at", "_mask", "_nodes_at", "base", "is_signed", "octets")

    def __init__(self, place: Place) -> None:
        self.octets, self.base, _ = place
        header = f.ZONE_HEADER.unpack_from(self.octets, self.base)
        self._mask = header[3] - 1
        self.is_signed = header[f.LINKS] > 0
        self._buckets_at, self._nodes_at = self.base + header[5], self.base + header[6]

    def find_node(self, key: bytes) -> tuple[int, ...] | None:
        """The fields of a name's node, and its number, if the name exists."""
        octets, wanted = self.octets, crc32(key)
        number, end = _unpack_pair(octets, self._buckets_at + 4 * (wanted & self._mask))
        while number < end:
            node = _unpack_node(octets, self._nodes_at + _NODE_OCTETS * number)
            if node[0] == wanted:
                at = self.base + node[1] + 1
                if octets[at : at + octets[at - 1]].tobytes() == key:
                    # RFC 5155 7.2.8: as if it did not exist
                    return None if node[_FLAGS] & f.IS_HASHED else (*node, number)
            number += 1
        return None

    def key_of(self, asked: Asked) -> int:
        """What a table has the answer to a question under: its type, and whether DO came."""
        return asked.qtype | f.DNSSEC_OK if asked.do and self.is_signed else asked.qtype

    def find(self, key: bytes, zone_at: int, qtype: int) -> Template:
        """The template for a name whose zone's origin begins at `zone_at` of its key.

        `qtype` is what `key_of` made of it, here and below.
        """
        node = self.find_node(key)
        if node is not None:
            return self.find_template(node[EXACT], qtype), None
        return self.find_below(key, 1 + key[0], zone_at, qtype)

    def find_below(self, key: bytes, at: int, zone_at: int, qtype: int) -> Template:
        """The template for a name that does not exist.

        Its parent, which perhaps does not exist either, begins at `at` of the key, its zone's
        origin at `zone_at`.
        """
        while at <= zone_at:
            node = self.find_node(key[at:])
            if node is not None:
                template = self.find_template(node[BELOW], qtype)
                if template and self.octets[template + 1] & LACKS:
                    return template, Enclosed(at, node[_NUMBER])
                return template, None
            at += 1 + key[at]
        return 0, None

    def prove(self, template: Template, key: bytes, origin: bytes) -> Proof | None:
        """What a template lacks for a name of a zone; None: hand over."""
        at, enclosed = template
        if enclosed is None:
            return NO_PROOF if at else None
        prover = self.open_prover(origin)
        return prover.prove(at, key, enclosed, prover.locate(key, enclosed))

    def open_prover(self, origin: bytes) -> Prover:
        """What finds what templates lack; `origin` is the key of the zone's."""
        return Prover(self.octets, self.base, origin)

    def find_template(self, table: int, qtype: int) -> int:
        """Where the template is that a table has for a type. 0: hand over."""
        if not table:
            return 0
        octets, at = self.octets, self.base + table
        count, _, template = f.TABLE_HEADER.unpack_from(octets, at)
        entries = octets[at + 8 : at + 8 + 8 * count]
        if qtype > 0xFFFF:  # with DO, any other type has an entry of its own, the last
            last, other = f.TABLE_ENTRY.unpack_from(octets, at + 8 * count)
            template = other if last == f.OTHER_TYPE else 0
        for rtype, other in f.TABLE_ENTRY.iter_unpack(entries):
            if rtype == qtype:
                template = other
                break
        return self.base + (table + template & f.DISTANCES) if template else 0
