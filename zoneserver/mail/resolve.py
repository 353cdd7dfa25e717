"""What a resolver finds in our zones: `solve`, asked again wherever an alias leads."""

from dataclasses import dataclass
from enum import Enum

from zoneserver.engine.answer import Answer, Outcome
from zoneserver.engine.solve import solve
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.validator.world import World
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone

MAX_ALIASES = 16  # common resolvers give up after 11 to 16


class Ending(Enum):
    """How a look-up ends, seen by a resolver."""

    FOUND = "the RRset asked for"
    NODATA = "the name exists, the type does not"
    NXDOMAIN = "the name does not exist"
    LOOP = "aliases in a circle, or more than resolvers follow"
    TOO_LONG = "a DNAME makes a name of over 255 octets"
    DELEGATED = "below a zone cut, and the child zone is not ours"
    FOREIGN = "outside every zone of ours"
    UNREADABLE = "in a zone of ours that cannot be read"


_ENDINGS = {
    Outcome.ANSWER: Ending.FOUND,
    Outcome.NODATA: Ending.NODATA,
    Outcome.NXDOMAIN: Ending.NXDOMAIN,
    Outcome.REFERRAL: Ending.DELEGATED,
    Outcome.YXDOMAIN: Ending.TOO_LONG,
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What was found, and how.

    `name` is the last name asked for, behind all `aliases` (CNAMEs, each with the DNAME it
    was made from before it). `zone` had the last word; `ttl` is how long resolvers keep
    what it said, in seconds. `cut` is the delegation that ended the search, if one did.
    """

    name: Name
    ending: Ending
    aliases: tuple[RRset, ...] = ()
    rrset: RRset | None = None
    zone: Zone | None = None
    ttl: int = 0
    cut: Name | None = None

    @property
    def wildcard(self) -> Name | None:
        """The source of synthesis (RFC 4592 3.3.1) of what was found, if there is one."""
        if self.zone is None or self.rrset is None or self.zone.find(self.name):
            return None
        source = self.zone.find_wildcard(self.zone.closest(self.name))
        return source.owner if source else None


def resolve(world: World, name: Name, rtype: int) -> Reply:
    """Ask for a type at a name, and follow aliases from zone to zone.

    One alias at a time: the next name may belong to another zone, also to a child.
    """
    aliases: tuple[RRset, ...] = ()
    visited: set[Name] = set()
    while True:
        zone = world.zone_of(name)
        if zone is None:
            unread = isinstance(world.zones.find(name), RefusedZone)
            ending = Ending.UNREADABLE if unread else Ending.FOREIGN
            return Reply(name, ending, aliases)
        answer = solve(zone, name, rtype)
        kinds = [rrset.rtype for rrset in answer.answer[: answer.aliases]]
        if rtypes.CNAME not in kinds:
            return _end(name, answer, aliases, zone)
        hops = answer.answer[: kinds.index(rtypes.CNAME) + 1]
        aliases += hops
        visited.add(name)
        name = hops[-1].rdatas[0].points_to or name
        if name in visited or len(visited) > MAX_ALIASES:
            return Reply(name, Ending.LOOP, aliases, zone=zone)


def _end(name: Name, answer: Answer, aliases: tuple[RRset, ...], zone: Zone) -> Reply:
    """The reply that an answer without a further alias makes."""
    ending = _ENDINGS[answer.outcome]
    said = next(iter((*answer.answer, *answer.authority)), None)
    return Reply(
        name,
        ending,
        aliases,
        said if ending is Ending.FOUND else None,
        zone,
        said.ttl if said else 0,
        said.owner if said and ending is Ending.DELEGATED else None,
    )
