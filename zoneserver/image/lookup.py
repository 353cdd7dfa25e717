"""Answers straight from zone images: the portable twin of the native engine.

It takes the queries that resolvers send and finds the template that answers each; whatever
is rarer is handed over to `respond`. No DNS semantics is decided here: that was done when the
image was made. docs/image-format.md describes the steps, and both engines follow it.
"""

from struct import error as StructError  # noqa: N812 - struct's name for it is too short here
from typing import NamedTuple

from zoneserver.engine.respond import MIN_UDP_PAYLOAD, NO_SUCH_ZONE
from zoneserver.image import format as f
from zoneserver.image.images import Images, Place
from zoneserver.image.query import Asked, read_query
from zoneserver.image.template import ERROR_KIND
from zoneserver.names import ROOT
from zoneserver.records import rtypes
from zoneserver.wire import message as m
from zoneserver.wire.cookies import Cookies
from zoneserver.wire.encode import encode_extended_error, encode_option

_MAX_TCP_OCTETS = 65_535
_QR, _AA, _TC, _RD = 0x8000, 0x0400, 0x0200, 0x0100
_REFUSED_OPTION = encode_extended_error(NO_SUCH_ZONE)
_TRANSFERS = (rtypes.AXFR, rtypes.IXFR)

_unpack_node = f.NODE.unpack_from
_unpack_entry = f.TABLE_ENTRY.unpack_from
_unpack_cut = f.CUT.unpack_from


class Identity(NamedTuple):
    """What our answers say of us, whoever asks."""

    max_payload: int
    nsid: bytes = b""
    cookies: Cookies | None = None


class Reply(NamedTuple):
    """An answer, and what rate limiting counts it as.

    `opt` is the length of its OPT, `cookie` what the asker sent as one.
    """

    octets: bytes
    kind: int
    account: int
    opt: int = 0
    cookie: bytes | None = None


class _Room(NamedTuple):
    """How many octets an answer may have beside its OPT, and that."""

    octets: int
    opt: bytes


class _Found(NamedTuple):
    """The offset behind a template's header, and what that says, in its order."""

    at: int
    rcode: int
    flags: int
    body: int
    required: int
    answers: int
    authorities: int
    cuts: int
    glue: int
    relocations: int
    account: int


def look_up(
    images: Images,
    message: bytes,
    identity: Identity,
    *,
    stream: bool,
    address: bytes,
    now: int,
) -> Reply | None:
    """The answer to a query, or None where it is to be handed over."""
    asked = read_query(message)
    if asked is None or asked.qtype in _TRANSFERS or (stream and asked.qtype == rtypes.ANY):
        return None
    zone_at = _find_zone(images, asked)
    options = b""
    if asked.payload is not None:
        options = _make_options(asked, identity, address, now)
        options += _REFUSED_OPTION if zone_at is None else b""
    opt = _make_opt(asked, identity, options)
    if zone_at is None:
        return _refuse(message, asked, opt)
    limit = _MAX_TCP_OCTETS
    if not stream:
        # RFC 6891 6.2.3: a payload below 512 is read as 512; beyond our own, ours counts.
        limit = max(MIN_UDP_PAYLOAD, min(asked.payload or 0, identity.max_payload))
    place = images.places[asked.key[zone_at:]]
    if place is None:
        return None
    try:
        found = _find_template(place, asked, zone_at)
        return found and _compose(place, found, message, asked, _Room(limit - len(opt), opt))
    except (StructError, IndexError, OverflowError):  # damaged since it was checked
        return None


def _find_zone(images: Images, asked: Asked) -> int | None:
    """Where in the QNAME's key the longest suffix begins that is an origin."""
    key, places = asked.key, images.places
    at = 0
    while key[at:] not in places:
        if not key[at]:
            return None
        at += 1 + key[at]
    if at or asked.qtype != rtypes.DS or key == ROOT.key:
        return at
    # RFC 4035 3.1.4.1: the DS of a zone's origin is its parent's, where we serve that.
    above = _find_zone(images, asked._replace(key=key[1 + key[0] :], qtype=0))
    return at if above is None else above + 1 + key[0]


