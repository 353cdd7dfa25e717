"""The octets of an answer: a template behind a question, and our OPT behind that.

Messages stand here without their id, which an answer copies from its query.
"""

from struct import Struct

from zoneserver.image import format as f
from zoneserver.wire import message as m

RD = 0x0100
_QR, _AA, _TC = 0x8000, 0x0400, 0x0200
_unpack_template = f.TEMPLATE_HEADER.unpack_from
_HEADER = Struct(">5H")
_POINTER = Struct("<H")
_pack_header = _HEADER.pack
_iterate_pointers = _POINTER.iter_unpack
_iterate_cuts = f.CUT.iter_unpack


def compose(
    octets: memoryview, at: int, question: bytes, *, rd: int, room: int, opt: bytes
) -> tuple[bytes, int, int]:
    """The answer by the template at an offset; the kind and the account of the template.

    `rd` is the query's flag in its place, `room` what question, records and OPT may have.
    Raises StructError or IndexError where the image is damaged.
    """
    rcode, about, body, required, answers, authorities, cuts, glue, pointers, account = (
        _unpack_template(octets, at)
    )
    pointers_at = at + f.TEMPLATE_HEADER.size
    cuts_at = pointers_at + 2 * pointers
    body_at = cuts_at + 4 * cuts
    flags = _QR | rcode | rd | (_AA if about & f.IS_AUTHORITATIVE else 0)
    room -= m.HEADER_OCTETS + len(question) + len(opt)
    end, extra = required, 1 if opt else 0
    if required > room:
        flags |= _TC  # RFC 2181 9: a required RRset that is cut is of no use
        answers = authorities = end = 0
    elif required < body:
        for number, (cut, records) in enumerate(_iterate_cuts(octets[cuts_at:body_at])):
            if cut > room:
                flags |= _TC if number < glue else 0  # RFC 9471 3
                break
            end, extra = cut, extra + records
    records = octets[body_at : body_at + end]
    if pointers:
        records = bytearray(records)
        name_end = m.HEADER_OCTETS + len(question) - 4
        for (pointer,) in _iterate_pointers(octets[pointers_at:cuts_at]):
            if pointer >= end:
                break
            moved = (records[pointer] << 8 | records[pointer + 1]) + name_end & 0x3FFF
            records[pointer] = moved >> 8 | 0xC0
            records[pointer + 1] = moved & 0xFF
    header = _pack_header(flags, 1, answers, authorities, extra)
    return b"".join((header, question, records, opt)), about >> f.KIND_SHIFT, account


def refuse(question: bytes, rd: int, opt: bytes) -> bytes:
    """REFUSED: we are no server for that name."""
    header = _pack_header(_QR | m.REFUSED | rd, 1, 0, 0, 1 if opt else 0)
    return header + question + opt
