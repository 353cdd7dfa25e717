"""The TLSA records that `$tlsa` and the certificates of `$mail` stand for."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress

from zoneserver.errors import NameSyntaxError
from zoneserver.findings import Finding, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import TLSA
from zoneserver.records.rrset import Record
from zoneserver.zonefile.source import TlsaBlock, ZoneSource

# DANE-EE, the key alone, SHA-256: what RFC 7672 3.1 asks mail hosts for, and what stays the
# same when a certificate is renewed with its key.
_USAGE, _SELECTOR, _MATCHING = 3, 1, 1


def publish_keys(source: ZoneSource) -> ZoneSource:
    """The source with a TLSA record for each key of each host that is the zone's own.

    Beside others of its owner a record takes their TTL (RFC 2181 5.2).
    """
    if not source.tlsa:
        return source
    cuts = {
        record.owner
        for record in source.records
        if record.rtype == rtypes.NS and record.owner != source.origin
    }
    ttls: dict[Name, int] = {}
    known: dict[Name, set[bytes]] = defaultdict(set)
    for record in source.records:
        if record.rtype == rtypes.TLSA:
            ttls.setdefault(record.owner, record.ttl)
            known[record.owner].add(record.rdata.wire)
    added: list[Record] = []
    for block in source.tlsa:
        hosts = [host for host in block.hosts if _is_ours(host, source.origin, cuts)]
        if not hosts:
            source = source.with_finding(_refuse(block, source.origin))
        for record in _records(block, hosts):
            if record.rdata.wire not in known[record.owner]:
                known[record.owner].add(record.rdata.wire)
                ttl = ttls.setdefault(record.owner, record.ttl)
                added.append(record._replace(ttl=ttl))
    return source.with_records(added)


def _records(block: TlsaBlock, hosts: list[Name]) -> Iterator[Record]:
    rows = [(TLSA(_USAGE, _SELECTOR, _MATCHING, key.digest), key.mark) for key in block.keys]
    for owner in _owners(block, hosts):
        yield from (Record(owner, rtypes.TLSA, block.ttl, *row) for row in rows)


def _owners(block: TlsaBlock, hosts: list[Name]) -> Iterator[Name]:
    for host in hosts:
        for service in block.services:
            with suppress(NameSyntaxError):  # too long to be asked for
                yield host.prefixed(*service)


def _is_ours(host: Name, origin: Name, cuts: set[Name]) -> bool:
    """Whether the zone has the say about a host: it is in it, and not given away."""
    if not host.is_below(origin):
        return False
    while host != origin:
        if host in cuts:
            return False
        host = host.parent
    return True


def _refuse(block: TlsaBlock, origin: Name) -> Finding:
    """What is wrong with a block of hosts that are all somebody else's."""
    names = " and ".join(map(str, block.hosts[:3]))
    verb = "is" if len(block.hosts) == 1 else "are"
    remove = "remove certificate here" if block.of_mail else "remove it here"
    return make_finding(
        "SY008",
        block.mark,
        f"{names} {verb} not in the zone {origin}, so its TLSA cannot be, either",
        f"write $tlsa in the zone that has the host; {remove}",
        origin=origin,
        owner=block.hosts[0],
    )
