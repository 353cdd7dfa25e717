"""A target without its final dot has two readings: which is meant, if only one can be."""

import re
from enum import Enum

from zoneserver.errors import NameSyntaxError
from zoneserver.names import ROOT, Name
from zoneserver.validator.known import TOP_LEVEL_DOMAINS, provider_of
from zoneserver.validator.world import Verdict, World
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.targets import spelled_address

_RELATIVE = re.compile(r"[\w-]+(?:\.[\w-]+)*")
_THERE = {Verdict.HOST, Verdict.ALIAS, Verdict.BARE}


class _Chance(Enum):
    """Whether a name can be the one that is meant."""

    NONE = "nothing is known by that name"
    SOME = "there may be such a name: elsewhere, by a wildcard, in a record that is not read"
    SURE = "it is written in our zones"


def complete(text: str, zone: Zone, world: World) -> str | None:
    """The target that a text without final dot means, with it; None where that is open.

    It is the text as a full name, or a name below the zone. One of them must exist in our
    zones, or the first look like a host of somebody else, and the other must not. Where the
    text ends in the origin, a wildcard is no reason to take it for a name with it twice.
    """
    if not _RELATIVE.fullmatch(text) or spelled_address(text):
        return None
    full = f"{text}."
    below = full if zone.origin == ROOT else f"{full}{zone.origin}"
    try:
        names = Name.parse(full), Name.parse(below)
    except NameSyntaxError:
        return None
    match _chance(names[0], world), _chance(names[1], world):
        case (_Chance.SURE, _Chance.NONE):
            return full
        case (_Chance.SURE, _Chance.SOME) if names[0].is_below(zone.origin):
            return full
        case (_Chance.NONE, _Chance.SURE):
            return below
        case (_Chance.SOME, _Chance.NONE):
            looked_up = world.look_up(names[0]).verdict
            fits = looked_up is Verdict.FOREIGN and not _leads_into(names[1], zone)
            return full if fits else None
    return None


def _chance(name: Name, world: World) -> _Chance:
    target = world.look_up(name)
    verdict = target.verdict
    if verdict in _THERE:
        is_written = target.zone is not None and target.zone.find(name) is not None
        return _Chance.SURE if is_written else _Chance.SOME
    if verdict is Verdict.FOREIGN:
        return _Chance.SOME if _looks_foreign(name) else _Chance.NONE
    return _Chance.NONE if verdict is Verdict.MISSING else _Chance.SOME


def _looks_foreign(name: Name) -> bool:
    """Whether a name outside our zones reads as a host below somebody's domain.

    Two labels are not enough: `mail.app` may be a host of one's own with a short name.
    """
    is_known = name.labels[-1].lower() in TOP_LEVEL_DOMAINS
    return provider_of(name) is not None or (is_known and len(name.labels) > 2)


def _leads_into(name: Name, zone: Zone) -> bool:
    """Whether the zone has a name between its origin and this one, as if meant to be there."""
    return zone.closest(name).owner != zone.origin
