"""What MX records of one owner say together: null MX, repeats."""

from collections import defaultdict
from collections.abc import Iterator

from zoneserver.findings import Finding, Mark, make_finding
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX
from zoneserver.validator.world import Candidate, World, visible_rrsets


def check_null(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX007, MX008: a null MX stands alone, with preference 0."""
    for rrset in visible_rrsets(candidate.zone, rtypes.MX):
        if all(rdata.points_to != ROOT for rdata in rrset.rdatas):
            continue
        marked = list(zip(rrset.rdatas, rrset.marks, strict=True))
        others = [
            (mark, f"MX {rdata.text}") for rdata, mark in marked if rdata.points_to != ROOT
        ]
        for rdata, mark in marked:
            if not isinstance(rdata, MX) or rdata.exchange != ROOT:
                continue
            if others:
                yield make_finding(
                    "MX007",
                    mark,
                    f'{rrset.owner} has a null MX, which says "no mail here", beside a real'
                    " one:"
                    " senders may refuse every message.",
                    "delete the null MX, or all the others",
                    owner=rrset.owner,
                    related=tuple(others),
                )
            if rdata.preference != 0:
                yield make_finding(
                    "MX008",
                    mark,
                    f"the null MX of {rrset.owner} has preference {rdata.preference}; senders"
                    " recognise it by preference 0 only.",
                    "write preference 0 and exchange .",
                    owner=rrset.owner,
                )


def check_repeats(candidate: Candidate, world: World) -> Iterator[Finding]:
    """MX011, MX012: the same exchanger twice."""
    written: dict[Name, dict[Name, list[tuple[MX, Mark]]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for record in candidate.source.records:
        if isinstance(record.rdata, MX):
            written[record.owner][record.rdata.exchange].append((record.rdata, record.mark))
    for owner, exchanges in written.items():
        for exchange, mxs in exchanges.items():
            (first, first_mark), *more = mxs
            for mx, mark in more:
                same = mx.preference == first.preference
                yield make_finding(
                    "MX011" if same else "MX012",
                    mark,
                    f"{owner} names {exchange} twice"
                    + ("; one is served." if same else ": the same machine is asked again."),
                    "delete this one and keep preference"
                    f" {min(mx.preference, first.preference)}",
                    owner=owner,
                    related=((first_mark, f"MX {first.text}"),),
                )
