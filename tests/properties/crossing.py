"""Zones that lead into one another in every way that a rule follows, and edits of them."""

from dataclasses import replace
from datetime import date, timedelta
from typing import NamedTuple

from hypothesis import strategies as st

from tests.unit.validator.judging import no_include
from zoneserver.findings import Finding
from zoneserver.names import Name
from zoneserver.validator.world import Candidate
from zoneserver.zone.build import build_zone
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.source import Waiver

FIRST_DAY = date(2026, 6, 1)

HEAD = """\
$ORIGIN {origin}
$TTL 3600
@ SOA ns.outside.test. hostmaster.{rname} {serial} 7200 1800 1209600 3600
@ NS ns.outside.test.
@ NS ns.example.
"""
# One zone above the others, one below one of them, two that are neither, one of addresses.
ORIGINS = tuple(
    map(
        Name.parse,
        (
            "a.example.",
            "b.example.",
            "sub.a.example.",
            "example.",
            "c.test.",
            "_tcp.mail.a.example.",
            "2.0.192.in-addr.arpa.",
        ),
    )
)
HOSTS = (
    "mail.a.example.",
    "mail.b.example.",
    "mail.sub.a.example.",
    "mail.c.test.",
    "alias.b.example.",
    "any.a.example.",
    "mall.b.example.",
    "x.d.c.test.",
    "mail.outside.test.",
)
DOMAINS = ("a.example.", "b.example.", "sub.a.example.", "c.test.", "d.c.test.")
KEY = "TLSA 3 1 1 " + "ab" * 32

# What any zone may have; {host} and {domain} stand for one of the above.
TEMPLATES = (
    "@ MX 10 {host}",
    "@ MX 20 {host}",
    "www MX 10 {host}",
    "alias CNAME {host}",
    "@ NS {host}",
    "_imaps._tcp SRV 0 1 993 {host}",
    "d DNAME {domain}",
    '@ TXT "v=spf1 include:{domain} -all"',
    '@ TXT "v=spf1 a:{host} mx:{domain} include:_spf.{domain} -all"',
    '_spf TXT "v=spf1 redirect={domain}"',
    '_dmarc TXT "v=DMARC1; p=none; rua=mailto:d@{domain}"',
    '{domain}_report._dmarc TXT "v=DMARC1"',
    '* TXT "v=spf1 -all"',
    '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:t@{domain}"',
    'logo._bimi TXT "v=BIMI1; l=https://{domain}/l.svg"',
)
LINES = (
    "mail A 192.0.2.25",
    "mail 30 A 192.0.2.26",
    "mail AAAA 2001:db8::25",
    'mail TXT "v=spf1 -all"',
    "mail A nonsense",
    "mail.b.example. A nonsense",
    "mall A 192.0.2.27",
    "mial A 192.0.2.28",
    "any TXT nothing",
    "* A 192.0.2.29",
    "d A 192.0.2.30",
    "d MX 0 .",
    "sub NS ns.sub",
    "sub NS mail.sub",
    "ns.sub A 192.0.2.53",
    "mail.sub A 192.0.2.54",
    "a NS ns.a",
    f"_25._tcp.mail {KEY}",
    f"_25._tcp.mail.sub {KEY}",
    f"_25 {KEY}",
    "_tcp.mail NS ns.outside.test.",
    "@ DNSKEY 257 3 13 AAAA",
    "25 PTR mail.a.example.",
    "26 PTR mail.b.example.",
    "29 PTR mail.a.example.",
    '_mta-sts TXT "v=STSv1; id=20260101"',
    'stray TXT "v=DMARC1; p=none"',
    "hidden CNAME stray.a.example.",
    "hidden CNAME stray.b.example.",
)


class Edit(NamedTuple):
    """One file is written anew, or is gone; then some days pass."""

    origin: Name
    lines: tuple[str, ...] | None
    serial: int
    waived: str
    days: int


def _fill(template: str) -> st.SearchStrategy[str]:
    return st.builds(
        template.format, host=st.sampled_from(HOSTS), domain=st.sampled_from(DOMAINS)
    )


def _edits() -> st.SearchStrategy[Edit]:
    line = st.one_of(st.sampled_from(LINES), st.sampled_from(TEMPLATES).flatmap(_fill))
    lines = st.lists(line, min_size=1, max_size=10, unique=True).map(tuple)
    return st.builds(
        Edit,
        st.sampled_from(ORIGINS),
        st.one_of(lines, lines, lines, st.none()),
        st.sampled_from((1, 1, 1, 2026060501)),
        st.sampled_from(("", "", "MX004", "MX001")),
        st.sampled_from((0, 0, 0, 1, 3)),
    )


EDITS = st.lists(_edits(), min_size=2, max_size=14)


def read(edit: Edit, day: date) -> Candidate:
    """What the file of an edit says, read on a day: its waiver lasts two more."""
    head = HEAD.format(
        origin=edit.origin, rname=DOMAINS[len(edit.lines or ()) % 4], serial=edit.serial
    )
    text = head + "".join(f"{line}\n" for line in edit.lines or ())
    source = read_master_zone(f"{edit.origin}zone", text.encode(), edit.origin, no_include)
    if edit.waived:
        mark = source.records[0].mark
        until = day + timedelta(days=2)
        waivers = (Waiver(edit.waived, None, "moving", until, mark),)
        source = replace(source, waivers=waivers)
    return Candidate(source, build_zone(source))


def without_far_lines(finding: Finding) -> Finding:
    """A finding without the lines that it is related to in other files.

    They are told as they were when the zone was judged.
    """
    own = finding.mark.file
    related = tuple(
        (mark if mark.file == own else mark._replace(line=0, column=0), text)
        for mark, text in finding.related
    )
    return replace(finding, related=related)
