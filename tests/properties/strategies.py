"""Random zones and questions: few labels, so that they meet, and everything that hides."""

from typing import NamedTuple

import dns.name
from hypothesis import strategies as st

from tests.zones_text import zone
from zoneserver.zone.zone import Zone

ORIGIN = "example."
ROOT = dns.name.from_text(ORIGIN)
SOA = ("@", 900, "SOA", "ns.test. hostmaster.test. 1 7200 1800 1209600 300")
QTYPES = ["A", "AAAA", "TXT", "MX", "SRV", "NS", "CNAME", "DNAME", "DS", "SOA", "ANY"]

Row = tuple[str, int, str, str]

LABELS = st.sampled_from(["a", "b", "c", "d", "*", "ns", r"\.", r"\000"])
# Three labels of 63 octets: with a DNAME to it, most names grow over 255.
LONG = ".".join(["l" * 60] * 4)


def names(most: int = 4) -> st.SearchStrategy[str]:
    """Names below the origin, relative; now and then the origin."""
    return st.lists(LABELS, max_size=most).map(lambda labels: ".".join(labels) or "@")


_ELSEWHERE = st.sampled_from(["test.", "a.test.", ".", "org.", LONG])
_DIGEST = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
_TYPES = st.sampled_from(
    ["A", "A", "AAAA", "TXT", "MX", "SRV", "NS", "NS", "CNAME", "CNAME", "DNAME", "DS"]
)


def _rdata(rtype: str, target: str, number: int) -> str:
    return {
        "A": f"192.0.2.{number}",
        "AAAA": f"2001:db8::{number}",
        "TXT": f'"text {number}"',
        "MX": f"{number} {target}",
        "SRV": f"0 0 {number} {target}",
        "DS": f"{number} 8 2 {_DIGEST}",
    }.get(rtype, target)


@st.composite
def _rows(draw: st.DrawFn) -> list[Row]:
    """Owners and targets out of few names, so that aliases lead somewhere."""
    owners = st.sampled_from(draw(st.lists(names(), min_size=1, max_size=10)))
    targets = st.one_of(owners, owners, names(3), _ELSEWHERE)
    alias = st.tuples(owners, st.just("CNAME"), owners, st.just(1))
    other = st.tuples(owners, _TYPES, targets, st.integers(1, 2))
    return [
        (owner, 600, rtype, _rdata(rtype, target, number))
        for owner, rtype, target, number in draw(st.lists(alias, max_size=6))
        + draw(st.lists(other, max_size=20))
    ]


class RandomZone(NamedTuple):
    """One zone twice: as rows for the slow model, and as the server builds it."""

    rows: list[Row]

    @property
    def text(self) -> str:
        """Its records, a line each."""
        return "\n".join(
            f"{owner} {ttl} {rtype} {rdata}" for owner, ttl, rtype, rdata in self.rows
        )

    def build(self) -> Zone:
        """The zone."""
        return zone(self.text, ORIGIN, apex="")

    def names(self) -> list[dns.name.Name]:
        """Owners and targets, and what is above and below each, as far as it is in the zone."""
        pointing = {"MX", "SRV", "NS", "CNAME", "DNAME"}
        targets = {rdata.split()[-1] for *_, rtype, rdata in self.rows if rtype in pointing}
        near = {
            dns.name.from_text(name, ROOT) for name in targets | {row[0] for row in self.rows}
        }
        above = {name.parent() for name in near if name != dns.name.root}
        below = {
            dns.name.Name([b"x", *name.labels])
            for name in near
            if len(name.to_wire() or b"") < 254
        }
        return sorted(name for name in near | above | below if name.is_subdomain(ROOT))


def _served(rows: list[Row]) -> RandomZone:
    """What the validator would let in: an alias alone, one DNAME, each record once."""
    kept: list[Row] = [SOA, ("@", 600, "NS", "ns.test.")]
    types: dict[str, set[str]] = {"@": {"SOA", "NS"}}
    for row in rows:
        owner, _, rtype, _ = row
        there = types.setdefault(owner, set())
        alone = "CNAME" in there or (rtype == "CNAME" and there)
        if row not in kept and not alone and not (rtype == "DNAME" and "DNAME" in there):
            there.add(rtype)
            kept.append(row)
    # The records of a set stand together, as a zone sends them.
    sets = list(dict.fromkeys((owner, rtype) for owner, _, rtype, _ in kept))
    return RandomZone(sorted(kept, key=lambda row: sets.index((row[0], row[2]))))


ZONES = _rows().map(_served)
