"""Additional data: the addresses of the hosts that an answer sends its reader to."""

import pytest

from tests.zones_text import ANSWER, REFERRAL, UDP, Case, ask, check, zone

ZONE = zone(r"""
    a              A      192.0.2.1
    a              AAAA   2001:db8::1
    a              TXT    "no address"
    b              A      192.0.2.2
    c              AAAA   2001:db8::3
    *.w            A      192.0.2.4
    alias          CNAME  a
    moved          DNAME  w
    sub            NS     ns.sub
    ns.sub         A      192.0.2.53
    ent.deep.ent   A      192.0.2.5

    mx             MX     20 b
    mx             MX     10 a
    mx             MX     30 a
    many           MX     10 a
    many           MX     20 b
    many           MX     30 c
    many           MX     40 x.w
    nothing        MX     10 alias
    nothing        MX     10 host.moved
    nothing        MX     10 ns.sub
    nothing        MX     10 sub
    nothing        MX     10 gone
    nothing        MX     10 deep.ent
    nothing        MX     10 mx.test.
    nothing        MX     10 a.b
    null           MX     0 .
    self           MX     10 self
    self           A      192.0.2.6
    txt            TXT    "a"
    ptr            PTR    a
    point          CNAME  mx

    _25._tcp       SRV    0 0 25 b
    _25._tcp       SRV    1 0 25 a
    _off._tcp      SRV    0 0 0 .
    svc            SVCB   1 a alpn=dot
    svcself        SVCB   1 . port=853
    svcself        A      192.0.2.7
    svcnone        SVCB   0 .
    svcnone        A      192.0.2.8
    svcalias       HTTPS  0 https
    https          HTTPS  1 . alpn=h2
    https          A      192.0.2.9
    httpsalias     HTTPS  0 svc
    x.wsvc         TXT    "no"
    *.wsvc         SVCB   1 . port=853
    *.wsvc         AAAA   2001:db8::10
    naptr          NAPTR  10 10 "s" "" "" a
    naptr2         AFSDB  1 a
""")

A = "a A 192.0.2.1\na AAAA 2001:db8::1\n"

CASES = [
    # In the order of the answer, and each host once.
    Case("mx MX", ANSWER, "mx MX 20 b\nmx MX 10 a\nmx MX 30 a",
         additional=f"b A 192.0.2.2\n{A}"),
    Case("many MX", ANSWER, "many MX 10 a\nmany MX 20 b\nmany MX 30 c\nmany MX 40 x.w",
         additional=f"{A}b A 192.0.2.2\nc AAAA 2001:db8::3\nx.w A 192.0.2.4"),
    # Aliases, names below a DNAME, glue, empty names, names elsewhere: nothing of ours.
    Case("nothing MX", ANSWER, """
        nothing MX 10 alias
        nothing MX 10 host.moved
        nothing MX 10 ns.sub
        nothing MX 10 sub
        nothing MX 10 gone
        nothing MX 10 deep.ent
        nothing MX 10 mx.test.
        nothing MX 10 a.b
    """),
    Case("null MX", ANSWER, "null MX 0 ."),
    Case("self MX", ANSWER, "self MX 10 self", additional="self A 192.0.2.6"),
    Case("point MX", ANSWER, "point CNAME mx\nmx MX 20 b\nmx MX 10 a\nmx MX 30 a",
         additional=f"b A 192.0.2.2\n{A}"),
    Case("txt TXT", ANSWER, 'txt TXT "a"'),
    Case("ptr PTR", ANSWER, "ptr PTR a"),
    Case("point CNAME", ANSWER, "point CNAME mx"),
    Case("_25._tcp SRV", ANSWER, "_25._tcp SRV 0 0 25 b\n_25._tcp SRV 1 0 25 a",
         additional=f"b A 192.0.2.2\n{A}"),
    Case("_off._tcp SRV", ANSWER, "_off._tcp SRV 0 0 0 ."),
    Case("naptr NAPTR", ANSWER, 'naptr NAPTR 10 10 "s" "" "" a'),
    Case("naptr2 AFSDB", ANSWER, "naptr2 AFSDB 1 a"),
    # Service bindings: tests/rfc/test_rfc9460.py has the rules.
    Case("svc SVCB", ANSWER, "svc SVCB 1 a alpn=dot", additional=A),
    Case("svcself SVCB", ANSWER, "svcself SVCB 1 . port=853", additional="svcself A 192.0.2.7"),
    Case("svcnone SVCB", ANSWER, "svcnone SVCB 0 ."),
    Case("svcalias HTTPS", ANSWER, "svcalias HTTPS 0 https",
         additional="https HTTPS 1 . alpn=h2\nhttps A 192.0.2.9"),
    Case("httpsalias HTTPS", ANSWER, "httpsalias HTTPS 0 svc"),
    Case("y.wsvc SVCB", ANSWER, "y.wsvc SVCB 1 . port=853",
         additional="y.wsvc AAAA 2001:db8::10"),
    Case("self ANY", ANSWER, "self MX 10 self\nself A 192.0.2.6"),
    Case("x.sub MX", REFERRAL, authority="sub NS ns.sub", additional="ns.sub A 192.0.2.53"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_additional(case: Case) -> None:
    """A and AAAA of each target, as far as the zone answers for it itself."""
    check(ZONE, case)


def test_additional_is_dropped_in_silence() -> None:
    """What does not fit is left out whole, RRset by RRset, and the answer is complete."""
    hosts = "\n".join(
        f"h{i} A 192.0.2.{i}\nh{i} AAAA 2001:db8::{i}\nmail MX {i} h{i}" for i in range(30)
    )
    served = zone(hosts)
    over_tcp = ask(served, "mail MX")
    over_udp = ask(served, "mail MX", UDP, use_edns=0, payload=1232)
    assert (len(over_tcp.answer), len(over_tcp.additional)) == (30, 60)
    assert over_tcp.answer == over_udp.answer
    assert 0 < len(over_udp.additional) < 60
    assert set(over_udp.additional) < set(over_tcp.additional)
