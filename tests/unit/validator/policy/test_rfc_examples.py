"""The examples that the RFCs give, of what is right and of what means what."""

import ipaddress

import pytest

from tests.unit.validator.judging import codes, judge_zones, no_include
from tests.unit.validator.policy.table import assert_clean, judge_lines, levels, txt
from zoneserver.names import Name
from zoneserver.validator.policy.dmarc import parse_dmarc
from zoneserver.validator.policy.spf import parse_spf
from zoneserver.validator.policy.spf_cover import covers
from zoneserver.validator.policy.spf_walk import find_spf
from zoneserver.validator.world import World
from zoneserver.zone.build import build_zone
from zoneserver.zone.zoneset import ZoneSet
from zoneserver.zonefile.master import read_master_zone

# RFC 7208 appendix A, with the nameservers that its zone leaves out.
APPENDIX_A = """\
$ORIGIN example.com.
$TTL 3600
@ SOA ns1 hostmaster 1 7200 1800 1209600 3600
@ NS ns1
@ NS ns2
ns1 A 203.0.113.1
ns2 A 198.51.100.2
@ MX 10 mail-a
@ MX 20 mail-b
@ A 192.0.2.10
@ A 192.0.2.11
amy A 192.0.2.65
bob A 192.0.2.66
mail-a A 192.0.2.129
mail-b A 192.0.2.130
www CNAME example.com.
"""
APPENDIX_A_ORG = """\
$ORIGIN example.org.
$TTL 3600
@ SOA ns1.example.com. hostmaster.example.com. 1 7200 1800 1209600 3600
@ NS ns1.example.com.
@ NS ns2.example.com.
@ MX 10 mail-c
mail-c A 192.0.2.140
"""

# record, addresses that pass, addresses that do not
SIMPLE = [
    ("v=spf1 +all", ["203.0.113.200"], []),
    ("v=spf1 a -all", ["192.0.2.10", "192.0.2.11"], ["192.0.2.65"]),
    ("v=spf1 a:example.org -all", [], ["192.0.2.140", "192.0.2.10"]),
    ("v=spf1 mx -all", ["192.0.2.129", "192.0.2.130"], ["192.0.2.140"]),
    ("v=spf1 mx:example.org -all", ["192.0.2.140"], ["192.0.2.129"]),
    (
        "v=spf1 mx mx:example.org -all",
        ["192.0.2.129", "192.0.2.130", "192.0.2.140"],
        ["192.0.2.10"],
    ),
    (
        "v=spf1 mx/30 mx:example.org/30 -all",
        ["192.0.2.128", "192.0.2.131", "192.0.2.140", "192.0.2.143"],
        ["192.0.2.132", "192.0.2.139", "192.0.2.144"],
    ),
    ("v=spf1 ip4:192.0.2.128/28 -all", ["192.0.2.129"], ["192.0.2.65"]),
]


@pytest.mark.parametrize(("record", "passing", "failing"), SIMPLE)
def test_rfc7208_appendix_a1(record: str, passing: list[str], failing: list[str]) -> None:
    """RFC 7208 A.1: who may send under each record."""
    zones = []
    for text in (APPENDIX_A + txt("@", record) + "\n", APPENDIX_A_ORG):
        origin = Name.parse(text.split()[1])
        zones.append(build_zone(read_master_zone("f", text.encode(), origin, no_include)))
    world = World(ZoneSet(zones))
    owner = zones[0].origin
    found = find_spf(world, owner)
    assert found

    for addresses, expected in ((passing, True), (failing, False)):
        for address in addresses:
            ip = ipaddress.ip_address(address)
            assert (address, covers(world, found[0], owner, ip)) == (address, expected)


def test_rfc7208_appendix_a2() -> None:
    """RFC 7208 A.2: includes and redirects from zone to zone are all in order."""
    org = APPENDIX_A_ORG + (
        '@ TXT "v=spf1 include:example.com include:example.net -all"\n'
        'la TXT "v=spf1 redirect=example.org"\n'
    )
    found = judge_zones(APPENDIX_A + '@ TXT "v=spf1 mx -all"\n', org)

    assert codes(found) == set()


