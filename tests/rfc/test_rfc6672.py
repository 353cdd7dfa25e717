"""RFC 6672: DNAME, with the table of 2.2."""

import pytest

from tests import octets as o
from tests.zones_text import (
    ANSWER,
    NODATA,
    NXDOMAIN,
    PARTIAL,
    TCP,
    YXDOMAIN,
    Case,
    check,
    lines,
    name,
    rrset_lines,
    zone,
)
from zoneserver.engine.respond import respond
from zoneserver.engine.solve import solve
from zoneserver.records import rtypes
from zoneserver.zone.zoneset import ZoneSet

# 2.2: qname, owner and target of the DNAME, and the name that is asked instead.
SUBSTITUTION = [
    ("com.", "example.com.", "example.net.", None),
    ("example.com.", "example.com.", "example.net.", None),
    ("a.example.com.", "example.com.", "example.net.", "a.example.net."),
    ("a.b.example.com.", "example.com.", "example.net.", "a.b.example.net."),
    ("ab.example.com.", "b.example.com.", "example.net.", None),
    ("foo.example.com.", "example.com.", "example.net.", "foo.example.net."),
    ("a.x.example.com.", "x.example.com.", "example.net.", "a.example.net."),
    ("a.example.com.", "example.com.", "y.example.net.", "a.y.example.net."),
    ("cyc.example.com.", "example.com.", "example.com.", "cyc.example.com."),
    ("cyc.example.com.", "example.com.", "c.example.com.", "cyc.c.example.com."),
    ("shortloop.x.x.", "x.", ".", "shortloop.x."),
    ("shortloop.x.", "x.", ".", "shortloop."),
]


@pytest.mark.parametrize(("qname", "owner", "target", "result"), SUBSTITUTION)
def test_substitution(qname: str, owner: str, target: str, result: str | None) -> None:
    """2.2: the owner at the end of the qname gives way to the target, in the CNAME of 3.1."""
    served = zone(f"{owner} 600 DNAME {target}", ".")
    answer = solve(served, name(qname), rtypes.A).answer
    expected = f"{owner} 600 DNAME {target}\n{qname} 600 CNAME {result}" if result else ""
    assert lines(expected, ".") == rrset_lines(answer[:2])


def test_owner_of_the_dname() -> None:
    """2.2 [0], 2.3: at the owner itself the result depends on the qtype."""
    served = zone('x DNAME y\nx TXT "own"')
    check(served, Case("x DNAME", ANSWER, "x DNAME y"))
    check(served, Case("x TXT", ANSWER, 'x TXT "own"'))
    check(served, Case("x A", NODATA, authority=NEGATIVE))


NEGATIVE = "@ 300 SOA ns.test. hostmaster.test. 1 7200 1800 1209600 300"
LABELS = ".".join(["a" * 63] * 3)  # 192 octets
ZONE = zone(f"""
    short        DNAME {LABELS}
    loop         DNAME loop
    frodo        DNAME sam
    www.sam      A     192.0.2.1
    sub.frodo    A     192.0.2.2
    *.sam        TXT   "wild"
    www.frodo    NS    ns.test.
    deep.a       DNAME sam
""")


@pytest.mark.parametrize(
    "case",
    [
        # 2.2: over 255 octets it ends in YXDOMAIN, with the DNAME to show why.
        Case(f"{'b' * 54}.short A", YXDOMAIN, f"short DNAME {LABELS}"),
        # 2.2: the owner may be several labels deep.
        Case("www.deep.a A", ANSWER,
             "deep.a DNAME sam\nwww.deep.a CNAME www.sam\nwww.sam A 192.0.2.1"),
        # 2.4: data below a DNAME is not seen, not even a delegation.
        Case("sub.frodo TXT", ANSWER,
             'frodo DNAME sam\nsub.frodo CNAME sub.sam\nsub.sam TXT "wild"'),
        Case("www.frodo A", ANSWER,
             "frodo DNAME sam\nwww.frodo CNAME www.sam\nwww.sam A 192.0.2.1"),
        # 3.2: the name above a DNAME is not concerned, nor a sibling.
        Case("a A", NODATA, authority=NEGATIVE),
        Case("b.a A", NXDOMAIN, authority=NEGATIVE),
        # 3.2: the substituted name is looked up again, asterisks and all.
        Case("x.y.frodo TXT", ANSWER,
             'frodo DNAME sam\nx.y.frodo CNAME x.y.sam\nx.y.sam TXT "wild"'),
        # RFC 1034 3.6.2: asked for, the CNAME that is made is the answer.
        Case("x.frodo CNAME", ANSWER, "frodo DNAME sam\nx.frodo CNAME x.sam"),
        Case("x.loop A", PARTIAL, "loop DNAME loop\nx.loop CNAME x.loop"),
    ],
    ids=lambda case: str(case)[-30:],
)  # fmt: skip
def test_answers(case: Case) -> None:
    """2.2 to 2.4 and 3.2: what is below a DNAME, and what is not."""
    check(ZONE, case)


def test_target_is_never_compressed() -> None:
    """2.5: the target stands in full, though its name has been written before."""
    served = ZoneSet([zone("x DNAME y")])
    octets = respond(served, o.message(asked=o.question("www.x.example")), TCP)
    assert octets is not None
    assert o.u16(len(o.wire("y.example"))) + o.wire("y.example") in octets
