"""The life of keys: when each step comes (RFC 7583), and that no cache ever loses the chain."""

from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.effort import examples
from tests.unit.dnssec.chains import NOW, DsSet, Version, World
from zoneserver.dnssec.keys import SigningKey
from zoneserver.dnssec.life import Life
from zoneserver.dnssec.lifecycle import begin, confirm, leave, stay
from zoneserver.dnssec.policy import Policy, Role
from zoneserver.dnssec.rolls import Kind
from zoneserver.errors import SigningKeyError

KEY_TTL, DELAY, DS_TTL, TTL = 100, 10, 1000, 400
POLICY = Policy(key_ttl=KEY_TTL, propagation=DELAY, ds_ttl=DS_TTL)
SPLIT = replace(POLICY, is_split=True)
PATIENCE = 7  # seconds until the parent has done what it is asked for


def settled(policy: Policy = POLICY) -> World:
    """A zone that is signed, and whose parent knows it; at NOW all is at rest."""
    world = World(policy, TTL, NOW - 10 * (TTL + DS_TTL))
    world.look()
    world.wait()
    world.look()
    world.adopt()
    world.ask()
    world.look()
    assert not life_of(world).rolls
    world.now = NOW
    return world


def roll(world: World, kind: Kind) -> list[tuple[int, list[str]]]:
    """Each time at which what is served changes, from NOW on, and what the keys do then."""
    world.life = begin(life_of(world), kind, world.now)
    seen: list[tuple[int, list[str]]] = []
    world.look()
    while life_of(world).rolls:
        seen.append((world.now - NOW, letters(world)))
        if world.due is None:
            world.wait(PATIENCE)
            world.adopt()
            world.ask()
        else:
            world.wait()
        world.look()
    return [*seen, (world.now - NOW, letters(world))]


def life_of(world: World) -> Life:
    """The life that there is by now."""
    assert world.life is not None
    return world.life


def letters(world: World) -> list[str]:
    """What the keys do, the older one first."""
    return [f"{use.role.value}:{use.duty.letters}" for use in life_of(world).uses]


def test_first_signing() -> None:
    """CDS from when no cache has the unsigned zone; it is over when the parent has the DS."""
    world = World(POLICY, TTL)
    world.look()
    assert (["csk:ps"], NOW + TTL + DELAY) == (letters(world), world.due)
    world.wait(TTL + DELAY - 1)
    world.look()
    assert ["csk:ps"] == letters(world)
    world.wait()
    world.look()
    assert (["csk:psc"], None) == (letters(world), world.due)
    world.ask()
    assert life_of(world).waiting
    world.adopt()
    world.ask()
    assert not life_of(world).rolls


# RFC 7583 3.2.1 (ZSK, pre-publication), 3.3.1 (KSK, double-KSK); times since the beginning.
SHOWN = KEY_TTL + DELAY
SIGNED = TTL + DELAY
ACCEPTED = PATIENCE
SPREAD = DS_TTL + DELAY
TIMELINES = {
    "zsk": (
        SPLIT,
        Kind.ZSK,
        [
            (0, ["ksk:psc", "zsk:ps", "zsk:p"]),
            (SHOWN, ["ksk:psc", "zsk:p", "zsk:ps"]),
            (SHOWN + SIGNED, ["ksk:psc", "zsk:ps"]),
        ],
    ),
    "ksk": (
        SPLIT,
        Kind.KSK,
        [
            (0, ["ksk:psc", "zsk:ps", "ksk:ps"]),
            (SHOWN, ["ksk:ps", "zsk:ps", "ksk:psc"]),
            (SHOWN + ACCEPTED, ["ksk:ps", "zsk:ps", "ksk:psc"]),
            (SHOWN + ACCEPTED + SPREAD, ["zsk:ps", "ksk:psc"]),
        ],
    ),
    "csk": (
        POLICY,
        Kind.CSK,
        [
            (0, ["csk:psc", "csk:p"]),
            (SHOWN, ["csk:pc", "csk:ps"]),
            (SHOWN + SIGNED, ["csk:p", "csk:psc"]),
            (SHOWN + SIGNED + ACCEPTED, ["csk:p", "csk:psc"]),
            (SHOWN + SIGNED + ACCEPTED + SPREAD, ["csk:psc"]),
        ],
    ),
    "all": (
        POLICY,
        Kind.ALL,
        [
            (0, ["csk:psc", "csk:s"]),
            (SIGNED, ["csk:psc", "csk:ps"]),
            (SIGNED + SHOWN, ["csk:ps", "csk:psc"]),
            (SIGNED + SHOWN + ACCEPTED, ["csk:ps", "csk:psc"]),
            (SIGNED + SHOWN + ACCEPTED + SPREAD, ["csk:s", "csk:psc"]),
            (SIGNED + SHOWN + ACCEPTED + SPREAD + SHOWN, ["csk:psc"]),
        ],
    ),
}


