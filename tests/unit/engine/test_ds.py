"""DS: the one type that stands on the parent's side of a cut (RFC 4035 3.1.4.1)."""

import pytest

from tests.zones_text import (
    ANSWER,
    NEGATIVE,
    NODATA,
    NXDOMAIN,
    REFERRAL,
    Case,
    ask,
    check,
    expect,
    zone,
)
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import ZoneSet

DIGEST = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
PARENT = zone(f"""
    child         NS   ns.child
    child         DS   1 8 2 {DIGEST}
    ns.child      A    192.0.2.53
    insecure      NS   ns.test.
    host          A    192.0.2.1
    grand.other   A    192.0.2.2
    away          NS   ns.test.
""")
CHILD = zone("www A 192.0.2.80\n@ A 192.0.2.3", "child.example.")
ORPHAN = zone("www A 192.0.2.81", "a.away.example.")
UNKNOWN = zone("www A 192.0.2.82", "unknown.example.")
DS = f"child DS 1 8 2 {DIGEST}"

CASES = [
    Case("child DS", ANSWER, DS),
    Case("insecure DS", NODATA, authority=NEGATIVE),
    Case("host DS", NODATA, authority=NEGATIVE),
    Case("nope DS", NXDOMAIN, authority=NEGATIVE),
    Case("@ DS", NODATA, authority=NEGATIVE),
    Case("www.child DS", REFERRAL, authority="child NS ns.child",
         additional="ns.child A 192.0.2.53"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_ds_of_the_parent(case: Case) -> None:
    """At a cut the parent answers DS with authority; below it, it refers."""
    check(PARENT, case)


@pytest.mark.parametrize(
    ("served", "question", "rcode", "zone_that_answers", "case"),
    [
        # Both are served: the parent has the DS, the child everything else.
        ([PARENT, CHILD], "child.example. DS", "NOERROR", PARENT, Case("", ANSWER, DS)),
        ([CHILD, PARENT], "child.example. DS", "NOERROR", PARENT, Case("", ANSWER, DS)),
        ([PARENT, CHILD], "child.example. A", "NOERROR", CHILD,
         Case("", ANSWER, "@ A 192.0.2.3")),
        ([PARENT, CHILD], "www.child.example. DS", "NOERROR", CHILD,
         Case("", NODATA, authority=NEGATIVE)),
        # The child alone: it denies the DS itself (RFC 4035 3.1.4.1).
        ([CHILD], "child.example. DS", "NOERROR", CHILD, Case("", NODATA, authority=NEGATIVE)),
        # The grandparent alone has the way to the parent.
        ([PARENT, ORPHAN], "a.away.example. DS", "NOERROR", PARENT,
         Case("", REFERRAL, authority="away NS ns.test.")),
        # A parent that knows nothing of the child says so.
        ([PARENT, UNKNOWN], "unknown.example. DS", "NXDOMAIN", PARENT,
         Case("", NXDOMAIN, authority=NEGATIVE)),
    ],
)  # fmt: skip
def test_ds_of_a_served_child(
    served: list[Zone], question: str, rcode: str, zone_that_answers: Zone, case: Case
) -> None:
    """Asked for the DS of a zone we serve, we answer from its parent if we serve that too."""
    aa = case.outcome is not REFERRAL
    expected = expect(rcode, case, aa=aa, zone=zone_that_answers)
    assert expected == ask(ZoneSet(served), question)
