"""Policy texts: TXT records that speak of mail, read the way receivers read them.

What a text announces itself to be (`kind`) and what the place it stands at is for (`place`)
are two things: the rules live from the difference.
"""

import re
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.names import Name
from zoneserver.records.rdata import TXT
from zoneserver.records.rrset import RRset


class Kind(Enum):
    """The policies that are kept in TXT records; the value is how people call them."""

    SPF = "SPF"
    DMARC = "DMARC"
    DKIM = "DKIM"
    MTA_STS = "MTA-STS"
    TLSRPT = "TLS-RPT"
    BIMI = "BIMI"


class PolicyText(NamedTuple):
    """One TXT record, its strings joined without blanks (RFC 7208 3.3, RFC 6376 3.6.2.2).

    `kind` is what a person takes it for, and `seen` says whether receivers do, too. `hidden`
    is the character that alone keeps them from it. `place` is what its owner is asked for.
    """

    owner: Name
    strings: tuple[bytes, ...]
    mark: Mark
    text: str
    kind: Kind | None
    place: Kind | None
    seen: bool
    hidden: str = ""

    def finding(
        self,
        code: str,
        reason: str,
        fix: str,
        *,
        level: Level | None = None,
        related: tuple[tuple[Mark, str], ...] = (),
        also: frozenset[Name] = frozenset(),
    ) -> Finding:
        """A finding about this record."""
        return make_finding(
            code,
            self.mark,
            f"{self.owner} TXT: {reason}.",
            fix,
            level=level,
            owner=self.owner,
            related=related,
            also=also,
        )


# Characters that look like ASCII, and are not: what they pass for, and what they are called.
LOOKALIKES = {
    **dict.fromkeys("\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u00ab\u00bb\u2032\u2033",
                    ("", "a typographic quotation mark")),
    **dict.fromkeys("\u00a0\u2007\u202f\u2002\u2003\u2009\u3000",
                    (" ", "a no-break or wide space")),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\u00ad\u200e\u200f",
                    ("", "an invisible character")),
    "\ufeff": ("", "a byte order mark"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", ("-", "a typographic dash")),
    "\u037e": (";", "a Greek question mark"),
    "\uff1b": (";", "a wide semicolon"),
    "\ufffd": ("", "an octet that is not UTF-8"),
}  # fmt: skip
_PLAIN = str.maketrans({character: plain for character, (plain, _) in LOOKALIKES.items()})

# How a text opens that a person would take for a policy.
_ANNOUNCED = re.compile(r"v\s*=\s*(spf|dmarc|dkim|sts|tlsrpt|bimi)v?\d", re.IGNORECASE)
_BY_WORD = {
    "spf": Kind.SPF,
    "dmarc": Kind.DMARC,
    "dkim": Kind.DKIM,
    "sts": Kind.MTA_STS,
    "tlsrpt": Kind.TLSRPT,
    "bimi": Kind.BIMI,
}
# A key without its optional version (RFC 6376 3.6.1).
_KEY = re.compile(
    r"(?=.*(?:^|;)\s*k\s*=\s*(?:rsa|ed25519)\s*(?:;|$))(?=.*(?:^|;)\s*p\s*=)", re.DOTALL
)

# How a text must open for receivers to take it for that policy.
_OPENINGS = {
    Kind.SPF: re.compile(r"v=spf1(?= |$)", re.IGNORECASE),  # RFC 7208 4.5
    Kind.DMARC: re.compile(r"[ \t]*[vV][ \t]*=[ \t]*DMARC1[ \t]*(?=;|$)"),  # RFC 9989 4.8
    Kind.DKIM: re.compile(r"\s*v\s*=\s*DKIM1\s*(?=;|$)"),  # RFC 6376 3.6.1
    Kind.MTA_STS: re.compile(r"v=STSv1[ \t]*(?=;)"),  # RFC 8461 3.1
    Kind.TLSRPT: re.compile(r"v=TLSRPTv1[ \t]*(?=;)"),  # RFC 8460 3
    Kind.BIMI: re.compile(r"\s*v\s*=\s*BIMI1\s*(?=;|$)"),
}

_PLACES = re.compile(rb"\x06_dmarc|\x0a_domainkey|\x08_mta-sts|\x04_tls|\x05_bimi")


def opens_as(kind: Kind, text: str) -> bool:
    """Whether receivers recognise a text as a policy of that kind."""
    return _OPENINGS[kind].match(text) is not None


def find_place(owner: Name) -> Kind | None:
    """The policy that is looked up at a name, if any is."""
    key = owner.key
    if not _PLACES.search(key):
        return None
    if key.startswith(b"\x06_dmarc"):
        return Kind.DMARC
    if key.startswith(b"\x08_mta-sts"):
        return Kind.MTA_STS
    if key.startswith(b"\x05_smtp\x04_tls"):
        return Kind.TLSRPT
    if key.startswith(b"\x05_bimi", 1 + key[0]):
        return Kind.BIMI
    at = 1 + key[0]  # a selector comes first, and may have several labels
    while key[at]:
        if key.startswith(b"\x0a_domainkey", at):
            return Kind.DKIM
        at += 1 + key[at]
    return None


def read_texts(rrset: RRset) -> Iterator[PolicyText]:
    """The records of a TXT RRset that are mail policy, or stand where that is looked up."""
    place = find_place(rrset.owner)
    for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
        assert isinstance(rdata, TXT)
        octets = rdata.joined
        if place is None and b"=" not in octets:
            continue  # the quick way out for most other texts
        text = octets.decode("utf-8", "replace")
        kind, seen, hidden = _announced(text)
        if kind is not None or place is not None:
            yield PolicyText(rrset.owner, rdata.strings, mark, text, kind, place, seen, hidden)


def lookalikes(text: str) -> list[str]:
    """The characters of a text that pass for others, each once, with code and description."""
    found = dict.fromkeys(character for character in text if character in LOOKALIKES)
    return [f"U+{ord(character):04X} ({LOOKALIKES[character][1]})" for character in found]


def _announced(text: str) -> tuple[Kind | None, bool, str]:
    """What a text means to be, whether receivers see that, and the character that hides it."""
    plain = text if text.isascii() else text.translate(_PLAIN)
    plain = plain.strip(" \t\"'`")
    opening = _ANNOUNCED.match(plain)
    if opening is None:
        is_key = _KEY.match(plain) is not None
        return (Kind.DKIM if is_key else None), is_key, ""
    kind = _BY_WORD[opening[1].lower()]
    if opens_as(kind, text):
        return kind, True, ""
    if not opens_as(kind, plain):
        return kind, False, ""
    if found := lookalikes(text):
        return kind, False, found[0]
    return kind, False, "a blank" if text[0] in " \t" else "a quotation mark"
