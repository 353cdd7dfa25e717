"""A builder that is killed at any point of the life of keys: what is there, is sound."""

import os
import random
import signal
import socket
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import dns.dnssec
import dns.name
import dns.rdata
import dns.rdatatype
import dns.rrset
import pytest

from tests.effort import examples
from tests.figures import Figures
from tests.servers import GOOD_ZONE, write_zones
from zoneserver.dnssec.life import Life
from zoneserver.dnssec.lifecycle import begin
from zoneserver.dnssec.parent import ParentDs
from zoneserver.dnssec.policy import Policy
from zoneserver.dnssec.rolls import Kind, Stage
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import CDS, DS
from zoneserver.records.rrset import RRset
from zoneserver.service.configuration.settings import Settings
from zoneserver.service.keeping.builder import run_builder
from zoneserver.service.keeping.keeper import open_version
from zoneserver.service.keeping.store import Served, Store, find_memory, read_places
from zoneserver.service.keeping.zone_keys import keys_path, read_life, write_life
from zoneserver.service.running.channel import Channel
from zoneserver.service.running.reloads import Order
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import Defaults

COM = Name.parse("example.com.")
START = 1_795_000_000
KILLS = 120
POLICY = Policy()
DS_TTL = 3600
ZONE_TTL = 3600  # of the SOA, the largest in the zone
FOLLOWING = {15: "ECDSAP256SHA256", 13: "ED25519"}  # and the one that comes after it


class Clock:
    """A time that the test sets."""

    now = START

    def time(self) -> float:
        """What time it is."""
        return float(self.now)


Signer = tuple[int, int]  # a key by its algorithm and its tag


@dataclass(frozen=True)
class View:
    """What a validator sees of a zone: its keys, who signed these, who signed all the rest."""

    keys: frozenset[Signer]
    of_keys: frozenset[Signer]
    of_zone: frozenset[Signer]

    @classmethod
    def of(cls, zone: Zone) -> "View":
        """That of a version, all signatures of which have to be good."""
        keys = as_dnspython(zone.apex.get(rtypes.DNSKEY))
        shown = frozenset((key.algorithm, dns.dnssec.key_id(key)) for key in keys)
        of_keys, of_zone = shown, []
        for node in zone.nodes.values():
            for rrset in node.rrsets:
                if rrset.rtype == rtypes.RRSIG:
                    continue
                signers = find_signers(zone, rrset, keys)
                if rrset.rtype == rtypes.DNSKEY:
                    of_keys = signers
                elif rrset.rtype not in {rtypes.CDS, rtypes.CDNSKEY}:
                    of_zone.append(signers)
        return cls(shown, of_keys, frozenset.intersection(*of_zone))


def find_signers(zone: Zone, rrset: RRset, keys: dns.rrset.RRset) -> frozenset[Signer]:
    """Who has signed a set: of those that the zone shows, one at least, and well."""
    found = zone.nodes[rrset.owner.key].find_all(rtypes.RRSIG)
    kind = rrset.rtype.to_bytes(2, "big")
    (covering,) = [each for each in found if each.rdatas[0].wire[:2] == kind]
    signatures = as_dnspython(covering)
    dns.dnssec.validate(as_dnspython(rrset), signatures, {keys.name: keys}, now=time.time())
    return frozenset((each.algorithm, each.key_tag) for each in signatures)


def as_dnspython(rrset: RRset) -> dns.rrset.RRset:
    """A set as another library has it."""
    kind = dns.rdatatype.RdataType.make(rrset.rtype)
    wires = [rdata.wire for rdata in rrset.rdatas]
    rdatas = [dns.rdata.from_wire("IN", kind, wire, 0, len(wire)) for wire in wires]
    return dns.rrset.from_rdata_list(dns.name.from_text(str(rrset.owner)), rrset.ttl, rdatas)


def is_chain(ds: frozenset[Signer], keys: View, rest: View) -> bool:
    """Whether a DS, keys, and signatures, each from a cache, prove a zone.

    That has to be so for each algorithm of the DS (RFC 6840 5.11).
    """
    return all(
        {each for each in ds & keys.keys & keys.of_keys if each[0] == algorithm}
        and {each for each in keys.keys & rest.of_zone if each[0] == algorithm}
        for algorithm in {algorithm for algorithm, _ in ds}
    )


Seen = TypeVar("Seen")


class Caches(Generic[Seen]):
    """What caches may have of something, each of which they keep for some seconds."""

    def __init__(self, seconds: int) -> None:
        self._seconds = seconds
        self._past: list[tuple[int, Seen]] = []  # until when
        self.last: Seen | None = None

    def note(self, seen: Seen, now: int) -> None:
        """What there is from now on."""
        if self.last is not None and seen != self.last:
            self._past.append((now + self._seconds, self.last))
        self.last = seen

    def at(self, now: int) -> list[Seen]:
        """All that they may have."""
        assert self.last is not None
        return [self.last, *(each for until, each in self._past if until > now)]


