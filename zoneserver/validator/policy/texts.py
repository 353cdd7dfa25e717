"""Policy texts: TXT records that speak of mail, read the way receivers read them.

What a text announces itself to be (`kind`) and what the place it stands at is for (`place`)
are two things: the rules live from the difference.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

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


@dataclass(frozen=True, slots=True)
class PolicyText:
    """One TXT record, its strings joined without blanks (RFC 7208 3.3, RFC 6376 3.6.2.2).

    `hidden` says which character keeps receivers from seeing the version of a text whose
    kind a person would recognise; it is empty where they see it.
    """

    owner: Name
    strings: tuple[bytes, ...]
    mark: Mark
    text: str
    kind: Kind | None
    place: Kind | None
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
    **dict.fromkeys("\u00a0\u2007\u202f\u2002\u2003\u2009\u3000", (" ", "a no-break or wide space")),
    **dict.fromkeys("\u200b\u200c\u200d\u2060\u00ad\u200e\u200f", ("", "an invisible character")),
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
    if not _PLACES.search(owner.key):
        return None
    labels = Name(owner.key).labels
    if labels[0] == b"_dmarc":
        return Kind.DMARC
    if b"_domainkey" in labels[1:]:
        return Kind.DKIM
    if labels[0] == b"_mta-sts":
        return Kind.MTA_STS
    if labels[:2] == (b"_smtp", b"_tls"):
        return Kind.TLSRPT
    return Kind.BIMI if b"_bimi" in labels[1:2] else None


def read_texts(rrset: RRset) -> Iterator[PolicyText]:
    """The records of a TXT RRset that are mail policy, or stand where that is looked up."""
    place = find_place(rrset.owner)
    for rdata, mark in zip(rrset.rdatas, rrset.marks, strict=True):
        assert isinstance(rdata, TXT)
        text = rdata.joined.decode("utf-8", "replace")
        kind, hidden = _announced(text)
        if kind is not None or place is not None:
            yield PolicyText(rrset.owner, rdata.strings, mark, text, kind, place, hidden)


def lookalikes(text: str) -> list[str]:
    """The characters of a text that pass for others, each once, with code and description."""
    found = dict.fromkeys(character for character in text if character in LOOKALIKES)
    return [f"U+{ord(character):04X} ({LOOKALIKES[character][1]})" for character in found]


def _announced(text: str) -> tuple[Kind | None, str]:
    """What a text means to be, and the character that hides it from receivers."""
    plain = text if text.isascii() else text.translate(_PLAIN)
    plain = plain.strip(" \t\"'`")
    opening = _ANNOUNCED.match(plain)
    if opening is None:
        return (Kind.DKIM, "") if _KEY.match(plain) else (None, "")
    kind = _BY_WORD[opening[1].lower()]
    if opens_as(kind, text) or not opens_as(kind, plain):
        return kind, ""
    if found := lookalikes(text):
        return kind, found[0]
    return kind, "a blank" if text[0] in " \t" else "a quotation mark"
