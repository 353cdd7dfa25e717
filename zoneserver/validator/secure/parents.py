"""DS records: what this zone, as a parent, says of the keys of its children."""

from collections.abc import Iterator
from typing import NamedTuple

from zoneserver.dnssec.public import DIGESTS, PublicKey, signers_of
from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import DS
from zoneserver.records.rrset import RRset
from zoneserver.validator.secure.zone_keys import WEAK, read_keys
from zoneserver.validator.world import Candidate, World
from zoneserver.zone.node import Node
from zoneserver.zone.zone import Zone

# By digest type: RFC 4034 A.2, RFC 4509, RFC 5933, RFC 6605.
_DIGEST_OCTETS = {1: 20, 2: 32, 3: 32, 4: 48}
_WEAK_DIGESTS = {1: "SHA-1", 3: "GOST R 34.11-94"}  # RFC 9905, RFC 9906
_ALGORITHMS = frozenset({1, 3, 5, 6, 7, 8, 10, 12, 13, 14, 15, 16, 17, 23})
_PRIVATE = frozenset({253, 254})
_UNUSABLE = "no resolver can make use of it"
_BOGUS = (
    "everybody who validates takes the zone for forged, so its names are gone and its mail is"
    " deferred, then bounces"
)


class _Cut(NamedTuple):
    """A delegation with a DS."""

    owner: Name
    ds: RRset


def check_ds_fields(candidate: Candidate, world: World) -> Iterator[Finding]:
    """DN002, DN003: every DS and CDS by itself."""
    for node in candidate.zone.nodes.values():
        for rrset in node.rrsets:
            if rrset.rtype not in (rtypes.DS, rtypes.CDS):
                continue
            for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
                assert isinstance(rdata, DS)
                if not (rrset.rtype == rtypes.CDS and rdata.algorithm == 0):  # RFC 8078 4
                    yield from _check_fields(rrset, rdata, mark)


def check_children(candidate: Candidate, world: World) -> Iterator[Finding]:
    """DN001, DN014: what is said of children that are zones of ours."""
    zone, source = candidate.zone, candidate.source
    is_signed = bool(read_keys(zone)) or source.dnssec is not None
    for node in zone.nodes.values():
        if not node.is_cut or node.cover is not None:
            continue
        ds = node.find(rtypes.DS)
        child = world.zone_of(node.owner) if ds or is_signed else None
        if child is None or child.origin != node.owner or child.origin in world.to_sign:
            continue
        if ds is not None:
            yield from _check_chain(_Cut(node.owner, ds), child, is_signed=is_signed)
        if is_signed:
            yield from _check_wish(node, child)


def _check_chain(cut: _Cut, child: Zone, *, is_signed: bool) -> Iterator[Finding]:
    """DN001: some DS is of a key that is there (RFC 4035 5.2)."""
    records = [rdata for rdata in cut.ds.rdatas if isinstance(rdata, DS)]
    # A zone with none that a resolver can make use of is not signed for it (RFC 4035 5.2).
    usable = [each for each in records if each.digest_type in DIGESTS]
    keys = [each.key for each in read_keys(child) if each.key.is_zone_key]
    matching = [k for k in keys if any(k.matches(ds, child.origin) for ds in usable)]
    signers = signers_of(child.apex, rtypes.DNSKEY)
    if not usable or any(_names(key) in signers for key in matching):
        return
    if not signers:
        fault = f"{cut.owner} has a DS, and that zone, which we serve, is not signed"
    elif matching:
        fault = (
            f"the DS of {cut.owner} is of a key that does not sign the keys of that zone, which"
            " we serve"
        )
    else:
        fault = f"no DS of {cut.owner} is of a key of that zone, which we serve"
    effect = _BOGUS if is_signed else f"once this zone is signed, {_BOGUS}"
    yield make_finding(
        "DN001",
        cut.ds.mark,
        f"{fault}: {effect}.",
        _advise([key for key in keys if _names(key) in signers], child.origin),
        level=None if is_signed else Level.WARNING,
        owner=cut.owner,
        also=frozenset({child.origin}),
    )


def _check_wish(node: Node, child: Zone) -> Iterator[Finding]:
    """DN014: the child asks for another DS (RFC 7344 4)."""
    wish, ds = child.apex.find(rtypes.CDS), node.find(rtypes.DS)
    wished = {rdata.wire for rdata in wish.rdatas} if wish else set()
    if wish is None or wished == ({rdata.wire for rdata in ds.rdatas} if ds else set()):
        return
    ends = any(isinstance(each, DS) and each.algorithm == 0 for each in wish.rdatas)
    if ends and ds is None:  # RFC 8078 4: it wants none
        return
    place = ds or node.get(rtypes.NS)
    texts = ", ".join(rdata.text for rdata in wish.rdatas)
    effect = "its keys cannot be replaced" if ds else "nobody can tell that it is signed"
    yield make_finding(
        "DN014",
        place.mark,
        f"{node.owner} asks for {'no DS' if ends else 'another DS than stands here'}; until"
        f" that is so, {'it has to stay signed' if ends else effect}.",
        "delete its DS" if ends else f"write its DS: {texts}",
        owner=node.owner,
        also=frozenset({child.origin}),
    )


def _advise(keys: list[PublicKey], origin: Name) -> str:
    if not keys:
        return "delete the DS, or sign that zone with the key that it is of"
    entries = [key for key in keys if key.flags & 1] or keys
    texts = (f"{key.tag} {key.algorithm} 2 {_sha256(key, origin)}" for key in entries)
    return f"write the DS of a key that is there: {', '.join(texts)}"


def _names(key: PublicKey) -> tuple[int, int]:
    """What signatures name a key by."""
    return key.tag, key.algorithm


def _sha256(key: PublicKey, origin: Name) -> str:
    digest: str = DIGESTS[2](origin.key + key.wire).hexdigest()
    return digest


def _check_fields(rrset: RRset, ds: DS, mark: Mark) -> Iterator[Finding]:
    what = f"{rrset.owner} {rtypes.mnemonic(rrset.rtype)} {ds.key_tag}"
    octets = _DIGEST_OCTETS.get(ds.digest_type)
    if octets is not None and len(ds.digest) != octets:
        yield make_finding(
            "DN002",
            mark,
            f"{what}: a digest of type {ds.digest_type} has {octets} octets, and this one"
            f" {len(ds.digest)}; it is of no key, and where it stands alone {_BOGUS}.",
            "copy it anew from what the signer of the child prints",
            owner=rrset.owner,
        )
    elif doubt := _doubt(ds):
        yield make_finding(
            "DN003",
            mark,
            f"{what}: {doubt}.",
            "write a DS with digest type 2 (SHA-256), of a key of algorithm 13 or 15",
            owner=rrset.owner,
        )


def _doubt(ds: DS) -> str:
    """Why a DS does not protect."""
    ignored = "where there is no other DS the child is not signed, and its TLSA are ignored"
    if (name := WEAK.get(ds.algorithm)) is not None:
        return f"algorithm {ds.algorithm} ({name}) is heeded less and less; {ignored}"
    if (name := _WEAK_DIGESTS.get(ds.digest_type)) is not None:
        return f"the digest is {name}, which is heeded less and less; {ignored}"
    if ds.algorithm not in _ALGORITHMS | _PRIVATE:
        return f"there is no algorithm {ds.algorithm}; {_UNUSABLE}"
    if ds.digest_type not in _DIGEST_OCTETS:
        return f"digest type {ds.digest_type} is none that resolvers know; {_UNUSABLE}"
    return ""