@pytest.mark.parametrize("name", TIMELINES)
def test_timeline(name: str) -> None:
    """Each step comes when nothing older is in any cache, and not before."""
    policy, kind, expected = TIMELINES[name]
    world = settled(policy)

    assert roll(world, kind) == expected
    assert not list(world.broken())


def test_model_finds_what_is_broken() -> None:
    """Those who have kept something of a zone lose it if new keys are made in haste."""
    world = settled()
    rolled = begin(life_of(world), Kind.CSK, NOW)
    assert not list(world.broken())
    world.versions.append(Version(NOW, rolled.uses[1:], TTL, KEY_TTL))
    world.algorithms |= {key.tag: 13 for key in rolled.keys}

    assert any("no key that the parent vouches for" in each for each in world.broken())
    world.versions[-1] = Version(NOW, rolled.uses[:1], TTL, KEY_TTL)
    assert not list(world.broken())


SECONDS = st.sampled_from([0, 1, 30, 100, 1000])
POLICIES = st.builds(
    Policy,
    algorithm=st.sampled_from([13, 15]),
    is_split=st.booleans(),
    zsk_lifetime=st.sampled_from([0, 2500]),
    ksk_lifetime=st.sampled_from([0, 4000]),
    key_ttl=SECONDS,
    propagation=SECONDS,
    ds_ttl=SECONDS,
)
EVENTS = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([None, None, None, 1, 7, 50, 400, 3000])),
    st.tuples(st.just("refuse"), st.none()),
    st.tuples(st.just("ttl"), SECONDS),
    st.tuples(st.just("adopt"), st.none()),
    st.tuples(st.just("ask"), st.none()),
    st.tuples(st.just("roll"), st.sampled_from([Kind.ZSK, Kind.KSK, Kind.ALL])),
    st.tuples(st.just("policy"), POLICIES),
    st.tuples(st.sampled_from(["leave", "leave", "stay", "unsign"]), st.none()),
)
# What takes a zone to where there is something to lose, and to the middle of a rollover.
FIRST: list[tuple[str, object]] = [("wait", None), ("adopt", None), ("ask", None)]
BEGINNINGS: list[list[tuple[str, object]]] = [
    [],
    FIRST,
    *([*FIRST, ("roll", kind), ("wait", None), ("wait", None)] for kind in Kind),
]


def happen(world: World, what: str, value: object) -> None:
    """One thing that happens; the builder has a look after each."""
    if what == "wait":
        assert value is None or isinstance(value, int)
        world.wait(value)
    elif what == "ttl":
        assert isinstance(value, int)
        world.ttl = value
    elif what == "adopt":
        world.adopt()
    elif what == "ask":
        world.ask()
    elif what == "roll":
        assert isinstance(value, Kind)
        is_single = any(key.role is Role.CSK for key in life_of(world).keys)
        kind = Kind.CSK if value is Kind.KSK and is_single else value
        with suppress(SigningKeyError):
            world.life = begin(life_of(world), kind, world.now)
    elif what == "policy":
        assert isinstance(value, Policy)
        # How long secondaries take does not depend on what we think.
        world.policy = replace(value, propagation=max(value.propagation, world.lag))
    elif what in {"leave", "stay"}:
        with suppress(SigningKeyError):
            world.life = (leave if what == "leave" else stay)(life_of(world), world.now)
    if what == "unsign":
        world.unsign()
    else:
        world.look(is_refused=what == "refuse")