# The macro strings of RFC 7208 7.4.
MACROS = [
    "%{s}",
    "%{o}",
    "%{d}",
    "%{d4}",
    "%{d3}",
    "%{d2}",
    "%{d1}",
    "%{dr}",
    "%{d2r}",
    "%{l}",
    "%{l-}",
    "%{lr}",
    "%{lr-}",
    "%{l1r-}",
    "%{ir}.%{v}._spf.%{d2}",
    "%{lr-}.lp._spf.%{d2}",
    "%{lr-}.lp.%{ir}.%{v}._spf.%{d2}",
    "%{ir}.%{v}.%{l1r-}.lp._spf.%{d2}",
    "%{d2}.trusted-domains",
]

# Records that RFC 7208 shows in its sections 4 to 7, and in appendix A.4.
SPF_EXAMPLES = [
    "v=spf1 a mx -all",
    "v=spf1 include:example.com include:example.org -all",
    "v=spf1 +mx a:colo.example.com/28 -all",
    "v=spf1 ptr -all",
    "v=spf1 exists:%{ir}.%{l1r+-}._spf.%{d} -all",
    "v=spf1 redirect=_spf.example.com",
    "v=spf1 mx:example.com -all",
    "v=spf1 a:authorized-spf.example.com -all",
    "v=spf1 mx -all exp=explain._spf.%{d}",
    "v=spf1 -include:ip4._spf.%{d} -include:ptr._spf.%{d} +all",
    *(f"v=spf1 exists:{macro}.example.com -all" for macro in MACROS),
]


@pytest.mark.parametrize("record", SPF_EXAMPLES)
def test_rfc7208_examples(record: str) -> None:
    """Every record that RFC 7208 shows is read without a word."""
    assert parse_spf(record).faults == ()


# RFC 9989 B.2: monitoring, failure reports, reports elsewhere, a subdomain under test.
DMARC_EXAMPLES = [
    ("_dmarc", "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com", "none"),
    (
        "_dmarc",
        (
            "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com;"
            " ruf=mailto:auth-reports@example.com"
        ),
        "none",
    ),
    (
        "_dmarc",
        (
            "v=DMARC1; p=none; rua=mailto:dmarc-feedback@example.com;"
            " ruf=mailto:auth-reports@thirdparty.example.net"
        ),
        "none",
    ),
    (
        "_dmarc.test",
        (
            "v=DMARC1; p=quarantine; rua=mailto:dmarc-feedback@example.com,"
            "mailto:tld-test@thirdparty.example.net; t=y"
        ),
        "quarantine",
    ),
    (
        "_dmarc.test",
        (
            "v=DMARC1; p=reject; rua=mailto:dmarc-feedback@example.com,"
            "mailto:tld-test@thirdparty.example.net"
        ),
        "reject",
    ),
]


@pytest.mark.parametrize(("owner", "text", "policy"), DMARC_EXAMPLES)
def test_rfc9989_appendix_b2(owner: str, text: str, policy: str) -> None:
    """The records of RFC 9989 B.2 are sound, and say what the RFC says they do."""
    assert_clean(txt(owner, text))

    assert parse_dmarc(text).policy == policy
    assert parse_dmarc(text).faults == ()


def test_rfc9989_appendix_b23() -> None:
    """RFC 9989 B.2.3: the third party's consent, and the finding that is gone with it."""
    owner, text, _ = DMARC_EXAMPLES[2]
    other = (
        "$ORIGIN example.net.\n$TTL 3600\n@ SOA ns1.example.com. hostmaster.example.com. 1 7200"
        " 1800 1209600 3600\n@ NS ns1.example.com.\n@ NS ns2.example.com.\n"
        "thirdparty MX 10 mail.example.com.\n"
    )
    consent = txt("example.com._report._dmarc.thirdparty", "v=DMARC1;")

    assert levels(judge_lines(txt(owner, text), other), "DM005") == ["error"]
    assert levels(judge_lines(txt(owner, text), f"{other}{consent}\n"), "DM005") == []


