"""RFC 9460: service bindings, and the records that save their reader a question."""

import pytest

from tests.zones_text import ANSWER, Case, check, zone

ZONE = zone("""
    alias      HTTPS  0 pool
    pool       HTTPS  1 . alpn=h2
    pool       A      192.0.2.1
    pool       AAAA   2001:db8::1
    pool       SVCB   1 . port=853
    service    HTTPS  1 pool alpn=h3
    own        HTTPS  1 . alpn=h2 ipv4hint=192.0.2.2
    own        A      192.0.2.2
    none       HTTPS  0 .
    none       A      192.0.2.3
    out        HTTPS  0 pool.test.
    cname      HTTPS  0 www
    www        CNAME  pool
    two        HTTPS  1 pool
    two        HTTPS  2 own
    mixed      SVCB   1 pool
    missing    HTTPS  0 nothing
    *.wild     HTTPS  1 .
    *.wild     A      192.0.2.4
    self       HTTPS  0 self
    _8443._https.api HTTPS 0 svc4
    svc4       HTTPS  1 . port=8004
""")
POOL = "pool A 192.0.2.1\npool AAAA 2001:db8::1"

CASES = [
    # 4.1: A, AAAA and bindings of the target, if it is in the zone.
    Case("alias HTTPS", ANSWER, "alias HTTPS 0 pool",
         additional=f"pool HTTPS 1 . alpn=h2\n{POOL}"),
    Case("service HTTPS", ANSWER, "service HTTPS 1 pool alpn=h3",
         additional=f"pool HTTPS 1 . alpn=h2\n{POOL}"),
    Case("two HTTPS", ANSWER, "two HTTPS 1 pool\ntwo HTTPS 2 own", additional=f"""
        pool HTTPS 1 . alpn=h2
        {POOL}
        own HTTPS 1 . alpn=h2 ipv4hint=192.0.2.2
        own A 192.0.2.2
    """),
    Case("mixed SVCB", ANSWER, "mixed SVCB 1 pool",
         additional=f"{POOL}\npool SVCB 1 . port=853"),
    Case("_8443._https.api HTTPS", ANSWER, "_8443._https.api HTTPS 0 svc4",
         additional="svc4 HTTPS 1 . port=8004"),
    Case("out HTTPS", ANSWER, "out HTTPS 0 pool.test."),
    Case("missing HTTPS", ANSWER, "missing HTTPS 0 nothing"),
    Case("cname HTTPS", ANSWER, "cname HTTPS 0 www"),
    # 2.5.2: in service mode "." is the owner.
    Case("own HTTPS", ANSWER, "own HTTPS 1 . alpn=h2 ipv4hint=192.0.2.2",
         additional="own A 192.0.2.2"),
    Case("x.wild HTTPS", ANSWER, "x.wild HTTPS 1 .", additional="x.wild A 192.0.2.4"),
    # 2.5.1: in alias mode it says that there is no service, so there is no address.
    Case("none HTTPS", ANSWER, "none HTTPS 0 ."),
    # What the answer has is not sent again.
    Case("self HTTPS", ANSWER, "self HTTPS 0 self"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_additional(case: Case) -> None:
    """4.1: what a client would ask next comes along."""
    check(ZONE, case)
