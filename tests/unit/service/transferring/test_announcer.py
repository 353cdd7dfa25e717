"""NOTIFY out: whom the announcer tells, what it finds out, and what it says of that."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import dns.name
import dns.tsig
import pytest

from tests.servers import ADDRESSES
from tests.unit.service.transferring.secondaries import Scene, images
from tests.unit.transports.streams import in_loop
from zoneserver.image.images import Images, Place
from zoneserver.names import Name
from zoneserver.service.transferring import register
from zoneserver.service.transferring.announcer import Announcer
from zoneserver.service.transferring.named import NamedServers
from zoneserver.transfer import follower
from zoneserver.transfer.keys import Key, Keyring
from zoneserver.transfer.settings import Peer, Target, TransferSettings
from zoneserver.zone.zone import Zone

ONE, TWO = Name.parse("one."), Name.parse("two.")
KEY = Key(Name.parse("ours.example."), "hmac-sha256", bytes(range(32)))
KEYRING = {
    dns.name.from_text("ours.example."): dns.tsig.Key(
        "ours.example.", KEY.secret, "hmac-sha256"
    )
}


@asynccontextmanager
async def announcing(
    scene: Scene, *targets: Target, **settings: Any
) -> AsyncIterator[Announcer]:
    """An announcer that tells these."""
    announcer = Announcer(TransferSettings(notify=targets, **settings), scene.tell)
    announcer.start()
    try:
        yield announcer
    finally:
        announcer.stop()
        await scene.stop()


def announce(announcer: Announcer, served: Images) -> None:
    """Have these zones served."""
    announcer.publish(served)
    announcer.announce()


@pytest.mark.parametrize("address", ADDRESSES)
@in_loop
async def test_a_new_serial_is_told(address: str) -> None:
    """Over IPv4 and IPv6: with the serial, once; and it is seen that it has arrived."""
    scene = Scene()
    server = await scene.start(address)
    server.has = {"one.": 7}
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images(one=7))
        await scene.until_serials({("one.", server.name): 7})
        assert [] == server.told  # at the start it has it already
        announce(announcer, images(one=8))
        await scene.until_serials({("one.", server.name): 8})
        assert [("one.", 8)] == server.told
        assert {"notify_sent": 1, "secondary_current": 1} == announcer.counters


@in_loop
async def test_a_start_tells_who_lags() -> None:
    """That has an older version, or none."""
    scene = Scene()
    server = await scene.start()
    server.has = {"one.": 6, "three.": 9}
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images(one=7, two=7, three=9))
        await scene.until(lambda: set(scene.serials().values()) == {7, 9})
        assert [("one.", 7), ("two.", 7)] == sorted(server.told)


@in_loop
async def test_who_is_told_of_what() -> None:
    """The zones that are set; all where none is."""
    scene = Scene()
    all_zones, one_zone = await scene.start(), await scene.start()
    targets = Target(all_zones.peer), Target(one_zone.peer, frozenset({ONE}))
    async with announcing(scene, *targets) as announcer:
        announce(announcer, images())
        announce(announcer, images(one=1, two=2))
        await scene.until(lambda: len(all_zones.told) == 2 and len(one_zone.told) == 1)
        assert [("one.", 1), ("two.", 2)] == sorted(all_zones.told)
        assert [("one.", 1)] == one_zone.told


@in_loop
async def test_primaries_are_not_told() -> None:
    """A zone goes on from a secondary, but not back."""
    scene = Scene()
    server = await scene.start()
    async with announcing(scene, Target(server.peer)) as announcer:
        announcer._primaries = lambda origin: [server.peer.endpoint] if origin == ONE else []
        announce(announcer, images())
        announce(announcer, images(one=1, two=2))
        await scene.until_serials({("two.", server.name): 2})
        assert [("two.", 2)] == server.told


@in_loop
async def test_servers_that_the_zone_names(monkeypatch: pytest.MonkeyPatch) -> None:
    """They are told where that is wanted; who is named no more is asked no more."""
    scene = Scene()
    old, new = await scene.start(), await scene.start()
    named = {1: [old], 2: [old, new], 3: [new]}

    async def look_up(servers: NamedServers) -> None:
        while True:
            while servers._sought:
                origin, found = servers._sought.popitem()
                zone = found.find(origin)
                assert isinstance(zone, Zone)
                servers._found(origin, [each.peer.endpoint for each in named[zone.serial]])
            servers._has_more.clear()
            await servers._has_more.wait()

    monkeypatch.setattr(NamedServers, "run", look_up)
    async with announcing(scene, notify_ns=True) as announcer:
        for serial, servers in named.items():
            announce(announcer, images(one=serial))
            await scene.until_serials({("one.", each.name): serial for each in servers})
    assert [("one.", 1), ("one.", 2)] == old.told
    assert [("one.", 2), ("one.", 3)] == new.told


@in_loop
async def test_lost_messages_are_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 1996 3.6: less and less often."""
    monkeypatch.setattr(follower, "TELLS", (0.05, 0.1, 0.2, 0.4))
    scene = Scene()
    server = await scene.start()
    server.deaf = 3
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images())
        announce(announcer, images(one=1))
        await scene.until_serials({("one.", server.name): 1})
        assert 4 == announcer.counters["notify_sent"]