class Scene:
    """Builders, one after the other, over one state directory; a parent, and caches."""

    def __init__(self, folder: Path, clock: Clock, chance: random.Random) -> None:
        self.state = folder / "state"
        self.settings = Settings(write_zones(folder), state=self.state)
        self.store = Store(self.state, self.settings.zones)
        self.served: Served | None = None
        self.clock, self.chance = clock, chance
        self.ds: frozenset[DS] = frozenset()
        late = POLICY.propagation
        self._parents = Caches[frozenset[Signer]](DS_TTL + late)
        self._keys = Caches[View](POLICY.key_ttl + late)
        self._rest = Caches[View](ZONE_TTL + late)
        self._viewed: Served | None = None
        self.stages: set[tuple[Kind, Stage]] = set()

    @property
    def life(self) -> Life:
        """The keys as the file has them; whatever has happened, it can be read."""
        life = read_life(self.state, COM)
        assert life
        return life

    @property
    def zone(self) -> Zone:
        """The zone that is served."""
        assert self.served
        places = {
            key: place for path in self.served.files for key, place in read_places(path).items()
        }
        return open_version(COM.key, places[COM.key], Defaults()).zone

    def build(self, die: Callable[[], None]) -> int:
        """A builder's work until it dies, which `die` prepares: how that ended."""
        ours, theirs = socket.socketpair()
        said = ParentDs(self.ds, DS_TTL, self.clock.now)
        order = Order(quiet=True, parents={COM: said})
        pid = os.fork()
        if not pid:
            ours.close()
            die()
            os._exit(run_builder(lambda: self.settings, self.store, self.served, theirs))
        theirs.close()
        channel, orders = Channel(ours), [order]
        while (message := channel.receive()) is not None:
            with suppress(BrokenPipeError):
                if "serve" in message:
                    self.served = Served.read(message["serve"])
                    self.look()
                    channel.send({"served": True})
                elif "idle" in message and orders:
                    channel.send({"renew": orders.pop().document()})
                elif "idle" in message:
                    break
        channel.close()
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    def restart(self) -> None:
        """The whole server is another one: it begins with what was kept."""
        self.served = self.store.restore() or self.served
        self.look()

    def look(self) -> None:
        """What is served is proven, with whatever caches may still have."""
        if self.served is None:
            return
        if self.served != self._viewed:
            self._viewed, self._view = self.served, View.of(self.zone)
        now, view = self.clock.now, self._view
        self._keys.note(view, now)
        self._rest.note(view, now)
        self._parents.note(frozenset((each.algorithm, each.key_tag) for each in self.ds), now)
        for ds in self._parents.at(now):
            for keys in self._keys.at(now):
                for rest in self._rest.at(now):
                    assert is_chain(ds, keys, rest), (ds, keys, rest, self.life.rolls)

    def heed_requests(self) -> None:
        """The parent does what the zone asks for (RFC 7344)."""
        requests = self.zone.apex.find(rtypes.CDS)
        if requests is not None:
            self.ds = frozenset(
                DS(each.key_tag, each.algorithm, each.digest_type, each.digest)
                for each in requests.rdatas
                if isinstance(each, CDS)
            )
        self.look()

    def go_on(self) -> None:
        """Something is due, or soon; a rollover is begun where there is none."""
        life = self.life
        self.stages |= {(roll.kind, roll.stage) for roll in life.rolls}
        due = max((roll.until for roll in life.rolls), default=0)
        self.clock.now = max(self.clock.now + 1, due + self.chance.randrange(-60, 60))
        if any(roll.waits_for_parent for roll in life.rolls) and self.chance.random() < 0.5:
            self.heed_requests()
        if not life.rolls and self.chance.random() < 0.5:
            write_life(self.state, COM, begin(life, Kind.CSK, self.clock.now))
        elif not life.rolls:
            (algorithm,) = {key.key.algorithm for key in life.keys}
            self.write(FOLLOWING[algorithm])
        self.look()

    def write(self, algorithm: str) -> None:
        """Have the zone signed with an algorithm."""
        text = f"$dnssec: {{algorithm: {algorithm}}}\n{GOOD_ZONE}"
        write_zones(self.state.parent, example_com=text)


def die_soon(seconds: float) -> Callable[[], None]:
    """By an alarm that nobody handles: the kernel ends the process, as kill -9 does."""

    def die() -> None:
        signal.setitimer(signal.ITIMER_REAL, seconds)

    return die


def die_writing(count: int) -> Callable[[], None]:
    """Before or behind one of the calls that make something durable."""

    def die() -> None:
        left = iter(range(count, -1, -1))

        def step() -> None:
            if next(left) == 0:
                os.kill(os.getpid(), signal.SIGKILL)

        def around(call: Callable[..., Any]) -> Callable[..., Any]:
            def watched(*words: Any, **named: Any) -> Any:
                step()
                outcome = call(*words, **named)
                step()
                return outcome

            return watched

        for name in ("fsync", "replace", "rename", "unlink"):
            setattr(os, name, around(getattr(os, name)))

    return die


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time at which zones are signed."""
    clock = Clock()
    monkeypatch.setattr(time, "time", clock.time)
    return clock


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder where it takes no time to have something kept for good."""
    with tempfile.TemporaryDirectory(dir=find_memory()) as path:
        yield Path(path)


def test_a_builder_that_dies(folder: Path, clock: Clock, figures: Figures) -> None:
    """The file of keys is the old one or the new one, and the zone is proven all through."""
    scene = Scene(folder, clock, random.Random(7))
    scene.write(FOLLOWING[15])
    assert scene.build(lambda: None) == 0
    killed, took = 0, 0.1
    while killed < examples(KILLS):
        scene.go_on()
        soon = die_soon(scene.chance.uniform(0.001, took))
        status = scene.build(
            scene.chance.choice((soon, die_writing(scene.chance.randrange(16))))
        )
        killed += status < 0
        if scene.chance.random() < 0.5:
            scene.restart()
        begun = time.monotonic()
        if scene.chance.random() < 0.5:
            assert scene.build(lambda: None) == 0
            took = time.monotonic() - begun
    assert scene.build(lambda: None) == 0
    assert [keys_path(scene.state, COM)] == list((scene.state / "keys").iterdir())
    stages = len(scene.stages)
    assert stages == 11 or killed < KILLS
    figures.add(
        f"a builder dies {killed} times in the life of keys", f"{stages} stages: 0 bogus"
    )
