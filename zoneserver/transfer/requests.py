"""Who asks for a zone and may have it: what they want, and the messages that bring it."""

from dataclasses import dataclass

from zoneserver.errors import MessageError
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.transfer.outgoing import Section
from zoneserver.transfer.settings import TransferSettings
from zoneserver.transfer.tsig import Request, Signer
from zoneserver.wire import message as m
from zoneserver.wire.decode import decode_query
from zoneserver.wire.message import Query
from zoneserver.wire.scan import OPT_VERSION, Scan, scan, skip_owner

_QR, _AA, _RD, _DO = 0x8000, 0x0400, 0x0100, 0x8000
_SOA_TIMERS = 20  # octets of an SOA's rdata behind its names: the serial, then four timers
_FIXED_OCTETS = 10  # of a record between its owner and its rdata
_OPT_PAYLOAD = 1232
_QUESTIONS = {
    (rtype.to_bytes(2, "big"), m.IN.to_bytes(2, "big")) for rtype in (rtypes.AXFR, rtypes.IXFR)
}
MAX_MESSAGE = 65_535  # octets


@dataclass(frozen=True, slots=True)
class Wanted:
    """A zone, and the query over TCP or TLS of who may have it.

    `serial` is the one that the asker of an IXFR has; None: it has not said. `signer` signs
    the answer; None: the query is not signed.
    """

    query: Query
    serial: int | None
    signer: Signer | None

    @property
    def origin(self) -> Name:
        """The zone."""
        return self.query.qname

    def sign(self, message: bytes, now: int) -> bytes:
        """A message of the answer, as it is sent."""
        return self.signer.sign(message, now) if self.signer else message


def find_wanted(
    message: bytes,
    request: Request | None,
    address: bytes,
    settings: TransferSettings,
    images: Images,
) -> Wanted | None:
    """Which zone a message wants; None: it wants none that it may have, or not well.

    `request` is what was said of its signature, without which it is given here.
    """
    key = request.key if request else None
    if not settings.allow or (request and key is None):
        return None
    try:
        found = scan(message)
        query = decode_query(message) if found and _wants_zone(message, found) else None
    except MessageError:
        return None
    if found is None or query is None or images.places.get(query.qname.key) is None:
        return None
    if not settings.permits(query.qname, address, key.name if key else None):
        return None
    is_incremental = query.qtype == rtypes.IXFR
    serial = _read_serial(message, found.question_end) if is_incremental else None
    signer = Signer(key, request.tsig.mac) if key and request else None
    return Wanted(query, serial, signer)


def _wants_zone(message: bytes, found: Scan) -> bool:
    """Whether a message that has been scanned asks for a zone, in words that we know."""
    end = found.question_end
    asked = message[end - 4 : end - 2], message[end - 2 : end]
    known = found.opt is None or message[found.opt[0] + OPT_VERSION] == 0  # RFC 6891 6.1.3
    return found.opcode == m.QUERY and known and asked in _QUESTIONS


def _read_serial(message: bytes, question_end: int) -> int | None:
    """The serial of the SOA in the authority section (RFC 1995 3).

    `message` has been scanned; so its records are whole.
    """
    at = question_end
    answers, authorities = (int.from_bytes(message[i : i + 2], "big") for i in (6, 8))
    for number in range(answers + authorities):
        at = skip_owner(message, at)
        rtype = int.from_bytes(message[at : at + 2], "big")
        end = at + _FIXED_OCTETS + int.from_bytes(message[at + 8 : at + 10], "big")
        if number >= answers and rtype == rtypes.SOA and end - at > _FIXED_OCTETS + _SOA_TIMERS:
            return int.from_bytes(message[end - _SOA_TIMERS : end - _SOA_TIMERS + 4], "big")
        at = end
    return None


def write_message(query: Query, section: Section, *, with_opt: bool) -> bytes:
    """A message of the answer to a query, with the records of a section.

    `with_opt`: it says in an OPT that we know EDNS, if the query has one; which is due in the
    first message of an answer (RFC 5936 2.2.5).
    """
    opt = b""
    if with_opt and query.edns is not None:
        flags = _DO if query.edns.do else 0  # RFC 3225 3: DO is copied
        opt = b"\0\0\x29" + _OPT_PAYLOAD.to_bytes(2, "big") + flags.to_bytes(4, "big") + b"\0\0"
    counts = (1, section.records, 0, int(bool(opt)))
    return b"".join((_begin(query, _AA, counts), section.octets, opt))


def write_error(query: Query, rcode: int) -> bytes:
    """What is said to who cannot have the zone now."""
    return _begin(query, rcode, (1, 0, 0, 0))


def _begin(query: Query, flags: int, counts: tuple[int, int, int, int]) -> bytes:
    """The header and the question of a message."""
    flags |= _QR | (_RD if query.recursion_desired else 0)  # RFC 1035 4.1.1: it is copied
    return b"".join(
        (
            *(each.to_bytes(2, "big") for each in (query.message_id, flags, *counts)),
            query.qname.wire,
            query.qtype.to_bytes(2, "big"),
            m.IN.to_bytes(2, "big"),
        )
    )
