"""Every answer that a zone can give, each asked of `solve` and encoded once.

For each existing name there is one answer per type that it has and one for any other type;
and for what lies below it and does not exist, one (RFC 1034 4.3.2: a referral, NXDOMAIN) or
one per type of the wildcard there. What is not finite is left out and answered by `respond`:
names below a DNAME. In a signed zone, what proves to who sends DO that a name does not exist
depends on the name: the answer lacks that link, and says so.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from zoneserver.engine.answer import Absence, Answer, Outcome
from zoneserver.engine.prove import prove
from zoneserver.engine.respond import minimal_any, smallest_rrset
from zoneserver.engine.solve import solve
from zoneserver.image import format as f
from zoneserver.image.template import WHOLE, Lacking, Templates
from zoneserver.names import MAX_NAME_OCTETS, ROOT, Name
from zoneserver.records import rtypes
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

NOTHING = 0  # the offset of what is left to `respond`
# A label for "whatever does not exist", and what makes another one where this one does.
_UNNAMED = b"\0unnamed\0"
_LAST_TYPE = 0xFFFF  # has no key of its own beside that of any other type
_OWN_NAME = 0  # the account of answers that are counted for their QNAME


class TableMaker:
    """Makes the tables of one zone. `octets` are tables and templates, equal ones once.

    Offsets count from `base` octets before them.
    """

    def __init__(self, zone: Zone, base: int) -> None:
        self.octets = bytearray()
        self._zone = zone
        self._base = base
        self._templates = Templates(zone.origin)
        self._known: dict[bytes, int] = {}  # templates
        self._tables: dict[tuple[tuple[tuple[int, int], ...], int], int] = {}
        self._hidden: dict[bytes, int] = {}
        # What stands for any other type, and for any other name.
        types = {rrset.rtype for node in zone.nodes.values() for rrset in node.rrsets}
        self._other = next(rtype for rtype in range(65534, 0, -1) if rtype not in types)
        self._is_proven = zone.denial is not None and _LAST_TYPE not in types
        nodata = Answer(Outcome.NODATA, authority=zone.negative)
        self._nodata = self._template(zone.origin, nodata, _OWN_NAME)
        nxdomain = Answer(Outcome.NXDOMAIN, authority=zone.negative)
        account = f.hash_key(zone.origin.key)
        proven: dict[int, int] = {}
        if self._is_proven:
            lacking = f.LACKS_NAME | f.LACKS_ENCLOSER
            signed = self._template(zone.origin, prove(zone, nxdomain), account, lacking)
            proven = {f.OTHER_TYPE: signed}
        unproven = self._template(zone.origin, nxdomain, account)
        self._nxdomain = self._table(proven, unproven)

    def make(self, node: Node) -> tuple[int, int]:
        """The offsets of the tables for a name, and for what does not exist below it."""
        if node.is_hashed:
            node = self._zone.apex  # RFC 5155 7.2.8: as if it did not exist
            return self._below(node), self._below(node)
        if node.cover is not None:
            hidden = self._below_hider(node.cover)
            return hidden, hidden
        if node.is_cut:
            return self._exact_cut(node), self._below_hider(node)
        return self._exact(node), self._below(node)

    def _exact(self, node: Node) -> int:
        """The table of a name that nothing hides."""
        if node.find(rtypes.CNAME):
            return self._ask(node.owner, self._types_behind(node.owner, node), _OWN_NAME)
        owner = node.owner
        types = dict.fromkeys([rrset.rtype for rrset in node.rrsets])
        answers = {rtype: solve(self._zone, owner, rtype) for rtype in types}
        if answers:
            smallest = (smallest_rrset(node.rrsets),)
            answers[rtypes.ANY] = Answer(Outcome.ANSWER, smallest)
        entries = {
            rtype: self._template(owner, answer, _OWN_NAME) for rtype, answer in answers.items()
        }
        if self._is_proven:
            entries[f.OTHER_TYPE] = self._solved(owner, self._other, _OWN_NAME, do=True)
            for rtype, answer in answers.items():
                is_proof = rtype == rtypes.RRSIG  # to which nothing is added
                proven = entries[rtype] if is_proof else self._proven(owner, answer, _OWN_NAME)
                entries[f.DNSSEC_OK | rtype] = proven
        return self._table(entries, self._nodata)  # RFC 2308 2.2: the SOA, whatever the name

    def _exact_cut(self, cut: Node) -> int:
        """The table of a zone cut, which owns its DS (RFC 4035 3.1.4.1) and refers the rest."""
        return self._ask(cut.owner, {rtypes.DS}, f.hash_key(cut.owner.key), with_any=False)

    def _below_hider(self, hider: Node) -> int:
        """The table of all below a zone cut; below a DNAME there is no end of answers."""
        if not hider.is_cut:
            return NOTHING
        known = self._hidden.get(hider.owner.key)
        if known is None:
            name = self._nameless(hider)
            account = f.hash_key(hider.owner.key)
            known = NOTHING
            if name is not None:
                proven = self._ask_proven(name, (), account)
                known = self._table(proven, self._solved(name, self._other, account))
            self._hidden[hider.owner.key] = known
        return known

    def _below(self, node: Node) -> int:
        """The table of what does not exist below a name that nothing hides."""
        if node.find(rtypes.DNAME):
            return NOTHING
        wildcard = self._zone.find_wildcard(node)
        if wildcard is None:
            return self._nxdomain
        name = self._nameless(node)
        if name is None:
            return NOTHING
        types = self._types_behind(name, wildcard)
        return self._ask(name, types, f.hash_key(wildcard.owner.key))

    def _ask(
        self, qname: Name, types: Iterable[int], account: int, *, with_any: bool = True
    ) -> int:
        """The table of what `solve` says to these types, and to any other."""
        other = self._solved(qname, self._other, account)
        asked = {*types, rtypes.ANY} if with_any else types
        entries = {rtype: self._solved(qname, rtype, account) for rtype in asked}
        entries = {rtype: each for rtype, each in entries.items() if each != other}
        entries |= self._ask_proven(qname, asked, account)
        return self._table(entries, other)

    def _ask_proven(self, qname: Name, types: Iterable[int], account: int) -> dict[int, int]:
        """What who sends DO is told in a signed zone, by the keys that tables have it under."""
        if not self._is_proven:
            return {}
        other = self._solved(qname, self._other, account, do=True)
        entries = {rtype: self._solved(qname, rtype, account, do=True) for rtype in types}
        proven = {f.DNSSEC_OK | rtype: each for rtype, each in entries.items() if each != other}
        return {**proven, f.OTHER_TYPE: other}

    def _types_behind(self, qname: Name, node: Node) -> set[int]:
        """Every type that a name may be answered with, whatever aliases it follows."""
        types = {rrset.rtype for rrset in node.rrsets}
        if rtypes.CNAME not in types:
            return types
        for alias in solve(self._zone, qname, self._other).answer:
            target = alias.rdatas[0].points_to
            if target is not None and target.is_below(self._zone.origin):
                found = self._zone.closest(target)
                if found.owner != target:
                    found = self._zone.find_wildcard(found) or found
                types |= {rrset.rtype for rrset in found.rrsets}
        return types | {rtypes.DS}  # for which a zone cut does not refer

    def _nameless(self, encloser: Node) -> Name | None:
        """A name below `encloser` that does not exist; None where it would be too long."""
        label = _UNNAMED
        while True:
            wire = bytes((len(label),)) + label + encloser.owner.wire
            if len(wire) > MAX_NAME_OCTETS:
                return None
            if wire.lower() not in self._zone.nodes:
                return Name(wire)
            label += b"\0"

    def _solved(self, qname: Name, rtype: int, account: int, *, do: bool = False) -> int:
        """The template of what `solve` says; the answer to ANY is that over UDP."""
        answer = solve(self._zone, qname, rtype)
        if rtype == rtypes.ANY:
            answer = minimal_any(answer)
        elif answer.aliases and not self._holds_for_all(qname, answer):
            return NOTHING
        if do:
            return self._proven(qname, answer, account)
        return self._template(qname, answer, account)

    def _proven(self, qname: Name, answer: Answer, account: int) -> int:
        """The template of an answer with its proof, but for what depends on QNAME."""
        lacks, (first, *others) = 0, answer.absent or (None,)
        if first and first.name == qname and first.what is not Absence.TYPE:
            lacks = f.LACKS_NAME
            if first.what is not Absence.EXACT_NAME:
                lacks |= f.LACKS_ENCLOSER
            answer = replace(answer, absent=tuple(others))
        return self._template(qname, prove(self._zone, answer), account, lacks)

    def _holds_for_all(self, qname: Name, answer: Answer) -> bool:
        """Whether aliases lead to the same answer from every name that QNAME stands for.

        Not where they come by a name that is synthesised as QNAME is: it could be QNAME.
        """
        zone = self._zone
        encloser = zone.closest(qname)
        if encloser.owner == qname:
            return True
        targets = (rdata.points_to for rrset in answer.answer for rdata in rrset.rdatas)
        return not any(
            target is not None
            and target.is_below(zone.origin)
            and zone.closest(target) is encloser
            and target != encloser.owner
            for target in targets
        )

    def _template(self, qname: Name, answer: Answer, account: int, lacks: int = 0) -> int:
        if lacks and self._zone.origin == ROOT:
            return NOTHING  # there are no pointers to it, so what is added would be another way
        lacking = Lacking(lacks, self._find_links(answer)) if lacks else WHOLE
        octets = self._templates.make(qname, answer, account, lacking)
        return NOTHING if octets is None else self._keep(octets)

    def _find_links(self, answer: Answer) -> list[int]:
        """The numbers of the links that an answer has."""
        denial = self._zone.denial
        if denial is None:
            return []
        links = (rrset.owner for rrset in answer.authority if rrset.rtype == denial.rtype)
        return [denial.chain.locate(owner) for owner in links]

    def _table(self, entries: Mapping[int, int], other: int) -> int:
        content = tuple(sorted(entries.items())), other
        known = self._tables.get(content)
        if known is None:
            at = self._tables[content] = self._base + len(self.octets)
            rows, other = content
            self.octets += f.TABLE_HEADER.pack(len(rows), 0, f.relate(other, at))
            for rtype, template in rows:
                self.octets += f.TABLE_ENTRY.pack(rtype, f.relate(template, at))
            return at
        return known

    def _keep(self, octets: bytes) -> int:
        """The offset of a template, which is written unless it is there already."""
        known = self._known.get(octets)
        if known is None:
            known = self._known[octets] = self._base + len(self.octets)
            self.octets += octets
        return known
