"""Wildcards: what `*` stands for, and what keeps it from standing for anything (RFC 4592)."""

import pytest

from tests.zones_text import (
    ANSWER,
    NEGATIVE,
    NODATA,
    NXDOMAIN,
    PARTIAL,
    REFERRAL,
    Case,
    check,
    zone,
)

ZONE = zone("""
    *.wild            A     192.0.2.1
    *.wild            MX    10 mx.wild
    mx.wild           A     192.0.2.25
    host.wild         TXT   "exists"
    b.ent.wild        A     192.0.2.2
    sub.wild          NS    ns.test.
    *.alias           CNAME host.wild
    *.loop            CNAME x.loop
    *.chain           CNAME y.wild
    *.redirect        DNAME wild
    a.*.inner         A     192.0.2.3
    *.inner2          TXT   "asterisk above an asterisk"
    *.*.inner2        A     192.0.2.4
    x.*.mid           A     192.0.2.5
    *.top             NS    ns.test.
    *.svc             SRV   0 0 25 mail.svc
    Mixed             TXT   "case"
    *.Mixed           A     192.0.2.6
    mixedmx           MX    10 any.wild
""")

CASES = [
    Case("x.wild A", ANSWER, "x.wild A 192.0.2.1"),
    Case("x.y.z.wild A", ANSWER, "x.y.z.wild A 192.0.2.1"),
    Case("*.wild A", ANSWER, "*.wild A 192.0.2.1"),
    Case("x.*.wild A", NXDOMAIN, authority=NEGATIVE),
    Case("x.wild TXT", NODATA, authority=NEGATIVE),
    Case("x.wild MX", ANSWER, "x.wild MX 10 mx.wild", additional="mx.wild A 192.0.2.25"),
    Case("x.wild ANY", ANSWER, "x.wild A 192.0.2.1\nx.wild MX 10 mx.wild",
         additional="mx.wild A 192.0.2.25"),
    # The asterisk has an owner above it, which it does not stand for.
    Case("wild A", NODATA, authority=NEGATIVE),
    # A name that exists is not covered, whatever types it has; nor is what is below it.
    Case("host.wild A", NODATA, authority=NEGATIVE),
    Case("x.host.wild A", NXDOMAIN, authority=NEGATIVE),
    Case("ent.wild A", NODATA, authority=NEGATIVE),
    Case("x.ent.wild A", NXDOMAIN, authority=NEGATIVE),
    Case("sub.wild A", REFERRAL, authority="sub.wild NS ns.test."),
    Case("x.sub.wild A", REFERRAL, authority="sub.wild NS ns.test."),
    # Aliases.
    Case("x.alias TXT", ANSWER, 'x.alias CNAME host.wild\nhost.wild TXT "exists"'),
    Case("x.alias A", NODATA, "x.alias CNAME host.wild", NEGATIVE),
    Case("x.alias CNAME", ANSWER, "x.alias CNAME host.wild"),
    Case("x.loop A", PARTIAL, "x.loop CNAME x.loop"),
    Case("y.loop A", PARTIAL, "y.loop CNAME x.loop\nx.loop CNAME x.loop"),
    Case("x.chain A", ANSWER, "x.chain CNAME y.wild\ny.wild A 192.0.2.1"),
    # RFC 4592 4.4 leaves a DNAME at an asterisk open: it is data, and redirects below itself.
    Case("x.redirect DNAME", ANSWER, "x.redirect DNAME wild"),
    Case("x.redirect A", NODATA, authority=NEGATIVE),
    Case("x.*.redirect A", ANSWER, """
        *.redirect   DNAME wild
        x.*.redirect CNAME x.wild
        x.wild       A     192.0.2.1
    """),
    # An asterisk that is no leftmost label is a label like any other (RFC 4592 2.1.1), but
    # above it stands an empty non-terminal that covers (RFC 4592 2.2.2).
    Case("a.*.inner A", ANSWER, "a.*.inner A 192.0.2.3"),
    Case("a.x.inner A", NODATA, authority=NEGATIVE),
    Case("x.inner A", NODATA, authority=NEGATIVE),
    Case("x.inner2 TXT", ANSWER, 'x.inner2 TXT "asterisk above an asterisk"'),
    Case("x.*.inner2 A", ANSWER, "x.*.inner2 A 192.0.2.4"),
    Case("y.x.inner2 A", NODATA, authority=NEGATIVE),
    Case("x.a.mid A", NODATA, authority=NEGATIVE),
    # RFC 4592 4.2 leaves NS at an asterisk open: it is data of ours, and a cut only for
    # the name that is written.
    Case("x.top NS", ANSWER, "x.top NS ns.test."),
    Case("x.*.top A", REFERRAL, authority="*.top NS ns.test."),
    # Targets of additional data may be synthesised.
    Case("_smtp.svc SRV", ANSWER, "_smtp.svc SRV 0 0 25 mail.svc"),
    Case("mixedmx MX", ANSWER, "mixedmx MX 10 any.wild", additional="any.wild A 192.0.2.1"),
    # Case does not matter for what is covered.
    Case("mixed TXT", ANSWER, 'mixed TXT "case"'),
    Case("x.mixed A", ANSWER, "x.mixed A 192.0.2.6"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_wildcard(case: Case) -> None:
    """An asterisk answers for every name below its parent that does not exist."""
    check(ZONE, case)


APEX = zone("*  A 192.0.2.1\nwww A 192.0.2.2")


@pytest.mark.parametrize(
    "case",
    [
        Case("x A", ANSWER, "x A 192.0.2.1"),
        Case("x.y A", ANSWER, "x.y A 192.0.2.1"),
        Case("www A", ANSWER, "www A 192.0.2.2"),
        Case("x.www A", NXDOMAIN, authority=NEGATIVE),
        Case("@ A", NODATA, authority=NEGATIVE),
    ],
    ids=str,
)
def test_wildcard_below_the_apex(case: Case) -> None:
    """An asterisk below the apex covers the zone, except what exists and the apex itself."""
    check(APEX, case)
