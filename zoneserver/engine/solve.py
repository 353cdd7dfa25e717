"""The one place that knows what a zone says to a question.

RFC 1034 4.3.2, with wildcards as RFC 4592 4.1 clarifies, DNAME as RFC 6672 3.2 inserts
it, negative answers as RFC 2308 and glue as RFC 9471 want them. The server answers with
`solve`, the validator asks it what a sender of mail would be told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple, cast

from zoneserver.engine.answer import Absence, Absent, Answer, Outcome
from zoneserver.errors import NameSyntaxError
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import CNAME, DNAME, SVCB, Rdata
from zoneserver.records.rrset import RRset
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

MAX_HOPS = 8  # aliases followed before we send what we have

_ADDRESSES = frozenset({rtypes.A, rtypes.AAAA})
# What the asker will want to know of the target next, by the type that names the target
# (RFC 1035 3.3.9 and 3.3.11, RFC 2782, RFC 9460 4.1).
_WANTED = {
    rtypes.MX: _ADDRESSES,
    rtypes.NS: _ADDRESSES,
    rtypes.SRV: _ADDRESSES,
    rtypes.SVCB: _ADDRESSES | {rtypes.SVCB},
    rtypes.HTTPS: _ADDRESSES | {rtypes.HTTPS},
}
_ALIAS_MODE = 0  # RFC 9460 2.4.1: the SvcPriority of a service binding that is an alias


class _Alias(NamedTuple):
    """One hop: the RRsets that say so, and where to go on (None: a name too long)."""

    rrsets: tuple[RRset, ...]
    target: Name | None
    absent: tuple[Absent, ...] = ()


def solve(zone: Zone, qname: Name, qtype: int) -> Answer:
    """What `zone` says to a question whose qname is at or below its origin."""
    aliases: tuple[RRset, ...] = ()
    absent: tuple[Absent, ...] = ()
    visited: set[Name] = set()
    name = qname
    # Every round is steps 2 and 3 of RFC 1034 4.3.2 for one name; an alias starts the next.
    while True:
        found = _look_up(zone, name, qtype)
        if isinstance(found, Answer):
            return _behind(aliases, absent, found) if aliases else found
        if len(visited) == MAX_HOPS:
            return _behind(aliases, absent, Answer(Outcome.PARTIAL))
        visited.add(name)
        aliases += _without(found.rrsets, aliases)
        absent += found.absent
        if found.target is None:
            return _behind(aliases, absent, Answer(Outcome.YXDOMAIN))
        if found.target in visited or not found.target.is_below(zone.origin):
            return _behind(aliases, absent, Answer(Outcome.PARTIAL))
        name = found.target


def find_addresses(zone: Zone, name: Name) -> tuple[RRset, ...]:
    """The A and the AAAA that `solve` answers for a name that is no alias, in one look-up."""
    found = _own(zone, name, _ADDRESSES)
    return tuple(sorted(found, key=lambda rrset: rrset.rtype))


def _behind(aliases: tuple[RRset, ...], absent: tuple[Absent, ...], last: Answer) -> Answer:
    """The answer that the aliases led to, with the aliases in front."""
    answer = aliases + _without(last.answer, aliases)
    return replace(last, answer=answer, aliases=len(aliases), absent=absent + last.absent)


def _without(rrsets: tuple[RRset, ...], known: tuple[RRset, ...]) -> tuple[RRset, ...]:
    """The RRsets that are not known yet: a message holds each once (RFC 2181 5)."""
    return tuple(rrset for rrset in rrsets if rrset not in known)


def _look_up(zone: Zone, name: Name, qtype: int) -> Answer | _Alias:
    """One round of RFC 1034 4.3.2: an answer, or the alias to follow."""
    encloser = zone.closest(name)
    exact = encloser.owner == name
    if hider := _hider(encloser, qtype, exact=exact):
        # A cut hides what is below it (step 3b); so does a DNAME (RFC 6672 3.2, step 3c).
        return _referral(zone, hider) if hider.is_cut else _substitute(hider, name, qtype)
    node = encloser if exact else zone.find_wildcard(encloser)
    if node is None:
        absent = (Absent(Absence.NAME, name, encloser.owner),)
        return Answer(Outcome.NXDOMAIN, authority=zone.negative, absent=absent)
    rrsets = node.rrsets if qtype == rtypes.ANY else node.find_all(qtype)
    unless_exact = () if exact else (Absent(Absence.EXACT_NAME, name, encloser.owner),)
    if not rrsets and (cname := node.find(rtypes.CNAME)):
        target = cname.rdatas[0].points_to
        # RFC 1034 4.3.2, step 3a.
        return _Alias((cname if exact else cname.owned_by(name),), target, unless_exact)
    if not rrsets:
        what = Absence.TYPE if exact else Absence.WILDCARD_TYPE
        absent = (Absent(what, name, encloser.owner),)
        return Answer(Outcome.NODATA, authority=zone.negative, absent=absent)  # RFC 2308 2.2
    if not exact:
        rrsets = tuple(rrset.owned_by(name) for rrset in rrsets)  # RFC 4592 3.3.1
    additional = _additional(zone, rrsets)
    return Answer(Outcome.ANSWER, rrsets, additional=additional, absent=unless_exact)


def _hider(encloser: Node, qtype: int, *, exact: bool) -> Node | None:
    """The zone cut or DNAME that keeps `encloser`, or what is below it, from view."""
    if encloser.cover is not None:
        return encloser.cover
    if encloser.is_cut:
        # RFC 4035 3.1.4.1: the DS belongs to the parent's side of the cut.
        return None if exact and qtype == rtypes.DS else encloser
    return encloser if not exact and encloser.find(rtypes.DNAME) else None


def _substitute(node: Node, name: Name, qtype: int) -> Answer | _Alias:
    """Rewrite a name below a DNAME, with the CNAME that old resolvers need (RFC 6672 3.1)."""
    dname = node.get(rtypes.DNAME)
    try:
        target = name.rebased(node.owner, cast("DNAME", dname.rdatas[0]).target)
    except NameSyntaxError:
        return _Alias((dname,), None)
    cname = RRset(name, rtypes.CNAME, dname.ttl, (CNAME(target),), dname.marks)
    if qtype == rtypes.CNAME:
        # RFC 1034 3.6.2: a CNAME that was asked for is the answer, and not followed.
        return Answer(Outcome.ANSWER, (dname, cname))
    return _Alias((dname, cname), target)


def _referral(zone: Zone, cut: Node) -> Answer:
    """The nameservers of a child zone and the addresses that we know of them."""
    ns = cut.get(rtypes.NS)
    glue: list[RRset] = []
    siblings: list[RRset] = []
    for target in _targets((ns,)):
        node = zone.find(target)
        if node is not None and (node.cover is None or node.cover.is_cut):
            # RFC 9471 2.1: only servers below the cut cannot be found without glue.
            addresses = (rrset for rrset in node.rrsets if rrset.rtype in _ADDRESSES)
            (glue if target.is_below(cut.owner) else siblings).extend(addresses)
    return Answer(Outcome.REFERRAL, (), (ns,), tuple(glue), tuple(siblings))


def _additional(zone: Zone, answer: tuple[RRset, ...]) -> tuple[RRset, ...]:
    """What the zone knows of every target in the answer, in order, each RRset once."""
    found: list[RRset] = []
    for target, wanted in _targets(answer).items():
        found += [rrset for rrset in _own(zone, target, wanted) if rrset not in answer]
    return tuple(found)


def _targets(rrsets: Iterable[RRset]) -> dict[Name, frozenset[int]]:
    """The hosts that the RRsets send their reader to, with the types wanted of each."""
    targets: dict[Name, frozenset[int]] = {}
    for rrset in rrsets:
        for rdata in rrset.rdatas if rrset.rtype in _WANTED else ():
            if target := _target(rrset.owner, rdata):
                targets[target] = targets.get(target, _ADDRESSES) | _WANTED[rrset.rtype]
    return targets


def _target(owner: Name, rdata: Rdata) -> Name | None:
    """The host to go on to: "." is none (RFC 7505 3), but in a service binding the owner."""
    if rdata.points_to != ROOT:
        return rdata.points_to
    # RFC 9460 2.5: that holds in service mode alone.
    return owner if isinstance(rdata, SVCB) and rdata.svcpriority != _ALIAS_MODE else None


def _own(zone: Zone, name: Name, wanted: frozenset[int]) -> Iterator[RRset]:
    """What the zone itself would answer for a name: no glue, and no alias followed."""
    if not name.is_below(zone.origin):
        return
    encloser = zone.closest(name)
    exact = encloser.owner == name
    node = encloser if exact else zone.find_wildcard(encloser)
    if node is None or _hider(encloser, rtypes.A, exact=exact):
        return
    for rrset in node.rrsets:
        if rrset.rtype in wanted:
            yield rrset if exact else rrset.owned_by(name)
