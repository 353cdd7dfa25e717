"""What two versions of a zone answer differently, RRset by RRset."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA, Rdata
from zoneserver.records.rrset import RRset
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

_AT_CUT = frozenset({rtypes.NS, rtypes.DS})  # RFC 4035 3.1.4.1: the parent's side of a cut
_GLUE = frozenset({rtypes.A, rtypes.AAAA})


@dataclass(frozen=True, slots=True)
class Seen:
    """An RRset as resolvers see it: in answers, or as glue in referrals alone."""

    rrset: RRset
    is_glue: bool = False

    @property
    def rdatas(self) -> list[Rdata]:
        """The data in canonical order (RFC 4034 6.3)."""
        return sorted(self.rrset.rdatas, key=lambda rdata: rdata.wire)

    @property
    def content(self) -> tuple[int, bool, frozenset[Rdata]]:
        """What makes a difference: not the order, the place in the file or the serial."""
        rdatas = frozenset(
            replace(rdata, serial=0) if isinstance(rdata, SOA) else rdata
            for rdata in self.rrset.rdatas
        )
        return self.rrset.ttl, self.is_glue, rdatas


@dataclass(frozen=True, slots=True)
class RecordChange:
    """An RRset that appears, goes, or differs. One of `old` and `new` may be None."""

    zone: Name
    owner: Name
    rtype: int
    old: Seen | None
    new: Seen | None


def compare_rrsets(old: Zone, new: Zone) -> Iterator[RecordChange]:
    """Every difference but the serial, names in canonical order (RFC 4034 6.1)."""
    before, after = _seen(old), _seen(new)
    owners = {rrset.owner for zone in (old, new) for rrset in zone.rrsets()}
    for owner in sorted(owners, key=Name.canonical):
        ours, theirs = before.get(owner, {}), after.get(owner, {})
        for rtype in sorted(ours.keys() | theirs.keys()):
            one, other = ours.get(rtype), theirs.get(rtype)
            if one is None or other is None or one.content != other.content:
                yield RecordChange(new.origin, owner, rtype, one, other)


def _seen(zone: Zone) -> dict[Name, dict[int, Seen]]:
    """What resolvers see of a zone: data below a cut as glue, below a DNAME not at all."""
    seen: dict[Name, dict[int, Seen]] = {}
    for node in zone.nodes.values():
        for rrset in node.rrsets:
            is_hidden = _is_hidden(node, rrset.rtype)
            if not is_hidden or (rrset.rtype in _GLUE and _is_below_cut(node)):
                sets = seen.setdefault(node.owner, {})
                sets[rrset.rtype] = Seen(rrset, is_hidden)
    return seen


def _is_hidden(node: Node, rtype: int) -> bool:
    return node.cover is not None or (node.is_cut and rtype not in _AT_CUT)


def _is_below_cut(node: Node) -> bool:
    return node.is_cut if node.cover is None else node.cover.is_cut