def _find_template(place: Place, asked: Asked, zone_at: int) -> _Found | None:
    """The template for a QNAME whose zone's origin begins at `zone_at` of its key."""
    octets, base = place.octets, place.offset
    header = f.ZONE_HEADER.unpack_from(octets, base)
    mask, buckets_at, nodes_at = header[3] - 1, base + header[5], base + header[6]
    key, at = asked.key, 0
    while at <= zone_at:
        suffix = key[at:]
        wanted = f.hash_key(suffix)
        first, end = _unpack_entry(octets, buckets_at + 4 * (wanted & mask))
        for number in range(first, end):
            node = _unpack_node(octets, nodes_at + 24 * number)
            if node[0] == wanted:
                name_at = base + node[1] + 1
                if octets[name_at : name_at + octets[name_at - 1]] == suffix:
                    return _read_template(octets, base, node[3 if at else 2], asked.qtype)
        at += 1 + key[at]
    return None


def _read_template(octets: memoryview, base: int, table: int, qtype: int) -> _Found | None:
    """The template that a table has for a type."""
    if not table:
        return None
    at = base + table
    count, _, template = f.TABLE_HEADER.unpack_from(octets, at)
    for number in range(count):
        rtype, other = _unpack_entry(octets, at + 8 + 8 * number)
        if rtype == qtype:
            template = other
            break
    if not template:
        return None
    at = base + template
    header = f.TEMPLATE_HEADER.unpack_from(octets, at)
    return _Found(at + f.TEMPLATE_HEADER.size, *header)


def _compose(place: Place, found: _Found, message: bytes, asked: Asked, room: _Room) -> Reply:
    """The octets of an answer: the template behind the question, its pointers moved."""
    octets, question_end = place.octets, asked.question_end
    flags = _QR | found.rcode | (message[2] & 1) << 8
    flags |= _AA if found.flags & f.IS_AUTHORITATIVE else 0
    cuts_at = found.at + 2 * found.relocations
    body_at = cuts_at + 4 * found.cuts
    answers, authorities, extra = found.answers, found.authorities, 0
    end = found.required
    if question_end + end > room.octets:
        flags |= _TC  # RFC 2181 9: a required RRset that is cut is of no use
        answers = authorities = end = 0
    else:
        for number in range(found.cuts):
            cut, records = _unpack_cut(octets, cuts_at + 4 * number)
            if question_end + cut > room.octets:
                flags |= _TC if number < found.glue else 0  # RFC 9471 3
                break
            end, extra = cut, extra + records
    body = bytearray(octets[body_at : body_at + end])
    name_end = question_end - 4
    for at in range(found.at, cuts_at, 2):
        pointer = octets[at] | octets[at + 1] << 8
        if pointer >= end:
            break
        moved = (body[pointer] << 8 | body[pointer + 1]) + name_end & 0x3FFF | 0xC000
        body[pointer], body[pointer + 1] = moved >> 8, moved & 0xFF
    counts = (flags, 1, answers, authorities, extra + bool(room.opt))
    header = message[:2] + b"".join(count.to_bytes(2, "big") for count in counts)
    question = message[m.HEADER_OCTETS : question_end]
    return Reply(
        b"".join((header, question, body, room.opt)),
        found.flags >> f.KIND_SHIFT,
        found.account or f.hash_key(asked.key),
        len(room.opt),
        asked.cookie,
    )


def _refuse(message: bytes, asked: Asked, opt: bytes) -> Reply:
    """REFUSED: we are no server for that name."""
    flags = _QR | m.REFUSED | (message[2] & 1) << 8
    counts = flags.to_bytes(2, "big") + b"\0\1\0\0\0\0\0" + bytes((bool(opt),))
    question = message[m.HEADER_OCTETS : asked.question_end]
    return Reply(message[:2] + counts + question + opt, ERROR_KIND, 0, len(opt), asked.cookie)


def _make_opt(asked: Asked, identity: Identity, options: bytes) -> bytes:
    """Our OPT, where the query has one (RFC 6891 6.1.1)."""
    if asked.payload is None:
        return b""
    ttl = b"\0\0\x80\0" if asked.do else b"\0\0\0\0"  # RFC 3225 3: DO is copied
    length = len(options).to_bytes(2, "big")
    return b"\0\0\x29" + identity.max_payload.to_bytes(2, "big") + ttl + length + options


def _make_options(asked: Asked, identity: Identity, address: bytes, now: int) -> bytes:
    options = b""
    if asked.nsid and identity.nsid:
        options += encode_option(m.NSID, identity.nsid)
    if asked.cookie and identity.cookies:
        cookie = identity.cookies.reply(asked.cookie, address, now)
        options += encode_option(m.COOKIE, cookie)
    return options
