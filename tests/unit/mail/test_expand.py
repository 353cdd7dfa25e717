"""The records that $mail stands for, and what the validator then says of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.mail.expanding import REST, added, described, expanded, judged
from tests.unit.zonefile.test_mail_directive import WORDS
from tests.unit.zonefile.yaml_sources import read
from zoneserver.findings import Level
from zoneserver.mail.expand import expand
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA
from zoneserver.zone.build import build_zone

NO_ADDRESS = REST.replace("  - {type: A, value: 192.0.2.10}\n", "")
AT_APEX = "  - {type: A, value: 192.0.2.10}\n"


def with_apex(record: str, rest: str = REST) -> str:
    """The rest of a zone with one more record at its apex."""
    return rest.replace(AT_APEX, f"{AT_APEX}  - {record}\n")


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        # The box, and the checkbox.
        ("$mail: {exchanger: mx.isp.test.}", ["@ 3600 MX 10 mx.isp.test."]),
        (
            "$mail: {exchanger: mx.isp.test., backup: false}",
            ["@ 3600 MX 10 mx.isp.test."],
        ),
        (
            "$mail: {exchanger: mx.isp.test., backup: true}",
            ["@ 3600 MX 5 example.com.", "@ 3600 MX 10 mx.isp.test."],
        ),
        # A list.
        ("$mail: {exchangers: [a.isp.test.]}", ["@ 3600 MX 10 a.isp.test."]),
        (
            "$mail: {exchangers: [c.test., a.test., b.test.]}",
            ["@ 3600 MX 10 c.test.", "@ 3600 MX 20 a.test.", "@ 3600 MX 30 b.test."],
        ),
        # No mail.
        (
            "$mail: {none: true}",
            [
                "@ 3600 MX 0 .",
                '@ 3600 TXT "v=spf1 -all"',
                '_dmarc 3600 TXT "v=DMARC1; p=reject"',
            ],
        ),
        # TTLs: the block's, the zone's.
        ("$mail: {exchanger: mx.isp.test., ttl: 5m}", ["@ 300 MX 10 mx.isp.test."]),
        ("$ttl: 60\n$mail: {exchanger: mx.isp.test.}", ["@ 60 MX 10 mx.isp.test."]),
        # A preset, and one that leaves the host to the customer.
        (
            "$mail: {provider: google}",
            [
                "@ 3600 MX 1 smtp.google.com.",
                '@ 3600 TXT "v=spf1 include:_spf.google.com ~all"',
            ],
        ),
        (
            "$mail: {provider: microsoft, exchanger: x.mail.protection.outlook.com.}",
            [
                "@ 3600 MX 1 x.mail.protection.outlook.com.",
                '@ 3600 TXT "v=spf1 include:spf.protection.outlook.com ~all"',
                "autodiscover 3600 CNAME autodiscover.outlook.com.",
            ],
        ),
        # Owners; below a wildcard nothing is added but its own records.
        (
            "$mail:\n  shop: {exchanger: mx.isp.test., backup: true}\n  www: {none: true}\n",
            [
                "shop 3600 MX 5 shop.example.com.",
                "shop 3600 MX 10 mx.isp.test.",
                "www 3600 MX 0 .",
                'www 3600 TXT "v=spf1 -all"',
                '_dmarc.www 3600 TXT "v=DMARC1; p=reject"',
            ],
        ),
        (
            "$mail: {'*': {none: true}}",
            ["* 3600 MX 0 .", '* 3600 TXT "v=spf1 -all"'],
        ),
        (
            "$mail: {'*.x': {provider: fastmail}}",
            [
                "*.x 3600 MX 10 in1-smtp.messagingengine.com.",
                "*.x 3600 MX 20 in2-smtp.messagingengine.com.",
                '*.x 3600 TXT "v=spf1 include:spf.messagingengine.com ~all"',
            ],
        ),
        ("x: {type: TXT, value: nothing about mail}", []),
    ],
)
def test_expansion(mail: str, expected: list[str]) -> None:
    """Exactly these records, beside all that the file writes itself."""
    source = expanded(mail)
    assert expected == added(source)
    plain = read(f"{mail}\n{REST}")
    assert plain.records == source.records[: len(plain.records)]
    assert set(source.added) <= set(source.records)
    assert plain.findings == source.findings


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        ("$mail: {exchanger: mx.isp.test., backup: true}", ["1:42", "1:20"]),
        ("$mail: {exchangers: [a.test., b.test.]}", ["1:22", "1:31"]),
        ("$mail:\n  none: true\n", ["2:9", "2:9", "2:9"]),
        ("$mail: {provider: zoho}", ["1:19", "1:19", "1:19"]),
        (
            "$mail: {provider: microsoft, exchanger: x.test.}",
            ["1:41", "1:19", "1:19"],
        ),
    ],
)
def test_marks(mail: str, expected: list[str]) -> None:
    """Each record points to the words that it comes from."""
    marks = [each.mark for each in expanded(mail).added if each.rtype != rtypes.SOA]
    assert expected == [f"{mark.line}:{mark.column}" for mark in marks]


@pytest.mark.parametrize(
    ("mail", "rest", "expected"),
    [
        # SPF and DMARC that the zone writes itself stay alone, sound or not.
        ("{none: true}", with_apex("{type: TXT, value: v=spf1 mx -all}"), {"MX", "_dmarc"}),
        ("{none: true}", with_apex("{type: TXT, value: V=SPF1 -all}"), {"MX", "_dmarc"}),
        ("{none: true}", with_apex("{type: TXT, value: v = spf1 -all}"), {"MX", "_dmarc"}),
        ("{none: true}", with_apex("{type: TXT, value: hello}"), {"MX", "TXT", "_dmarc"}),
        (
            "{none: true}",
            f"{REST}_dmarc: {{type: TXT, value: v=DMARC1; p=none}}",
            {"MX", "TXT"},
        ),
        ("{none: true}", f"{REST}_dmarc: {{type: CNAME, value: a.test.}}", {"MX", "TXT"}),
        ("{none: true}", f"{REST}_dmarc: {{type: NS, value: a.test.}}", {"MX", "TXT"}),
        (
            "{none: true}",
            f"{REST}_dmarc: {{type: TXT, value: other}}",
            {"MX", "TXT", "_dmarc"},
        ),
        # What cannot be read may be just that.
        ("{none: true}", f"{REST}_dmarc: {{type: TXT, vlaue: x}}", {"MX", "TXT"}),
        ("{none: true}", with_apex("{type: TXT, value: }"), {"MX", "_dmarc"}),
        # CNAMEs of a preset give way to anything.
        ("{provider: icloud}", REST, {"MX", "TXT", "sig1._domainkey"}),
        (
            "{provider: icloud}",
            f"{REST}sig1._domainkey: {{type: TXT, value: k=rsa; p=AAAA}}",
            {"MX", "TXT"},
        ),
        (
            "{provider: icloud}",
            f"{REST}_domainkey: {{type: NS, value: ns.isp.test.}}",
            {"MX", "TXT"},
        ),
        (
            "{provider: icloud}",
            f"{REST}_domainkey: {{type: DNAME, value: keys.isp.test.}}",
            {"MX", "TXT"},
        ),
        (
            "{provider: icloud}",
            f"{REST}_domainkey: {{type: TXT, value: t=y}}",
            {"MX", "TXT", "sig1._domainkey"},
        ),
        (
            "{provider: icloud}",
            with_apex("{type: DNAME, value: other.test.}"),
            {"MX"},
        ),
        # Another block may want the name.
        (
            "{'': {provider: icloud}, sig1._domainkey: {exchanger: mx.test.}}",
            REST,
            {"MX", "TXT", "MX sig1._domainkey"},
        ),
    ],
)
def test_what_the_zone_has_itself(mail: str, rest: str, expected: set[str]) -> None:
    """Beside the MX, only what the zone leaves open is added."""
    lines = [line.split() for line in added(expanded(f"$mail: {mail}", rest))]
    assert expected == {
        rtype if owner == "@" else f"MX {owner}" if rtype == "MX" else owner
        for owner, _, rtype, *_ in lines
    }


def test_ttl_of_a_set() -> None:
    """The SPF record takes the TTL of the TXT records that it joins: a set has one."""
    rest = with_apex("{type: TXT, ttl: 77, value: hello}")
    source = expanded("$mail: {none: true, ttl: 5}", rest)
    assert ["@ 5 MX 0 .", '@ 77 TXT "v=spf1 -all"', '_dmarc 5 TXT "v=DMARC1; p=reject"'] == (
        added(source)
    )
    assert "SY005" not in {finding.code for finding in judged(source)}


@pytest.mark.parametrize(
    ("mail", "expected", "says"),
    [
        (
            "$mail: {provider: gogle}",
            "1:19",
            "did you mean `google`? The presets are fastmail,",
        ),
        ("$mail: {provider: GOOGLE}", "1:19", "did you mean `google`?"),
        ("$mail: {provider: xyzzy}", "1:19", "The presets are fastmail, forwardemail, gandi,"),
        (
            "$mail: {provider: microsoft}",
            "1:19",
            "add exchanger: with the host that your account",
        ),
        (
            "$mail: {provider: google, exchanger: mx.test.}",
            "1:19",
            "remove exchanger, or provider",
        ),
    ],
)
def test_bad_provider(mail: str, expected: str, says: str) -> None:
    """The error points to the name; nothing is added, and no rule misses an MX."""
    source = expanded(mail, with_apex("{type: TXT, value: v=spf1 mx -all}"))
    assert [] == added(source)
    (finding,) = source.findings
    assert ("SY008", Level.ERROR) == (finding.code, finding.level)
    assert f"{expected} error SY008" == described(source)[0]
    assert says in finding.fix
    assert {"example.com."} == {str(name) for name in source.unreadable}
    assert "MX025" not in {each.code for each in judged(source)}


def test_mx_written_out_beside() -> None:
    """Both places are named; the zone is not served, whichever was meant."""
    rest = with_apex(
        "{type: MX, values: [{exchange: a.test., preference: 1},"
        " {exchange: b.test., preference: 2}]}"
    )
    source = expanded("$mail: {none: true}", rest)
    assert ["1:15 error SY008"] == described(source)
    (finding,) = source.findings
    assert ["7:36 MX 1 a.test.", "7:72 MX 2 b.test."] == [
        f"{mark.line}:{mark.column} {text}" for mark, text in finding.related
    ]
    assert [] == added(source)


def test_mx_of_another_name_is_no_rival() -> None:
    """They are about other mail."""
    rest = f"{REST}shop: {{type: MX, value: {{exchange: a.test., preference: 1}}}}"
    source = expanded("$mail: {exchanger: mx.isp.test.}", rest)
    assert ["@ 3600 MX 10 mx.isp.test."] == added(source)
    assert [] == described(source)


def test_backup_of_a_name_without_address() -> None:
    """The gap at the name itself is an error on the line of `backup`, and the fix is said."""
    mail = "$mail:\n  exchanger: mx.isp.test.\n  backup: true\n"
    source = expanded(mail, NO_ADDRESS)
    assert ["3:11 error MX004"] == described(source)
    (finding,) = [each for each in judged(source) if each.code == "MX004"]
    assert finding.reason.startswith(
        "example.com. MX 5 example.com.: example.com. has no address"
    )
    assert "fill the gap: give example.com. itself an A or AAAA record" in finding.fix
    assert "remove backup: true" in finding.fix
    assert [] == described(expanded(mail))


def test_gap_of_another_kind() -> None:
    """Only the name itself is meant; another host without an address is told as ever."""
    source = expanded("$mail: {exchanger: nosuch.example.com., backup: true}")
    (finding,) = [each for each in judged(source) if each.code == "MX004"]
    assert finding.fix.startswith("add an A or AAAA record for it")


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        ("$mail: {exchanger: www.example.com.}", ["1:20 error MX001"]),
        ("$mail: {exchanger: nosuch.example.com.}", ["1:20 error MX004"]),
        ("$mail: {exchangers: [a.test., www.example.com.]}", ["1:31 error MX001"]),
        ("$mail: {exchangers: [a.test., A.test.]}", ["1:31 warning MX012"]),
        ("$mail: {www: {exchanger: a.test.}}", ["9:27 error CN001"]),
        ("$mail: {sub: {none: true}}", ["1:21 warning NS010"]),
    ],
)
def test_rules_point_into_the_directive(mail: str, expected: list[str]) -> None:
    """What is wrong with an exchanger is found as in an MX, at the place where it stands."""
    rest = (
        f"{REST}www: {{type: CNAME, value: other.test.}}\n"
        "sub: {type: NS, values: [a.test., b.test.]}\n"
    )
    source = expanded(mail, rest)
    assert expected == [each for each in described(source) if not each.endswith("NS008")]


@pytest.mark.parametrize(
    ("spf", "hinted"),
    [
        ("v=spf1 mx -all", True),
        ("v=spf1 include:_spf.google.com -all", False),
        ("v=spf1 ~include:_SPF.Google.com. ~all", False),
        ("v=spf1 redirect=_spf.google.com", False),
        ("v=spf1 include:spf.google.com -all", True),
    ],
)
def test_spf_without_the_provider(spf: str, *, hinted: bool) -> None:
    """An SPF record of one's own stays as it is; a hint says if the provider is not in it."""
    rest = with_apex(f"{{type: TXT, value: '{spf}'}}")
    source = expanded("$mail: {provider: google}", rest)
    assert ["@ 3600 MX 1 smtp.google.com."] == added(source)
    hints = [each for each in source.findings if each.code == "SP012"]
    assert [Level.HINT] * hinted == [each.level for each in hints]
    assert all("include:_spf.google.com" in each.fix for each in hints)


