"""What is said of each host on a path, and which finding stands where."""

from dataclasses import replace

import pytest

from tests.unit.mail.zones import OTHER, REVERSE, Judged, explain_in, judge_zones, read
from tests.unit.validator.judging import BASE
from tests.unit.validator.test_mx_rules import BREAKS
from zoneserver.findings import Mark
from zoneserver.mail.path import DeliveryPath
from zoneserver.mail.route import Fate
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.validator.world import visible_rrsets
from zoneserver.zonefile.source import Waiver

SIGNATURE = "@ RRSIG SOA 13 2 3600 20300101000000 20250101000000 1 example.com. AAAA"


def codes_by_host(path: DeliveryPath) -> dict[str, list[str]]:
    """The codes of all findings, by host; those of the domain under an empty name."""
    hosts = {"": [finding.code for finding in path.findings]}
    for stop in path.stops:
        hosts[str(stop.exchanger.target.name)] = [finding.code for finding in stop.findings]
    return {host: codes for host, codes in hosts.items() if codes}


# lines beside the base zone (with a public address for its mail host), domain, codes by host
FINDINGS = [
    ("", "example.com", {}),
    ("x MX 1 a\na CNAME mail", "x.example.com", {"a.example.com.": ["MX001"]}),
    ("x MX 1 nosuch", "x.example.com", {"nosuch.example.com.": ["MX004"]}),
    ("x MX 1 nosuch\ny MX 1 mail", "y.example.com", {}),
    # An alias that is a sound owner; what its target breaks is found all the same.
    ("s CNAME x\nx MX 1 nosuch", "s.example.com", {"nosuch.example.com.": ["MX004"]}),
    # Through a wildcard the finding stands at the wildcard's MX.
    ("*.w MX 1 nosuch", "any.w.example.com", {"nosuch.example.com.": ["MX004"]}),
    # What is told once for a host is shown for every domain that uses it.
    ("in A 10.0.0.7\na MX 1 in\nb MX 1 in", "a.example.com", {"in.example.com.": ["MX022"]}),
    ("in A 10.0.0.7\na MX 1 in\nb MX 1 in", "b.example.com", {"in.example.com.": ["MX022"]}),
    # Of the domain itself, not of a host.
    ("x MX 1 mail\nx MX 1 MAIL", "x.example.com", {"": ["MX011"]}),
    ("a CNAME b\nb CNAME a", "a.example.com", {"": ["CN004"]}),
    ("x TXT bad\nx CNAME mail", "x.example.com", {"": ["CN001"]}),
    # A host's own record, not its MX.
    (
        "x MX 1 h\nh A 8.8.8.8\nh AAAA fe80::1",
        "x.example.com",
        {"h.example.com.": ["MX022", "AD002"]},
    ),
    # Delegation and SOA have their own rules; they do not change the path.
    ("sub NS ns1", "sub.example.com", {}),
]


@pytest.mark.parametrize(("lines", "domain", "codes"), FINDINGS)
def test_findings_stand_where_they_matter(
    lines: str, domain: str, codes: dict[str, list[str]]
) -> None:
    """Every finding beyond a hint is at the host it breaks, or else at the domain."""
    judged = judge_zones(read(BASE.replace("192.0.2.25", "8.8.4.4") + f"{lines}\n"))
    worse = tuple(finding for finding in judged.findings if finding.level > 0)
    path = replace(judged, findings=worse).explain(domain)

    assert codes_by_host(path) == codes


def test_same_mark_at_two_owners() -> None:
    """$GENERATE gives all its records one mark; each finding still goes to its own owner."""
    path = explain_in("$GENERATE 1-2 d$ MX 10 nosuch$", "d2.example.com")

    assert [finding.owner for stop in path.stops for finding in stop.findings] == [
        Name.parse("d2.example.com.")
    ]


