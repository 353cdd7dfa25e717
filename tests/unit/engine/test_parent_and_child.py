"""Several zones in one server: the one with the longest origin answers."""

import pytest

from tests.zones_text import ANSWER, NEGATIVE, NXDOMAIN, REFERRAL, Case, ask, expect, zone
from zoneserver.names import Name
from zoneserver.zone.zone import Zone
from zoneserver.zone.zoneset import RefusedZone, ZoneSet

PARENT = zone("""
    child        NS    ns.child
    ns.child     A     192.0.2.53
    www          A     192.0.2.80
    alias        CNAME www.child
    other        NS    ns.test.
""")
CHILD = zone("""
    www          A     192.0.2.81
    ns           A     192.0.2.54
    back         CNAME www.example.
    deep         NS    ns.test.
""", "child.example.")  # fmt: skip
GRANDCHILD = zone("www A 192.0.2.82", "grand.child.example.")
OTHER = zone("www A 192.0.2.83", "test.")
ALL = ZoneSet([PARENT, CHILD, GRANDCHILD, OTHER])

ROWS = [
    ("www.example. A", PARENT, Case("", ANSWER, "www A 192.0.2.80")),
    ("www.child.example. A", CHILD, Case("", ANSWER, "www A 192.0.2.81")),
    ("WWW.Child.Example. A", CHILD, Case("", ANSWER, "WWW.Child.Example. A 192.0.2.81")),
    ("child.example. NS", CHILD, Case("", ANSWER, "@ NS ns.test.")),
    ("ns.child.example. A", CHILD, Case("", ANSWER, "ns A 192.0.2.54")),
    ("www.grand.child.example. A", GRANDCHILD, Case("", ANSWER, "www A 192.0.2.82")),
    ("x.other.example. A", PARENT, Case("", REFERRAL, authority="other NS ns.test.")),
    ("www.test. A", OTHER, Case("", ANSWER, "www A 192.0.2.83")),
    # An answer comes from one zone: an alias is followed within it and no further.
    ("alias.example. A", PARENT, Case("", REFERRAL, "alias CNAME www.child",
                                      "child NS ns.child", "ns.child A 192.0.2.53")),
    ("back.child.example. A", CHILD, Case("", ANSWER, "back CNAME www.example.")),
]  # fmt: skip


@pytest.mark.parametrize(("question", "served", "case"), ROWS)
def test_longest_origin_answers(question: str, served: Zone, case: Case) -> None:
    """RFC 1034 4.3.2, step 2: the zone that is the nearest ancestor of the qname."""
    aa = case.outcome is not REFERRAL or bool(case.answer)
    assert expect("NOERROR", case, aa=aa, zone=served) == ask(ALL, question)


def test_name_in_the_child_that_does_not_exist() -> None:
    """The child denies what it does not have; the parent's data of that name is hidden."""
    expected = expect("NXDOMAIN", Case("", NXDOMAIN, authority=NEGATIVE), aa=True, zone=CHILD)
    assert expected == ask(ALL, "nope.child.example. A")


@pytest.mark.parametrize("question", [". NS", "org. A", "xexample. A", "ample. A", "com. DS"])
def test_names_of_others(question: str) -> None:
    """Outside of all zones: REFUSED, with no referral upwards."""
    reply = ask(ALL, question)
    assert (
        reply.verdict, reply.aa, reply.answer, reply.authority, reply.additional
    ) == ("REFUSED", False, (), (), ())  # fmt: skip


def test_zone_that_could_not_be_loaded() -> None:
    """SERVFAIL for its names, while the zones around it answer."""
    zones = ALL.replace(RefusedZone(CHILD.origin))
    assert ask(zones, "www.child.example. A").verdict == "SERVFAIL"
    assert ask(zones, "nope.child.example. A").verdict == "SERVFAIL"
    assert ask(zones, "child.example. DS").verdict == "NOERROR"
    assert ask(zones, "www.example. A").verdict == "NOERROR"
    assert ask(zones, "www.grand.child.example. A").verdict == "NOERROR"


def test_parent_that_could_not_be_loaded() -> None:
    """The DS of a child is the parent's to give, so it cannot be given."""
    zones = ALL.replace(RefusedZone(Name(PARENT.origin.wire)))
    assert ask(zones, "child.example. DS").verdict == "SERVFAIL"
    assert ask(zones, "www.child.example. A").verdict == "NOERROR"


def test_no_zones() -> None:
    """A server without zones refuses."""
    assert ask(ZoneSet(), "www.example. A").verdict == "REFUSED"
