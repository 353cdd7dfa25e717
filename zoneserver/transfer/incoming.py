"""A zone that comes in (RFC 5936, RFC 1995): message by message, and nothing taken on trust.

Knows no sockets and no files. Messages go in, records come out; they are a zone, or a part of
one, only once the last message has been found right.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from zoneserver.errors import TransferError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA
from zoneserver.records.rrset import Record
from zoneserver.transfer.lines import decode_record
from zoneserver.transfer.notify import say_rcode
from zoneserver.transfer.responses import Question, Response, WireRecord, decode_response
from zoneserver.transfer.serial import is_newer
from zoneserver.transfer.verifying import Verifier, finish, verify
from zoneserver.wire import message as m

MAX_TTL = (1 << 31) - 1
# What differences may have in octets that a zone of any size has, beside a share of the zone.
LEAST_DIFFERENCES = 1 << 20
MOST_OWNERS = 10_000  # that are remembered to be in the zone


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for: all of a zone, or what has changed.

    `serial` is that of the version that we have, if we have one: what comes must be newer.
    """

    message_id: int
    origin: Name
    serial: int | None = None
    incremental: bool = False

    @property
    def qtype(self) -> int:
        """IXFR or AXFR."""
        return rtypes.IXFR if self.incremental else rtypes.AXFR

    def encode(self) -> bytes:
        """The message."""
        counts = b"\0\1\0\0\0\1" if self.incremental else b"\0\1\0\0\0\0"
        header = self.message_id.to_bytes(2, "big") + b"\0\0" + counts + b"\0\0"
        question = self.origin.wire + self.qtype.to_bytes(2, "big") + b"\0\1"
        if not self.incremental:
            return header + question
        assert self.serial is not None
        # RFC 1995 3: the SOA that we have, of which only the serial counts.
        rdata = b"\0\0" + self.serial.to_bytes(4, "big") + bytes(16)
        soa = b"\xc0\x0c\0\6\0\1" + bytes(4) + len(rdata).to_bytes(2, "big") + rdata
        return header + question + soa

    def fits(self, question: Question) -> bool:
        """Whether a question is the one that was asked."""
        return question == Question(self.origin, self.qtype, m.IN)


@dataclass(slots=True)
class Difference:
    """What one version has that the next one does not, and the other way round."""

    old: SOA
    new: SOA | None = None
    deleted: list[Record] = field(default_factory=list)
    added: list[Record] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Limits:
    """How many octets a transfer may have, and how many of differences."""

    octets: int
    differences: int = LEAST_DIFFERENCES


