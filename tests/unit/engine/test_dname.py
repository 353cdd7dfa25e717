"""DNAME: the names below it are elsewhere, the name itself is not (RFC 6672)."""

import pytest

from tests.zones_text import (
    ANSWER,
    NEGATIVE,
    NODATA,
    NXDOMAIN,
    PARTIAL,
    REFERRAL,
    YXDOMAIN,
    Case,
    check,
    zone,
)

LONG = ".".join("x" * 63 for _ in range(3))  # 192 octets

ZONE = zone(f"""
    old             600 DNAME new
    old             TXT   "the owner keeps its own data"
    www.new         A     192.0.2.80
    *.wild.new      A     192.0.2.81
    below.old       A     192.0.2.82
    sub.old         NS    ns.test.
    away            DNAME test.
    top             DNAME @
    alias           CNAME www.old
    loop            DNAME loop2
    loop2           DNAME loop
    inner           DNAME in.inner
    long            DNAME {LONG}
    cut             NS    ns.test.
    tocut           DNAME cut
    twice           DNAME old
    x               DNAME @
    x               A     192.0.2.83
    only            DNAME @
""")
OLD = "old 600 DNAME new"

CASES = [
    Case("www.old A", ANSWER, f"{OLD}\nwww.old 600 CNAME www.new\nwww.new A 192.0.2.80"),
    Case("www.old CNAME", ANSWER, f"{OLD}\nwww.old 600 CNAME www.new"),
    Case("www.old MX", NODATA, f"{OLD}\nwww.old 600 CNAME www.new", NEGATIVE),
    Case("a.b.old CNAME", ANSWER, f"{OLD}\na.b.old 600 CNAME a.b.new"),
    Case("a.loop CNAME", ANSWER, "loop DNAME loop2\na.loop CNAME a.loop2"),
    Case(f"{'y' * 54}.long CNAME", YXDOMAIN, f"long DNAME {LONG}"),
    Case("a.b.old A", NXDOMAIN, f"{OLD}\na.b.old 600 CNAME a.b.new", NEGATIVE),
    Case("a.b.wild.old A", ANSWER, f"""
        {OLD}
        a.b.wild.old 600 CNAME a.b.wild.new
        a.b.wild.new A 192.0.2.81
    """),
    # At the owner the DNAME does not apply.
    Case("old DNAME", ANSWER, OLD),
    Case("old TXT", ANSWER, 'old TXT "the owner keeps its own data"'),
    Case("old A", NODATA, authority=NEGATIVE),
    Case("old ANY", ANSWER, f'{OLD}\nold TXT "the owner keeps its own data"'),
    # What is written below it is hidden, a zone cut too (RFC 6672 2.4).
    Case("below.old A", NXDOMAIN, f"{OLD}\nbelow.old 600 CNAME below.new", NEGATIVE),
    Case("x.sub.old A", NXDOMAIN, f"{OLD}\nx.sub.old 600 CNAME x.sub.new", NEGATIVE),
    Case("www.old DS", NODATA, f"{OLD}\nwww.old 600 CNAME www.new", NEGATIVE),
    Case("a.away A", PARTIAL, "away DNAME test.\na.away CNAME a.test."),
    Case("www.new.top A", ANSWER,
         "top DNAME @\nwww.new.top CNAME www.new\nwww.new A 192.0.2.80"),
    Case("alias A", ANSWER, f"""
        alias CNAME www.old
        {OLD}
        www.old 600 CNAME www.new
        www.new A 192.0.2.80
    """),
    Case("www.twice A", ANSWER, f"""
        twice DNAME old
        www.twice CNAME www.old
        {OLD}
        www.old 600 CNAME www.new
        www.new A 192.0.2.80
    """),
    Case("www.tocut A", REFERRAL, "tocut DNAME cut\nwww.tocut CNAME www.cut",
         "cut NS ns.test."),
    Case("a.loop A", PARTIAL, """
        loop DNAME loop2
        a.loop CNAME a.loop2
        loop2 DNAME loop
        a.loop2 CNAME a.loop
    """),
    # Each hop makes the name longer; the DNAME itself is sent once.
    Case("a.inner A", PARTIAL, "\n".join(
        ["inner DNAME in.inner"]
        + [f"a{'.in' * i}.inner CNAME a{'.in' * (i + 1)}.inner" for i in range(8)])),
    # 192 + 9 (example.) octets: a name of 54 octets still fits, one of 55 does not.
    Case(f"{'y' * 53}.long A", NXDOMAIN,
         f"long DNAME {LONG}\n{'y' * 53}.long CNAME {'y' * 53}.{LONG}", NEGATIVE),
    Case(f"{'y' * 54}.long A", YXDOMAIN, f"long DNAME {LONG}"),
    # A DNAME that leads to its own owner is sent once, whatever is asked.
    Case("x.x DNAME", ANSWER, "x DNAME @\nx.x CNAME x"),
    Case("x.x A", ANSWER, "x DNAME @\nx.x CNAME x\nx A 192.0.2.83"),
    Case("x.x ANY", ANSWER, "x DNAME @\nx.x CNAME x\nx A 192.0.2.83"),
    Case("only.only ANY", ANSWER, "only DNAME @\nonly.only CNAME only"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: str(case)[-40:])
def test_dname(case: Case) -> None:
    """The DNAME is sent with the CNAME that it makes of the qname, then the alias followed."""
    check(ZONE, case)


APEX = zone("@ DNAME test.\nwww A 192.0.2.1")


@pytest.mark.parametrize(
    "case",
    [
        Case("www A", PARTIAL, "@ DNAME test.\nwww CNAME www.test."),
        Case("@ DNAME", ANSWER, "@ DNAME test."),
        Case("@ A", NODATA, authority=NEGATIVE),
        Case("@ NS", ANSWER, "@ NS ns.test."),
    ],
    ids=str,
)
def test_dname_at_the_apex(case: Case) -> None:
    """At the apex it moves the whole zone except the apex (RFC 6672 2.3)."""
    check(APEX, case)
