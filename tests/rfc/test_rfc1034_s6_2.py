"""RFC 1034 6.2: the RFC's own zones, and the answer to each of its queries.

Two things have changed since: a negative answer carries the SOA (RFC 2308 3), and an alias
is followed within its zone only, so that a zone never speaks for another.
"""

import pytest

from tests.zones_text import ANSWER, NODATA, NXDOMAIN, REFERRAL, Case, ask, check, expect, zone
from zoneserver.zone.zoneset import ZoneSet

ROOT = zone(
    """
    .              86400 SOA SRI-NIC.ARPA. HOSTMASTER.SRI-NIC.ARPA. 870611 1800 300 604800 86400
    .                         86400 NS    A.ISI.EDU.
    .                         86400 NS    C.ISI.EDU.
    .                         86400 NS    SRI-NIC.ARPA.
    MIL.                      86400 NS    SRI-NIC.ARPA.
    MIL.                      86400 NS    A.ISI.EDU.
    EDU.                      86400 NS    SRI-NIC.ARPA.
    EDU.                      86400 NS    C.ISI.EDU.
    SRI-NIC.ARPA.             86400 A     26.0.0.73
    SRI-NIC.ARPA.             86400 A     10.0.0.51
    SRI-NIC.ARPA.             86400 MX    0 SRI-NIC.ARPA.
    SRI-NIC.ARPA.             86400 HINFO DEC-2060 TOPS20
    ACC.ARPA.                 86400 A     26.6.0.65
    ACC.ARPA.                 86400 HINFO PDP-11/70 UNIX
    ACC.ARPA.                 86400 MX    10 ACC.ARPA.
    USC-ISIC.ARPA.            86400 CNAME C.ISI.EDU.
    73.0.0.26.IN-ADDR.ARPA.   86400 PTR   SRI-NIC.ARPA.
    65.0.6.26.IN-ADDR.ARPA.   86400 PTR   ACC.ARPA.
    51.0.0.10.IN-ADDR.ARPA.   86400 PTR   SRI-NIC.ARPA.
    52.0.0.10.IN-ADDR.ARPA.   86400 PTR   C.ISI.EDU.
    103.0.3.26.IN-ADDR.ARPA.  86400 PTR   A.ISI.EDU.
    A.ISI.EDU.                86400 A     26.3.0.103
    C.ISI.EDU.                86400 A     10.0.0.52
    """,
    ".",
    apex="",
)  # fmt: skip

EDU = zone(
    """
    @       86400 SOA SRI-NIC.ARPA. HOSTMASTER.SRI-NIC.ARPA. 870729 1800 300 604800 86400
    @               86400  NS   SRI-NIC.ARPA.
    @               86400  NS   C.ISI.EDU.
    UCI             172800 NS   ICS.UCI
    UCI             172800 NS   ROME.UCI
    ICS.UCI         172800 A    192.5.19.1
    ROME.UCI        172800 A    192.5.19.31
    ISI             172800 NS   VAXA.ISI
    ISI             172800 NS   A.ISI
    ISI             172800 NS   VENERA.ISI.EDU.
    VAXA.ISI        172800 A    10.2.0.27
    VAXA.ISI        172800 A    128.9.0.33
    VENERA.ISI.EDU. 172800 A    10.1.0.52
    VENERA.ISI.EDU. 172800 A    128.9.0.32
    A.ISI           172800 A    26.3.0.103
    UDEL.EDU.       172800 NS   LOUIE.UDEL.EDU.
    UDEL.EDU.       172800 NS   UMN-REI-UC.ARPA.
    LOUIE.UDEL.EDU. 172800 A    10.0.0.96
    LOUIE.UDEL.EDU. 172800 A    192.5.39.3
    YALE.EDU.       172800 NS   YALE.ARPA.
    YALE.EDU.       172800 NS   YALE-BULLDOG.ARPA.
    MIT.EDU.        43200  NS   XX.LCS.MIT.EDU.
    MIT.EDU.        43200  NS   ACHILLES.MIT.EDU.
    XX.LCS.MIT.EDU. 43200  A    10.0.0.44
    ACHILLES.MIT.EDU. 43200 A   18.72.0.8
    """,
    "EDU.",
    apex="",
)

