"""What a zone can be told of a name that is not its own: to compare two moments."""

from dataclasses import dataclass, field
from typing import NamedTuple

from zoneserver.dnssec.public import signers_of
from zoneserver.engine.answer import Outcome
from zoneserver.engine.solve import solve
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import Rdata
from zoneserver.records.rrset import RRset
from zoneserver.validator.suggest import closest, hosts_of
from zoneserver.validator.world import Zones
from zoneserver.zone.zone import Zone

# Every type that a rule asks other zones for.
_ASKED = (rtypes.A, rtypes.AAAA, rtypes.MX, rtypes.TXT, rtypes.TLSA, rtypes.PTR)

_RESTLESS = frozenset({rtypes.SOA, rtypes.RRSIG, rtypes.NSEC, rtypes.ZONEMD})

# An RRset without the places in the file.
Content = tuple[Name, int, int, tuple[Rdata, ...]]


class _Seen(NamedTuple):
    """All that a rule may go by."""

    origin: Name
    rrsets: tuple[Content, ...]
    signers: frozenset[tuple[int, int]]  # of its keys
    replies: tuple[tuple[Outcome, tuple[Content, ...]], ...]
    suggestion: Name | None


@dataclass(frozen=True, slots=True)
class Answers:
    """What zones answer at one moment. Rules that see the same twice find the same.

    Only the places of records in their files are left out: every line that is added at the
    top of a file moves them.
    """

    zones: Zones
    _hosts: dict[Name, dict[str, Name]] = field(default_factory=dict)

    def of(self, name: Name) -> object:
        """What is known of a name: a value to compare."""
        zone = self.zones.find(name)
        return self._see(zone, name) if isinstance(zone, Zone) else None

    def _see(self, zone: Zone, name: Name) -> _Seen:
        replies = tuple(
            (reply.outcome, _content(reply.answer))
            for reply in (solve(zone, name, rtype) for rtype in _ASKED)
        )
        node = zone.find(name)
        is_missing = not any(answer for _, answer in replies[:2])
        return _Seen(
            zone.origin,
            _content(_keep(node.rrsets)) if node else (),
            signers_of(node, rtypes.DNSKEY) if node else frozenset(),
            replies,
            self._suggest(zone, name) if is_missing else None,
        )

    def _suggest(self, zone: Zone, name: Name) -> Name | None:
        """The host that a rule would propose in place of one that has no address."""
        if b"_" in name.key:
            return None  # no host
        hosts = self._hosts.get(zone.origin)
        if hosts is None:
            hosts = self._hosts[zone.origin] = hosts_of(zone)
        return closest(name, hosts)


def _keep(rrsets: tuple[RRset, ...]) -> tuple[RRset, ...]:
    """The sets without those that change whenever a zone does, and that no rule asks for."""
    return tuple(each for each in rrsets if each.rtype not in _RESTLESS)


def _content(rrsets: tuple[RRset, ...]) -> tuple[Content, ...]:
    return tuple((each.owner, each.rtype, each.ttl, each.rdatas) for each in rrsets)
