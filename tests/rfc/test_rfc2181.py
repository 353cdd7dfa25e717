"""RFC 2181: RRsets (5), CNAME beside other data (10.1), targets of NS and MX (10.3)."""

import pytest

from tests.zones_text import ANSWER, NODATA, REFERRAL, Case, ask, check, zone

ZONE = zone("""
    alias       CNAME  host
    host        A      192.0.2.1
    host        AAAA   2001:db8::1
    mail        MX     10 alias
    mail        MX     20 host
    child       NS     alias
    child       NS     host
    ttl   300   A      192.0.2.2
    ttl   200   A      192.0.2.3
    ttl   900   A      192.0.2.4
    twice       A      192.0.2.5
    twice       A      192.0.2.5
    twice       MX     10 host
    twice       MX     10 HOST
    soon  0     A      192.0.2.6
    late  2147483647 A 192.0.2.7
    mixed       CNAME  host
    mixed       A      192.0.2.8
""")

CASES = [
    # 10.3: an alias as a target is not looked up on its way out; nobody may rely on it.
    Case("mail MX", ANSWER, "mail MX 10 alias\nmail MX 20 host",
         additional="host A 192.0.2.1\nhost AAAA 2001:db8::1"),
    Case("child A", REFERRAL, authority="child NS alias\nchild NS host",
         additional="host A 192.0.2.1\nhost AAAA 2001:db8::1"),
    # 5.2: one RRset, one TTL; of several the lowest is taken.
    Case("ttl A", ANSWER, "ttl 200 A 192.0.2.2\nttl 200 A 192.0.2.3\nttl 200 A 192.0.2.4"),
    # 5: no two records of a set are the same, and case makes no difference.
    Case("twice A", ANSWER, "twice A 192.0.2.5"),
    # 8: a TTL has 31 bits.
    Case("soon A", ANSWER, "soon 0 A 192.0.2.6"),
    Case("late A", ANSWER, "late 2147483647 A 192.0.2.7"),
    # 10.1 forbids this zone, and the validator does not let it in. What is there is said.
    Case("mixed A", ANSWER, "mixed A 192.0.2.8"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rrsets_and_targets(case: Case) -> None:
    """A set goes out whole, once, under one TTL."""
    check(ZONE, case)


def test_equal_but_for_case() -> None:
    """5: names in rdata are compared without case, so these two are one record."""
    assert ("twice.example. 3600 MX 10 host.example.",) == ask(ZONE, "twice MX").answer


def test_aa_is_of_the_first_owner() -> None:
    """6.1: AA on our own NS, none on a child's."""
    assert ask(ZONE, "@ NS").aa
    assert not ask(ZONE, "child NS").aa


def test_labels_are_octets() -> None:
    """11: any octet may stand in a label, and a host name is no other kind of name."""
    served = zone(r"\000\001\255.x A 192.0.2.9")
    check(served, Case(r"\000\001\255.x A", ANSWER, r"\000\001\255.x A 192.0.2.9"))
    check(served, Case(r"x A", NODATA, authority=NEGATIVE))


NEGATIVE = "@ 300 SOA ns.test. hostmaster.test. 1 7200 1800 1209600 300"
