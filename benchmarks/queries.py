"""Queries for the generated zone, in the form that dnsperf reads."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

from benchmarks.generated import DELEGATIONS, ORIGIN, delegation, owner

# A kind of query, relative to the zone. `existing` stands for its names in random order,
# each once before any comes again; `missing` for a name that nobody has asked for before.
MX = "{existing} MX"
ADDRESS = "{existing} A"
NODATA = "{existing} TXT"
NXDOMAIN = "{missing} MX"
WILDCARD = "{missing}.wild MX"
REFERRAL = "{missing}.{cut} A"

# What a hosting provider is asked: the share of each kind, in percent.
MIX = {MX: 40, ADDRESS: 20, NODATA: 10, NXDOMAIN: 10, WILDCARD: 10, REFERRAL: 10}
MISSING = 10**12


def write_queries(
    path: Path, kinds: Mapping[str, int], *, names: int, count: int, seed: int = 1
) -> None:
    """Write `count` queries of these kinds and shares, in random order."""
    with path.open("w") as file:
        file.writelines(_lines(Random(seed), kinds, names, count))


def _lines(random: Random, kinds: Mapping[str, int], names: int, count: int) -> Iterator[str]:
    order = random.sample(range(names), names)
    existing = itertools.cycle(order)
    for kind in random.choices(list(kinds), list(kinds.values()), k=count):
        label, rtype = kind.format(
            existing=owner(next(existing)) if kind.startswith("{existing}") else "",
            missing=f"x{random.randrange(MISSING)}",
            cut=delegation(random.randrange(DELEGATIONS)),
        ).split()
        yield f"{label}.{ORIGIN} {rtype}\n"
