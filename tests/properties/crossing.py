"""Zones that lead into one another in every way that a rule follows, and edits of them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

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
@ SOA ns.outside.test. hostmaster.outside.test. {serial} 7200 1800 1209600 3600
@ NS ns.outside.test.
@ NS ns.elsewhere.test.
"""
KEY = "TLSA 3 1 1 " + "ab" * 32

# What any zone may have; {host} and {domain} stand for one of those below.
TEMPLATES = (
    "@ MX 10 {host}",
    "@ MX 20 {host}",
    "www MX 10 {host}",
    "alias CNAME {host}",
    "@ NS {host}",
    "_imaps._tcp SRV 0 1 993 {host}",
    "d DNAME {domain}",
    '@ TXT "v=spf1 include:{domain} -all"',
    'www TXT "v=spf1 a:{host} mx:{domain} include:_spf.{domain} -all"',
    '_spf TXT "v=spf1 redirect={domain}"',
    '_dmarc TXT "v=DMARC1; p=none; rua=mailto:d@{domain}"',
    '{domain}_report._dmarc TXT "v=DMARC1"',
    '_smtp._tls TXT "v=TLSRPTv1; rua=mailto:t@{domain}"',
    "hidden CNAME stray.{domain}",
)
HOSTS = (
    "mail.a.example.",
    "mail.b.example.",
    "mall.b.example.",
    "any.a.example.",
    "mail.sub.a.example.",
    "alias.b.example.",
    "x.d.c.test.",
    "mail.c.test.",
    "mail.outside.test.",
)
DOMAINS = ("a.example.", "b.example.", "sub.a.example.", "any.a.example.", "x.d.c.test.")
LINES = (
    "mail A 192.0.2.25",
    "mail 30 A 192.0.2.26",
    "mail AAAA 2001:db8::25",
    "mail A nonsense",
    "mail.b.example. A nonsense",
    "mial A 192.0.2.28",
    "* A 192.0.2.29",
    "* AAAA 2001:db8::29",
    '* TXT "v=spf1 -all"',
    '* TXT "v=DMARC1"',
    "* MX 10 mail",
    "@ A 192.0.2.30",
    "@ MX 0 .",
    '@ TXT "v=spf1 -all"',
    f"_25._tcp.mail {KEY}",
    f"_25 {KEY}",
    f"*.mail {KEY}",
    "_25._tcp.mail CNAME keys",
    f"keys {KEY}",
    "@ DNSKEY 257 3 13 AAAA",
    '_mta-sts TXT "v=STSv1; id=20260101"',
    'stray TXT "v=DMARC1; p=none"',
    'l._bimi TXT "v=BIMI1; l=https://a.example/l.svg"',
)
# What only some may have. One zone is above the others, one below one of them.
OWN_LINES = {
    Name.parse(origin): lines
    for origin, lines in {
        "a.example.": (
            "sub NS ns.sub",
            "sub NS ns.outside.test.",
            "ns.sub A 192.0.2.53",
            "mail.sub A 192.0.2.54",
            f"_25._tcp.mail.sub {KEY}",
            'stray.sub TXT "v=DMARC1; p=none"',
            "_tcp.mail NS ns.outside.test.",
        ),
        "b.example.": (),
        "c.test.": (),
        "sub.a.example.": (),
        "example.": ("a NS ns.a", "ns.a A 192.0.2.53", f"_25._tcp.mail.a {KEY}"),
        "_tcp.mail.a.example.": (),
        "2.0.192.in-addr.arpa.": (
            "25 PTR mail.a.example.",
            "26 PTR mail.b.example.",
            "29 CNAME name",
            "name PTR any.a.example.",
            "* PTR mail.sub.a.example.",
        ),
    }.items()
}
ORIGINS = tuple(OWN_LINES)


class Edit(NamedTuple):
    """One file as it is from now on, with its waiver; without lines it is gone."""

    origin: Name
    day: date
    lines: tuple[str, ...] | None
    serial: int = 1
    waived: str = ""


class Folder:
    """Files of zones, of which one at a time is changed a little."""

    def __init__(self, seed: int, density: float) -> None:
        self._random = Random(seed)
        self._density = density
        self._day = FIRST_DAY
        self._lines: dict[Name, set[str]] = {}

    def edits(self, count: int) -> Iterator[Edit]:
        """Every file is written, then that many edits follow."""
        for origin in ORIGINS:
            yield self._write(origin, {line for line in self._pool(origin) if self._seldom()})
        for _ in range(count):
            self._day += timedelta(days=self._random.choice((0, 0, 0, 0, 1, 2)))
            yield self._edit(self._random.choice(ORIGINS))

    def _edit(self, origin: Name) -> Edit:
        lines = self._lines.get(origin)
        if lines is not None and self._random.random() < 0.2:
            del self._lines[origin]
            return Edit(origin, self._day, None)
        pool = self._pool(origin)
        if lines is None:
            return self._write(origin, {line for line in pool if self._seldom()})
        # As often a line that is there, so that there are not more and more of them.
        some = self._random.choice((pool, [*LINES, *OWN_LINES[origin]], sorted(lines) or pool))
        flipped = set(self._random.sample(some, 1))
        return self._write(origin, lines ^ flipped)

    def _write(self, origin: Name, lines: set[str]) -> Edit:
        self._lines[origin] = lines
        serial = self._random.choice((1, 1, 1, 1, 1, 2026060501))
        waived = self._random.choice(("", "", "", "MX004", "SP007"))
        return Edit(origin, self._day, tuple(sorted(lines)), serial, waived)

    def _seldom(self) -> bool:
        return self._random.random() < self._density

    def _pool(self, origin: Name) -> list[str]:
        """The lines that a file may have, those with a target with a few of them."""
        filled = {
            template.format(
                host=self._random.choice(HOSTS), domain=self._random.choice(DOMAINS)
            )
            for template in TEMPLATES * 3
        }
        return [*sorted(filled), *LINES, *OWN_LINES[origin]]


def read(edit: Edit) -> Candidate:
    """What the file of an edit says; its waiver lasts two days."""
    head = HEAD.format(origin=edit.origin, serial=edit.serial)
    text = head + "".join(f"{line}\n" for line in edit.lines or ())
    source = read_master_zone(f"{edit.origin}zone", text.encode(), edit.origin, no_include)
    if edit.waived:
        mark, until = source.records[0].mark, edit.day + timedelta(days=2)
        source = replace(source, waivers=(Waiver(edit.waived, None, "moving", until, mark),))
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
