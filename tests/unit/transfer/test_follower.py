"""One server and one zone: what is due next, and what is said of it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from zoneserver.names import Name
from zoneserver.transfer.follower import (
    BEHIND_SECONDS,
    LOOKS,
    REST_SECONDS,
    ROUNDS,
    TELLS,
    Due,
    Event,
    Follower,
    Moment,
)
from zoneserver.transfer.notify import Reply, say_rcode
from zoneserver.transfer.settings import Peer
from zoneserver.transports.endpoint import Endpoint

ZONE, PEER = Name.parse("example.com."), Peer(Endpoint("192.0.2.53", 53))
DATE = 1_700_000_000.0
OK = Reply(0, is_authoritative=False, serial=None)


def has(serial: int) -> Reply:
    """It answers with this serial."""
    return Reply(0, is_authoritative=True, serial=serial)


@dataclass
class Story:
    """A follower, and a clock that goes to whatever is due next."""

    follower: Follower = field(default_factory=lambda: Follower(ZONE, PEER, 7, 0.0))
    clock: float = 0.0
    events: list[Event] = field(default_factory=list)

    def go_on(self, reply: Reply | None) -> Due:
        """Do what is due; the reply, None for silence. Returns what it was."""
        follower, what = self.follower, self.follower.what
        self.clock = max(self.clock, follower.due)
        now = Moment(self.clock, DATE + self.clock)
        if reply is None:
            event = follower.heed_silence(now)
        elif what is Due.TELL:
            event = follower.heed_told(reply, now)
        else:
            event = follower.heed_look(reply, now)
        self.events += [event] if event else []
        return what

    def until(self, event: Event, reply: Reply | None) -> list[float]:
        """Go on with the same reply until there is such an event: when each step was."""
        steps = []
        while event not in self.events:
            self.go_on(reply)
            steps.append(self.clock)
            assert len(steps) < 100
        return steps


@pytest.fixture
def story() -> Story:
    """One that has to be told of serial 7."""
    return Story()


def test_all_goes_well(story: Story) -> None:
    """Told, looked at until it has the zone, then left in peace."""
    assert [Due.TELL, Due.LOOK, Due.LOOK] == [
        story.go_on(each) for each in (OK, has(6), has(7))
    ]
    follower = story.follower
    assert [Event.CURRENT] == story.events
    assert (7, 7, "") == (follower.serial, follower.told, follower.problem)
    assert DATE + story.clock == follower.since == follower.seen
    assert (Due.PATROL, story.clock + REST_SECONDS) == (follower.what, follower.due)
    assert story.clock < 1.0


def test_it_is_left_in_peace(story: Story) -> None:
    """As long as it has the zone; since when it has it stays."""
    for each in (OK, has(7), has(7), has(7)):
        story.go_on(each)
    assert [Event.CURRENT] == story.events
    assert DATE + LOOKS[0] == story.follower.since
    assert DATE + story.clock == story.follower.seen
    assert LOOKS[0] + 2 * REST_SECONDS == story.clock


def test_no_answer_to_notify(story: Story) -> None:
    """RFC 1996 3.6: sent again, less and less often, then given up, which is said once."""
    steps = story.until(Event.SILENT, None)
    assert [b - a for a, b in pairwise(steps)] == list(TELLS)
    assert "does not answer NOTIFY" == story.follower.problem
    before = story.follower.due
    story.until(Event.CURRENT, has(7))
    assert before <= story.clock < before + 1


def test_silence_has_no_end(story: Story) -> None:
    """It is told again now and then, and nothing more is said of it."""
    told = [story.clock for _ in range(100) if story.go_on(None) is Due.TELL]
    assert [Event.SILENT] == story.events
    pauses = [b - a for a, b in pairwise(told) if b - a > 2 * max(TELLS)]
    assert len(pauses) > 1
    assert min(pauses) > BEHIND_SECONDS


@pytest.mark.parametrize(("rcode", "text"), [(4, "NOTIMP"), (5, "REFUSED"), (9, "NOTAUTH"),
                                             (1, "FORMERR"), (2, "SERVFAIL"), (3, "NXDOMAIN"),
                                             (11, "RCODE 11")])  # fmt: skip
def test_notify_is_refused(story: Story, rcode: int, text: str) -> None:
    """RFC 1996 3.6: it has the message, so it is not told again; it may come by itself."""
    story.go_on(Reply(rcode, is_authoritative=False, serial=None))
    assert text == say_rcode(rcode)
    assert f"answers NOTIFY with {text}" == story.follower.problem
    assert story.follower.told is None
    assert [Due.LOOK, Due.LOOK] == [story.go_on(has(6)) for _ in range(2)]
    story.go_on(has(7))
    assert [Event.UNHEEDED, Event.CURRENT] == story.events
    assert "" == story.follower.problem


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (has(6), "still has serial 6"),
        (Reply(2, is_authoritative=False, serial=None), "answers with SERVFAIL"),
        (Reply(0, is_authoritative=False, serial=7), "answers without authority"),
        (Reply(0, is_authoritative=True, serial=None), "answers without authority"),
        (None, "does not answer"),
    ],
)
def test_it_was_told_and_lags(story: Story, reply: Reply | None, problem: str) -> None:
    """Looked at less and less often, told again, and then it is said once."""
    for _ in range(ROUNDS):
        assert Due.TELL is story.go_on(OK)
        begin = story.clock
        steps = []
        while story.follower.what is Due.LOOK:
            story.go_on(reply)
            steps.append(story.clock)
        pauses = [b - a for a, b in pairwise([begin, *steps])]
        assert [pytest.approx(each) for each in LOOKS] == pauses
    assert [Event.BEHIND] == story.events
    assert problem == story.follower.problem
    end = story.clock
    assert [Due.PATROL, Due.TELL, Due.LOOK] == [
        story.go_on(each) for each in (reply, OK, reply)
    ]
    assert story.clock >= end + BEHIND_SECONDS
    story.until(Event.CURRENT, has(7))
    assert [Event.BEHIND, Event.CURRENT] == story.events


def test_it_is_ahead(story: Story) -> None:
    """A serial that ours does not lead to will stay there: it is said once."""
    story.go_on(OK)
    for _ in range(3):
        story.go_on(has(9))
    assert [Event.AHEAD] == story.events
    assert "has serial 9, which 7 does not follow" == story.follower.problem
    assert LOOKS[0] + 2 * BEHIND_SECONDS == story.clock
    story.go_on(has(7))
    assert [Event.AHEAD, Event.CURRENT] == story.events


def test_serials_go_round() -> None:
    """RFC 1982: 1 comes after 4294967295."""
    story = Story(Follower(ZONE, PEER, 1, 0.0))
    for each in (OK, has(4_294_967_295), has(1)):
        story.go_on(each)
    assert [Event.CURRENT] == story.events


def test_the_zone_changes(story: Story) -> None:
    """It is told of the next serial at once, whatever came of the last one."""
    for each in (OK, has(7)):
        story.go_on(each)
    since = story.follower.since
    story.follower.want(8, story.clock + 5)
    assert (Due.TELL, story.clock + 5) == (story.follower.what, story.follower.due)
    assert (7, since) == (story.follower.serial, story.follower.since)
    for each in (OK, has(8)):
        story.go_on(each)
    assert [Event.CURRENT, Event.CURRENT] == story.events
    assert story.follower.since > since


def test_a_start_is_quiet() -> None:
    """Who has the zone after a restart is not told of it, nor anybody of who has it."""
    story = Story(Follower(ZONE, PEER, 7, 0.0, Due.PATROL))
    assert [Due.PATROL, Due.PATROL] == [story.go_on(has(7)) for _ in range(2)]
    assert [] == story.events


@pytest.mark.parametrize("reply", [has(6), None, Reply(5, is_authoritative=False, serial=None)])
def test_a_start_finds_who_lags(reply: Reply | None) -> None:
    """It is told at once."""
    story = Story(Follower(ZONE, PEER, 7, 0.0, Due.PATROL))
    assert [Due.PATROL, Due.TELL] == [story.go_on(each) for each in (reply, OK)]
    assert story.clock < 1
    story.go_on(has(7))
    assert [Event.CURRENT] == story.events


def test_it_has_taken_the_zone(story: Story) -> None:
    """Then it is known to have it, and answers for others only may keep silent."""
    story.go_on(OK)
    story.follower.learn(7, Moment(1.0, DATE + 1))
    assert (7, DATE + 1) == (story.follower.serial, story.follower.since)
    assert (Due.LOOK, 1.0 + LOOKS[0]) == (story.follower.what, story.follower.due)
    story.go_on(None)
    assert [Event.CURRENT] == story.events
    assert "" == story.follower.problem


def test_it_says_what_it_has(story: Story) -> None:
    """That it has an older version hastens nothing."""
    follower = story.follower
    follower.learn(6, Moment(1.0, DATE + 1))
    assert (6, Due.TELL, 0.0) == (follower.serial, follower.what, follower.due)
    follower.learn(7, Moment(2.0, DATE + 2))
    assert (7, Due.TELL, 0.0) == (follower.serial, follower.what, follower.due)


def test_patience(story: Story) -> None:
    """A reply is waited for no longer than until the next attempt, and two seconds at most."""

    def steps() -> Iterator[float]:
        for _ in TELLS:
            yield story.follower.patience
            story.go_on(None)

    assert [1.0, *[2.0] * (len(TELLS) - 1)] == list(steps())
