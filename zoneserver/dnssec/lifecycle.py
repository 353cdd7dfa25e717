"""The life of the keys of a zone: a function of what they do, what is known, and the time.

`advance` says what they do next, and when to look again; `begin`, `confirm` and `see` are what
comes from outside. Nobody writes, waits or looks at a clock here.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from zoneserver.dnssec.keys import SigningKey
from zoneserver.dnssec.life import Life
from zoneserver.dnssec.parent import ParentDs
from zoneserver.dnssec.policy import Policy, Role
from zoneserver.dnssec.rolls import STEPS, Kind, Roll, Stage, Wait, ZoneKey
from zoneserver.errors import SigningKeyError
from zoneserver.names import Name

# Makes a key of an algorithm; the word says whether the parent vouches for it.
Generate = Callable[[int, bool], SigningKey]

_UNDER_WAY = "a rollover of these keys is under way"


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a zone at one moment.

    `ttl` is the largest in what is served and in what is to be served. The keys in what is
    served do what the `served` words say, which `Life.words` made; empty: it is not signed.
    """

    ttl: int
    served: frozenset[str] = frozenset()


def generate(algorithm: int, is_entry: bool) -> SigningKey:  # noqa: FBT001 - as `Generate` has it
    """A new key."""
    return SigningKey.generate(algorithm, is_entry=is_entry)


def create(policy: Policy, now: int, make: Generate = generate) -> Life:
    """The life of the keys of a zone that is signed for the first time."""
    keys: list[ZoneKey] = []
    for role in policy.roles:
        keys.append(replace(_make(policy.algorithm, role, keys, now, make), active=now))
    entries = tuple(key.tag for key in keys if key.role.is_entry)
    return Life(tuple(keys), (Roll(Kind.FIRST, (), entries, Stage.SIGNING, now),))


def advance(
    life: Life, policy: Policy, facts: Facts, now: int, make: Generate = generate
) -> tuple[Life, int | None]:
    """What the keys do from now on, and when to look again; None: it need not be.

    What comes back is to be kept before a zone that is signed so is served.
    """
    life = replace(
        life,
        keys=tuple(
            key if key.made else replace(key, made=now, active=now) for key in life.keys
        ),
        zone=life.zone.change(facts.ttl, now),
        dnskeys=life.dnskeys.change(policy.key_ttl, now),
    )
    if not facts.served:
        life = _begin_anew(life, now)
    for roll in life.rolls:
        life = _move(life, roll, policy, facts, now)
    life = _begin_due(life, policy, now, make)
    for roll in life.rolls:
        if not roll.until:
            life = life.exchange(roll, replace(roll, until=_end(life, roll, policy)))
    return life, _next_due(life, policy)


def begin(life: Life, kind: Kind, now: int, make: Generate = generate) -> Life:
    """Replace keys by others like them. Raises SigningKeyError where that cannot be now."""
    old = [key for key in life.keys if kind is Kind.ALL or key.role == kind.value]
    if not old:
        raise SigningKeyError(f"there is no {kind.value}")
    return _begin(life, kind, [(key.key.algorithm, key.role) for key in old], now, make)


def leave(life: Life, now: int) -> Life:
    """Sign the zone no longer, as soon as nobody looks for that.

    Raises SigningKeyError where something else is under way.
    """
    entries = [key for key in life.keys if key.role.is_entry]
    if not life.may_go and not all(_is_free(life, key) for key in entries):
        raise SigningKeyError(_UNDER_WAY)
    stage = Stage.RELEASED if life.may_go else Stage.SUBMITTING
    last = Roll(Kind.LAST, tuple(key.tag for key in entries), (), stage, now)
    others = (roll for roll in life.rolls if roll.kind not in {Kind.FIRST, Kind.LAST})
    return replace(life, rolls=(*others, last))


def stay(life: Life, now: int) -> Life:
    """Go on signing the zone after all. Raises SigningKeyError if that goes without saying."""
    last = life.last
    if last is None:
        raise SigningKeyError("the zone is to be signed anyway")
    # Where there is no DS, caches may have the zone without signatures.
    stage = Stage.SIGNING if last.stage is Stage.RELEASED else Stage.SUBMITTING
    return life.exchange(last, Roll(Kind.FIRST, (), last.old, stage, now))


def _begin_anew(life: Life, now: int) -> Life:
    """The zone is signed again that was not to be, and is served without signatures by now."""
    last = life.last
    if last is None:
        return life
    return life.exchange(last, Roll(Kind.FIRST, (), last.old, Stage.SIGNING, now))


def confirm(life: Life, now: int, tag: int | None = None) -> Life:
    """The parent has the new DS, and no old one. Raises SigningKeyError if that is no news.

    With a `tag`, it is that of the new key.
    """
    roll = life.waiting
    if roll is None:
        raise SigningKeyError("nothing waits for the DS at the parent")
    if tag is not None and tag not in roll.new:
        tags = " or ".join(map(str, roll.new))
        raise SigningKeyError(f"what is waited for is the DS of the key {tags}, not {tag}")
    return _confirm(life, roll, now, 0)


