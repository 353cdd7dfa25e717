"""What zones of ours say for one another: a parent has the DS of its child, and the zone of a
nameserver has signals of the zones that it serves (RFC 9615).

It follows from what the child says to its parent, its CDS and CDNSKEY (RFC 7344). Who serves
both knows that it is true, and need not validate it.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import blake2b

from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import CDS, DS, NS
from zoneserver.records.rrset import Record, RRset
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

DELETE = 0  # the algorithm of a CDS that asks for no DS at all (RFC 8078 4)
_BOOT, _SIGNAL = b"_dsboot", b"_signal"  # RFC 9615 2


@dataclass(frozen=True, slots=True)
class Offer:
    """What a signed zone wants from its parent, and who serves it.

    With `is_new` the parent does not know it yet, as far as we know.
    """

    zone: Name
    servers: frozenset[Name]
    requests: tuple[RRset, ...]  # the CDS and the CDNSKEY
    is_new: bool = True

    @classmethod
    def of(cls, zone: Zone, *, is_new: bool = True) -> "Offer | None":
        """That of a zone; None: it wants nothing."""
        sets = (zone.apex.find(rtypes.CDS), zone.apex.find(rtypes.CDNSKEY))
        requests = tuple(each for each in sets if each)
        if not requests:
            return None
        return cls(zone.origin, _list_targets(zone.apex), requests, is_new)

    @property
    def ds(self) -> tuple[DS, ...]:
        """The DS records that it wants (RFC 7344 4)."""
        found = (rdata for each in self.requests for rdata in each.rdatas)
        return tuple(
            DS(each.key_tag, each.algorithm, each.digest_type, each.digest)
            for each in found
            if isinstance(each, CDS) and each.algorithm != DELETE
        )

    @property
    def hosts(self) -> Iterator[Name]:
        """The servers whose zones are to have signals: none unless a first DS is wanted.

        Those below the zone prove nothing.
        """
        servers = self.servers if self.is_new and self.ds else ()
        return (each for each in servers if not each.is_below(self.zone))


def digest(offers: Iterable[Offer]) -> str:
    """What tells other offers apart; empty where there are none."""
    words = sorted(
        f"{each.zone} {each.is_new} {sorted(map(str, each.servers))} {_texts(each.requests)}"
        for each in offers
    )
    return (
        blake2b("\n".join(words).lower().encode(), digest_size=8).hexdigest() if words else ""
    )


def vouch(zone: Zone, offers: Iterable[Offer], mark: Mark) -> Iterator[Record]:
    """The records that a zone has of these offers, beside its own.

    `mark` is where it was asked for.
    """
    for offer in sorted(offers, key=lambda each: each.zone.canonical()):
        yield from _make_ds(zone, offer, mark)
        for host in sorted(offer.hosts, key=Name.canonical):
            yield from _make_signals(zone, offer, host, mark)


def _make_ds(zone: Zone, offer: Offer, mark: Mark) -> Iterator[Record]:
    """The DS at a delegation, if that leads to the same servers, and has none.

    Where it leads elsewhere, another version of the child is what others see.
    """
    if offer.zone == zone.origin or not offer.zone.is_below(zone.origin):
        return
    node = zone.find(offer.zone)
    ns = node.find(rtypes.NS) if node and node.cover is None else None
    if (
        node is None
        or ns is None
        or node.find(rtypes.DS)
        or _list_targets(node) != offer.servers
    ):
        return
    for ds in offer.ds:
        yield Record(offer.zone, rtypes.DS, ns.ttl, ds, mark)


def _make_signals(zone: Zone, offer: Offer, host: Name, mark: Mark) -> Iterator[Record]:
    """Copies of what the zone says to its parent, below a server of it (RFC 9615 4.1)."""
    owner = name_signal(offer.zone, host)
    if owner is None or not owner.is_below(zone.origin):
        return
    closest = zone.closest(owner)
    if closest.cover or closest.is_cut or closest.find(rtypes.DNAME):
        return  # another zone's
    if closest.owner == owner:
        return  # somebody has written something there
    for request in offer.requests:
        for rdata in request.rdatas:
            yield Record(owner, request.rtype, request.ttl, rdata, mark)


def name_signal(zone: Name, host: Name) -> Name | None:
    """Where the signals of a zone are that a host serves; None: that name is too long."""
    try:
        return host.prefixed(_BOOT, *zone.labels, _SIGNAL)
    except NameSyntaxError:
        return None


def _list_targets(node: Node) -> frozenset[Name]:
    ns = node.find(rtypes.NS)
    rdatas = ns.rdatas if ns else ()
    return frozenset(each.target for each in rdatas if isinstance(each, NS))


def _texts(rrsets: Iterable[RRset]) -> list[str]:
    return sorted(
        f"{each.rtype} {each.ttl} {rdata.text}" for each in rrsets for rdata in each.rdatas
    )