@settings(max_examples=examples(300))
@given(POLICIES, SECONDS, SECONDS, st.sampled_from(BEGINNINGS), st.lists(EVENTS, max_size=20))
def test_every_cache_has_a_chain(
    policy: Policy,
    ttl: int,
    ds_ttl: int,
    beginning: list[tuple[str, object]],
    events: list[tuple[str, object]],
) -> None:
    """Whatever happens, whenever, and whatever somebody has kept."""
    world = World(policy, ttl, ds_ttl=ds_ttl)
    world.look()
    for what, value in (*beginning, *events):
        happen(world, what, value)

    assert not list(world.broken())


@given(POLICIES, SECONDS, st.lists(EVENTS, max_size=20))
def test_every_rollover_ends(
    policy: Policy, ttl: int, events: list[tuple[str, object]]
) -> None:
    """As soon as the parent plays along, and nothing else happens."""
    world = World(policy, ttl)
    world.look()
    for what, value in events:
        happen(world, what, value)
    world.policy = replace(world.policy, zsk_lifetime=0, ksk_lifetime=0)
    happen(world, "stay", None)
    for _ in range(30):
        for what in ("wait", "adopt", "ask"):
            happen(world, what, None)
    life = life_of(world)

    assert not life.rolls
    assert {(world.policy.algorithm, role) for role in world.policy.roles} == {
        (key.key.algorithm, key.role) for key in life.keys
    }


def test_lifetimes() -> None:
    """What has come to the end of its time is replaced by itself."""
    world = settled(replace(SPLIT, zsk_lifetime=50_000))
    zsk = next(key for key in life_of(world).keys if key.role is Role.ZSK)
    world.look()
    assert world.due == zsk.active + 50_000
    world.wait()
    world.look()

    assert [Kind.ZSK] == [each.kind for each in life_of(world).rolls]


def test_one_after_the_other() -> None:
    """A key that is replaced is not replaced once more; another one may be."""
    world = settled(SPLIT)
    world.life = begin(life_of(world), Kind.KSK, world.now)
    with pytest.raises(SigningKeyError, match="under way"):
        begin(life_of(world), Kind.KSK, world.now)
    with pytest.raises(SigningKeyError, match="under way"):
        begin(life_of(world), Kind.ALL, world.now)
    assert len(begin(life_of(world), Kind.ZSK, world.now).rolls) == 2
    with pytest.raises(SigningKeyError, match="no csk"):
        begin(life_of(world), Kind.CSK, world.now)


def test_first_key_may_be_replaced() -> None:
    """Its DS may never come to the parent, and the CDS of the new one is another."""
    world = World(POLICY, TTL)
    world.look()
    with pytest.raises(SigningKeyError, match="under way"):
        begin(life_of(world), Kind.CSK, world.now)
    world.wait()
    world.look()
    world.policy = replace(POLICY, algorithm=15)
    world.look()

    assert [Kind.ALL] == [each.kind for each in life_of(world).rolls]


def test_confirmation() -> None:
    """By somebody who knows: of the DS that is waited for, and of no other."""
    world = settled()
    with pytest.raises(SigningKeyError, match="nothing waits"):
        confirm(life_of(world), world.now)
    world.life = begin(life_of(world), Kind.CSK, world.now)
    world.look()
    while world.due is not None:
        world.wait()
        world.look()
    old, new = life_of(world).keys
    with pytest.raises(SigningKeyError, match=f"the key {new.tag}, not {old.tag}"):
        confirm(life_of(world), world.now, old.tag)
    world.life = confirm(life_of(world), world.now, new.tag)
    world.look()

    assert world.due == world.now + DS_TTL + DELAY


