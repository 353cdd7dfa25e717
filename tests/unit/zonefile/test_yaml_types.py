"""Every type that octoDNS has, in every layout that octoDNS reads."""

import pytest

from tests.unit.zonefile.yaml_sources import barred, errors, messages, read, records, unreadable

KEY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
TLSA = (
    "{certificate_usage: 3, selector: 1, matching_type: 1,"
    f" certificate_association_data: {KEY}}}"
)
NAPTR = (
    "{order: 10, preference: 100, flags: U, service: SIP+D2U,"
    r" regexp: '!^(.*)$!sip:\1@example.com!', replacement: .}"
)
HTTPS = (
    "{svcpriority: 1, targetname: ., svcparams: {alpn: [h2, h3], port: 8443,"
    " ipv4hint: [192.0.2.1, 192.0.2.2], ipv6hint: ['2001:db8::1'],"
    " no-default-alpn: ~, mandatory: [alpn, port], key65280: 'a \"b\" \\c'}}"
)
HTTPS_TEXT = (
    '1 . mandatory="alpn,port" alpn="h2,h3" no-default-alpn port="8443"'
    ' ipv4hint="192.0.2.1,192.0.2.2" ipv6hint="2001:db8::1"'
    r' key65280="a \"b\" \\c"'
)
LOC = (
    "{lat_degrees: 31, lat_minutes: 58, lat_seconds: 52.1, lat_direction: S,"
    " long_degrees: 115, long_minutes: 49, long_seconds: 11.7, long_direction: E,"
    " altitude: 20, size: 10, precision_horz: 10, precision_vert: 2}"
)

# type, value, the rdata in presentation format
GOOD = [
    ("A", "192.0.2.25", "192.0.2.25"),
    ("a", "192.0.2.25", "192.0.2.25"),
    ("AAAA", "2001:DB8::25", "2001:db8::25"),
    ("AAAA", "2001:db8:0:0::1", "2001:db8::1"),
    ("NS", "ns1.example.net.", "ns1.example.net."),
    ("CNAME", "WWW.example.com.", "WWW.example.com."),
    ("DNAME", "example.net.", "example.net."),
    ("PTR", "host.example.com.", "host.example.com."),
    ("MX", "{exchange: mail.example.com., preference: 10}", "10 mail.example.com."),
    ("MX", "{value: mail.example.com., priority: '10'}", "10 mail.example.com."),
    ("MX", "{priority: 65535, exchange: mail.example.com.}", "65535 mail.example.com."),
    ("MX", "{preference: 0, exchange: .}", "0 ."),
    ("TXT", "v=spf1 mx -all", '"v=spf1 mx -all"'),
    ("SPF", "v=spf1 mx -all", '"v=spf1 mx -all"'),
    (
        "SRV",
        "{priority: 0, weight: 1, port: 993, target: imap.example.com.}",
        "0 1 993 imap.example.com.",
    ),
    ("CAA", "{flags: 128, tag: issue, value: ca.example.net}", '128 issue "ca.example.net"'),
    ("CAA", "{tag: iodef, value: 'mailto:a@example.com'}", '0 iodef "mailto:a@example.com"'),
    (
        "CAA",
        r"{tag: issue, value: 'ca.example.net; a=\b'}",
        r'0 issue "ca.example.net; a=\\b"',
    ),
    (
        "NAPTR",
        NAPTR,
        r'10 100 "U" "SIP+D2U" "!^(.*)$!sip:\\1@example.com!" .',
    ),
    (
        "SSHFP",
        f"{{algorithm: 4, fingerprint_type: 2, fingerprint: {KEY.upper()}}}",
        f"4 2 {KEY}",
    ),
    ("TLSA", TLSA, f"3 1 1 {KEY}"),
    ("DS", f"{{key_tag: 5, algorithm: 8, digest_type: 2, digest: {KEY}}}", f"5 8 2 {KEY}"),
    # octoDNS's first spelling names the fields after a DNSKEY's, one place further on.
    ("DS", f"{{flags: 5, protocol: 8, algorithm: 2, public_key: {KEY}}}", f"5 8 2 {KEY}"),
    (
        "URI",
        "{priority: 10, weight: 1, target: 'ftp://ftp.example.com/a b'}",
        '10 1 "ftp://ftp.example.com/a b"',
    ),
    ("OPENPGPKEY", "mQENBFVHm5sBCADH", "mQENBFVHm5sBCADH"),
    ("OPENPGPKEY", "mQENBFVH m5sBCADH", "mQENBFVHm5sBCADH"),
    ("LOC", LOC, "31 58 52.100 S 115 49 11.700 E 20.00m 10.00m 10.00m 2.00m"),
    ("SVCB", "{svcpriority: 0, targetname: pool.example.com.}", "0 pool.example.com."),
    ("SVCB", "{svcpriority: 0, targetname: ., svcparams: {}}", "0 ."),
    (
        "HTTPS",
        HTTPS,
        HTTPS_TEXT,
    ),
    (
        "HTTPS",
        r"{svcpriority: 1, targetname: ., svcparams: {alpn: ['a,b', 'c\d']}}",
        r'1 . alpn="a\\,b,c\\\\d"',
    ),
    # Types without a mapping, in presentation format.
    ("HINFO", '\'"PC" "Linux; x"\'', '"PC" "Linux; x"'),
    ("RP", "admin.example.com. txt.example.com.", "admin.example.com. txt.example.com."),
    (
        "DNSKEY",
        "257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0d",
        "257 3 13 mdsswUyr3DPW132mOi8V9xESWE8jTo0d",
    ),
    # RFC 3597: any type as octets.
    ("TYPE65280", r"'\# 4 0a000001'", r"\# 4 0a000001"),
    ("type65280", r"\# 4 0A00 0001", r"\# 4 0a000001"),
    ("TYPE1", r"\# 4 c0000219", "192.0.2.25"),
    ("MX", r"\# 8 000a 046d61696c 00", "10 mail."),
    ("TXT", r"\# 3 026869", '"hi"'),
]