@pytest.mark.parametrize(
    ("tags", "policy"),
    [
        ("p=reject", "reject"),
        ("rua=mailto:a@example.com", "none"),
        ("p=bogus; rua=mailto:a@example.com", "none"),
        ("p=reject; sp=bogus; rua=mailto:a@example.com", "none"),
        ("p=reject; np=bogus", None),
        ("p=bogus", None),
        ("sp=reject", None),
    ],
)
def test_rfc9989_policy_that_receivers_apply(tags: str, policy: str | None) -> None:
    """RFC 9989 4.10.1: without a policy, an address for reports keeps the record alive."""
    assert parse_dmarc(f"v=DMARC1; {tags}").policy == policy


# The keys of RFC 6376 appendix C and RFC 8463 appendix A.
DKIM_EXAMPLES = [
    (
        "v=DKIM1; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDwIRP/UC3SBsEmGqZ9ZJW3/DkMoGeLn"
        "Qg1fWn7/zYtIxN2SnFCjxOCKG9v3b4jYfcTNh5ijSsq631uBItLa7od+v/RtdC2UzJ1lWT947qR+Rcac"
        "2gbto/NMqJ0fzfVjH4OuKhitdY9tf6mcwGjaNBcWToIMmPSPDdQPNUYckcQ2QIDAQAB"
    ),
    (
        "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3id"
        "Y6Wk08a5qhdR6wy5bdOKb2jLQiY/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lx"
        "j+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryOTIKT+l/K4w3QIDAQAB"
    ),
]


@pytest.mark.parametrize("text", DKIM_EXAMPLES)
def test_rfc6376_and_rfc8463_rsa_keys(text: str) -> None:
    """The RSA keys of the RFCs have 1024 bits: sound, and a hint today (RFC 8301 3.2)."""
    found = judge_lines(f'brisbane._domainkey TXT "{text[:200]}" "{text[200:]}"')

    assert [(each.code, str(each.level)) for each in found if each.code[:2] == "DK"] == [
        ("DK002", "hint")
    ]


def test_rfc8463_ed25519_key() -> None:
    """RFC 8463 A.2: a bare key of 32 octets."""
    key = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

    assert not [
        each for each in judge_lines(txt("brisbane._domainkey", key)) if each.code[:2] == "DK"
    ]


# Lines of RFC 8461 3.1, 8460 3, 8659 4 and 9495 4, RFC 6698 2.3.
SOUND_EXAMPLES = [
    'mta-sts A 203.0.113.9\n_mta-sts TXT "v=STSv1; id=20160831085700Z;"',
    '_smtp._tls TXT "v=TLSRPTv1;rua=mailto:reports@example.com"',
    '_smtp._tls TXT "v=TLSRPTv1; rua=https://reporting.example.com/v1/tlsrpt"',
    'certs CAA 0 issue "ca1.example.net"\ncerts CAA 0 issue "ca2.example.org"',
    'nocerts CAA 0 issue ";"',
    'wild CAA 0 issuewild "ca1.example.net"\nwild CAA 0 issue ";"',
    '@ CAA 0 issue "ca1.example.net; account=230123"',
    (
        '@ CAA 0 issue "ca1.example.net"\n@ CAA 0 iodef "mailto:security@example.com"'
        '\n@ CAA 0 iodef "https://iodef.example.com/"'
    ),
    '@ CAA 0 issuemail "ca1.example.net"\n@ CAA 0 issue ";"',
    '@ CAA 0 issuemail ";"\n@ CAA 0 issue "ca2.example.org"',
    "_443._tcp.www TLSA 0 0 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971",
]


@pytest.mark.parametrize("lines", SOUND_EXAMPLES)
def test_sound_examples(lines: str) -> None:
    """What the other RFCs show as right is right."""
    assert_clean(lines)


@pytest.mark.parametrize(
    ("lines", "level"),
    [('malformed CAA 0 issue "%%%%%"', "error"), ('new CAA 128 tbs "Unknown"', "warning")],
)
def test_rfc8659_examples_of_mistakes(lines: str, level: str) -> None:
    """RFC 8659 4.2 and 4.5: a value that allows nobody, a tag that stops everybody."""
    assert levels(judge_lines(lines), "CA001") == [level]