class Incoming:
    """One transfer. It `is_done` when nothing is missing, and then there is

    - nothing new: it `is_current`;
    - a whole zone: `receive` has given its records, the SOA first;
    - or `differences`, each from where the one before it ended.
    """

    def __init__(self, request: Request, limits: Limits, verifier: Verifier) -> None:
        self.request = request
        self.is_done = False
        self.is_current = False
        self.is_whole = False
        self.soa: Record | None = None
        self.differences: list[Difference] = []
        self.records = 0  # that have come, in any style
        self.octets = 0
        self._limits = limits
        self._verifier = verifier
        self._has_ns = False
        self._owners: set[bytes] = set()
        self._begin: WireRecord | None = None  # the first SOA

    @property
    def version(self) -> SOA:
        """The SOA of the version that comes in, once that has come."""
        assert self.soa is not None
        return _soa(self.soa)

    @property
    def serial(self) -> int:
        """Its serial."""
        return self.version.serial

    def receive(self, octets: bytes, now: int) -> list[WireRecord]:
        """Take a message; the records of a whole zone that it holds. Raises TransferError.

        `now` is the time in seconds since 1970.
        """
        self.octets += len(octets)
        if self.octets > self._limits.octets:
            raise TransferError(f"it has more than {self._limits.octets} octets")
        response = decode_response(verify(self._verifier, octets, now))
        self._check_header(response)
        zone = self._take_all(response.answers)
        if not self.is_whole and self.differences and self.octets > self._limits.differences:
            raise TransferError("its differences are larger than they are worth")
        # An SOA alone says that nothing has changed, or, over UDP only, that much has.
        if self.records == 1 and self.request.incremental:
            assert self.request.serial is not None
            self._end_if_current(self.request.serial)
        if self.is_done:
            finish(self._verifier)
        return zone

    def _check_header(self, response: Response) -> None:
        if not response.is_response or response.message_id != self.request.message_id:
            raise TransferError("a message is no response to what was asked")
        if response.rcode:
            raise TransferError(f"it answers {say_rcode(response.rcode)}", response.rcode)
        if response.is_truncated:
            raise TransferError("a message is truncated")
        # RFC 5936 2.2.2: the first message has it, later ones may.
        question = response.question
        missing = question is None and self.soa is None
        if missing or (question and not self.request.fits(question)):
            raise TransferError("a message has another question than was asked")

    def _take_all(self, records: Iterable[WireRecord]) -> list[WireRecord]:
        """Put each record where it belongs; those of a whole zone come out."""
        zone: list[WireRecord] = []
        for record in records:
            self._check(record)
            self.records += 1
            if self.is_done:
                raise TransferError("there are records behind the last one")
            if record.ttl > MAX_TTL:
                record = record._replace(ttl=0)  # noqa: PLW2901 - RFC 2181 8
            if self.soa is None:
                if record.rtype != rtypes.SOA:
                    raise TransferError("it does not begin with an SOA")
                self.soa, self._begin = decode_record(record), record
            elif self.is_whole:
                self._take_whole(record, zone)
            elif self.differences:
                self._take_difference(decode_record(record))
            else:
                self._take_second(record, zone)
        return zone

    def _check(self, record: WireRecord) -> None:
        """Whether a zone of ours may have a record. Raises TransferError."""
        rtype = record.rtype
        if record.owner not in self._owners:
            self._admit(Name(record.owner))
        if record.rclass != m.IN:
            raise TransferError(f"{Name(record.owner)} has a record of class {record.rclass}")
        if rtypes.is_meta(rtype) or (rtype == rtypes.SOA and not self._is_apex(record)):
            what = rtypes.mnemonic(rtype)
            raise TransferError(f"{Name(record.owner)} has a record of type {what}")

    def _admit(self, owner: Name) -> None:
        if not owner.is_below(self.request.origin):
            raise TransferError(f"{owner} is not in the zone")
        if len(self._owners) >= MOST_OWNERS:
            self._owners.clear()
        self._owners.add(owner.wire)

    def _is_apex(self, record: WireRecord) -> bool:
        return record.owner.lower() == self.request.origin.key

    def _take_second(self, record: WireRecord, zone: list[WireRecord]) -> None:
        """RFC 1995 4: what comes behind the first SOA tells in which style the rest is."""
        serial = self.request.serial
        if serial is not None:
            self._check_newer(serial, "which we have")
        if serial is not None and self.request.incremental and record.rtype == rtypes.SOA:
            self._begin_difference(decode_record(record), serial)
            return
        assert self._begin is not None
        self.is_whole = True
        zone.append(self._begin)
        self._take_whole(record, zone)

    def _take_whole(self, record: WireRecord, zone: list[WireRecord]) -> None:
        if record.rtype != rtypes.SOA:
            self._has_ns |= record.rtype == rtypes.NS and self._is_apex(record)
            zone.append(record)
        elif decode_record(record).rdata != self.version:
            raise TransferError("the SOA at its end is not the one at its beginning")
        elif not self._has_ns:
            raise TransferError("it has no NS record at its apex")
        else:
            self.is_done = True

    def _take_difference(self, record: Record) -> None:
        difference = self.differences[-1]
        if record.rtype != rtypes.SOA:
            side = difference.deleted if difference.new is None else difference.added
            side.append(record)
        elif difference.new is None:
            new = _soa(record)
            if not is_newer(new.serial, difference.old.serial):
                raise TransferError(
                    f"a difference leads from serial {difference.old.serial} to {new.serial}"
                )
            difference.new = new
        elif difference.new.serial != self.serial:
            self._begin_difference(record, difference.new.serial)
        elif not record.rdata == difference.new == self.version:
            raise TransferError("the SOA at its end is not the one at its beginning")
        else:
            self.is_done = True

    def _begin_difference(self, record: Record, serial: int) -> None:
        """A difference from the version with this serial on."""
        old = _soa(record)
        if old.serial != serial:
            raise TransferError(f"a difference is to serial {old.serial}, not to {serial}")
        self._check_newer(serial, "where a difference begins")
        self.differences.append(Difference(old))

    def _check_newer(self, serial: int, what: str) -> None:
        """Whether the version that comes in is newer than this one. Raises TransferError."""
        if not is_newer(self.serial, serial):
            raise TransferError(f"its serial {self.serial} is not above {serial}, {what}")

    def _end_if_current(self, serial: int) -> None:
        if self.serial == serial:
            self.is_current = self.is_done = True
        else:
            self._check_newer(serial, "which we have")


def _soa(record: Record) -> SOA:
    assert isinstance(record.rdata, SOA)
    return record.rdata