@pytest.mark.parametrize(("type_", "value", "rdata"), GOOD)
@pytest.mark.parametrize(
    "layout",
    [
        "x: {{type: {}, value: {}}}",
        "x:\n  type: {}\n  values:\n  - {}",
        "x:\n- type: {}\n  value: [{}]",
        "x: [{{values: {1}, type: '{0}'}}]",
    ],
)
def test_value(type_: str, value: str, rdata: str, layout: str) -> None:
    """One value, alone or in a list, means the same wherever it stands."""
    source = read(layout.format(type_, value))
    name = {"type65280": "TYPE65280", "a": "A", "TYPE1": "A"}.get(type_, type_)
    assert records(source) == {f"x 3600 {name} {rdata}"}
    assert source.findings == ()


# type, value, code; the finding points behind the bar, which is not part of the value
BAD = [
    ("A", "¦192.0.2", "AD001"),
    ("A", "¦192.0.2.01", "AD001"),
    ("A", "¦192.0.2.256", "AD001"),
    ("A", "¦2001:db8::1", "AD001"),
    ("A", "¦www.example.com.", "AD001"),
    ("A", "¦~", "AD001"),
    ("A", "¦{a: b}", "SY003"),
    ("A", "¦", "SY003"),
    ("AAAA", "¦192.0.2.1", "AD001"),
    ("AAAA", "¦'fe80::1%lo'", "AD001"),
    ("MX", "¦10 mail.example.com.", "SY008"),
    ("MX", "[¦[10, mail.example.com.]]", "SY008"),
    ("MX", "¦{exchange: mail.example.com.}", "MX013"),
    ("MX", "¦{preference: 10}", "SY003"),
    ("MX", "{preference: ¦mail.example.com., exchange: 10}", "MX013"),
    ("MX", "{exchange: a., ¦value: b., preference: 1}", "SY008"),
    ("MX", "{exchange: a., priority: 1, ¦preference: 1}", "SY008"),
    ("MX", "{exchange: a., preference: 1, ¦weight: 1}", "SY008"),
    ("SRV", "{priority: 0, weight: ¦70000, port: 1, target: a.}", "SY003"),
    ("CAA", "¦{tag: issue}", "CA001"),
    ("CAA", "{flags: ¦256, tag: issue, value: a}", "CA001"),
    ("CAA", "{tag: ¦is sue, value: a}", "CA001"),
    ("CAA", "{tag: issue, value: ¦}", "SY003"),
    ("TLSA", TLSA.replace(KEY, "¦xyz"), "TL003"),
    ("DS", "{key_tag: 5, algorithm: 8, digest_type: 2, digest: ¦''}", "SY003"),
    ("DS", "{flags: 5, ¦key_tag: 8, protocol: 2, algorithm: 1, public_key: ab}", "SY008"),
    ("OPENPGPKEY", "¦'mQ!!'", "SY003"),
    ("LOC", LOC.replace("lat_degrees: 31", "lat_degrees: ¦91"), "SY003"),
    ("LOC", LOC.replace("lat_direction: S", "lat_direction: ¦E"), "SY003"),
    ("LOC", LOC.replace("altitude: 20", "altitude: ¦1e3"), "SY003"),
    ("LOC", "¦" + LOC.replace("lat_minutes: 58, ", ""), "SY003"),
    ("LOC", "¦" + LOC.replace("altitude: 20", "altitude: 9999999999"), "SY003"),
    ("HTTPS", "{svcpriority: 1, targetname: ., svcparams: {port: ¦010}}", "SY003"),
    ("HTTPS", "{svcpriority: 1, targetname: ., svcparams: {¦a b: c}}", "SY003"),
    ("HTTPS", "{svcpriority: 1, targetname: ., svcparams: ¦[alpn]}", "SY008"),
    ("HTTPS", "{svcpriority: 1, targetname: ., svcparams: {alpn: [¦[h2]]}}", "SY003"),
    ("HTTPS", "¦{svcpriority: 1, targetname: ., svcparams: {alpm: [h2]}}", "SY003"),
    ("HTTPS", "¦{svcpriority: 1, targetname: ., svcparams: {ipv4hint: ['::1']}}", "SY003"),
    ("TYPE65280", "¦0a000001", "SY003"),
    ("TYPE65280", r"¦\# 5 0a000001", "SY003"),
    ("TYPE65280", r"¦\# 1 0g", "SY003"),
    ("A", r"¦\# 3 0a0000", "SY003"),
    ("RP", "¦admin txt.example.com.", "SY013"),
    ("HINFO", "¦~", "SY003"),
    ("HINFO", '¦"a\\nb"', "SY008"),
]