# The SOA of a negative answer, with our cap of an hour on its time.
SOA = ". 3600 SOA SRI-NIC.ARPA. HOSTMASTER.SRI-NIC.ARPA. 870611 1800 300 604800 86400"
ADDRESSES = "SRI-NIC.ARPA. 86400 A 26.0.0.73\nSRI-NIC.ARPA. 86400 A 10.0.0.51\n"

CASES = [
    # 6.2.1
    Case("SRI-NIC.ARPA. A", ANSWER, ADDRESSES),
    # 6.2.2
    Case("SRI-NIC.ARPA. ANY", ANSWER, f"""
        {ADDRESSES}
        SRI-NIC.ARPA. 86400 MX    0 SRI-NIC.ARPA.
        SRI-NIC.ARPA. 86400 HINFO DEC-2060 TOPS20
    """),
    # 6.2.3
    Case("SRI-NIC.ARPA. MX", ANSWER, "SRI-NIC.ARPA. 86400 MX 0 SRI-NIC.ARPA.",
         additional=ADDRESSES),
    # 6.2.4
    Case("SRI-NIC.ARPA. NS", NODATA, authority=SOA),
    # 6.2.5
    Case("SIR-NIC.ARPA. A", NXDOMAIN, authority=SOA),
    # 6.2.6
    Case("BRL.MIL. A", REFERRAL,
         authority="MIL. 86400 NS SRI-NIC.ARPA.\nMIL. 86400 NS A.ISI.EDU.",
         additional=f"{ADDRESSES}A.ISI.EDU. 86400 A 26.3.0.103"),
    # 6.2.7
    Case("USC-ISIC.ARPA. A", REFERRAL, "USC-ISIC.ARPA. 86400 CNAME C.ISI.EDU.",
         authority="EDU. 86400 NS SRI-NIC.ARPA.\nEDU. 86400 NS C.ISI.EDU.",
         additional=f"C.ISI.EDU. 86400 A 10.0.0.52\n{ADDRESSES}"),
    # 6.2.8
    Case("USC-ISIC.ARPA. CNAME", ANSWER, "USC-ISIC.ARPA. 86400 CNAME C.ISI.EDU."),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_queries_of_the_rfc(case: Case) -> None:
    """Each answer has the records that the RFC shows."""
    check(ROOT, case)


REFERRALS = [
    Case("ISI.EDU. A", REFERRAL,
         authority="ISI 172800 NS VAXA.ISI\nISI 172800 NS A.ISI\nISI 172800 NS VENERA.ISI",
         additional="""
         VAXA.ISI   172800 A 10.2.0.27
         VAXA.ISI   172800 A 128.9.0.33
         A.ISI      172800 A 26.3.0.103
         VENERA.ISI 172800 A 10.1.0.52
         VENERA.ISI 172800 A 128.9.0.32
         """),
    Case("XX.LCS.MIT.EDU. A", REFERRAL,
         authority="MIT 43200 NS XX.LCS.MIT\nMIT 43200 NS ACHILLES.MIT",
         additional="XX.LCS.MIT 43200 A 10.0.0.44\nACHILLES.MIT 43200 A 18.72.0.8"),
    Case("LOUIE.UDEL.EDU. A", REFERRAL,
         authority="UDEL 172800 NS LOUIE.UDEL\nUDEL 172800 NS UMN-REI-UC.ARPA.",
         additional="LOUIE.UDEL 172800 A 10.0.0.96\nLOUIE.UDEL 172800 A 192.5.39.3"),
    Case("YALE.EDU. MX", REFERRAL,
         authority="YALE 172800 NS YALE.ARPA.\nYALE 172800 NS YALE-BULLDOG.ARPA."),
]  # fmt: skip


@pytest.mark.parametrize("case", REFERRALS, ids=str)
def test_referrals_of_the_edu_zone(case: Case) -> None:
    """C.ISI.EDU has both zones; the nearer one refers."""
    expected = expect("NOERROR", case, aa=False, zone=EDU)
    assert expected == ask(ZoneSet([ROOT, EDU]), case.question)