@pytest.mark.parametrize("lines", sorted({lines for _, _, lines in BREAKS}))
def test_explain_and_the_validator_agree(lines: str) -> None:
    """A host takes no mail if, and only if, there is an error about it."""
    judged = judge_zones(read(f"{BASE}{lines}\n"))
    zone = judged.world.zone_of(Name.parse("example.com."))
    assert zone is not None
    owners = [rrset.owner for rrset in visible_rrsets(zone, rtypes.MX)]
    paths = [judged.explain(str(owner)) for owner in owners if not owner.is_wildcard]
    stops = [stop for path in paths for stop in path.stops]

    assert stops
    for stop in stops:
        has_error = any(finding.blocks for finding in stop.findings)
        assert (stop.exchanger.fate is Fate.BOUNCED) == has_error


def waive(lines: str, code: str, owner: str) -> Judged:
    """The base zone with `lines`, and a rule lifted for one owner."""
    mark = Mark("example.com.zone", 1, 1)
    waiver = Waiver(code, Name.parse(owner), "inside only", None, mark)
    return judge_zones(read(f"{BASE}{lines}\n", [waiver]))


def test_waived_fault_breaks_nothing() -> None:
    """A host with an underscore is used by those who asked for it, and the waiver shows."""
    judged = waive("x MX 1 my_host\nmy_host A 8.8.8.8", "MX014", "x.example.com.")
    path = judged.explain("x.example.com")

    assert path.fate.value == "delivered"
    findings = [finding for stop in path.stops for finding in stop.findings]
    assert ("MX014", "inside only") in [(finding.code, finding.waived) for finding in findings]
    assert path.unfit == ()


def test_waiver_of_another_owner_forgives_nothing() -> None:
    """The same host in another MX stays what it is."""
    lines = "x MX 1 my_host\ny MX 1 my_host\nmy_host A 8.8.8.8"
    path = waive(lines, "MX014", "x.example.com.").explain("y.example.com")

    assert path.fate.value == "bounced"


@pytest.mark.parametrize(
    ("lines", "pointer", "named"),
    [
        ("25 PTR mail.example.com.", "matches", ["mail.example.com."]),
        ("25 PTR MAIL.example.com.", "matches", ["MAIL.example.com."]),
        (
            "25 PTR other.example.com.\n25 PTR mail.example.com.",
            "matches",
            ["other.example.com.", "mail.example.com."],
        ),
        ("25 PTR web.example.com.", "differs", ["web.example.com."]),
        ("26 PTR mail.example.com.", "missing", []),
        ("25 TXT x", "missing", []),
        ("25 NS ns.example.org.", "not-ours", []),
        # RFC 2317: a delegation of part of a network by CNAME.
        ("25 CNAME 25.part\n25.part PTR mail.example.com.", "matches", ["mail.example.com."]),
    ],
)
def test_pointer(lines: str, pointer: str, named: list[str]) -> None:
    """The PTR is compared with the host, where its reverse zone is served here."""
    (stop,) = explain_in("", "example.com", f"{REVERSE}{lines}\n").stops
    (address,) = stop.addresses

    assert (address.pointer.value, [str(each) for each in address.named]) == (pointer, named)


def test_pointer_without_a_reverse_zone() -> None:
    """Nothing is said of a PTR that is not ours to know."""
    (stop,) = explain_in("", "example.com").stops

    assert [(str(each.address), each.pointer.value) for each in stop.addresses] == [
        ("192.0.2.25", "not-ours")
    ]


@pytest.mark.parametrize(
    ("lines", "signed"),
    [
        ("_25._tcp.mail TLSA 3 1 1 " + "00" * 32, False),
        ("_25._tcp.mail TLSA 3 1 1 " + "00" * 32 + f"\n{SIGNATURE}", True),
        ("_25._tcp.mail CNAME t\nt TLSA 3 1 1 " + "00" * 32, False),
        ("_443._tcp.mail TLSA 3 1 1 " + "00" * 32, None),
        ("", None),
    ],
)
def test_certificate(lines: str, *, signed: bool | None) -> None:
    """TLSA at _25._tcp of the host, heeded only if the zone is signed (RFC 7672 2.2)."""
    (stop,) = explain_in(lines, "example.com").stops

    assert (stop.certificate.signed if stop.certificate else None) == signed
    if stop.certificate:
        assert stop.certificate.texts == ("3 1 1 " + "00" * 32,)