@in_loop
async def test_a_silent_server_keeps_nobody_waiting(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Another one has its zones long before that one is given up, which is said once."""
    monkeypatch.setattr(follower, "TELLS", (0.05, 0.1, 0.2))
    scene = Scene()
    silent, server = await scene.start(), await scene.start()
    silent.deaf = 1 << 30
    async with announcing(scene, Target(silent.peer), Target(server.peer)) as announcer:
        announce(announcer, images())
        announce(announcer, images(one=1))
        await scene.until(lambda: scene.serials().get(("one.", server.name)) == 1)
        assert not announcer.counters["secondary_silent"]
        await scene.until(lambda: bool(scene.rows["one.", silent.name]["problem"]))
        assert "does not answer NOTIFY" == scene.rows["one.", silent.name]["problem"]
    assert 1 == caplog.text.count("does not answer NOTIFY")


@in_loop
async def test_notify_is_refused(caplog: pytest.LogCaptureFixture) -> None:
    """It is not told again, and it is said why."""
    scene = Scene()
    server = await scene.start()
    server.rcode, server.takes = 5, False
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images())
        announce(announcer, images(one=1))
        await scene.until(
            lambda: bool(scene.rows and scene.rows["one.", server.name]["problem"])
        )
        assert "answers NOTIFY with REFUSED" == scene.rows["one.", server.name]["problem"]
        assert [("one.", 1)] == server.told
    assert "have it accept NOTIFY from this server" in caplog.text


@in_loop
async def test_keys() -> None:
    """NOTIFY is signed with the key, and so is its reply."""
    scene = Scene()
    server = await scene.start(keyring=KEYRING)
    target = Target(Peer(server.peer.endpoint, KEY.name))
    async with announcing(scene, target, keyring=Keyring((KEY,))) as announcer:
        announce(announcer, images())
        announce(announcer, images(one=1))
        await scene.until_serials({("one.", server.name): 1})
        assert 1 == scene.rows["one.", server.name]["told"]


@in_loop
async def test_unsigned_replies(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """They count for nothing (RFC 8945 5.3), and it is said why."""
    monkeypatch.setattr(follower, "TELLS", (0.05, 0.1))
    scene = Scene()
    server = await scene.start(keyring=KEYRING)
    server.signs = server.takes = False
    target = Target(Peer(server.peer.endpoint, KEY.name))
    async with announcing(scene, target, keyring=Keyring((KEY,))) as announcer:
        announce(announcer, images())
        announce(announcer, images(one=1))
        pair = "one.", server.name
        await scene.until(lambda: announcer.counters["secondary_silent"] == 1)
        assert scene.rows[pair]["told"] is None
    assert (
        "does not answer NOTIFY as it should: its reply, NOERROR, is not signed" in caplog.text
    )


@in_loop
async def test_it_changes_while_it_is_told() -> None:
    """The last serial arrives, however many there were before."""
    scene = Scene()
    server = await scene.start()
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images())
        for serial in range(1, 30):
            announce(announcer, images(one=serial))
            await asyncio.sleep(0.001 * serial)
        await scene.until_serials({("one.", server.name): 29})


@in_loop
async def test_nothing_is_told_before_everybody_answers_so() -> None:
    """A secondary that asked for the SOA too early would leave it at that."""
    scene = Scene()
    server = await scene.start()
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images())
        announcer.publish(images(one=1))
        announce(announcer, images(one=2))
        await scene.until_serials({("one.", server.name): 2})
    assert [("one.", 2)] == server.told


@in_loop
async def test_zones_go() -> None:
    """Then nothing is known of who has them, and nobody is asked any more."""
    scene = Scene()
    server = await scene.start()
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images(one=1, two=2))
        announcer.learn(ONE, "192.0.2.9", 1)
        await scene.until(lambda: len(scene.rows) == 3 and None not in scene.serials().values())
        announce(announcer, images(two=2))
        await scene.until_serials({("two.", server.name): 2})


@in_loop
async def test_who_has_taken_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who is told, and who is not: they are known to have what they have taken."""
    monkeypatch.setattr(register, "MOST_OTHERS", 2)
    scene = Scene()
    server = await scene.start()
    server.deaf = 1 << 30
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images(one=1))
        announcer.learn(ONE, "127.0.0.1", 1)  # before it is followed, and thereafter
        await scene.until_serials({("one.", server.name): 1})
        for address in ("127.0.0.1", "192.0.2.1", "192.0.2.2", "2001:db8::3"):
            announcer.learn(ONE, address, 1)
        await scene.until(
            lambda: (
                scene.serials()
                == {("one.", each): 1 for each in (server.name, "192.0.2.2", "2001:db8::3")}
            )
        )