def see(life: Life, origin: Name, parent: ParentDs) -> Life:
    """What comes of a look at the DS records of the parent; mostly nothing."""
    roll = life.waiting
    if roll is None:
        return life
    new, old = life.find(roll.new), life.find(roll.old)
    entries = [key for key in new if key.role.is_entry]
    has_new = all(any(key.key.is_meant(ds, origin) for ds in parent.records) for key in entries)
    has_old = any(key.key.is_meant(ds, origin) for key in old for ds in parent.records)
    # Caches may have the old one for as long as it had, whatever the TTL of the new one is.
    ttl = max(roll.ttl, parent.ttl)
    if has_new and not has_old:
        return _confirm(life, roll, parent.seen, ttl)
    return life.exchange(roll, replace(roll, ttl=ttl)) if has_old else life


def _confirm(life: Life, roll: Roll, now: int, ttl: int) -> Life:
    step = roll.following
    if step is None:
        return _finish(life, roll, now)
    return life.exchange(roll, roll.enter(step.stage, now, ttl))


def _move(life: Life, roll: Roll, policy: Policy, facts: Facts, now: int) -> Life:
    """Have a rollover go on, if what it does is served, and for long enough."""
    tags = {*roll.old, *roll.new}
    ours = {life.use(key).word for key in life.find(tags)}
    if not ours <= facts.served:
        # Nobody has seen it yet: a zone that was refused, or a crash, do not count as time.
        since = now if roll.step.wait is not Wait.DS else roll.since
        return life.exchange(roll, replace(roll, since=since, until=0))
    if roll.is_endless or now < (roll.until or _end(life, roll, policy)):
        return life
    step = roll.following
    if step is None:
        return _finish(life, roll, now)
    return life.exchange(roll, roll.enter(step.stage, now))


def _finish(life: Life, roll: Roll, now: int) -> Life:
    """The new keys do it alone from now on."""
    keys = (
        replace(key, active=key.active or now) if key.tag in roll.new else key
        for key in life.keys
        if key.tag not in roll.old
    )
    rolls = tuple(each for each in life.rolls if each is not roll)
    return replace(life, keys=tuple(keys), rolls=rolls)


def _end(life: Life, roll: Roll, policy: Policy) -> int:
    """When the stage ends by itself; 0: it does not."""
    if roll.is_endless:
        return 0
    if roll.step.wait is Wait.DS:
        end = roll.since + max(roll.ttl, policy.ds_ttl)
    else:
        lasting = life.zone if roll.step.wait is Wait.ZONE else life.dnskeys
        end = lasting.end(roll.since)
    return end + policy.propagation


def _begin_due(life: Life, policy: Policy, now: int, make: Generate) -> Life:
    """Begin what the policy wants, and what has come to the end of its time."""
    wanted = {(policy.algorithm, role) for role in policy.roles}
    going = {tag for roll in life.rolls for tag in roll.old}
    if wanted != {(key.key.algorithm, key.role) for key in life.keys if key.tag not in going}:
        is_free = all(_is_free(life, key) for key in life.keys)
        return _begin(life, Kind.ALL, sorted(wanted), now, make) if is_free else life
    for key in life.keys:
        lifetime = policy.lifetime(key.role)
        if lifetime and key.active + lifetime <= now and _is_free(life, key):
            life = begin(life, Kind(key.role.value), now, make)
    return life


def _next_due(life: Life, policy: Policy) -> int | None:
    """When something is to be done, should nobody ask for it."""
    dues = [roll.until for roll in life.rolls if roll.until]
    dues += (
        key.active + lifetime
        for key in life.keys
        if (lifetime := policy.lifetime(key.role)) and _is_free(life, key)
    )
    return min(dues, default=None)


def _is_free(life: Life, key: ZoneKey) -> bool:
    """Whether a rollover of a key may begin: none is under way.

    The first key may be replaced before its DS is at the parent, where it may never come to.
    """
    rolls = [roll for roll in life.rolls if key.tag in {*roll.old, *roll.new}]
    return all(roll.kind is Kind.FIRST and roll.waits_for_parent for roll in rolls)


def _begin(
    life: Life, kind: Kind, specs: Iterable[tuple[int, Role]], now: int, make: Generate
) -> Life:
    old = [key for key in life.keys if kind is Kind.ALL or key.role == kind.value]
    if not all(_is_free(life, key) for key in old):
        raise SigningKeyError(_UNDER_WAY)
    keys = list(life.keys)
    for algorithm, role in specs:
        keys.append(_make(algorithm, role, keys, now, make))
    new = tuple(key.tag for key in keys[len(life.keys) :])
    tags = tuple(key.tag for key in old)
    rolls = [roll for roll in life.rolls if not {*roll.new}.intersection(tags)]
    begun = Roll(kind, tags, new, STEPS[kind][0].stage, now)
    return replace(life, keys=tuple(keys), rolls=(*rolls, begun))


def _make(
    algorithm: int, role: Role, others: Iterable[ZoneKey], now: int, make: Generate
) -> ZoneKey:
    """A new key, with a tag that no other key of the zone has."""
    tags = {key.tag for key in others}
    while (key := make(algorithm, role.is_entry)).tag in tags:
        pass
    return ZoneKey(key, role, now)
