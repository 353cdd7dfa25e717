"""RFC 4592: the zone of 2.2.1, every answer it lists, and the sections behind."""

import pytest

from tests.zones_text import (
    ANSWER,
    NODATA,
    NXDOMAIN,
    PARTIAL,
    REFERRAL,
    Case,
    check,
    name,
    zone,
)

ZONE = zone(
    """
    example.                SOA  ns.example.com. hostmaster.example.com. 1 7200 1800 1209600 300
    example.                  NS   ns.example.com.
    example.                  NS   ns.example.net.
    *.example.                TXT  "this is a wildcard"
    *.example.                MX   10 host1.example.
    sub.*.example.            TXT  "this is not a wildcard"
    host1.example.            A    192.0.2.1
    _ssh._tcp.host1.example.  SRV  0 0 22 host1.example.
    _ssh._tcp.host2.example.  SRV  0 0 22 host2.example.
    subdel.example.           NS   ns.example.com.
    subdel.example.           NS   ns.example.net.
    """,
    apex="",
)
SOA = "@ 300 SOA ns.example.com. hostmaster.example.com. 1 7200 1800 1209600 300"

S2_2_1 = [
    # Synthesised.
    Case("host3 MX", ANSWER, "host3 MX 10 host1", additional="host1 A 192.0.2.1"),
    Case("host3 A", NODATA, authority=SOA),
    Case("foo.bar TXT", ANSWER, 'foo.bar TXT "this is a wildcard"'),
    # Not, for the name exists.
    Case("host1 MX", NODATA, authority=SOA),
    Case("sub.* MX", NODATA, authority=SOA),
    # Not, for a name between it and the asterisk's parent exists.
    Case("_telnet._tcp.host1 SRV", NXDOMAIN, authority=SOA),
    Case("host.subdel A", REFERRAL,
         authority="subdel NS ns.example.com.\nsubdel NS ns.example.net."),
    Case("ghost.* MX", NXDOMAIN, authority=SOA),
]  # fmt: skip


@pytest.mark.parametrize("case", S2_2_1, ids=str)
def test_answers_of_the_rfc(case: Case) -> None:
    """2.2.1: what is synthesised from the asterisk, and what is not."""
    check(ZONE, case)


@pytest.mark.parametrize(
    ("qname", "encloser", "source"),
    [
        ("host3.example.", "example.", "*.example."),
        ("_telnet._tcp.host1.example.", "_tcp.host1.example.", None),
        ("_dns._udp.host2.example.", "host2.example.", None),
        ("_telnet._tcp.host3.example.", "example.", "*.example."),
        ("_chat._udp.host3.example.", "example.", "*.example."),
        ("foobar.*.example.", "*.example.", None),
    ],
)
def test_closest_encloser(qname: str, encloser: str, source: str | None) -> None:
    """3.3.2: the closest encloser and the source of synthesis, as the table there has them."""
    closest = ZONE.closest(name(qname))
    wildcard = ZONE.find_wildcard(closest)
    assert (encloser, source) == (str(closest.owner), str(wildcard.owner) if wildcard else None)


@pytest.mark.parametrize(
    "case",
    [
        # 2.3: asked for itself, an asterisk is a name like any other.
        Case("* TXT", ANSWER, '* TXT "this is a wildcard"'),
        Case("* A", NODATA, authority=SOA),
        Case("sub.* TXT", ANSWER, 'sub.* TXT "this is not a wildcard"'),
        # 2.2.2: empty non-terminals exist.
        Case("host2 A", NODATA, authority=SOA),
        Case("_tcp.host1 SRV", NODATA, authority=SOA),
        Case("x.host2 MX", NXDOMAIN, authority=SOA),
        # 3.3.1: it matches several labels at once.
        Case("a.b.c.d TXT", ANSWER, 'a.b.c.d TXT "this is a wildcard"'),
    ],
    ids=str,
)
def test_names_that_exist(case: Case) -> None:
    """2.2.2, 2.2.3 and 2.3: existence decides, and an asterisk exists."""
    check(ZONE, case)


S4 = zone("""
    *.cname       CNAME  target
    *.cname2      CNAME  x.cname
    *.out         CNAME  www.test.
    target        A      192.0.2.2
    *.ns          NS     ns.test.
    *.ds          TXT    "a wildcard"
    *.dname       DNAME  target
    *.srv         SRV    0 0 22 x.host
    *.host        A      192.0.2.3
    sub.*.ent     TXT    "below an asterisk without data"
""")
NEGATIVE = "@ 300 SOA ns.test. hostmaster.test. 1 7200 1800 1209600 300"


@pytest.mark.parametrize(
    "case",
    [
        # 3.3.3, 4.3: a synthesised CNAME is followed.
        Case("x.cname A", ANSWER, "x.cname CNAME target\ntarget A 192.0.2.2"),
        Case("y.cname2 A", ANSWER, """
            y.cname2 CNAME x.cname
            x.cname  CNAME target
            target   A     192.0.2.2
        """),
        Case("x.cname CNAME", ANSWER, "x.cname CNAME target"),
        Case("x.cname MX", NODATA, "x.cname CNAME target", NEGATIVE),
        Case("x.out A", PARTIAL, "x.out CNAME www.test."),
        # 4.2: NS at an asterisk is not defined; we make no cut of what is synthesised.
        Case("x.ns A", NODATA, authority=NEGATIVE),
        # 4.4: nor is DNAME; we do not redirect by a synthesised one.
        Case("a.dname A", NODATA, authority=NEGATIVE),
        # 4.5: SRV, with a target that is synthesised itself.
        Case("_ssh._tcp.srv SRV", ANSWER, "_ssh._tcp.srv SRV 0 0 22 x.host",
             additional="x.host A 192.0.2.3"),
        # 4.6: DS there is none of.
        Case("x.ds DS", NODATA, authority=NEGATIVE),
        # 4.9: an empty non-terminal asterisk covers, and has nothing to give.
        Case("x.ent TXT", NODATA, authority=NEGATIVE),
        Case("sub.x.ent TXT", NODATA, authority=NEGATIVE),
        Case("x.sub.*.ent TXT", NXDOMAIN, authority=NEGATIVE),
    ],
    ids=str,
)  # fmt: skip
def test_types_at_an_asterisk(case: Case) -> None:
    """4: what each type means where the owner is an asterisk."""
    check(S4, case)
