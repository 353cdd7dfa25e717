"""Names that rdata points to: absolute, or an error that shows what was meant."""

import pytest

from tests.unit.zonefile.yaml_sources import barred, errors, messages, read, unreadable
from zoneserver.names import ROOT
from zoneserver.records.rdata import MX

MX_VALUE = "{{exchange: {}, preference: 10}}"
SRV = "{{priority: 0, weight: 0, port: 1, target: {}}}"
NAPTR = "{{order: 1, preference: 1, flags: '', service: '', regexp: '', replacement: {}}}"
SOA = "{{mname: {}, rname: a., serial: 1, refresh: 1, retry: 1, expire: 1, minimum: 1}}"
# type, value, rule for a missing dot, rule for an address
TYPES = [
    ("MX", MX_VALUE, "MX020", "MX002"),
    ("NS", "{}", "SY013", "NS005"),
    ("CNAME", "{}", "SY013", "CN012"),
    ("DNAME", "{}", "SY013", "CN012"),
    ("SRV", SRV, "SY013", "CN012"),
    ("PTR", "{}", "SY013", "SY013"),
    ("NAPTR", NAPTR, "SY013", "SY013"),
    ("SVCB", "{{svcpriority: 1, targetname: {}}}", "SY013", "SY013"),
    ("SOA", SOA, "SY013", "SY013"),
]


@pytest.mark.parametrize(
    ("written", "wire"),
    [
        (".", b"\0"),
        ("mail.example.com.", b"\4mail\7example\3com\0"),
        ("MAIL.example.com.", b"\4MAIL\7example\3com\0"),
        ("192.0.2.1.", b"\003192\0010\0012\0011\0"),
        ("a_b.example.com.", b"\3a_b\7example\3com\0"),
        (r"us\@er.example.com.", b"\5us@er\7example\3com\0"),
        (r"m\097il.example.com.", b"\4mail\7example\3com\0"),
        ("'*.example.com.'", b"\1*\7example\3com\0"),
        ("b\u00fccher.example.", b"\x0dxn--bcher-kva\7example\0"),
        ("null.", b"\4null\0"),
    ],
)
def test_absolute_target(written: str, wire: bytes) -> None:
    """With its final dot a name is taken as it is; whether it can be a host, others judge."""
    source = read(f"x: {{type: MX, value: {MX_VALUE.format(written)}}}")
    rdata = source.records[1].rdata
    assert isinstance(rdata, MX)
    assert rdata.exchange.wire == wire
    assert source.findings == ()


@pytest.mark.parametrize(("type_", "value", "dot", "address"), TYPES)
def test_missing_dot_and_addresses(type_: str, value: str, dot: str, address: str) -> None:
    """Each type has its rules; the finding points to the target."""
    for target, code in (
        ("mail.example.com", dot),
        ("mail", dot),
        ("192.0.2.25", address),
        ("'2001:db8::25'", address),
        ("'[192.0.2.25]'", address),
        ("192.0.537", address),
        ("3221226009", address),
        ("~", "SY003"),
        ("''", "SY003"),
        ("null", "SY003"),
        ("{a: b.}", "SY003"),
        ("a..example.com.", "SY001"),
        ("a..example.com", "SY001"),
        ("x" * 64 + ".", "SY001"),
        ("a." * 128, "SY002"),
        (r"\400.", "SY003"),
        ("\u2603\u0338-.", "MX029"),
    ):
        text, place = barred(f"x: {{type: {type_}, value: {value.format('¦' + target)}}}")
        source = read(text)
        assert errors(source) == [f"{place} {code}"]
        assert unreadable(source) == {"x"}


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("mail.example.com", "did you mean `mail.example.com.`"),
        ("mail.example.com", "below this zone, `mail.example.com.example.com.`?"),
        ("mail.example.com", "/ write mail.example.com. /"),
        ("mail", "did you mean `mail.` or, below this zone, `mail.example.com.`?"),
        ("mail", "/ write mail.example.com. /"),
        ("mx.example.net", "/ write mx.example.net. /"),
    ],
)
def test_both_readings_and_the_fix(target: str, says: str) -> None:
    """A name without its dot is refused with the two names that it may mean."""
    text = messages(read(f"x: {{type: MX, value: {MX_VALUE.format(target)}}}"))
    assert says in text


def test_root_zone_has_one_reading() -> None:
    """Below the root both are the same."""
    source = read(f"x: {{type: MX, value: {MX_VALUE.format('mail')}}}", origin=ROOT)
    assert "/ write mail. /" in messages(source)


@pytest.mark.parametrize(
    ("target", "address"),
    [
        ("192.0.2.25", "192.0.2.25"),
        ("192.0.537", "192.0.2.25"),
        ("192.537", "192.0.2.25"),
        ("3221226009", "192.0.2.25"),
        ("0xC0000219", "192.0.2.25"),
        ("0300.0.02.0x19", "192.0.2.25"),
        ("'[2001:db8::25]'", "2001:db8::25"),
        ("'[IPv6:2001:DB8::25]'", "2001:db8::25"),
    ],
)
def test_address_in_disguise(target: str, address: str) -> None:
    """Acceptance 51: the fix shows the address that resolvers would take it for."""
    source = read(f"x: {{type: MX, value: {MX_VALUE.format(target)}}}")
    assert [finding.code for finding in source.findings] == ["MX002"]
    assert f"value: {address}}}" in source.findings[0].fix


@pytest.mark.parametrize("target", ["256.0.0.1", "1.2.3.4.5", "4294967296", "1.2.65536.1"])
def test_numbers_that_are_no_address(target: str) -> None:
    """They lack their dot like other names."""
    source = read(f"x: {{type: MX, value: {MX_VALUE.format(target)}}}")
    assert [finding.code for finding in source.findings] == ["MX020"]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("mail.example.com:25", "SMTP between servers is always port 25"),
        ("mail.example.com:25", "write the host name only: mail.example.com."),
        ("user@example.com", "cannot forward to user@"),
        ("smtp://mail.example.com", "it is a URL"),
        ("mail.example.com/", "it is a URL"),
        ("mail example.com", "it holds a blank"),
    ],
)
def test_no_host_name(target: str, says: str) -> None:
    """What people write instead of a host name (RFC 1123 2.1)."""
    source = read(f"x: {{type: MX, value: {MX_VALUE.format(repr(target))}}}")
    assert [finding.code for finding in source.findings] == ["MX014"]
    assert says in messages(source)
    source = read(f"x: {{type: CNAME, value: {target!r}}}")
    assert [finding.code for finding in source.findings] == ["SY013"]