def test_certificate_of_a_domain_in_an_unsigned_zone() -> None:
    """RFC 7672 2.2.1: an MX that could be forged makes the host's TLSA worthless."""
    tlsa = f"{BASE}{SIGNATURE}\n_25._tcp.mail TLSA 3 1 1 {'00' * 32}\n"
    other = f"{OTHER}@ MX 10 mail.example.com.\n"
    (stop,) = judge_zones(read(tlsa), read(other)).explain("example.net").stops

    assert stop.certificate is not None
    assert not stop.certificate.signed


POLICIES = [
    ("", "example.com", []),
    ('@ TXT "v=spf1 mx -all"', "example.com", ['SPF example.com. "v=spf1 mx -all"']),
    ('@ TXT "v=spf1 " "-all"', "example.com", ['SPF example.com. "v=spf1 -all"']),
    ('@ TXT "v=spf10 -all"\n@ TXT "hello"', "example.com", []),
    (
        '_mta-sts TXT "v=STSv1; id=1"',
        "example.com",
        ['MTA-STS _mta-sts.example.com. "v=STSv1; id=1"'],
    ),
    (
        '_mta-sts CNAME p\np TXT "v=STSv1; id=1"',
        "example.com",
        ['MTA-STS _mta-sts.example.com. "v=STSv1; id=1"'],
    ),
    (
        '_dmarc TXT "v=DMARC1; p=none"',
        "example.com",
        ['DMARC _dmarc.example.com. "v=DMARC1; p=none"'],
    ),
    # RFC 9989 4.10: DMARC may stand further up, MTA-STS and SPF may not.
    (
        '_dmarc TXT "v=DMARC1; p=none"',
        "www.example.com",
        ['DMARC _dmarc.example.com. "v=DMARC1; p=none"'],
    ),
    ('_mta-sts TXT "v=STSv1; id=1"\n@ TXT "v=spf1 -all"', "www.example.com", []),
    # The domain in the address counts, not the one that its alias leads to.
    ('shop CNAME www\n_mta-sts.www TXT "v=STSv1; id=1"', "shop.example.com", []),
    (
        'shop CNAME www\n_mta-sts.shop TXT "v=STSv1; id=1"',
        "shop.example.com",
        ['MTA-STS _mta-sts.shop.example.com. "v=STSv1; id=1"'],
    ),
]


@pytest.mark.parametrize(("lines", "domain", "policies"), POLICIES)
def test_policies(lines: str, domain: str, policies: list[str]) -> None:
    """MTA-STS, SPF and DMARC of the domain, as far as they are published."""
    path = explain_in(lines, domain)

    assert [f"{each.kind.value} {each.owner} {each.text}" for each in path.policies] == policies


def test_names_too_long_for_policies_and_certificates() -> None:
    """A domain of 250 octets has no room for _mta-sts in front; its path is still found."""
    labels = ".".join(["x" * 58] * 4)
    path = explain_in(f"{labels} A 8.8.8.8", f"{labels}.example.com")

    assert path.fate.value == "delivered"
    assert [stop.certificate for stop in path.stops] == [None]


@pytest.mark.parametrize(
    ("lines", "domain", "unfit"),
    [
        ("", "example.com", []),
        ("x MX 1 nosuch", "example.com", ["example.com."]),
        ("x MX 1 nosuch", "example.org", []),
    ],
)
def test_zones_with_errors(lines: str, domain: str, unfit: list[str]) -> None:
    """A zone on the path that would not be loaded is named, wherever its error is."""
    assert [str(origin) for origin in explain_in(lines, domain).unfit] == unfit


def test_both_zones_of_an_error() -> None:
    """An error that concerns two zones keeps both from being loaded."""
    path = explain_in("", "example.com", f"{OTHER}@ MX 10 nosuch.example.com.\n")

    assert [str(origin) for origin in path.unfit] == ["example.com."]


@pytest.mark.parametrize(
    ("address", "outcome"),
    [("x@[8.8.8.8]", "unknown"), ("x@[127.0.0.1]", "bounced"), ("x@[IPv6:::1]", "bounced")],
)
def test_literal(address: str, outcome: str) -> None:
    """An address literal has no route: no DNS is asked."""
    path = explain_in("", address)

    assert (path.fate.value, path.route, path.stops) == (outcome, None, ())
