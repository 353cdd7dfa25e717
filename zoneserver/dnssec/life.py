"""The keys of a zone, and what becomes of them: all that is kept of both."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from zoneserver.dnssec.rolls import ACTIVE, Kind, Roll, Stage, Use, ZoneKey


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long caches have what was served: for `ttl` from now on, or `until` a time.

    The latter is of what was served with a greater TTL before.
    """

    ttl: int = 0
    until: int = 0

    def change(self, ttl: int, now: int) -> "Lasting":
        """The same when another TTL is served."""
        if ttl == self.ttl:
            return self
        return Lasting(ttl, max(self.until, now + self.ttl if self.ttl else 0))

    def end(self, since: int) -> int:
        """When nothing is left that was served before `since`."""
        return max(since + self.ttl, self.until)


@dataclass(frozen=True, slots=True)
class Life:
    """The keys of a zone, the rollovers that are under way, and what caches may have.

    `zone` and `dnskeys` tell that of the records, and of the keys.
    """

    keys: tuple[ZoneKey, ...] = ()
    rolls: tuple[Roll, ...] = ()
    zone: Lasting = Lasting()
    dnskeys: Lasting = Lasting()

    def use(self, key: ZoneKey) -> Use:
        """What a key does now, as far as its role has it do that."""
        duty = ACTIVE
        for roll in self.rolls:
            if key.tag in roll.new:
                duty = roll.step.new
            elif key.tag in roll.old:
                duty = roll.step.old
        if not key.role.is_entry:
            duty = duty._replace(submits=False)
        return Use(key.key, key.role, duty)

    @property
    def uses(self) -> tuple[Use, ...]:
        """What each key does now."""
        return tuple(map(self.use, self.keys))

    def find(self, tags: Iterable[int]) -> list[ZoneKey]:
        """The keys with some tags."""
        wanted = set(tags)
        return [key for key in self.keys if key.tag in wanted]

    @property
    def waiting(self) -> Roll | None:
        """The rollover that waits for the parent; there is one at most."""
        return next((roll for roll in self.rolls if roll.waits_for_parent), None)

    @property
    def first(self) -> Roll | None:
        """What is under way to sign the zone for the first time."""
        return next((roll for roll in self.rolls if roll.kind is Kind.FIRST), None)

    @property
    def last(self) -> Roll | None:
        """What is under way to sign the zone no longer."""
        return next((roll for roll in self.rolls if roll.kind is Kind.LAST), None)

    @property
    def may_go(self) -> bool:
        """Whether nobody looks for signatures: the zone may be served without them.

        The parent has no DS any more, or none yet that anybody has asked for.
        """
        last, first = self.last, self.first
        is_early = first is not None and not first.waits_for_parent
        return is_early or (last is not None and last.stage is Stage.RELEASED)

    def exchange(self, roll: Roll, by: Roll) -> "Life":
        """The same with another rollover in place of one."""
        return replace(self, rolls=tuple(by if each is roll else each for each in self.rolls))
