"""The one place that knows what a zone says to a question.

RFC 1034 4.3.2, with wildcards as RFC 4592 4.1 clarifies, DNAME as RFC 6672 3.2 inserts
it, negative answers as RFC 2308 and glue as RFC 9471 want them. The server answers with
`solve`, the validator asks it what a sender of mail would be told.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

from zoneserver.engine.answer import Answer, Outcome
from zoneserver.errors import NameSyntaxError
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import CNAME, SOA
from zoneserver.records.rrset import RRset
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

MAX_HOPS = 8  # aliases followed before we send what we have
MAX_NEGATIVE_TTL = 3600  # seconds; a longer one makes a mended mistake linger

# Types whose target the asker will want the addresses of (RFC 1035 3.3.9, RFC 2782,
# RFC 9460 4.1).
_WITH_TARGET = frozenset({rtypes.MX, rtypes.NS, rtypes.SRV, rtypes.SVCB, rtypes.HTTPS})


class _Alias(NamedTuple):
    """One hop: the RRsets that say so, and where to go on (None: a name too long)."""

    rrsets: tuple[RRset, ...]
    target: Name | None


def solve(zone: Zone, qname: Name, qtype: int) -> Answer:
    """What `zone` says to a question whose qname is at or below its origin."""
    aliases: tuple[RRset, ...] = ()
    visited: set[Name] = set()
    name = qname
    # Every round is steps 2 and 3 of RFC 1034 4.3.2 for one name; an alias starts the next.
    while True:
        found = _look_up(zone, name, qtype)
        if isinstance(found, Answer):
            return replace(found, answer=aliases + found.answer) if aliases else found
        if len(visited) == MAX_HOPS:
            return Answer(Outcome.PARTIAL, aliases)
        visited.add(name)
        aliases += tuple(rrset for rrset in found.rrsets if rrset not in aliases)
        if found.target is None:
            return Answer(Outcome.YXDOMAIN, aliases)
        if found.target in visited or not found.target.is_below(zone.origin):
            return Answer(Outcome.PARTIAL, aliases)
        name = found.target


def find_addresses(zone: Zone, name: Name) -> tuple[RRset, ...]:
    """The A and AAAA RRsets that the zone itself answers for a name, glue excluded."""
    if not name.is_below(zone.origin):
        return ()
    encloser = zone.closest(name)
    if encloser.cover is not None or encloser.is_cut:
        return ()
    exact = encloser.owner == name
    if not exact and encloser.find(rtypes.DNAME):
        return ()
    node = encloser if exact else zone.find_wildcard(encloser)
    if node is None:
        return ()
    return tuple(rrset if exact else rrset.owned_by(name) for rrset in _addresses(node))


def _look_up(zone: Zone, name: Name, qtype: int) -> Answer | _Alias:
    """One round of RFC 1034 4.3.2: an answer, or the alias to follow."""
    encloser = zone.closest(name)
    exact = encloser.owner == name
    if hider := _hider(encloser, exact, qtype):
        # A cut hides what is below it (step 3b); so does a DNAME (RFC 6672 3.2, step 3c).
        return _referral(zone, hider) if hider.is_cut else _substitute(hider, name)
    node = encloser if exact else zone.find_wildcard(encloser)
    if node is None:
        return Answer(Outcome.NXDOMAIN, authority=_negative_soa(zone))
    rrsets = node.rrsets if qtype == rtypes.ANY else tuple(filter(None, (node.find(qtype),)))
    if not rrsets and (cname := node.find(rtypes.CNAME)):
        target = cname.rdatas[0].points_to
        return _Alias((cname if exact else cname.owned_by(name),), target)  # step 3a
    if not rrsets:
        return Answer(Outcome.NODATA, authority=_negative_soa(zone))  # RFC 2308 2.2
    if not exact:
        rrsets = tuple(rrset.owned_by(name) for rrset in rrsets)  # RFC 4592 3.3.1
    return Answer(Outcome.ANSWER, rrsets, additional=_additional(zone, rrsets))


def _hider(encloser: Node, exact: bool, qtype: int) -> Node | None:
    """The zone cut or DNAME that keeps `encloser`, or what is below it, from view."""
    if encloser.cover is not None:
        return encloser.cover
    if encloser.is_cut:
        # RFC 4035 3.1.4.1: the DS belongs to the parent's side of the cut.
        return None if exact and qtype == rtypes.DS else encloser
    return encloser if not exact and encloser.find(rtypes.DNAME) else None


def _substitute(node: Node, name: Name) -> _Alias:
    """Rewrite a name below a DNAME, with the CNAME that old resolvers need (RFC 6672 3.1)."""
    dname = node.find(rtypes.DNAME)
    assert dname is not None
    target = dname.rdatas[0].points_to
    assert target is not None
    try:
        target = name.rebased(node.owner, target)
    except NameSyntaxError:
        return _Alias((dname,), None)
    cname = RRset(name, rtypes.CNAME, dname.ttl, (CNAME(target),), dname.marks)
    return _Alias((dname, cname), target)


def _referral(zone: Zone, cut: Node) -> Answer:
    """The nameservers of a child zone and the addresses that we know of them."""
    ns = cut.find(rtypes.NS)
    assert ns is not None
    glue: list[RRset] = []
    siblings: list[RRset] = []
    for target in _targets((ns,)):
        node = zone.find(target)
        if node is not None and target.is_below(zone.origin):
            # RFC 9471 2.1: only servers below the cut cannot be found without glue.
            (glue if target.is_below(cut.owner) else siblings).extend(_addresses(node))
    return Answer(Outcome.REFERRAL, (), (ns,), tuple(glue), tuple(siblings))


def _negative_soa(zone: Zone) -> tuple[RRset, ...]:
    """The SOA with the time that a negative answer may be kept (RFC 2308 3)."""
    soa = zone.soa
    if soa is None or not isinstance(soa.rdatas[0], SOA):
        return ()
    return (replace(soa, ttl=min(soa.ttl, soa.rdatas[0].minimum, MAX_NEGATIVE_TTL)),)


def _additional(zone: Zone, answer: tuple[RRset, ...]) -> tuple[RRset, ...]:
    """The addresses of every target in the answer, in order, each once."""
    found: list[RRset] = []
    for target in _targets(answer):
        found += [rrset for rrset in find_addresses(zone, target) if rrset not in answer]
    return tuple(found)


def _targets(rrsets: Iterable[RRset]) -> Iterator[Name]:
    """The hosts that the RRsets send their reader to, each once."""
    targets: dict[Name, None] = {}
    for rrset in rrsets:
        if rrset.rtype not in _WITH_TARGET:
            continue
        for rdata in rrset.rdatas:
            if target := rdata.points_to:
                # RFC 9460 2.5: "." in a service binding is the owner itself.
                own = target == ROOT and rrset.rtype in (rtypes.SVCB, rtypes.HTTPS)
                targets.setdefault(rrset.owner if own else target)
    return iter(targets)


def _addresses(node: Node) -> Iterator[RRset]:
    return (rrset for rrset in node.rrsets if rrset.rtype in (rtypes.A, rtypes.AAAA))
