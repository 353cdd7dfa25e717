"""Glue: the addresses without which a referral leads nowhere (RFC 9471)."""

import dns.flags
import dns.message
import pytest

from tests.zones_text import REFERRAL, UDP, Case, Reply, ask, check, query, zone
from zoneserver.engine.respond import respond
from zoneserver.zone.zoneset import ZoneSet

ZONE = zone("""
    inside            NS    ns1.inside
    inside            NS    ns2.inside
    inside            NS    ns.test.
    ns1.inside        A     192.0.2.1
    ns1.inside        AAAA  2001:db8::1
    ns1.inside        TXT   "no address"
    ns2.inside        A     192.0.2.2
    self              NS    self
    self              A     192.0.2.3
    sibling           NS    ns1.inside
    sibling           NS    ns.sibling
    ns.sibling        A     192.0.2.4
    apex              NS    ns
    ns                A     192.0.2.5
    outside           NS    ns.test.
    missing           NS    ns.missing
    alias             NS    www
    www               CNAME ns
    below             NS    ns.moved
    moved             DNAME test.
    ns.moved          A     192.0.2.6
    case              NS    NS.Case
    ns.case           A     192.0.2.7
    deep              NS    a.b.c.deep
    c.deep            NS    a.b.c.deep
    a.b.c.deep        A     192.0.2.8
""")

CASES = [
    Case(
        "www.inside A",
        REFERRAL,
        authority="inside NS ns1.inside\ninside NS ns2.inside\ninside NS ns.test.",
        additional="""
        ns1.inside A    192.0.2.1
        ns1.inside AAAA 2001:db8::1
        ns2.inside A    192.0.2.2
        """,
    ),
    Case("self A", REFERRAL, authority="self NS self", additional="self A 192.0.2.3"),
    # Servers below the cut first; those of a sibling zone help too (RFC 9471 2.2).
    Case(
        "sibling A",
        REFERRAL,
        authority="sibling NS ns1.inside\nsibling NS ns.sibling",
        additional="""
        ns.sibling A    192.0.2.4
        ns1.inside A    192.0.2.1
        ns1.inside AAAA 2001:db8::1
        """,
    ),
    Case("x.apex A", REFERRAL, authority="apex NS ns", additional="ns A 192.0.2.5"),
    Case("x.outside A", REFERRAL, authority="outside NS ns.test."),
    Case("x.missing A", REFERRAL, authority="missing NS ns.missing"),
    Case("x.alias A", REFERRAL, authority="alias NS www"),
    # Below a DNAME nothing is ours to give, not even as glue (RFC 6672 2.4).
    Case("x.below A", REFERRAL, authority="below NS ns.moved"),
    # Case does not matter for what is glue; compression keeps the first (RFC 4343 4.1).
    Case("x.case A", REFERRAL, authority="case NS NS.case", additional="NS.case A 192.0.2.7"),
    Case(
        "deep A", REFERRAL, authority="deep NS a.b.c.deep", additional="a.b.c.deep A 192.0.2.8"
    ),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_glue(case: Case) -> None:
    """A referral carries the addresses, and only these, of the servers it names."""
    check(ZONE, case)


def test_glue_is_no_answer() -> None:
    """Asked for itself, glue is the child's to give: a referral."""
    reply = ask(ZONE, "ns1.inside A")
    assert (reply.aa, reply.answer) == (False, ())


MANY = zone(
    "\n".join(
        f"big NS ns{i}.big\nns{i}.big A 192.0.2.{i}\nns{i}.big AAAA 2001:db8::{i}"
        for i in range(30)
    )
    + "\n"
    + "\n".join(f"far NS ns{i}.big" for i in range(30))
    + "\nmixed NS ns.mixed\nns.mixed A 192.0.2.99\n"
    + "\n".join(f"mixed NS ns{i}.big" for i in range(20))
)


def _over_udp(text: str, payload: int) -> tuple[Reply, bool]:
    octets = respond(ZoneSet([MANY]), query(text, use_edns=0, payload=payload).to_wire(), UDP)
    assert octets is not None
    assert len(octets) <= payload
    message = dns.message.from_wire(octets)
    return ask(MANY, text, UDP, use_edns=0, payload=payload), bool(message.flags & dns.flags.TC)


def test_glue_that_does_not_fit() -> None:
    """Servers below the cut: TC, with as much as there is room for (RFC 9471 3.1)."""
    reply, truncated = _over_udp("x.big A", 1232)
    assert truncated
    assert len(reply.authority) == 30
    assert 0 < len(reply.additional) < 60


def test_sibling_glue_that_does_not_fit() -> None:
    """Servers elsewhere in the zone: what fits, and no TC (RFC 9471 3.2)."""
    reply, truncated = _over_udp("x.far A", 1232)
    assert not truncated
    assert len(reply.authority) == 30
    assert 0 < len(reply.additional) < 60


def test_glue_goes_first() -> None:
    """The one server below the cut has its address before any sibling has."""
    reply, truncated = _over_udp("x.mixed A", 512)
    assert not truncated
    assert reply.additional[0] == "ns.mixed.example. 3600 A 192.0.2.99"
