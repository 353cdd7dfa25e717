"""NOTIFY (RFC 1996): the messages that are sent and their replies, and whose are heeded.

Beside it the question for an SOA, by which we see which serial another server has. Knows no
sockets: octets in, octets and values out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.transfer.settings import Peer, TransferSettings
from zoneserver.transports.endpoint import pack_address
from zoneserver.wire import message as m

_QR, _AA = 0x8000, 0x0400
_OPCODE_SHIFT, _OPCODE, _RCODE = 11, 0x0F, 0x0F
_TIMERS = 20  # octets of an SOA's rdata behind its names: the serial, then four timers
_SHORTEST_SOA = _TIMERS + 2
_POINTER = 0xC0
_FIXED = 10  # octets of a record between its owner and its rdata
_RECORDS_AT = 6  # ANCOUNT, NSCOUNT and ARCOUNT follow
_RCODES = {
    m.NOERROR: "NOERROR",
    m.FORMERR: "FORMERR",
    m.SERVFAIL: "SERVFAIL",
    m.NXDOMAIN: "NXDOMAIN",
    m.NOTIMP: "NOTIMP",
    m.REFUSED: "REFUSED",
    m.NOTAUTH: "NOTAUTH",
}


def make_notify(number: int, origin: Name, soa: bytes, ttl: int) -> bytes:
    """The message that a zone has changed, with the id `number`.

    `soa` is the rdata of its new SOA, uncompressed: a hint (RFC 1996 3.7), with which who has
    that serial already need not ask.
    """
    header = _header(number, m.NOTIFY << _OPCODE_SHIFT | _AA, answers=1)
    fixed = rtypes.SOA.to_bytes(2, "big") + m.IN.to_bytes(2, "big") + ttl.to_bytes(4, "big")
    record = b"\xc0\x0c" + fixed + len(soa).to_bytes(2, "big") + soa
    return header + _question(origin) + record


def make_soa_query(number: int, origin: Name) -> bytes:
    """The question for the SOA of a zone, without recursion, with the id `number`."""
    return _header(number, 0) + _question(origin)


class Reply(NamedTuple):
    """What came back: the RCODE, and the serial of the SOA in the answer section, if any."""

    rcode: int
    is_authoritative: bool
    serial: int | None


def read_reply(request: bytes, octets: bytes) -> Reply | None:
    """The reply to a message that was made here; None: it is none."""
    if len(octets) < m.HEADER_OCTETS or octets[:2] != request[:2]:
        return None
    flags = int.from_bytes(octets[2:4], "big")
    opcode = flags >> _OPCODE_SHIFT & _OPCODE
    if not flags & _QR or opcode != int.from_bytes(request[2:4], "big") >> _OPCODE_SHIFT:
        return None
    rcode = flags & _RCODE
    if octets[4:6] == b"\0\0" and rcode:  # RFC 8906 3.1.4: an error may have no question
        return Reply(rcode, is_authoritative=False, serial=None)
    end = _end_of_question(request)
    asked, answered = request[m.HEADER_OCTETS : end], octets[m.HEADER_OCTETS : end]
    if octets[4:6] != b"\0\1" or asked.lower() != answered.lower():
        return None
    return Reply(rcode, bool(flags & _AA), find_serial(octets, end))


def find_serial(octets: bytes, end: int) -> int | None:
    """The serial of the SOA that is the first record behind a question that ends at `end`.

    None where there is none, or none that can be read.
    """
    if octets[_RECORDS_AT : _RECORDS_AT + 2] == b"\0\0":
        return None
    fixed = _skip_owner(octets, end)
    rdata = fixed + _FIXED
    if rdata > len(octets) or octets[fixed : fixed + 4] != b"\0\6\0\1":
        return None
    length = int.from_bytes(octets[rdata - 2 : rdata], "big")
    if length < _SHORTEST_SOA or rdata + length > len(octets):
        return None
    # However its names are compressed, the timers are the last that there is of it.
    at = rdata + length - _TIMERS
    return int.from_bytes(octets[at : at + 4], "big")


class Primary(NamedTuple):
    """Whose NOTIFY is heeded: an address, and the name of the key that it signs with."""

    address: bytes
    key: Name | None = None


@dataclass(frozen=True, slots=True)
class Primaries:
    """Whose NOTIFY is heeded, for which zone.

    `zones` are those of single zones, by origin. `members` are those of the zones that
    catalogs may have: for these any zone will do that has none of its own.
    """

    zones: Mapping[Name, Iterable[Primary]] = field(default_factory=dict)
    members: Iterable[Primary] = ()
    _addresses: frozenset[bytes] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        everybody = [*self.members, *(each for some in self.zones.values() for each in some)]
        object.__setattr__(self, "_addresses", frozenset(each.address for each in everybody))

    @classmethod
    def of(cls, settings: TransferSettings) -> Self:
        """Those that are set."""
        zones = {each.origin: _primaries(each.primaries) for each in settings.secondaries}
        zones |= {each.origin: _primaries(each.primaries) for each in settings.catalogs}
        members: list[Primary] = []
        for each in settings.catalogs:
            members += _primaries(each.members or each.primaries)
            for _, peers in each.groups:
                members += _primaries(peers)
        return cls(zones, members)

    def knows(self, address: bytes) -> bool:
        """Whether it is the address of a primary at all."""
        return address in self._addresses

    def accepts(self, origin: Name, address: bytes, key: Name | None) -> bool:
        """Whether a NOTIFY for a zone is heeded that came from an address.

        `key` has signed it, and was found right; None: it was not signed. A primary with a
        key signs all that it sends (RFC 1996 3.10: who it is must be certain).
        """
        primaries = self.zones.get(origin, self.members)
        return any(
            each.address == address and (each.key is None or each.key == key)
            for each in primaries
        )


def say_rcode(rcode: int) -> str:
    """An RCODE by its name, where it has one."""
    return _RCODES.get(rcode, f"RCODE {rcode}")


def _primaries(peers: Iterable[Peer]) -> list[Primary]:
    return [Primary(pack_address(peer.endpoint.address), peer.key) for peer in peers]


def _header(number: int, flags: int, answers: int = 0) -> bytes:
    counts = (number, flags, 1, answers, 0, 0)
    return b"".join(each.to_bytes(2, "big") for each in counts)


def _question(origin: Name) -> bytes:
    return origin.wire + rtypes.SOA.to_bytes(2, "big") + m.IN.to_bytes(2, "big")


def _end_of_question(request: bytes) -> int:
    """Where the question of a message of our own ends."""
    at = m.HEADER_OCTETS
    while length := request[at]:
        at += 1 + length
    return at + 5


def _skip_owner(octets: bytes, at: int) -> int:
    """The offset behind a name; a pointer ends it and is not followed."""
    while at < len(octets) and (length := octets[at]):
        if length >= _POINTER:
            return at + 2
        at += 1 + length
    return at + 1
