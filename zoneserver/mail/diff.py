"""What senders and resolvers will see change when new zones take the place of old ones."""

import ipaddress
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from zoneserver.mail.resolve import resolve
from zoneserver.mail.route import Fate, Manner, Route, Router
from zoneserver.mail.rrsets import RecordChange, compare_rrsets
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.validator.hostnames import find_fault
from zoneserver.validator.ranges import IPAddress
from zoneserver.validator.world import Target, Verdict, World
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet


@dataclass(frozen=True, slots=True)
class MailChange:
    """Mail for a name is handled by other hosts than before, or no longer at all."""

    old: Route
    new: Route

    @property
    def name(self) -> Name:
        """Whose mail it is; a wildcard stands for every name that it covers."""
        return self.new.domain

    @property
    def ttl(self) -> int:
        """How long resolvers may go by the old route, in seconds."""
        return max([self.old.reply.ttl, *(rrset.ttl for rrset in self.old.reply.aliases)])

    @property
    def loses_mail(self) -> bool:
        """Whether mail that had a host to go to has none any more.

        A name whose zone is gone loses its mail; one that is delegated, or an alias of a
        name elsewhere, does not: who answers for it may know more.
        """
        if not self.old.exchangers:
            return False
        # A rule forbids an alias as exchanger, but many senders follow one: that was mail.
        if self.old.fate is Fate.BOUNCED and (self.new.has_alias or not self.old.has_alias):
            return False
        is_gone = self.new.manner is Manner.FOREIGN and not self.new.reply.aliases
        return is_gone or self.new.fate in (Fate.BOUNCED, Fate.REFUSED)


@dataclass(frozen=True, slots=True)
class Move:
    """A mail host gets other addresses, and mail for `names` goes there.

    `ttl` is how long resolvers may keep the old ones, in seconds.
    """

    host: Name
    old: tuple[IPAddress, ...]
    new: tuple[IPAddress, ...]
    names: tuple[Name, ...]
    ttl: int


class SerialChange(NamedTuple):
    """Another serial in the SOA of a zone."""

    zone: Name
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Difference:
    """All that changes. The records of zones that are added or removed are not listed."""

    mail: tuple[MailChange, ...]
    moves: tuple[Move, ...]
    added: tuple[Zone, ...]
    removed: tuple[Zone, ...]
    serials: tuple[SerialChange, ...]
    records: tuple[RecordChange, ...]

    @property
    def loses_mail(self) -> bool:
        """Whether any name loses its mail."""
        return any(change.loses_mail for change in self.mail)


def compare(old: Sequence[Zone], new: Sequence[Zone]) -> Difference:
    """What changes for senders of mail, and for resolvers, between two sets of zones."""
    before = {zone.origin: zone for zone in old}
    after = {zone.origin: zone for zone in new}
    both = [(before[origin], after[origin]) for origin in _sorted(before.keys() & after.keys())]
    routes = list(_pair_routes(old, new))
    return Difference(
        tuple(MailChange(*pair) for pair in routes if _plan(pair[0]) != _plan(pair[1])),
        tuple(_moves(routes)),
        tuple(after[origin] for origin in _sorted(after.keys() - before.keys())),
        tuple(before[origin] for origin in _sorted(before.keys() - after.keys())),
        tuple(
            SerialChange(one.origin, one.serial, other.serial)
            for one, other in both
            if one.serial != other.serial
        ),
        tuple(change for pair in both for change in compare_rrsets(*pair)),
    )


def _pair_routes(old: Sequence[Zone], new: Sequence[Zone]) -> Iterator[tuple[Route, Route]]:
    """The routes, before and after, of every name that takes part in mail.

    That is: a zone's apex, and a name that has an MX before or after, be it its own, by a
    wildcard or by way of an alias. A name with nothing but an address takes no part: if it
    did, every web host would.
    """
    before, after = (Router(World(ZoneSet(zones))) for zones in (old, new))
    origins = {zone.origin for zone in (*old, *new)}
    owners = {node.owner for zone in (*old, *new) for node in zone.nodes.values()}
    for owner in _sorted(owners):
        was = resolve(before.world, owner, rtypes.MX)
        will_be = resolve(after.world, owner, rtypes.MX)
        takes_part = owner in origins or was.rrset or will_be.rrset
        if takes_part and _can_have_mail(owner):
            yield before.judge(owner, was), after.judge(owner, will_be)


def _can_have_mail(owner: Name) -> bool:
    """Whether a name can stand in a mail address; `_dmarc` and its like cannot."""
    return find_fault(owner.parent if owner.is_wildcard else owner, ROOT) is None


def _plan(route: Route) -> tuple[object, ...]:
    """What a sender does, whatever the numbers and the addresses: a key to compare."""
    rounds = tuple(
        frozenset((each.target.name, each.fate) for each in members)
        for _, members in route.rounds
    )
    return (route.manner, rounds)


def _moves(routes: Sequence[tuple[Route, Route]]) -> Iterator[Move]:
    """The hosts with other addresses, each with the names whose mail follows."""
    hosts: dict[Name, tuple[Target, Target]] = {}
    names: dict[Name, list[Name]] = {}
    for old, new in routes:
        ours, theirs = _hosts(old), _hosts(new)
        for host in ours.keys() & theirs.keys():
            hosts[host] = ours[host], theirs[host]
            names.setdefault(host, []).append(new.domain)
    for host in _sorted(hosts):
        old_target, new_target = hosts[host]
        old_addresses, new_addresses = _addresses(old_target), _addresses(new_target)
        if old_addresses != new_addresses:
            ttl = max(rrset.ttl for rrset in old_target.addresses)
            yield Move(host, old_addresses, new_addresses, tuple(names[host]), ttl)


def _hosts(route: Route) -> dict[Name, Target]:
    """The hosts of a route whose addresses we know."""
    targets = (each.target for each in route.exchangers)
    return {each.name: each for each in targets if each.verdict is Verdict.HOST}


def _addresses(target: Target) -> tuple[IPAddress, ...]:
    addresses = {ipaddress.ip_address(rdata.wire) for rdata in target.address_rdatas}
    return tuple(sorted(addresses, key=lambda each: (each.version, each.packed)))


def _sorted(names: Iterable[Name]) -> list[Name]:
    return sorted(names, key=Name.canonical)
