"""From the records of a source to a zone. Never fails: the validator judges the result."""

from dataclasses import replace
from functools import partial

from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA, Rdata
from zoneserver.records.rrset import Record, RRset
from zoneserver.zone.denial import Links, make_denial
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone
from zoneserver.zonefile.source import ZoneSource

_OF_HASHED = frozenset({rtypes.NSEC3, rtypes.RRSIG})
MAX_NEGATIVE_TTL = 3600  # seconds; a longer one makes a mended mistake linger


def build_zone(source: ZoneSource) -> Zone:
    """Build the zone that a source describes.

    Records outside the origin are left out, duplicates are served once, and an RRset
    takes the lowest of its TTLs (RFC 2181 5.2): the validator reports each.
    """
    origin = source.origin
    sets = _group(source)
    # Sorted by length, a name comes after every name above it, so its cover is known.
    names = sorted(_names(origin, sets), key=lambda name: len(name.key))
    nodes: dict[bytes, Node] = {}
    for name in names:
        above = nodes.get(_above(name.key))
        nodes[name.key] = _make_node(name, sets.get(name.key, ()), above)
    apex = nodes[origin.key]
    denial = make_denial(apex, partial(Links.of, nodes.values()))
    return Zone(origin, nodes, make_negative(apex), denial)


def make_negative(apex: Node) -> tuple[RRset, ...]:
    """The SOA with the time that a negative answer may be kept (RFC 2308 3)."""
    soa = apex.find(rtypes.SOA)
    if soa is None or not isinstance(soa.rdatas[0], SOA):
        return ()
    return (replace(soa, ttl=min(soa.ttl, soa.rdatas[0].minimum, MAX_NEGATIVE_TTL)),)


def _group(source: ZoneSource) -> dict[bytes, tuple[RRset, ...]]:
    """The records as RRsets, by owner."""
    records: dict[bytes, dict[object, list[Record]]] = {}
    for record in source.records:
        types = records.get(record.owner.key)
        if types is None:
            if not record.owner.is_below(source.origin):
                continue
            types = records[record.owner.key] = {}
        types.setdefault(set_of(record), []).append(record)
    return {
        key: tuple([make_rrset(members) for members in types.values()])
        for key, types in records.items()
    }


def set_of(record: Record) -> object:
    """What the records of an RRset have in common, beside their owner."""
    if record.rtype == rtypes.RRSIG:
        # RFC 4034 3: its TTL is that of the RRset that it covers.
        return record.rtype, record.rdata.wire[:2]
    return record.rtype


def make_rrset(records: list[Record]) -> RRset:
    """One RRset from records of the same owner and type."""
    first = records[0]
    if len(records) == 1:
        return RRset(first.owner, first.rtype, first.ttl, (first.rdata,), (first.mark,))
    unique: dict[Rdata, Mark] = {}
    for record in records:
        unique.setdefault(record.rdata, record.mark)
    ttl = min([record.ttl for record in records])
    return RRset(first.owner, first.rtype, ttl, tuple(unique), tuple(unique.values()))


def _names(origin: Name, sets: dict[bytes, tuple[RRset, ...]]) -> list[Name]:
    """Every owner, and every name between an owner and the origin."""
    names = {origin.key: origin}
    for key, rrsets in sets.items():
        names[key] = rrsets[0].owner
    for owner in list(names.values()):
        name = owner
        while name.key != origin.key and _above(name.key) not in names:
            name = name.parent
            names[name.key] = name
    return list(names.values())


def _above(key: bytes) -> bytes:
    """The key of the name one label up; no key for the root."""
    return key[1 + key[0] :]


def _make_node(name: Name, rrsets: tuple[RRset, ...], above: Node | None) -> Node:
    if above is None:
        return Node(name, rrsets)
    cover = above.cover
    if cover is None and (above.is_cut or above.find(rtypes.DNAME)):
        cover = above
    is_cut = any(rrset.rtype == rtypes.NS for rrset in rrsets)
    return Node(name, rrsets, is_cut, cover, _is_hashed(rrsets))


def _is_hashed(rrsets: tuple[RRset, ...]) -> bool:
    """Whether this is what the owner of an NSEC3 has, and nobody else."""
    types = [rrset.rtype for rrset in rrsets]
    return rtypes.NSEC3 in types and all(rtype in _OF_HASHED for rtype in types)
