"""Signatures of a large zone: those that it had, and the others by several processes."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import partial

from zoneserver.dnssec.keys import find_tag
from zoneserver.dnssec.sign import Sign, SignAll
from zoneserver.errors import ImageError
from zoneserver.image import format as f
from zoneserver.image.reader import RawSet, ZoneImage
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import Opaque
from zoneserver.records.rrset import RRset
from zoneserver.service.keeping.hands import Helper, deal_out

FEWEST_SETS = 2_000  # of a process; fewer are signed sooner than it is made
_LENGTH = 2  # octets of that of an RRSIG between processes; 0 is the end of those of a set


class Earlier:
    """The signatures of a version, as far as keys have made them that sign today, too."""

    def __init__(self, image: ZoneImage, origin: Name, dnskeys: Collection[bytes]) -> None:
        """`dnskeys` is the rdata of the keys."""
        self._image = image
        self._last: tuple[bytes, list[RawSet]] = b"", []
        sets = self._read(origin.key)
        old = {bytes(each) for one in sets if one.rtype == rtypes.DNSKEY for each in one.rdatas}
        # Two keys may have the same tag: then nobody knows whose the signatures are.
        tags = Counter(_tag_of(each) for each in {*old, *dnskeys})
        known = {_tag_of(each) for each in old.intersection(dnskeys)}
        self._tags = {tag for tag in known if tags[tag] == 1}

    def find(self, rrset: RRset) -> Sequence[bytes]:
        """The RRSIGs over a set; none where the version has not the very same one."""
        sets = self._read(rrset.owner.key)
        head = f.RRSET.pack(rrset.rtype, rrset.ttl, len(rrset.rdatas))
        rdatas = [rdata.wire for rdata in rrset.rdatas]
        if not any(each.head == head and each.rdatas == rdatas for each in sets):
            return ()
        covered = rrset.rtype.to_bytes(2, "big")
        rrsigs = (
            bytes(each) for one in sets if one.rtype == rtypes.RRSIG for each in one.rdatas
        )
        # RFC 4034 3.1: type, algorithm, ... tag.
        return [
            each
            for each in rrsigs
            if each[:2] == covered and each[2:3] + each[16:18] in self._tags
        ]

    def _read(self, key: bytes) -> list[RawSet]:
        """The sets of a name. A damaged image has none, which costs new signatures."""
        if key != self._last[0]:
            try:
                found = self._image.find_raw(key)
            except ImageError:
                found = None
            self._last = key, found[1] if found else []
        return self._last[1]


def _tag_of(dnskey: bytes) -> bytes:
    """What signatures tell of their key: its algorithm and its tag."""
    return dnskey[3:4] + find_tag(dnskey).to_bytes(2, "big")


def sign_by(hands: int) -> SignAll:
    """Signs sets by as many processes as it is worth, at most `hands`.

    Raises StartError where one of them fails.
    """
    return partial(_sign_all, hands)


def _sign_all(hands: int, sign: Sign, rrsets: Sequence[RRset]) -> Iterable[Sequence[Opaque]]:
    shares = min(hands, len(rrsets) // FEWEST_SETS)
    if shares < 2:
        return map(sign, rrsets)
    first, *others = deal_out(rrsets, shares)
    helpers = [Helper("signer", partial(_pack, sign, share)) for share in others]
    found = list(map(sign, first))
    for helper in helpers:
        found += _unpack(helper.result())
    return found


def _pack(sign: Sign, rrsets: Sequence[RRset]) -> bytes:
    """The signatures of sets as octets, for another process."""
    octets = bytearray()
    for rrset in rrsets:
        for rdata in sign(rrset):
            octets += len(rdata.octets).to_bytes(_LENGTH, "big") + rdata.octets
        octets += bytes(_LENGTH)
    return bytes(octets)


def _unpack(octets: bytes) -> Iterator[Sequence[Opaque]]:
    """The signatures again, those of each set in a list."""
    at, found = 0, list[Opaque]()
    while at < len(octets):
        start = at + _LENGTH
        at = start + int.from_bytes(octets[at:start], "big")
        if at > start:
            found.append(Opaque(rtypes.RRSIG, octets[start:at]))
        else:
            yield found
            found = []