def test_old_ds_beside_the_new_one() -> None:
    """A parent that has both has not done all of it: the old key stays."""
    world = settled()
    roll_until_parent(world)
    world.adopt()
    both = world.parent[-1].tags | world.parent[-2].tags
    world.parent[-1] = world.parent[-1]._replace(tags=both)
    world.ask()
    assert life_of(world).waiting
    world.parent[-1] = world.parent[-1]._replace(tags=world.versions[-1].submitted)
    world.ask()
    assert life_of(world).waiting is None


def roll_until_parent(world: World) -> None:
    """Replace the key, as far as that goes without the parent."""
    world.life = begin(life_of(world), Kind.CSK, world.now)
    world.look()
    while world.due is not None:
        world.wait()
        world.look()
    assert life_of(world).waiting


def test_longest_ttl_of_the_ds_counts() -> None:
    """What the policy says, or what was seen."""
    world = settled()
    roll_until_parent(world)
    world.adopt()
    world.ds_ttl *= 5
    world.ask()
    world.look()

    assert world.due == world.now + 5 * DS_TTL + DELAY


def test_ttl_of_the_old_ds_counts_too() -> None:
    """It was seen, and caches have it for as long."""
    world = settled()
    roll_until_parent(world)
    world.ds_ttl *= 5
    world.ask()
    world.ds_ttl //= 50
    world.adopt()
    world.ask()
    world.look()

    assert world.due == world.now + 5 * DS_TTL + DELAY


def test_tags_differ() -> None:
    """Keys are known by their tags, so one that is taken is not taken again."""
    world = settled()
    (old,) = life_of(world).keys
    made = iter([old.key, old.key, SigningKey.generate(13)])
    life = begin(life_of(world), Kind.CSK, NOW, lambda *_: next(made))

    assert len({key.tag for key in life.keys}) == 2


def test_keys_of_a_file_that_somebody_wrote() -> None:
    """They are as old as the first look at them."""
    world = settled()
    keys = tuple(replace(key, made=0, active=0) for key in life_of(world).keys)
    world.life = Life(keys)
    world.look()

    assert {(NOW, NOW)} == {(key.made, key.active) for key in life_of(world).keys}


def test_signed_no_longer() -> None:
    """The parent is asked for no DS; once no cache has one, the zone may go."""
    world = settled()
    world.life = leave(life_of(world), world.now)
    world.look()
    assert (["csk:psd"], None) == (letters(world), world.due)
    world.ask()
    assert life_of(world).waiting
    world.now += PATIENCE
    world.parent.append(DsSet(world.now, frozenset()))
    world.ask()
    world.look()
    assert (["csk:psd"], world.now + SPREAD) == (letters(world), world.due)
    assert not life_of(world).may_go
    world.wait()
    world.look()
    assert (["csk:ps"], None) == (letters(world), world.due)
    assert life_of(world).may_go
    world.versions.append(Version(world.now, (), TTL, 0))
    assert not list(world.broken())

    world.now += 10_000
    world.look()  # it is signed again
    assert [Kind.FIRST] == [each.kind for each in life_of(world).rolls]
    world.wait()
    world.look()
    world.adopt()
    world.ask()
    assert not life_of(world).rolls
    assert not list(world.broken())


def test_nobody_has_asked_for_a_ds_yet() -> None:
    """Then a zone may go at once."""
    world = World(POLICY, TTL)
    world.look()
    assert life_of(world).may_go
    world.life = leave(life_of(world), world.now)
    assert life_of(world).may_go
    world.life = stay(life_of(world), world.now)
    world.look()
    assert ["csk:ps"] == letters(world)


def test_zone_stays_after_all() -> None:
    """The DS may be there still, or has to come back."""
    world = settled(SPLIT)
    with pytest.raises(SigningKeyError, match="signed anyway"):
        stay(life_of(world), world.now)
    world.life = leave(life_of(world), world.now)
    world.look()
    with pytest.raises(SigningKeyError, match="under way"):
        begin(life_of(world), Kind.KSK, world.now)
    world.life = stay(life_of(world), world.now)
    world.look()
    world.ask()

    assert not life_of(world).rolls
    world.life = begin(life_of(world), Kind.KSK, world.now)
    with pytest.raises(SigningKeyError, match="under way"):
        leave(life_of(world), world.now)