@pytest.mark.parametrize(("type_", "value", "code"), BAD)
def test_bad_value(type_: str, value: str, code: str) -> None:
    """A value that cannot be read is left out and named with its place; others are read."""
    text, place = barred(f"x: {{type: {type_}, value: {value}}}\n")
    source = read(f"{text}y: {{type: A, value: 192.0.2.1}}\n")
    assert errors(source) == [f"{place} {code}"]
    assert records(source) == {"y 3600 A 192.0.2.1"}
    assert unreadable(source) == {"x"}


def test_all_wrong_fields_of_a_value_are_named() -> None:
    """Nothing stops at the first field."""
    source = read("x: {type: SRV, value: {priority: a, weight: 010, port: ~, target: b}}")
    assert [found.code for found in source.findings] == ["SY003", "SY003", "SY003", "SY013"]


def test_fixes_that_show_the_right_record() -> None:
    """An MX in master-file style, or backwards, is shown as it should stand."""
    source = read(
        "a: {type: MX, value: 10 mail.example.com.}\n"
        "b: {type: MX, value: {preference: mail.example.com., exchange: 10}}\n"
        "c: {type: CAA, value: {tags: issue, value: a}}\n"
    )
    text = messages(source)
    assert "write {exchange: mail.example.com., preference: 10}" in text
    assert "write preference: 10 and exchange: mail.example.com." in text
    assert "did you mean `tag`?" in text


def test_rdata_without_octets() -> None:
    """RFC 3597 5: a length of 0, and nothing behind it."""
    (record,) = read(r"x: {type: TYPE65280, value: \# 0}").records[1:]
    assert record.rdata.wire == b""
