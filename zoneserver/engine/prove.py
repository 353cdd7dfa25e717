"""What an asker with DO gets beside an answer of a signed zone: signatures and proofs.

RFC 4035 3.1 says what is signed and proven; how NSEC proves stands in its 3.1.3, how NSEC3
does in RFC 5155 7.2. What is not there `solve` has noted on its way, so that nothing is
looked up twice, and nothing decided twice.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from zoneserver.engine.answer import Absence, Absent, Answer, Outcome
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import RRset
from zoneserver.zone.denial import Denial, Hashing
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone


def prove(zone: Zone, answer: Answer) -> Answer:
    """The answer with signatures and proofs; as it is where the zone is not signed."""
    denial = zone.denial
    if denial is None:
        return answer
    authority, absent = answer.authority, answer.absent
    if answer.outcome is Outcome.REFERRAL:
        cut = zone.nodes[authority[0].owner.key]
        ds = cut.find_all(rtypes.DS)
        authority += ds  # RFC 4035 3.1.4
        absent += () if ds else (Absent(Absence.TYPE, cut.owner, cut.owner),)
    return Answer(
        answer.outcome,
        _sign(zone, answer.answer),
        _sign(zone, authority) + _deny(zone, denial, absent),
        answer.glue,
        _sign(zone, answer.additional),
        answer.aliases,
        answer.absent,
    )


def _sign(zone: Zone, rrsets: tuple[RRset, ...]) -> tuple[RRset, ...]:
    """The RRsets, each with its RRSIG behind it where it has one (RFC 4035 3.1.1)."""
    if not rrsets:
        return rrsets
    # Where they were asked for, all of that name are there already.
    listed = {rrset.owner for rrset in rrsets if rrset.rtype == rtypes.RRSIG}
    signed: list[RRset] = []
    for rrset in rrsets:
        signed.append(rrset)
        source = None if rrset.owner in listed else _source(zone, rrset)
        if source is not None:
            signed += find_signatures(source, rrset)
    return tuple(signed)


def _source(zone: Zone, rrset: RRset) -> Node | None:
    """The node that an RRset was taken from; None: it was made up for a DNAME."""
    encloser = zone.closest(rrset.owner)
    node = encloser if encloser.owner == rrset.owner else zone.find_wildcard(encloser)
    own = node and node.find(rrset.rtype)
    # RFC 6672 5.3.1: the CNAME that a DNAME makes is not signed.
    return node if own and own.rdatas == rrset.rdatas else None


def find_signatures(node: Node, rrset: RRset) -> Iterator[RRset]:
    """The RRSIGs of one RRset of a node, with its owner and its TTL (RFC 4034 3)."""
    covered = rrset.rtype.to_bytes(2, "big")
    for signatures in node.find_all(rtypes.RRSIG):
        if signatures.rdatas[0].wire[:2] != covered:
            continue
        if signatures.ttl == rrset.ttl and signatures.owner.wire == rrset.owner.wire:
            yield signatures  # as they mostly are, and a copy costs as much as the rest
        else:
            yield replace(signatures, owner=rrset.owner, ttl=rrset.ttl)


def _deny(zone: Zone, denial: Denial, absent: Iterable[Absent]) -> tuple[RRset, ...]:
    """The links of the chain that prove what is not there, with their RRSIGs, each once.

    The one that covers the name that was asked for comes last: an image has the rest of the
    answer ready, and finds that one when it is asked.
    """
    links: dict[Name, Node] = {}
    for each in reversed(tuple(absent)):
        links |= {node.owner: node for node in _find_links(zone, denial, each)}
    rrsets: list[RRset] = []
    for node in links.values():
        link = node.get(denial.rtype)
        rrsets += (link, *find_signatures(node, link))
    return tuple(rrsets)


def _find_links(zone: Zone, denial: Denial, absent: Absent) -> Iterator[Node]:
    """The links that prove an absence."""
    if denial.hashing:
        yield from _Hashed(zone.origin, denial, denial.hashing).find(absent)
        return
    # RFC 4035 3.1.3
    if absent.what in (Absence.NAME, Absence.WILDCARD_TYPE):
        yield denial.find(absent.encloser.prefixed(b"*"))
    yield denial.find(absent.name)


class _Hashed:
    """Finds the NSEC3 that prove an absence (RFC 5155 7.2)."""

    def __init__(self, origin: Name, denial: Denial, hashing: Hashing) -> None:
        self._origin, self._denial, self._hashing = origin, denial, hashing

    def find(self, absent: Absent) -> Iterator[Node]:
        """The nodes that have them."""
        what, name, encloser = absent
        if what is Absence.EXACT_NAME:  # RFC 5155 7.2.6: the wildcard's RRSIG tells the rest
            yield self._cover(_next_closer(name, encloser))
            return
        if what is Absence.TYPE:
            # The apex always has its NSEC3, unless somebody made the chain by hand.
            if (match := self._match(name)) or name == self._origin:
                yield match or self._cover(name)
                return
            # RFC 5155 7.2.4 and 7.2.7: opt-out has left the name out.
            encloser = name.parent
        while (match := self._match(encloser)) is None and encloser != self._origin:
            encloser = encloser.parent
        if match:
            yield match  # RFC 5155 7.2.1: the closest provable encloser
        if what is not Absence.TYPE:
            yield self._cover(encloser.prefixed(b"*"))
        yield self._cover(_next_closer(name, encloser))

    def _match(self, name: Name) -> Node | None:
        owner = self._hashing.hash(name, self._origin)
        node = self._denial.find(owner)
        return node if node.owner == owner else None

    def _cover(self, name: Name) -> Node:
        """The one that covers a name, or matches it where it exists."""
        return self._denial.find(self._hashing.hash(name, self._origin))


def _next_closer(name: Name, encloser: Name) -> Name:
    """The name that is one label longer than an encloser (RFC 5155 1.3)."""
    closer = name
    while closer.parent != encloser:
        closer = closer.parent
    return closer
