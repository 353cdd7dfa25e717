"""What signing adds to a zone is nothing to complain of."""

import dns.dnssec
import pytest

from tests.signed_zones import PUBLIC, Nsec3, sign
from tests.unit.validator.judging import BASE, codes, judge_zones
from tests.zones_text import lines

# Aliases, delegations, a wildcard, a DNAME, empty names; and two TTLs, so that those of RRSIGs
# of one name are not equal.
TEXT = """
@ SOA ns1 hostmaster 1 7200 1800 1209600 3600
@ NS ns1
@ NS ns2
@ MX 10 mail
ns1 A 192.0.2.1
ns2 A 198.51.100.2
mail A 192.0.2.25
mail 600 AAAA 2001:db8::25
www CNAME mail
a.b.c TXT text
*.w MX 10 mail
old DNAME new
new A 192.0.2.9
safe NS ns1
safe NS ns2
safe DS 12345 13 2 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
bare NS ns1
bare NS ns2
"""
# CDS and CDNSKEY (RFC 8078), as they stand at the apex of a zone that is signed.
CHILD = f"""
@ CDS {dns.dnssec.make_ds("example.com.", PUBLIC, "SHA256")}
@ CDNSKEY {PUBLIC}
"""
REPEATED = "mail.example.com. 3600 IN A 192.0.2.25"
ORIGIN = "example.com."


def _judged(text: str) -> set[str]:
    head = BASE.splitlines(keepends=True)[:2]
    return codes(judge_zones("".join([*head, text])))


@pytest.mark.parametrize("nsec3", [None, Nsec3(), Nsec3(2, "aabb", opt_out=True)])
def test_signed_zones_have_no_finding_more(nsec3: Nsec3 | None) -> None:
    """RRSIG, NSEC, NSEC3, NSEC3PARAM, DNSKEY, CDS and CDNSKEY, where signers put them."""
    plain = "\n".join(lines(TEXT, ORIGIN))
    assert _judged(plain) == _judged(sign(TEXT + CHILD, ORIGIN, nsec3))


def test_signatures_are_no_rrset() -> None:
    """RFC 4034 3: RRSIGs of one name have the TTLs of what they sign, and SY005 knows it."""
    assert _judged(f"{sign(TEXT, ORIGIN)}\n{REPEATED}") == {
        *_judged("\n".join(lines(TEXT, ORIGIN))),
        "SY006",
    }
