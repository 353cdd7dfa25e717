"""The digest that a zone tells of itself (RFC 8976)."""

from collections.abc import Iterator

from zoneserver.dnssec.zonemd import HASHES, ZoneDigest, is_known
from zoneserver.findings import Finding, make_finding
from zoneserver.records import rtypes
from zoneserver.records.rdata import ZONEMD
from zoneserver.validator.world import Candidate, World

_FEWEST_OCTETS = 12  # RFC 8976 2.2.4


def check_digest(candidate: Candidate, world: World) -> Iterator[Finding]:
    """DN012, DN013: a ZONEMD that is written is of this version.

    One that we make is right, and copies were held against theirs when they came.
    """
    source, zone = candidate.source, candidate.zone
    written = zone.apex.find(rtypes.ZONEMD)
    if written is None or source.zonemd is not None or source.kind.is_foreign:
        return
    for rdata, mark in zip(written.rdatas, written.marks, strict=True):
        assert isinstance(rdata, ZONEMD)
        if doubt := _doubt(rdata, [each for each in written.rdatas if each is not rdata]):
            yield make_finding(
                "DN013",
                mark,
                f"{zone.origin} ZONEMD {rdata.serial}: {doubt}; nobody can hold the zone"
                " against it.",
                "leave the digest to the server: $zonemd: true; or write scheme 1 and hash 1",
                owner=zone.origin,
            )
    digest = ZoneDigest(zone.origin)
    digest.add_records(source.records)
    if fault := digest.find_fault():
        yield make_finding(
            "DN012",
            written.mark,
            f"{zone.origin}: {fault}; secondaries that look refuse the zone and keep the one"
            " they have, so an edit of your MX never arrives there.",
            "make the digest anew, last of all; or leave it to the server: $zonemd: true",
            owner=zone.origin,
        )


def _doubt(zonemd: ZONEMD, others: list[object]) -> str:
    kind = zonemd.scheme, zonemd.hash_algorithm
    if not is_known(zonemd):
        return f"scheme {kind[0]} with hash {kind[1]} is none that is known"
    size = HASHES[kind[1]]().digest_size
    if len(zonemd.digest) != size:
        return f"the digest has {len(zonemd.digest)} octets, and its hash makes {size}"
    twins = [
        e for e in others if isinstance(e, ZONEMD) and (e.scheme, e.hash_algorithm) == kind
    ]
    return (
        "there is another digest of the same kind, so none of the two counts" if twins else ""
    )
