"""What signing adds to a zone is nothing to complain of."""

import dns.dnssec
import pytest

from tests.signed_zones import PUBLIC, Nsec3, sign
from tests.unit.validator.judging import BASE, codes, judge_zones
from tests.zones_text import lines
from zoneserver.findings import Finding

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
    return codes(_judge(text))


def _found(code: str, text: str) -> list[Finding]:
    return [each for each in _judge(text) if each.code == code]


def _judge(text: str) -> tuple[Finding, ...]:
    head = BASE.splitlines(keepends=True)[:2]
    return judge_zones("".join([*head, text]))


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


def test_dname_at_the_apex_leaves_no_place_for_hashes() -> None:
    """RFC 6672 2.4: Knot, for one, refuses what stands below it. That is said once."""
    moved = (
        "@ SOA ns1.example.net. h.example.net. 1 7200 1800 1209600 3600\n@ NS ns1.example.net."
    )
    moved += "\n@ DNAME example.net.\n@ MX 10 mail.example.net."
    (finding,) = _found("CN007", sign(moved, ORIGIN, Nsec3()))

    assert "NSEC3" in finding.reason
    assert "$dnssec" in finding.fix
    assert not _found("CN007", sign(moved, ORIGIN))
