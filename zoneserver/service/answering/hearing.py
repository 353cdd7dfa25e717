"""NOTIFYs that a worker hears (RFC 1996 4): those of primaries are answered and passed on.

However many come, they cost little: one that has just been answered is answered from memory,
and of the others only so many are looked at in a second. Who was not heard says it again.
"""

from collections import Counter
from collections.abc import Callable

from zoneserver.engine.respond import Transport, decline
from zoneserver.errors import MessageError
from zoneserver.image.images import Images
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.transfer.notify import Primaries, find_serial
from zoneserver.wire import message as m
from zoneserver.wire.decode import decode_query
from zoneserver.wire.scan import scan

# Looks at NOTIFYs in a second: of one zone, and of all. They take a tenth of it at most.
LOOKS_OF_ZONE, LOOKS = 20, 1000
REMEMBERED = 256  # of those that were answered in the last second
_ID_OCTETS = 2
_OPCODE_AT = 2

# Passes a message on that came from an address. False: there is no room.
Pass = Callable[[bytes, bytes], bool]


class Hearing:
    """Heeds the NOTIFYs of primaries of the zones that we have from them.

    `counters` has what has come of them, by name.
    """

    def __init__(self, primaries: Primaries, pass_on: Pass) -> None:
        self.counters: Counter[str] = Counter()
        self._primaries = primaries
        self._pass_on = pass_on
        self._second = 0
        self._looks: Counter[bytes] = Counter()  # in this second, by zone
        self._answers: dict[tuple[bytes, bytes], bytes] = {}  # of this second, without ids

    def spare(self, message: bytes, address: bytes, now: int) -> bytes | None:
        """What is said to a message without a look at it; None: it has to be looked at.

        Empty: nothing is said to it. `now` is in seconds.
        """
        if not self._concerns(message, address):
            return None
        if now != self._second:
            self._second = now
            self._looks.clear()
            self._answers.clear()
        answer = self._answers.get((message[_ID_OCTETS:], address))
        if answer is not None:
            self.counters["notify_repeated"] += 1
            return message[:_ID_OCTETS] + answer
        # Where the QNAME ends, roughly: it has not been scanned yet.
        zone = message[m.HEADER_OCTETS : message.find(b"\0", m.HEADER_OCTETS)]
        if self._looks[zone] < LOOKS_OF_ZONE and self._looks.total() < LOOKS:
            self._looks[zone] += 1
            return None
        self.counters["notify_dropped"] += 1
        return b""

    def answer(
        self, images: Images, message: bytes, address: bytes, key: Name | None, to: Transport
    ) -> bytes | None:
        """What is said to a NOTIFY that is heeded; None: it is answered as any other.

        `key` has signed the message, which is without its signature here.
        """
        try:
            query = decode_query(message) if self._concerns(message, address) else None
        except MessageError:
            return None
        if query is None or (query.qtype, query.qclass) != (rtypes.SOA, m.IN):
            return None
        origin = query.qname
        if not self._primaries.accepts(origin, address, key) or not (
            origin in self._primaries.zones or origin.key in images.places
        ):
            return None
        self.counters["notify_heard"] += 1
        has_room = self._pass_on(address, message)
        answer = decline(message, to, m.NOERROR)
        # The same message with the same serial tells of the same version; without a serial it
        # may be of the next. And what is signed never comes twice.
        is_new = key is None and has_room and len(self._answers) < REMEMBERED
        if answer and is_new and _has_serial(message):
            self._answers[message[_ID_OCTETS:], address] = answer[_ID_OCTETS:]
        return answer

    def _concerns(self, message: bytes, address: bytes) -> bool:
        """Whether it is a NOTIFY from the address of a primary."""
        is_notify = len(message) > _OPCODE_AT and message[_OPCODE_AT] >> 3 == m.NOTIFY
        return is_notify and self._primaries.knows(address)


def read_notice(message: bytes) -> tuple[Name, int | None] | None:
    """The zone of a NOTIFY that was passed on, and the serial that it tells, if it does."""
    try:
        query, found = decode_query(message), scan(message)
    except MessageError:
        return None
    if query is None or found is None:
        return None
    return query.qname, find_serial(message, found.question_end)


def _has_serial(message: bytes) -> bool:
    notice = read_notice(message)
    return notice is not None and notice[1] is not None
