"""One other server and one zone of ours: told of a new serial until it has it.

It is told with NOTIFY (RFC 1996), and asked for its SOA to see what came of it: an
acknowledgement says that a message has arrived, and only an answer which serial is there.
Knows no sockets and no clock: it is told what comes and when, and says what is due next.
"""

from dataclasses import dataclass
from enum import Enum, auto
from typing import NamedTuple

from zoneserver.names import Name
from zoneserver.transfer.notify import Reply, say_rcode
from zoneserver.transfer.serial import is_newer
from zoneserver.transfer.settings import Peer
from zoneserver.wire import message as m

# Seconds until a NOTIFY without a reply is sent again (RFC 1996 3.6); then it is given up.
TELLS = (1.0, 2.0, 4.0, 8.0, 15.0, 30.0, 60.0)
# Seconds from an acknowledgement, or from one look at the SOA, to the next.
LOOKS = (0.1, 0.3, 0.6, 1.0, 2.0, 4.0, 8.0, 15.0)
ROUNDS = 3  # of telling and looking, after which one that has not the zone is behind
NO_ANSWER = "does not answer NOTIFY"
REST_SECONDS = 3600.0  # from one look to the next at a server that has what it should
BEHIND_SECONDS = 600.0  # until one that has not is told once more


class Due(Enum):
    """What is due next."""

    TELL = auto()  # a NOTIFY
    LOOK = auto()  # the question for its SOA, after it was told
    PATROL = auto()  # the same, now and then: it should have the zone by now


class Event(Enum):
    """What has happened that somebody may want to read of."""

    CURRENT = auto()  # it has the serial that it should
    BEHIND = auto()  # it still has not, though much time has passed
    AHEAD = auto()  # it has a serial that ours does not lead to
    UNHEEDED = auto()  # it refuses NOTIFY
    SILENT = auto()  # it does not answer


class Moment(NamedTuple):
    """Now: in seconds of a clock that only goes on, and since 1970."""

    clock: float
    date: float


@dataclass(slots=True, eq=False)
class Follower:
    """What a server has of a zone, and what is to be done about that.

    `wanted` is the serial that it should have, from `wanted_at` on; `due` is when `what` is to
    be done. Both by the clock.
    `serial` is the one that it has, as far as is known; dates are in seconds since 1970:
    `since` it was seen with that first, `seen` last. `told` is the serial that it acknowledged.
    `problem` is what is wrong, in words. It is `dropped` where nothing is due any more.
    """

    origin: Name
    peer: Peer
    wanted: int
    due: float
    what: Due = Due.TELL
    serial: int | None = None
    since: float = 0
    seen: float = 0
    told: int | None = None
    problem: str = ""
    dropped: bool = False
    wanted_at: float = 0
    _tries: int = 0
    _rounds: int = 0
    _last: Event | None = None

    def __post_init__(self) -> None:
        self.wanted_at = self.due
        if self.what is Due.PATROL:  # that all is as it was is no news
            self._last = Event.CURRENT

    def want(self, serial: int, due: float) -> None:
        """It should have another serial from now on."""
        self.wanted, self.wanted_at, self.problem, self._rounds = serial, due, "", 0
        self._begin(Due.TELL, due)

    def learn(self, serial: int, now: Moment) -> None:
        """It has said itself that it has this serial, or has taken it from us just now."""
        self._note(serial, now)
        if serial == self.wanted and self.what is not Due.TELL:
            self._begin(Due.LOOK, now.clock + LOOKS[0])

    @property
    def patience(self) -> float:
        """How many seconds to wait for a reply."""
        return TELLS[min(self._tries, 1)]

    def heed_told(self, reply: Reply, now: Moment) -> Event | None:
        """The reply to a NOTIFY has come. None: nothing to tell of."""
        self._begin(Due.LOOK, now.clock + LOOKS[0])
        if reply.rcode == m.NOERROR:
            self.told, self.problem = self.wanted, ""
            return None
        # RFC 1996 3.6: whatever it says, it need not be told again. It asks at its own pace.
        self.problem = f"answers NOTIFY with {say_rcode(reply.rcode)}"
        return self._say(Event.UNHEEDED)

    def heed_look(self, reply: Reply, now: Moment) -> Event | None:
        """The reply to the question for its SOA has come. None: nothing to tell of."""
        if reply.rcode == m.NOERROR and reply.is_authoritative and reply.serial is not None:
            self._note(reply.serial, now)
            if reply.serial == self.wanted:
                return self._settle(now)
            if not is_newer(self.wanted, reply.serial):
                self.problem = f"has serial {reply.serial}, which {self.wanted} does not follow"
                self._begin(Due.PATROL, now.clock + BEHIND_SECONDS)
                return self._say(Event.AHEAD)
            return self._wait(f"still has serial {reply.serial}", now)
        self.serial = None
        if reply.rcode == m.NOERROR:
            return self._wait("answers without authority", now)
        return self._wait(f"answers with {say_rcode(reply.rcode)}", now)

    def heed_silence(self, now: Moment, why: str = "") -> Event | None:
        """No reply has come, or none that could be believed, for a reason. None: nothing to
        tell of.
        """
        if self.what is Due.TELL:
            if why:
                self.problem = f"{NO_ANSWER} as it should: {why}"
            if self._tries < len(TELLS):
                self.due = now.clock + TELLS[self._tries]
                self._tries += 1
                return None
            self.problem = self.problem if why else NO_ANSWER
            self._begin(Due.LOOK, now.clock)
            return self._say(Event.SILENT)
        if self.serial == self.wanted:  # it has taken it from us, and may answer others only
            return self._settle(now)
        return self._wait("does not answer", now)

    def _settle(self, now: Moment) -> Event | None:
        """It has what it should."""
        self.problem, self._rounds = "", 0
        self._begin(Due.PATROL, now.clock + REST_SECONDS)
        return self._say(Event.CURRENT)

    def _wait(self, why: str, now: Moment) -> Event | None:
        """It has not yet what it should: look again, or tell it once more."""
        if self.what is Due.PATROL:
            self._begin(Due.TELL, now.clock)
            if self._last is Event.CURRENT:
                self._last = None
            return None
        self._tries += 1
        if self._tries < len(LOOKS):
            self.due = now.clock + LOOKS[self._tries]
            return None
        self._rounds += 1
        if self._rounds < ROUNDS and not self.problem:  # its transfer may have failed
            self._begin(Due.TELL, now.clock)
            return None
        self._rounds = 0
        self._begin(Due.PATROL, now.clock + BEHIND_SECONDS)
        if self.problem:  # it was told of, and explains this
            return None
        self.problem = why
        return self._say(Event.BEHIND)

    def _begin(self, what: Due, due: float) -> None:
        self.what, self.due, self._tries = what, due, 0

    def _note(self, serial: int, now: Moment) -> None:
        if serial != self.serial:
            if self.serial is not None and self._last is Event.CURRENT:
                self._last = None
            self.serial, self.since = serial, now.date
        self.seen = now.date

    def _say(self, event: Event) -> Event | None:
        """The same event in a row is told of once."""
        is_news, self._last = event is not self._last, event
        return event if is_news else None