def test_names_that_would_be_too_long() -> None:
    """There is no room for what stands below them, and so nobody asks for it."""
    origin = Name.parse("a." * 126)
    source = expanded("$mail: {none: true}", "", origin)
    assert ["@ 3600 MX 0 .", '@ 3600 TXT "v=spf1 -all"'] == added(source)
    # Room for the name of the key, but not for the domain in the host that it leads to.
    origin = Name.parse("a." * 117)
    source = expanded("$mail: {provider: fastmail}", "", origin)
    assert ["MX", "MX", "TXT"] == [line.split()[2] for line in added(source)]


def test_root_zone() -> None:
    """The root has no name to put into a host's."""
    source = expanded("$mail: {provider: fastmail}", "", Name.parse("."))
    assert ["MX", "MX", "TXT"] == [line.split()[2] for line in added(source)]


def test_serial_of_what_was_added() -> None:
    """A serial that is chosen later goes into every copy of the SOA."""
    source = expanded("$mail: {none: true}").with_serial(7)
    serials = [
        record.rdata.serial
        for records in (source.records, source.added)
        for record in records
        if isinstance(record.rdata, SOA)
    ]
    assert [7, 7] == serials


@given(st.lists(WORDS | st.sampled_from(["provider: ", "icloud", "zoho"]), max_size=24))
def test_any_text(words: list[str]) -> None:
    """Whatever stands there, the zone is expanded, built and judged without an exception."""
    source = expand(read(f"{REST}$mail: {''.join(words)}"))
    assert build_zone(source).origin == source.origin
    if source.mail and not any(finding.blocks for finding in source.findings):
        assert any(line.split()[2] == "MX" for line in added(source))
    assert all(finding.reason for finding in judged(source))
