"""The front door: octets of a query in, octets of a response (or silence) out.

Five steps: triage and decode (wire), find the zone, solve, encode. What cannot be
answered gets silence, never an error that could be made to loop. Signatures are not looked
at: who has keys takes them off before, and signs the answer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from zoneserver.engine.answer import Answer, Outcome
from zoneserver.engine.prove import prove
from zoneserver.engine.solve import solve
from zoneserver.errors import MessageError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.wire import message as m
from zoneserver.wire.decode import decode_query
from zoneserver.wire.encode import Opt, Response, encode_error, encode_response
from zoneserver.wire.message import ExtendedError, Query
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import AnyZone, ForbiddenZone, RefusedZone, Zones

# The largest UDP answer that crosses the Internet in one piece (DNS flag day 2020).
MAX_UDP_PAYLOAD = 1232
# RFC 1035 4.2.1: what an asker without EDNS can take.
MIN_UDP_PAYLOAD = 512
_MAX_TCP_OCTETS = 65535
# RFC 8467 4.1: what the length of a padded response is a multiple of.
PADDING_BLOCK = 468
_FIXED_OCTETS = 12  # a record without its rdata

# The codes of RFC 8914 4.
_OTHER, _PROHIBITED, _NOT_AUTHORITATIVE, _NOT_SUPPORTED, _INVALID_DATA = 0, 18, 20, 21, 24

# What an asker is told who takes us for the server of a zone that we do not have.
NO_SUCH_ZONE = ExtendedError(_NOT_AUTHORITATIVE, "no such zone here")

_NOT_LOADED = Response(
    m.SERVFAIL, extended_error=ExtendedError(_INVALID_DATA, "the zone was not loaded")
)

RCODES = {Outcome.NXDOMAIN: m.NXDOMAIN, Outcome.YXDOMAIN: m.YXDOMAIN}


@dataclass(frozen=True, slots=True)
class Transport:
    """What an answer's way back allows.

    `stream`: TCP and TLS, where size does not matter. `max_payload`: the most octets a
    UDP answer may have. `nsid`: who we say we are (RFC 5001), to those who ask. `cookie`
    makes the cookie for an asker from the one that came (RFC 7873 5.2); None: no cookies.
    `keepalive`: for how long a stream may be idle, in units of 100 ms, to those who ask
    (RFC 7828). `encrypted`: TLS, where answers are padded for those who ask (RFC 7830).
    `reserved` octets are left for what is put behind the answer. `may_transfer` says which
    zones who asks may take; None: none.
    """

    stream: bool = False
    max_payload: int = MAX_UDP_PAYLOAD
    nsid: bytes = b""
    cookie: Callable[[bytes], bytes] | None = None
    keepalive: int | None = None
    encrypted: bool = False
    reserved: int = 0
    may_transfer: Callable[[Name], bool] | None = None


def respond(zones: Zones, message: bytes, transport: Transport) -> bytes | None:
    """The octets that answer a message, or None where silence is the answer."""
    try:
        query = decode_query(message)
    except MessageError as error:
        return encode_error(message, error.rcode)
    if query is None:
        return None
    return _encode(query, _decide(zones, query, transport), transport)


def servfail(message: bytes, transport: Transport) -> bytes | None:
    """The answer to a query that we failed on, or None where it deserves silence."""
    return decline(message, transport, m.SERVFAIL, ExtendedError(_OTHER))


def decline(
    message: bytes, transport: Transport, rcode: int, error: ExtendedError | None = None
) -> bytes | None:
    """An answer that is an error, whatever was asked, or None where silence is due."""
    try:
        query = decode_query(message)
    except MessageError as mistake:
        return encode_error(message, mistake.rcode)
    if query is None:
        return None
    if query.edns is not None and query.edns.version > 0:
        return _encode(query, Response(m.BADVERS), transport)  # RFC 6891 6.1.3
    return _encode(query, Response(rcode, extended_error=error), transport)


def _encode(query: Query, response: Response, transport: Transport) -> bytes:
    limit = _MAX_TCP_OCTETS
    if not transport.stream:
        # RFC 6891 6.2.3: a payload below 512 is read as 512; beyond our own, ours counts.
        asked = query.edns.payload if query.edns else MIN_UDP_PAYLOAD
        limit = max(MIN_UDP_PAYLOAD, min(asked, transport.max_payload))
    cookie = b""
    if transport.cookie and query.edns and (asked_with := query.edns.cookie):
        cookie = transport.cookie(asked_with)
    keepalive = transport.keepalive if transport.stream else None
    block = PADDING_BLOCK if transport.encrypted else 0
    ours = Opt(
        transport.max_payload, transport.nsid, cookie, keepalive, block, transport.reserved
    )
    return encode_response(query, response, limit, ours)


def _decide(zones: Zones, query: Query, transport: Transport) -> Response:
    """What is answered, before any of it is octets."""
    if query.edns is not None and query.edns.version > 0:
        return Response(m.BADVERS)  # RFC 6891 6.1.3
    if query.qclass not in (m.IN, m.ANY_CLASS):
        return _refuse(_NOT_SUPPORTED, "class IN only")
    zone = _find_zone(zones, query)
    if query.opcode == m.NOTIFY:
        # RFC 1996 3.10: only from a primary of the zone, and no zone of ours has one.
        return _refuse(_PROHIBITED, "no primary") if zone else Response(m.NOTAUTH)
    if zone is None:
        return Response(m.REFUSED, extended_error=NO_SUCH_ZONE)
    if isinstance(zone, ForbiddenZone):
        return _refuse(_PROHIBITED, "not for this address")
    if query.qtype in (rtypes.AXFR, rtypes.IXFR):
        return _decide_transfer(zone, query, transport)
    if not isinstance(zone, Zone):
        return _NOT_LOADED
    return _tell(zone, solve(zone, query.qname, query.qtype), query, transport)


def _decide_transfer(zone: Zone | RefusedZone, query: Query, transport: Transport) -> Response:
    """What is answered to who wants a zone, but for the zone."""
    # RFC 5936 4.2: a zone transfer over UDP is not defined.
    if query.qtype == rtypes.AXFR and not transport.stream:
        return Response(m.NOTIMP)
    if transport.may_transfer is None or not transport.may_transfer(zone.origin):
        return _refuse(_PROHIBITED, "transfers are not allowed")
    if query.qname != zone.origin:
        return Response(m.NOTAUTH)  # RFC 5936 2.2.1
    if isinstance(zone, Zone) and zone.soa:
        # RFC 1995 2: whom this tells of a newer version comes back over TCP.
        return Response(m.NOERROR, authoritative=True, answer=(zone.soa,), origin=zone.origin)
    return _NOT_LOADED


def _find_zone(zones: Zones, query: Query) -> AnyZone | None:
    """The zone that the question is for; a DS is the parent's (RFC 4035 3.1.4.1)."""
    zone = zones.find(query.qname)
    if query.qtype == rtypes.DS and zone is not None and zone.origin == query.qname:
        return zones.find_parent(zone.origin) or zone
    return zone


