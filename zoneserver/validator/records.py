"""Records one by one, and the RRsets they form: owners, TTLs, duplicates."""

from collections import defaultdict
from collections.abc import Iterator

from zoneserver.findings import Finding, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import Rdata
from zoneserver.records.rrset import Record
from zoneserver.validator.world import Candidate, World
from zoneserver.zone.build import set_of


def check_owners(candidate: Candidate, world: World) -> Iterator[Finding]:
    """NS009, SY011, SY012: owners that are elsewhere, or not what they look like."""
    origin = candidate.zone.origin
    last, is_inside = origin, True
    for record in candidate.source.records:
        owner = record.owner
        if owner is not last:  # a reader makes one Name for all records of a name
            last, is_inside = owner, owner.is_below(origin)
        if not is_inside:
            yield make_finding(
                "NS009",
                record.mark,
                f"{owner} is not below {origin}; nobody would ever be told of it.",
                "add the missing final label, or move the record to its own zone's file",
                owner=owner,
            )
        elif record.rtype in (rtypes.NSEC, rtypes.RRSIG):
            continue  # they stand wherever something is
        elif b"\x01*" in owner.wire and b"*" in owner.labels[1:]:
            yield make_finding(
                "SY011",
                record.mark,
                f"in {owner} an asterisk is not the leftmost label: it matches nothing but"
                " itself.",
                "a wildcard covers whole names only, as in *.example",
                owner=owner,
            )
        elif record.rtype in (rtypes.A, rtypes.AAAA) and _has_underscore(owner, origin):
            yield make_finding(
                "SY012",
                record.mark,
                f"{owner} has an address, but no host name may hold an underscore; some clients"
                " refuse to connect.",
                "rename the host with a hyphen",
                owner=owner,
            )


def check_sets(candidate: Candidate, world: World) -> Iterator[Finding]:
    """SY005, SY006, MX011: an RRset has one TTL, and each record once (RFC 2181 5)."""
    if _is_served_as_written(candidate):
        return
    sets: dict[tuple[bytes, object], list[Record]] = defaultdict(list)
    for record in candidate.source.records:
        sets[record.owner.key, set_of(record)].append(record)
    for records in sets.values():
        if len(records) == 1:
            continue
        if any(record.ttl != records[0].ttl for record in records):
            yield _different_ttls(records)
        if len({record.rdata for record in records}) < len(records):
            yield from _repeats(records)


def _is_served_as_written(candidate: Candidate) -> bool:
    """Whether counts and TTLs add up to those of the zone, which has no repeats and the lowest
    TTL of each set. Nearly every zone does, and need not be looked at record by record.
    """
    records = candidate.source.records
    served = list(candidate.zone.rrsets())
    return len(records) == sum(len(rrset.rdatas) for rrset in served) and sum(
        record.ttl for record in records
    ) == sum(rrset.ttl * len(rrset.rdatas) for rrset in served)


def _different_ttls(records: list[Record]) -> Finding:
    first = records[0]
    odd = next(record for record in records if record.ttl != first.ttl)
    lowest = min(record.ttl for record in records)
    return make_finding(
        "SY005",
        odd.mark,
        f"{odd.owner} {rtypes.mnemonic(odd.rtype)} has TTL {odd.ttl} here, {first.ttl} before;"
        f" the whole set is served with {lowest}.",
        f"write one TTL, such as {lowest}",
        owner=first.owner,
        related=((first.mark, f"TTL {first.ttl}"),),
    )


def _repeats(records: list[Record]) -> Iterator[Finding]:
    seen: dict[Rdata, Record] = {}
    for record in records:
        before = seen.setdefault(record.rdata, record)
        if before is not record:
            written = f"{record.owner} {rtypes.mnemonic(record.rtype)} {record.rdata.text}"
            yield make_finding(
                "MX011" if record.rtype == rtypes.MX else "SY006",
                record.mark,
                f"{written} is written twice; one is served.",
                "delete this one",
                owner=record.owner,
                related=((before.mark, "the same record"),),
            )


def _has_underscore(owner: Name, origin: Name) -> bool:
    return b"_" in owner.wire[: len(owner.wire) - len(origin.wire)]
