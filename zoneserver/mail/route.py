"""The route of a domain's mail: which hosts a sender tries, and in what order.

RFC 5321 5.1 from the sender's side. What a host turns out to be is the validator's
judgement of an MX target; nothing here looks into a zone by itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import Enum
from itertools import groupby

from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import LEVELS, Level, Mark
from zoneserver.mail.resolve import Ending, Reply, resolve
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX
from zoneserver.validator.exchanges import Charge, judge_exchange
from zoneserver.validator.world import Target, Verdict, World
from zoneserver.zone.zone import Zone


class Manner(Enum):
    """How mail for a domain is handled."""

    EXCHANGERS = "mx"
    IMPLICIT = "implicit-mx"
    NULL = "null-mx"
    NO_ADDRESS = "no-address"
    NO_NAME = "no-such-name"
    ALIAS_LOOP = "alias-loop"
    UNREADABLE = "unreadable"
    DELEGATED = "delegated"
    FOREIGN = "not-ours"


class Fate(Enum):
    """What becomes of the mail."""

    DELIVERED = "delivered"
    UNKNOWN = "unknown"
    REFUSED = "refused"
    BOUNCED = "bounced"


# Without an MX that can be used, by the way the look-up for one ended.
_WITHOUT_MX = {
    Ending.NXDOMAIN: Manner.NO_NAME,
    Ending.LOOP: Manner.ALIAS_LOOP,
    Ending.TOO_LONG: Manner.ALIAS_LOOP,
    Ending.UNREADABLE: Manner.UNREADABLE,
    Ending.DELEGATED: Manner.DELEGATED,
    Ending.FOREIGN: Manner.FOREIGN,
}
_FATES = {
    Manner.NULL: Fate.REFUSED,
    Manner.DELEGATED: Fate.UNKNOWN,
    Manner.FOREIGN: Fate.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Exchanger:
    """One host of a route.

    `mark` is where its MX stands; an implicit MX has none. `faults` are the rules that it
    breaks as an exchanger, those alone that keep a zone from being served.
    """

    preference: int
    target: Target
    mark: Mark | None = None
    faults: tuple[Charge, ...] = ()

    @property
    def fate(self) -> Fate:
        """What becomes of mail that is sent to this host."""
        if self.target.name == ROOT or self.faults:
            return Fate.BOUNCED
        if self.target.verdict in (Verdict.FOREIGN, Verdict.DELEGATED):
            return Fate.UNKNOWN
        return Fate.DELIVERED if self.target.verdict is Verdict.HOST else Fate.BOUNCED

    def without(self, codes: frozenset[str]) -> "Exchanger":
        """The same host, the faults with these codes forgiven."""
        return replace(
            self, faults=tuple(fault for fault in self.faults if fault.code not in codes)
        )


@dataclass(frozen=True, slots=True)
class Route:
    """How mail for a domain is handled; `exchangers` in the order that senders try them."""

    domain: Name
    manner: Manner
    reply: Reply
    exchangers: tuple[Exchanger, ...] = ()

    @property
    def rounds(self) -> Iterator[tuple[int, tuple[Exchanger, ...]]]:
        """The exchangers by preference; within one round the order is random."""
        for preference, members in groupby(self.exchangers, lambda each: each.preference):
            yield preference, tuple(members)

    @property
    def has_alias(self) -> bool:
        """Whether an exchanger is an alias: some senders deliver there, others bounce."""
        return any(each.target.verdict is Verdict.ALIAS for each in self.exchangers)

    @property
    def fate(self) -> Fate:
        """What becomes of the mail: one host that takes it is enough."""
        if not self.exchangers:
            return _FATES.get(self.manner, Fate.BOUNCED)
        fates = {exchanger.fate for exchanger in self.exchangers}
        return next(each for each in Fate if each in fates)


@dataclass(frozen=True, slots=True)
class Router:
    """Finds the routes of one world. A host that many domains share is judged once."""

    world: World
    _faults: dict[tuple[Name, Name], tuple[Charge, ...]] = field(default_factory=dict)

    def find(self, domain: Name) -> Route:
        """What a sender does with mail for a domain."""
        return self.judge(domain, resolve(self.world, domain, rtypes.MX))

    def judge(self, domain: Name, reply: Reply) -> Route:
        """What a sender does after this reply to its question for MX (RFC 5321 5.1)."""
        # An alias was followed: what it leads to counts as the domain that was asked for.
        if reply.rrset is not None:
            return self._explicit(domain, reply)
        unsure = reply.ending in (Ending.NODATA, Ending.NXDOMAIN)
        if unsure and self.world.is_unreadable(reply.name):
            return Route(domain, Manner.UNREADABLE, reply)
        if reply.ending is Ending.NODATA:
            return self._implicit(domain, reply)
        return Route(domain, _WITHOUT_MX[reply.ending], reply)

    def _explicit(self, domain: Name, reply: Reply) -> Route:
        assert reply.rrset is not None
        assert reply.zone is not None
        if all(rdata.points_to == ROOT for rdata in reply.rrset.rdatas):
            return Route(domain, Manner.NULL, reply)  # RFC 7505 3
        exchangers = [
            self._judge(rdata, mark, reply.zone)
            for rdata, mark in zip(reply.rrset.rdatas, reply.rrset.marks, strict=True)
            if isinstance(rdata, MX)
        ]
        exchangers.sort(key=lambda each: (each.preference, each.target.name.canonical()))
        return Route(domain, Manner.EXCHANGERS, reply, tuple(exchangers))

    def _implicit(self, domain: Name, reply: Reply) -> Route:
        """No MX: as if there were one of preference 0 that points to the name itself."""
        target = self.world.look_up(reply.name)
        if target.verdict is not Verdict.HOST:
            return Route(domain, Manner.NO_ADDRESS, reply)
        assert reply.zone is not None
        exchanger = Exchanger(0, target, None, self._find_faults(reply.name, reply.zone))
        return Route(domain, Manner.IMPLICIT, reply, (exchanger,))

    def _judge(self, mx: MX, mark: Mark, zone: Zone) -> Exchanger:
        faults = self._find_faults(mx.exchange, zone)
        return Exchanger(mx.preference, self.world.look_up(mx.exchange), mark, faults)

    def _find_faults(self, exchange: Name, zone: Zone) -> tuple[Charge, ...]:
        if exchange == ROOT:
            return ()
        known = self._faults.get((exchange, zone.origin))
        if known is None:
            charges = judge_exchange(exchange, zone, self.world)
            known = tuple(charge for charge in charges if _level(charge) is Level.ERROR)
            self._faults[exchange, zone.origin] = known
        return known


def _level(charge: Charge) -> Level:
    return LEVELS[CATALOGUE[charge.code].level] if charge.level is None else charge.level