def _tell(zone: Zone, answer: Answer, query: Query, transport: Transport) -> Response:
    """The answer of a zone as a response."""
    if query.qtype == rtypes.ANY and not transport.stream:
        answer = minimal_any(answer)
    if query.edns is not None and query.edns.do:
        answer = prove(zone, answer)  # RFC 3225 3: nobody else gets records that prove
    return Response(
        rcode=RCODES.get(answer.outcome, m.NOERROR),
        # RFC 1035 3.2.5 has no single class to be an authority for here.
        authoritative=answer.is_authoritative and query.qclass == m.IN,
        answer=answer.answer,
        authority=answer.authority,
        glue=answer.glue,
        additional=answer.additional,
        origin=zone.origin,
    )


def minimal_any(answer: Answer) -> Answer:
    """What of the answer to ANY is sent over UDP: the smallest RRset (RFC 8482 4.1)."""
    found = answer.answer[answer.aliases :]
    if not found:
        return answer
    answered = (*answer.answer[: answer.aliases], smallest_rrset(found))
    return replace(answer, answer=answered, additional=())


def smallest_rrset(rrsets: Sequence[RRset]) -> RRset:
    """The RRset that amplifies least; signatures are none (RFC 8482 4.1)."""
    if len(rrsets) == 1:
        return rrsets[0]
    return min(rrsets, key=lambda rrset: (rrset.rtype == rtypes.RRSIG, _octets(rrset)))


def _octets(rrset: RRset) -> int:
    """What a set adds to a message, its owner being a pointer."""
    return sum(_FIXED_OCTETS + len(rdata.wire) for rdata in rrset.rdatas)


def _refuse(code: int, text: str) -> Response:
    return Response(m.REFUSED, extended_error=ExtendedError(code, text))