@in_loop
async def test_many_at_once() -> None:
    """Each is told once, a little apart; and one that changes meanwhile is not kept waiting."""
    scene = Scene()
    server = await scene.start()
    many = images(**{f"zone{number}": 5 for number in range(100)})
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images())
        announce(announcer, many)
        announce(announcer, Images({**many.places, **images(one=1).places}))
        await scene.until(
            lambda: sorted(map(str, scene.serials().values())) == ["1", *"5" * 100]
        )
    told = [zone for zone, _ in server.told]
    assert 101 == len(told) == len(set(told))
    assert told.index("one.") < 50


@in_loop
async def test_damaged_zones_and_zones_that_go_soon() -> None:
    """They are nothing to tell of; the others are told all the same."""
    scene = Scene()
    server = await scene.start()
    damaged = Place(memoryview(b"ZONE"), 0, 4)
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images())
        announce(announcer, images(one=1))
        two = images(two=2)
        announce(announcer, Images({**two.places, TWO.key: damaged}))
        assert announcer._make_notify(1, TWO) is None
        assert announcer._make_notify(1, ONE) is None
        announcer._follow_named(ONE, [server.peer.endpoint])
        announce(announcer, two)
        announce(announcer, two)  # as it was
        await scene.until_serials({("two.", server.name): 2})
    assert [("two.", 2)] == server.told


@in_loop
async def test_a_zone_goes_while_a_reply_is_waited_for() -> None:
    """Then the reply is nobody's, and nothing more is asked."""
    scene = Scene()
    server = await scene.start()
    server.deaf = 2
    async with announcing(scene, Target(server.peer)) as announcer:
        announce(announcer, images())
        announce(announcer, images(one=1, two=2))
        await scene.until(lambda: not server.deaf)
        announce(announcer, images(two=2))
        await scene.until_serials({("two.", server.name): 2})
        (line,) = announcer._lines.values()
        while line._busy:
            await asyncio.wait(line._open)
