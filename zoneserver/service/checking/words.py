"""Zones and their changes in the words of somebody who looks after mail."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from zoneserver.image.compare import differing_keys
from zoneserver.image.reader import ImageNodes
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX, Rdata
from zoneserver.service.checking.report import count
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet

MOST_EXCHANGES = 5  # how many exchanges of a name are listed
MOST_ROUTES = 20  # how many changed routes of a zone are told one by one
_VERSION = b"\x07version"  # the label of the name that says so


class Change(NamedTuple):
    """One line on what is served differently, and which kind of event that is."""

    kind: str
    origin: Name
    text: str


def count_records(zone: Zone) -> int:
    """How many records a zone has."""
    if isinstance(zone.nodes, ImageNodes):
        return zone.nodes.image.records
    return sum(len(rrset.rdatas) for rrset in zone.rrsets())


def describe_zone(zone: Zone) -> str:
    """One line about a zone: its serial, its size, where its mail goes."""
    what = "a catalog" if _is_catalog(zone) else f"mail to {describe_route(zone.apex)}"
    return f"{zone.origin} serial {zone.serial}, {count(count_records(zone), 'record')}, {what}"


def _is_catalog(zone: Zone) -> bool:
    """Whether a zone, to which no mail could go, looks like a list of zones (RFC 9432 4)."""
    version = zone.nodes.get(_VERSION + zone.origin.key)
    rrset = version.find(rtypes.TXT) if version else None
    types = {rrset.rtype for rrset in zone.apex.rrsets}
    return rrset is not None and types == {rtypes.SOA, rtypes.NS}


def describe_changes(old: ZoneSet, new: ZoneSet) -> Iterator[Change]:
    """What is served differently: a line for each zone, and one for each route of mail."""
    for zone in new:
        before = old.get(zone.origin)
        if not isinstance(zone, Zone):
            if before is None:
                yield Change("zone-refused", zone.origin, f"{zone.origin} refused")
        elif not isinstance(before, Zone):
            yield Change("zone-added", zone.origin, f"added: {describe_zone(zone)}")
        elif before is not zone:
            yield from _describe_zone_changes(before, zone)
    for zone in old:
        if new.get(zone.origin) is None:
            yield Change("zone-removed", zone.origin, f"removed: {zone.origin}")


def _describe_zone_changes(old: Zone, new: Zone) -> Iterator[Change]:
    changed = [
        key
        for key in _keys(old, new)
        if _content(old.nodes.get(key)) != _content(new.nodes.get(key))
    ]
    if not changed:
        return
    records = count(count_records(new), "record")
    serials = f"serial {old.serial} to {new.serial}"
    names = f"{count(len(changed), 'name')} differ"
    text = f"changed: {new.origin} {serials}, {records}, {names}"
    yield Change("zone-changed", new.origin, text)
    routes = [
        f"mail for {(new.nodes.get(key) or old.nodes[key]).owner} now goes to "
        f"{describe_route(new.nodes.get(key))}"
        for key in sorted(changed, key=lambda key: Name(key).canonical())
        if _exchanges(old.nodes.get(key)) != _exchanges(new.nodes.get(key))
    ]
    if len(routes) > MOST_ROUTES:
        more = f"... and so for {count(len(routes) - MOST_ROUTES, 'further name')}"
        routes = [*routes[:MOST_ROUTES], more]
    yield from (Change("mail-changed", new.origin, text) for text in routes)


def _keys(old: Zone, new: Zone) -> Iterable[bytes]:
    """The names that may differ."""
    if isinstance(old.nodes, ImageNodes) and isinstance(new.nodes, ImageNodes):
        return differing_keys(old.nodes.image, new.nodes.image)
    return old.nodes.keys() | new.nodes.keys()


def describe_route(node: Node | None) -> str:
    """Where mail for a name goes (RFC 5321 5.1)."""
    if node is None:
        return "nobody (there is no such name)"
    exchanges = sorted(
        ((each.preference, each.exchange) for each in _exchanges(node)),
        key=lambda pair: (pair[0], pair[1].key),
    )
    if any(exchange == ROOT for _, exchange in exchanges):
        return "nobody (null MX)"  # RFC 7505 3
    if exchanges:
        hosts = [f"{exchange} ({preference})" for preference, exchange in exchanges]
        more = ["..."] if len(hosts) > MOST_EXCHANGES else []
        return ", ".join(hosts[:MOST_EXCHANGES] + more)
    if alias := node.find(rtypes.CNAME):
        return f"wherever mail for {alias.rdatas[0].text} goes (CNAME)"
    if node.find(rtypes.A) or node.find(rtypes.AAAA):
        return "its own address (no MX)"
    return "nobody (neither MX nor address)"


def _exchanges(node: Node | None) -> frozenset[MX]:
    rrset = node.find(rtypes.MX) if node else None
    return frozenset(each for each in (rrset.rdatas if rrset else ()) if isinstance(each, MX))


def _content(node: Node | None) -> frozenset[tuple[int, int, frozenset[Rdata]]]:
    """What a name says, whatever the order and the place in the file."""
    rrsets = node.rrsets if node else ()
    return frozenset((each.rtype, each.ttl, frozenset(each.rdatas)) for each in rrsets)
