"""The octets of an answer: a template behind a question, and our OPT behind that.

Messages stand here without their id, which an answer copies from its query. Nearly all of what
it costs to answer an existing name for the first time is spent in `compose` (3 of 6 us): each
pointer that is moved takes 0.4 us, so what can be unpacked at once is.
"""

from struct import Struct
from typing import NamedTuple

from zoneserver.image import format as f
from zoneserver.image.proofs import Proof
from zoneserver.wire import message as m
from zoneserver.wire.encode import MAX_PLACE

_QUESTION_OCTETS = 4  # from the end of QNAME to the body
_QR, _AA, _TC = 0x8000, 0x0400, 0x0200
_unpack_template = f.TEMPLATE_HEADER.unpack_from
_pack_header = Struct(">5H").pack
_iterate_positions = Struct("<H").iter_unpack
_iterate_cuts = f.CUT.iter_unpack
_POINTER = Struct(">H")
_unpack_pointer, _pack_pointer = _POINTER.unpack_from, _POINTER.pack_into


class Way(NamedTuple):
    """How an answer goes out: with RD (in its place) and OPT, in so many octets at most."""

    rd: int
    room: int
    opt: bytes


def compose(
    octets: memoryview, at: int, question: bytes, way: Way, proof: Proof
) -> tuple[bytes, int, int]:
    """The answer by the template at an offset; the kind and the account of the template.

    `proof` is what that lacks. Raises StructError or IndexError where the image is damaged.
    """
    (rd, room, opt), (records, added) = way, proof
    rcode, about, body, required, answers, authorities, cuts, glue, pointers, account = (
        _unpack_template(octets, at)
    )
    pointers_at = at + f.TEMPLATE_HEADER.size
    cuts_at = pointers_at + 2 * pointers
    body_at = cuts_at + 4 * cuts
    flags = _QR | rcode | rd | (_AA if about & f.IS_AUTHORITATIVE else 0)
    room -= m.HEADER_OCTETS + len(question) + len(opt) + len(added)
    end, extra = required, 1 if opt else 0
    authorities += records
    if required > room:
        flags |= _TC  # RFC 2181 9: a required RRset that is cut is of no use
        answers = authorities = end = 0
        added = b""
    elif body <= room:
        end = body
        for _, records in _iterate_cuts(octets[cuts_at:body_at]) if cuts else ():
            extra += records
    else:
        for number, (cut, records) in enumerate(_iterate_cuts(octets[cuts_at:body_at])):
            if cut > room:
                flags |= _TC if number < glue else 0  # RFC 9471 3
                break
            end, extra = cut, extra + records
    sections: memoryview | bytearray = octets[body_at : body_at + end]
    if pointers:
        sections = bytearray(sections)
        positions = octets[pointers_at:cuts_at]
        name_end = m.HEADER_OCTETS + len(question) - _QUESTION_OCTETS
        _move_pointers(sections, positions, name_end, required, len(added))
    header = _pack_header(flags, 1, answers, authorities, extra)
    kind = about >> f.KIND_SHIFT & f.KIND_MASK
    if added:
        before, behind_proof = sections[:required], sections[required:]
        return b"".join((header, question, before, added, behind_proof, opt)), kind, account
    return b"".join((header, question, sections, opt)), kind, account


def _move_pointers(
    sections: bytearray, positions: memoryview, name_end: int, required: int, added: int
) -> None:
    """Have pointers lead to where QNAME ends, and beyond what is added behind `required`."""
    behind, end = required + _QUESTION_OCTETS, len(sections)
    for (position,) in _iterate_positions(positions):
        if position >= end:
            break
        stored = _unpack_pointer(sections, position)[0] & 0x3FFF
        if behind <= stored <= MAX_PLACE:
            stored += added
        _pack_pointer(sections, position, stored + name_end & 0x3FFF | 0xC000)


def refuse(question: bytes, rd: int, opt: bytes) -> bytes:
    """REFUSED: we are no server for that name."""
    header = _pack_header(_QR | m.REFUSED | rd, 1, 0, 0, 1 if opt else 0)
    return header + question + opt
