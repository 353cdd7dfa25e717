"""Answers straight from zone images: the portable twin of the native engine.

It takes the queries that resolvers send and finds the template that answers each; whatever
is rarer is handed over to `respond`. No DNS semantics is decided here: that was done when the
image was made. docs/image-format.md describes the steps, and both engines follow it.
"""

from struct import error as StructError  # noqa: N812 - struct's name for it is too short here
from typing import NamedTuple

from zoneserver.engine.respond import MIN_UDP_PAYLOAD, NO_SUCH_ZONE, PADDING_BLOCK
from zoneserver.image import format as f
from zoneserver.image.compose import Way, compose, refuse
from zoneserver.image.images import Images
from zoneserver.image.index import Index
from zoneserver.image.query import Asked, read_query
from zoneserver.image.template import ERROR_KIND
from zoneserver.names import ROOT
from zoneserver.records import rtypes
from zoneserver.wire import message as m
from zoneserver.wire.cookies import Cookies
from zoneserver.wire.encode import encode_extended_error, encode_option, pad

# What reading an image raises that was damaged since it was checked.
DAMAGED = (StructError, IndexError, OverflowError)
TRANSFERS = (rtypes.AXFR, rtypes.IXFR)
_MAX_TCP_OCTETS = 65_535
_REFUSED_OPTION = encode_extended_error(NO_SUCH_ZONE)


class Identity(NamedTuple):
    """What our answers say of us, whoever asks; `keepalive` as `Transport` has it."""

    max_payload: int
    nsid: bytes = b""
    cookies: Cookies | None = None
    keepalive: int | None = None


# What rate limiting counts an answer as: its kind, its account, the length of its OPT, and what
# the asker sent as a cookie. No class: it is made for most queries, and a tuple costs nothing.
Charge = tuple[int, int, int, bytes | None]


class Reply(NamedTuple):
    """An answer, and what it counts as."""

    octets: bytes
    charge: Charge

    @property
    def kind(self) -> int:
        """What sort of answer it is."""
        return self.charge[0]

    @property
    def account(self) -> int:
        """The hash of the name that it is counted on."""
        return self.charge[1]

    @property
    def opt(self) -> int:
        """How many octets its OPT has."""
        return self.charge[2]

    @property
    def cookie(self) -> bytes | None:
        """What the asker sent as a cookie."""
        return self.charge[3]


def look_up(
    images: Images,
    message: bytes,
    identity: Identity,
    *,
    stream: bool,
    address: bytes,
    now: int,
    encrypted: bool = False,
) -> Reply | None:
    """The answer to a query, or None where it is to be handed over."""
    asked = read_query(message)
    if asked is None or asked.qtype in TRANSFERS or (stream and asked.qtype == rtypes.ANY):
        return None
    key, cookie = asked.key, b""
    zone_at = find_zone(images, key, asked.qtype)
    if asked.cookie and identity.cookies:
        cookie = identity.cookies.reply(asked.cookie, address, now)
    keepalive = identity.keepalive if stream and asked.keepalive else None
    refused = zone_at is None
    opt = make_opt(asked, identity, is_refused=refused, cookie=cookie, keepalive=keepalive)
    block = PADDING_BLOCK if encrypted and asked.padding else 0
    question, rd = message[m.HEADER_OCTETS : asked.question_end], (message[2] & 1) << 8
    if zone_at is None:
        octets = _pad(message[:2] + refuse(question, rd, opt), opt, block)
        return Reply(octets, (ERROR_KIND, 0, len(opt), asked.cookie))
    place = images.places[key[zone_at:]]
    if place is None:
        return None
    way = Way(rd, find_room(asked, identity, stream=stream), opt)
    try:
        index = Index(place)
        template = index.find(key, zone_at, index.key_of(asked))
        proof = index.prove(template, key, key[zone_at:])
        if proof is None:
            return None
        octets, kind, account = compose(index.octets, template[0], question, way, proof)
    except DAMAGED:
        return None
    charge = kind, account or f.hash_key(key), len(opt), asked.cookie
    return Reply(_pad(message[:2] + octets, opt, block), charge)


def find_zone(images: Images, key: bytes, qtype: int) -> int | None:
    """Where in the QNAME's key the longest suffix begins that is an origin."""
    places, at = images.places, 0
    while key[at:] not in places:
        if not key[at]:
            return None
        at += 1 + key[at]
    if at or qtype != rtypes.DS or key == ROOT.key:
        return at
    # RFC 4035 3.1.4.1: the DS of a zone's origin is its parent's, where we serve that.
    parent_at = 1 + key[0]
    above = find_zone(images, key[parent_at:], qtype=0)
    return at if above is None else parent_at + above


def find_room(asked: Asked, identity: Identity, *, stream: bool) -> int:
    """How many octets an answer may have.

    RFC 6891 6.2.3: a payload below 512 is read as 512; beyond our own, ours counts.
    """
    if stream:
        return _MAX_TCP_OCTETS
    return max(MIN_UDP_PAYLOAD, min(asked.payload or 0, identity.max_payload))


def _pad(octets: bytes, opt: bytes, block: int) -> bytes:
    """An answer that ends with this OPT, its last block filled; a block of 0: as it is."""
    if not block:
        return octets
    return octets[: -len(opt)] + pad(opt, len(octets), block, _MAX_TCP_OCTETS)


def make_opt(
    asked: Asked,
    identity: Identity,
    *,
    is_refused: bool = False,
    cookie: bytes = b"",
    keepalive: int | None = None,
) -> bytes:
    """Our OPT, where the query has one (RFC 6891 6.1.1), with a cookie or none."""
    if asked.payload is None:
        return b""
    options = b""
    if asked.nsid and identity.nsid:
        options += encode_option(m.NSID, identity.nsid)
    if cookie:
        options += encode_option(m.COOKIE, cookie)
    if keepalive is not None:
        options += encode_option(m.KEEPALIVE, keepalive.to_bytes(2, "big"))
    if is_refused:
        options += _REFUSED_OPTION
    ttl = b"\0\0\x80\0" if asked.do else b"\0\0\0\0"  # RFC 3225 3: DO is copied
    length = len(options).to_bytes(2, "big")
    return b"\0\0\x29" + identity.max_payload.to_bytes(2, "big") + ttl + length + options
