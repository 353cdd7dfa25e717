"""The digest of a whole zone, which the zone itself publishes (RFC 8976).

Whoever has a copy of the zone, however it came, can tell whether it is what its owner made.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from struct import Struct
from typing import Any

from zoneserver.dnssec.canonical import canonical_rdata
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA, ZONEMD, Rdata
from zoneserver.records.rrset import Record, RRset
from zoneserver.zone.zone import Zone

SIMPLE = 1  # the one scheme there is (RFC 8976 5.2)
SHA384 = 1
# By number (RFC 8976 5.3).
HASHES: dict[int, Callable[[], Any]] = {SHA384: hashlib.sha384, 2: hashlib.sha512}
_HEAD = Struct(">HHIH")  # type, class, TTL, and the octets of the rdata
_IN = 1
_COVERS_ZONEMD = rtypes.ZONEMD.to_bytes(2, "big")

# Type, canonical rdata and TTL of a record, which sort as RFC 8976 3.3.1 wants it.
_Line = tuple[int, bytes, int]


class ZoneDigest:
    """Takes the records of one zone in any order, and digests them in the one that counts."""

    def __init__(self, origin: Name) -> None:
        self._origin = origin
        self._owners: dict[bytes, tuple[Name, list[_Line]]] = {}
        self.published: list[ZONEMD] = []
        self.soa: SOA | None = None

    def add(self, owner: Name, rtype: int, ttl: int, rdatas: Iterable[Rdata]) -> None:
        """Take records of one owner and type."""
        key = owner.key
        if key == self._origin.key:
            rdatas = [rdata for rdata in rdatas if not self._is_apart(rtype, rdata)]
        lines = [(rtype, canonical_rdata(rdata), ttl) for rdata in rdatas]
        known = self._owners.get(key)
        if known is None:
            self._owners[key] = owner, lines
        else:
            known[1].extend(lines)

    def add_records(self, records: Iterable[Record]) -> None:
        """The same, of many; those that are not in the zone count for nothing."""
        for owner, rtype, ttl, rdata, _ in records:
            if owner.is_below(self._origin):
                self.add(owner, rtype, ttl, (rdata,))

    def add_rrsets(self, rrsets: Iterable[RRset]) -> None:
        """The same, of the sets of a zone."""
        for rrset in rrsets:
            self.add(rrset.owner, rrset.rtype, rrset.ttl, rrset.rdatas)

    def make(self, hash_algorithm: int = SHA384) -> bytes:
        """The digest of what has come so far, by the simple scheme (RFC 8976 3.3.1)."""
        digest = HASHES[hash_algorithm]()
        by_owner = sorted(self._owners.values(), key=lambda each: each[0].canonical())
        for owner, lines in by_owner:
            each_once = sorted(set(lines)) if len(lines) > 1 else lines
            digest.update(b"".join([_write(owner.key, line) for line in each_once]))
        octets: bytes = digest.digest()
        return octets

    def find_fault(self) -> str:
        """Why the zone is not the one that its ZONEMD tells of; empty: nothing says so.

        One right digest is enough, and one that nobody here can make says nothing (RFC 8976 4).
        """
        faults = []
        for each in self.published:
            fault = self._judge(each)
            if fault is None:
                return ""
            faults.append(fault)
        return next(filter(None, faults), "")

    def _judge(self, zonemd: ZONEMD) -> str | None:
        """Why one is wrong; None: it is right; empty: it cannot be verified."""
        kind = zonemd.scheme, zonemd.hash_algorithm
        if not is_known(zonemd) or kind in self._twins():
            return ""
        serial = self.soa.serial if self.soa else 0
        if zonemd.serial != serial:
            return f"its ZONEMD is of serial {zonemd.serial}, and the SOA has {serial}"
        if self.make(zonemd.hash_algorithm) != zonemd.digest:
            return "its records do not have the digest that its ZONEMD tells"
        return None

    def _twins(self) -> set[tuple[int, int]]:
        """Scheme and hash of which there are two digests: none of them counts (RFC 8976 4)."""
        kinds = [(each.scheme, each.hash_algorithm) for each in self.published]
        return {kind for kind in kinds if kinds.count(kind) > 1}

    def _is_apart(self, rtype: int, rdata: Rdata) -> bool:
        """Note what the apex says; whether it is left out of the digest (RFC 8976 3.3.1)."""
        if rtype == rtypes.SOA and isinstance(rdata, SOA):
            self.soa = rdata
        if rtype == rtypes.ZONEMD and isinstance(rdata, ZONEMD):
            self.published.append(rdata)
        is_signature = rtype == rtypes.RRSIG and rdata.wire[:2] == _COVERS_ZONEMD
        return rtype == rtypes.ZONEMD or is_signature


def is_known(zonemd: ZONEMD) -> bool:
    """Whether a digest is of a kind that can be made here."""
    return zonemd.scheme == SIMPLE and zonemd.hash_algorithm in HASHES


def make_placeholder(zone: Zone, mark: Mark) -> RRset | None:
    """What stands at the apex until the digest is known (RFC 8976 3.1); None without an SOA."""
    soa = zone.soa
    if soa is None or not isinstance(soa.rdatas[0], SOA):
        return None
    size = HASHES[SHA384]().digest_size
    zonemd = ZONEMD(soa.rdatas[0].serial, SIMPLE, SHA384, bytes(size))
    return RRset(soa.owner, rtypes.ZONEMD, soa.ttl, (zonemd,), (mark,))


def digest_zone(zone: Zone, more: Iterable[Record], placeholder: RRset) -> Record:
    """The ZONEMD of a zone that has further records, in place of the one that holds it."""
    digest = ZoneDigest(zone.origin)
    digest.add_rrsets(zone.rrsets())
    digest.add_records(more)
    owner, rtype, ttl = placeholder.owner, placeholder.rtype, placeholder.ttl
    (empty,), (mark,) = placeholder.rdatas, placeholder.marks
    assert isinstance(empty, ZONEMD)
    return Record(owner, rtype, ttl, replace(empty, digest=digest.make()), mark)


def _write(key: bytes, line: _Line) -> bytes:
    """A record in canonical form (RFC 4034 6.2)."""
    rtype, octets, ttl = line
    return key + _HEAD.pack(rtype, _IN, ttl, len(octets)) + octets
