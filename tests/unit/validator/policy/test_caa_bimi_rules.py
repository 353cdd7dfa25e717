"""CAA and BIMI: zones that break a rule, and near misses that do not."""

import pytest

from tests.unit.validator.policy.table import assert_broken, assert_clean, judge_lines, levels

ENFORCED = '_dmarc TXT "v=DMARC1; p=reject"'
LOGO = 'default._bimi TXT "v=BIMI1; l=https://example.com/logo.svg"'

ENFORCED_BELOW = '_dmarc TXT "v=DMARC1; p=none; sp=reject; rua=mailto:a@example.com"'

# code, level, lines added to the base zone
BREAKS = [
    ("CA001", "error", '@ CAA 0 issue-mail "ca.example"'),
    ("CA001", "error", r"@ TYPE257 \# 14 0005 69732d6d61 63612e6578616d"),
    ("CA001", "error", '@ CAA 0 issue "https://ca.example"'),
    ("CA001", "error", '@ CAA 0 issue "ca.example."'),
    ("CA001", "error", '@ CAA 0 issue "ca_1.example"'),
    ("CA001", "error", '@ CAA 0 issue "ca.example, ca2.example"'),
    ("CA001", "error", '@ CAA 0 issue "ca.example account=1"'),
    ("CA001", "error", '@ CAA 0 issue "ca.example; account"'),
    ("CA001", "error", '@ CAA 0 issuewild "*.example"'),
    ("CA001", "error", '@ CAA 0 issuemail "ca@example.com"'),
    ("CA001", "error", '@ CAA 0 iodef "security@example.com"'),
    ("CA001", "error", '@ CAA 0 iodef "ftp://example.com"'),
    ("CA001", "error", '@ CAA 0 iodef "mailto:"'),
    ("CA001", "error", '@ CAA 0 iodef ""'),
    ("CA001", "warning", '@ CAA 0 isue "ca.example"'),
    ("CA001", "warning", '@ CAA 128 tbs "unknown"'),
    ("CA001", "warning", '@ CAA 1 issue "ca.example"'),
    ("CA001", "error", '@ CAA 256 issue "ca.example"'),
    ("BI001", "warning", f'{LOGO}\n_dmarc TXT "v=DMARC1; p=none; rua=mailto:a@example.com"'),
    ("BI001", "warning", f'{LOGO}\n_dmarc TXT "v=DMARC1; p=reject; sp=none"'),
    ("BI001", "warning", LOGO),
    ("BI001", "warning", f"{ENFORCED}\n{LOGO.replace('https', 'http')}"),
    ("BI001", "warning", f'{ENFORCED}\ndefault._bimi TXT "v=BIMI1"'),
    (
        "BI001",
        "warning",
        f'{LOGO.replace("_bimi", "_bimi.www")}\n_dmarc TXT "v=DMARC1; p=none"',
    ),
]

# lines that come close and are right
NEAR_MISSES = [
    '@ CAA 0 issue "ca.example"',
    '@ CAA 128 issue "ca1.ca-two.example"',
    '@ CAA 0 ISSUE " ca.example ; account=230123 ; validationmethods=dns-01"',
    '@ CAA 0 issue ";"',
    '@ CAA 0 issue ""',
    '@ CAA 0 issue "; policy=none"',
    '@ CAA 0 issuewild ";"\n@ CAA 0 issuemail "ca.example"',
    '@ CAA 0 issuevmc "ca.example"',
    '@ CAA 0 iodef "mailto:security@example.com"',
    '@ CAA 0 iodef "https://iodef.example.com/"',
    '@ CAA 0 contactemail "ca@example.com"',
    f"{ENFORCED}\n{LOGO}",
    f"{ENFORCED.replace('reject', 'quarantine')}\n{LOGO}",
    'default._bimi TXT "v=BIMI1; l=; a=;"',
    'default._bimi TXT "hello"',
    f'{ENFORCED}\ndefault._bimi TXT "v=BIMI1; l=; a=https://example.com/vmc.pem"',
    f"{ENFORCED}\n{LOGO.replace('_bimi', '_bimi.www')}",
    f"{LOGO.replace('_bimi', '_bimi.www')}\n{ENFORCED_BELOW}",
]


@pytest.mark.parametrize(("code", "level", "lines"), BREAKS)
def test_rule_is_broken(code: str, level: str, lines: str) -> None:
    """A zone that breaks a rule gets a finding of its code, at its level."""
    assert_broken(code, level, lines)


@pytest.mark.parametrize("lines", NEAR_MISSES)
def test_near_miss_is_no_finding(lines: str) -> None:
    """A zone that only looks as if it broke a rule gets nothing worse than a hint."""
    assert_clean(lines)


def test_dmarc_of_a_parent_that_is_not_ours() -> None:
    """BI001: what a zone above says is not known here, so nothing is said."""
    zone = (
        "$ORIGIN shop.example.co.uk.\n$TTL 3600\n"
        "@ SOA ns1 hostmaster 1 7200 1800 1209600 3600\n"
        "@ NS ns1\n@ NS ns2\nns1 A 192.0.2.1\nns2 A 198.51.100.2\n"
    )
    found = judge_lines(ENFORCED, f"{zone}{LOGO}\n")

    assert levels(found, "BI001") == []
