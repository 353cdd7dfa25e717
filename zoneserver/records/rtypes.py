"""RR type numbers and mnemonics. dnspython keeps the registry; here are the ones we name."""

import difflib

import dns.rdatatype

A, NS, CNAME, SOA, PTR, MX, TXT = 1, 2, 5, 6, 12, 15, 16
AAAA, SRV, NAPTR, DNAME, OPT, DS = 28, 33, 35, 39, 41, 43
SSHFP, RRSIG, NSEC, DNSKEY, NSEC3, NSEC3PARAM = 44, 46, 47, 48, 50, 51
TLSA, SMIMEA, CDS, CDNSKEY, ZONEMD = 52, 53, 59, 60, 63
OPENPGPKEY, SVCB, HTTPS, SPF = 61, 64, 65, 99
TSIG, IXFR, AXFR, ANY, URI, CAA, LOC = 250, 251, 252, 255, 256, 257, 29

# Types that exist in messages only (RFC 6895 3.1): no zone can hold one.
_META = frozenset({OPT}) | frozenset(range(128, 256))


def mnemonic(rtype: int) -> str:
    """The registry's name for a type, `TYPE65280` where it has none (RFC 3597 5)."""
    return dns.rdatatype.to_text(dns.rdatatype.RdataType.make(rtype)).replace("_", "-")


def find_rtype(text: str) -> int | None:
    """The number of a type by its mnemonic or as `TYPEn`; None for a word that is no type."""
    try:
        return int(dns.rdatatype.from_text(text.replace("-", "_")))
    except (dns.rdatatype.UnknownRdatatype, ValueError):
        return None


def is_meta(rtype: int) -> bool:
    """Whether the type can stand in a message but not in a zone. SPF's neighbours can."""
    return rtype in _META or rtype == 0


def suggest(text: str) -> str:
    """The mnemonic of a servable type closest to a misspelt one, or an empty text."""
    kinds = [kind for kind in dns.rdatatype.RdataType if not is_meta(kind)]
    known = [kind.name.replace("_", "-") for kind in kinds]
    return next(iter(difflib.get_close_matches(text.upper(), known, 1)), "")
