"""$ttl, $soa and $allow, and what the configuration fills in."""

from dataclasses import astuple
from datetime import date

import pytest

from tests.unit.zonefile.yaml_sources import (
    barred,
    errors,
    messages,
    read,
    read_files,
    records,
)
from zoneserver.findings import Mark
from zoneserver.names import ROOT, Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import Record
from zoneserver.zonefile.source import Defaults, SoaDefaults, Waiver, ZoneSource

NS = "'': {type: NS, values: [ns1.example.net., ns2.example.net.]}\n"
FILE = "zones/example.com.yaml"


def soa_of(source: ZoneSource) -> Record:
    """The only SOA of a zone."""
    (soa,) = [record for record in source.records if record.rtype == rtypes.SOA]
    assert soa.owner == source.origin
    return soa


def test_soa_from_defaults() -> None:
    """Mname is the first apex NS, rname hostmaster, the serial ours."""
    source = read(NS)
    soa = soa_of(source)
    assert soa.rdata.text == (
        "ns1.example.net. hostmaster.example.com. 0 7200 1800 1209600 3600"
    )
    assert (soa.ttl, soa.mark) == (3600, Mark(FILE, 1, 1))
    assert source.auto_serial
    assert source.findings == ()


def test_soa_from_the_configuration() -> None:
    """What the server's configuration says goes before the first NS."""
    configured = SoaDefaults(Name.parse("a."), Name.parse("b."), 1, 2, 3, 4)
    soa = soa_of(read(NS, defaults=Defaults(ttl=5, soa=configured)))
    assert (soa.ttl, soa.rdata.text) == (5, "a. b. 0 1 2 3 4")


def test_soa_without_any_ns() -> None:
    """The origin stands in; that there is no NS is for the validator to say."""
    assert soa_of(read("x: {type: A, value: 192.0.2.1}")).rdata.text.startswith("example.com. ")


def test_hostmaster_that_would_be_too_long() -> None:
    """An origin of 255 octets has no room for a label before it."""
    origin = Name.parse("a." * 127)
    assert soa_of(read("x: {}", origin=origin)).rdata.text.split()[1] == str(origin)


def test_ns_from_the_configuration() -> None:
    """They are for zones that write none."""
    defaults = Defaults(ns=(Name.parse("a."), Name.parse("b.")))
    source = read("$ttl: 60\nx: {type: A, value: 192.0.2.1}", defaults=defaults)
    assert records(source) == {"x 60 A 192.0.2.1", "@ 60 NS a.", "@ 60 NS b."}
    assert source.records[-1].mark == Mark(FILE, 1, 1)
    assert soa_of(source).rdata.text.startswith("a. ")
    assert "@ 3600 NS a." not in records(read(NS, defaults=defaults))


def test_ns_that_cannot_be_read_is_not_replaced() -> None:
    """What was meant is not known."""
    source = read("'': {type: NS, value: ns1}", defaults=Defaults(ns=(Name.parse("a."),)))
    assert records(source) == set()


def test_soa_directive() -> None:
    """Every field may be written; the mark is the directive's."""
    source = read(
        f"{NS}$soa:\n  mname: a.example.net.\n  rname: host.master@example.com\n  serial: 7\n"
        "  refresh: 1h\n  retry: 30m\n  expire: 2w\n  minimum: '300'\n  ttl: 1d\n"
    )
    soa = soa_of(source)
    assert soa.rdata.text == (
        r"a.example.net. host\.master.example.com. 7 3600 1800 1209600 300"
    )
    assert (soa.ttl, soa.mark) == (86400, Mark(FILE, 2, 1))
    assert not source.auto_serial
    assert source.findings == ()


@pytest.mark.parametrize("serial", ["", "serial: auto", "serial: AUTO", "serial: 'auto'"])
def test_automatic_serial(serial: str) -> None:
    """The serial is ours unless a number is written."""
    source = read(f"{NS}$soa: {{{serial}}}")
    assert source.auto_serial
    assert source.findings == ()


@pytest.mark.parametrize(
    ("written", "wire"),
    [
        ("hostmaster.example.com.", b"\x0ahostmaster\7example\3com\0"),
        ("hostmaster@example.com", b"\x0ahostmaster\7example\3com\0"),
        ("hostmaster@example.com.", b"\x0ahostmaster\7example\3com\0"),
        ("a.b@example.com", b"\3a.b\7example\3com\0"),
        (r"a\.b@example.com", b"\3a.b\7example\3com\0"),
        (r"a\.b.example.com.", b"\3a.b\7example\3com\0"),
        (r"a\@b.example.com.", b"\3a@b\7example\3com\0"),
        ("a@b\u00fccher.example", b"\1a\x0dxn--bcher-kva\7example\0"),
        (".", b"\0"),
    ],
)
def test_mailbox(written: str, wire: bytes) -> None:
    """Rname as people write a mailbox, or in the form of the DNS (RFC 1035 8)."""
    source = read(f"{NS}$soa: {{rname: {written!r}}}".replace("\\\\", "\\"))
    assert source.findings == ()
    rdata = soa_of(source).rdata
    assert rdata.values[1].wire == wire


@pytest.mark.parametrize(
    ("directive", "code", "says"),
    [
        ("$soa: {rname: ¦hostmaster}", "SY013", "no final dot"),
        ("$soa: {rname: ¦'@example.com'}", "SY001", "empty"),
        ("$soa: {rname: ¦a@b@}", "SY001", "empty"),
        (f"$soa: {{rname: ¦{'x' * 64}@example.com}}", "SY001", "63"),
        ("$soa: {mname: ¦ns1}", "SY013", "no final dot"),
        ("$soa: {mname: ¦~}", "SY003", "empty"),
        ("$soa: {serial: ¦2026.1}", "SY003", "no plain decimal"),
        ("$soa: {serial: ¦[1]}", "SY003", "a list"),
        ("$soa: {refresh: ¦1:30}", "SY003", "YAML 1.1 reads it as 90"),
        ("$soa: {minimum: ¦2147483648}", "SY003", "0..2147483647"),
        ("$soa: {ttl: ¦-1}", "SY004", "is no time"),
        ("$soa: {¦mnane: a.}", "SY008", "did you mean `mname`?"),
        ("$soa: ¦auto", "SY008", "a mapping is due"),
        ("$soa: ¦", "SY008", "a mapping is due"),
        ("$ttl: ¦1_000", "SY004", "YAML 1.1 reads it as 1000"),
        ("$ttl: ¦~", "SY004", "is empty"),
        ("$ttl: ¦[1]", "SY004", "a list"),
        ("¦$TTL: 60", "SY008", "did you mean `$ttl`?"),
        ("¦$origin: a.", "SY008", r"is written '\$origin'"),
        ("$dnssec: ¦my policy", "SY008", "neither true nor false, nor the name of a policy"),
        ("$dnssec: {policy: ¦yes}", "SY008", "nor the name of a policy"),
        ("$dnssec: {nsec3: ¦maybe}", "SY008", "neither true nor false"),
        ("$dnssec: ¦[]", "SY008", "a list"),
        ("$dnssec: {algorithm: ¦md5}", "SY008", "no algorithm that signs here"),
        ("$dnssec: {¦nsec4: true}", "SY008", "did you mean `nsec3`?"),
        ("$dnssec: {nsec3: ¦[true]}", "SY008", "a list"),
        ("$dnssec: ¦{opt_out: true}", "SY008", "not asked for"),
        ("$zonemd: ¦maybe", "SY008", "neither true nor false"),
    ],
)
def test_bad_directive(directive: str, code: str, says: str) -> None:
    """The finding points to the culprit; the zone is read on with the default."""
    text, place = barred(directive)
    source = read(f"{text}\n{NS}")
    column = int(place.partition(":")[2])
    expected = [f"1:{column} {code}", f"1:{column - 1} {code}"]
    assert len(errors(source)) == 1
    assert errors(source)[0] in expected
    assert says in messages(source)
    assert len(source.records) == 3


def test_all_fields_of_the_soa_are_looked_at() -> None:
    """Those that can be read are taken."""
    source = read(f"{NS}$soa: {{mname: a, rname: b, serial: 010, refresh: 60}}")
    assert [finding.code for finding in source.findings] == ["SY013", "SY013", "SY003"]
    assert soa_of(source).rdata.text.split()[3] == "60"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", None),
        ("$dnssec: false", None),
        ("$dnssec: true", ("", None, None, None)),
        ("$dnssec: {}", ("", None, None, None)),
        ("$dnssec: banks", ("banks", None, None, None)),
        ("$dnssec: {algorithm: ed25519}", ("", 15, None, None)),
        ("$dnssec: {algorithm: RSASHA256, nsec3: yes}", ("", 8, True, None)),
        ("$dnssec: {nsec3: true, opt_out: true}", ("", None, True, True)),
        ("$dnssec: {policy: banks, opt_out: true}", ("banks", None, None, True)),
        ("$dnssec: {nsec3: false, opt_out: false}", ("", None, False, False)),
    ],
)
def test_signing(text: str, found: tuple[object, ...] | None) -> None:
    """Yes, no, or how; what it does not say is for the policy."""
    source = read(f"{text}\n{NS}")
    dnssec = source.dnssec
    assert source.findings == ()
    assert found == (dnssec and astuple(dnssec)[1:])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"{NS}$soa: {{serial: 5}}", "has to rise whenever signatures are renewed"),
        (f"{NS}x: {{type: NSEC3PARAM, value: 1 0 0 -}}", "beside records that signing makes"),
    ],
)
def test_signing_leaves_no_room(text: str, says: str) -> None:
    """For serials and records of the zone's own."""
    source = read(f"$dnssec: true\n{text}")
    assert errors(source) == ["1:1 SY008"]
    assert says in messages(source)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", None),
        ("$zonemd: true", 1),
        ("$zonemd: false", None),
        ("$dnssec: true", 1),
        ("$dnssec: false\n$zonemd: yes", 2),
        ("$dnssec: true\n$zonemd: true", 2),
        ("$dnssec: true\n$zonemd: false", None),
    ],
)
def test_digest(text: str, line: int | None) -> None:
    """Where it was asked for: a signed zone has one by itself."""
    source = read(f"{text}\n{NS}")
    assert source.findings == ()
    assert line == (source.zonemd and source.zonemd.line)


def test_digest_is_left_to_us() -> None:
    """One that is written is of another version with the next edit."""
    value = "{serial: 1, scheme: 1, hash_algorithm: 1, digest: " + "00" * 48 + "}"
    source = read(f"$zonemd: true\n'': [{{type: ZONEMD, value: {value}}}]\n")
    assert errors(source)[0] == "1:1 SY008"
    assert "beside a ZONEMD record" in messages(source)


def test_soa_record_at_the_apex() -> None:
    """As it is written; `$soa` beside it is one too many."""
    record = (
        "{type: SOA, ttl: 60, value: {mname: a., rname: b@c, serial: 1, refresh: 2, retry: 3,"
        " expire: 4, minimum: 5}}"
    )
    source = read(f"'': {record}")
    assert soa_of(source).rdata.text == "a. b.c. 1 2 3 4 5"
    assert not source.auto_serial
    source = read(f"'': {record}\n$soa: {{}}\n")
    (finding,) = source.findings
    assert (finding.code, finding.mark) == ("SY008", Mark(FILE, 2, 1))
    assert [mark.line for mark, _ in finding.related] == [1]
    assert soa_of(source).rdata.text == "a. b.c. 1 2 3 4 5"


def test_soa_records_are_kept_wherever_they_stand() -> None:
    """Two, or one below the apex: the validator says what is wrong with that."""
    value = "{mname: a., rname: b., serial: 1, refresh: 2, retry: 3, expire: 4, minimum: 5}"
    source = read(f"'': {{type: SOA, values: [{value}, {value}]}}")
    assert [record.rtype for record in source.records] == [rtypes.SOA, rtypes.SOA]
    source = read(f"x: {{type: SOA, value: {value}}}")
    assert [str(record.owner) for record in source.records] == [
        "example.com.",
        "x.example.com.",
    ]


def test_directive_in_two_files() -> None:
    """Both places are named."""
    source = read_files(
        {"a.yaml": b"$ttl: 1", "b.yaml": b"\n$ttl: 2\nx: {type: A, value: 1.2.3.4}"}
    )
    (finding,) = source.findings
    assert (finding.code, finding.mark) == ("SY008", Mark("b.yaml", 2, 1))
    assert finding.related[0][0] == Mark("a.yaml", 1, 1)


def test_waivers() -> None:
    """Rule and reason, and for whom and how long."""
    source = read(
        f"{NS}$allow:\n"
        "  - {rule: MX005, reason: six only}\n"
        "  - {rule: mx014, owner: '', reason: ' a _ ', until: 2026-12-31}\n"
        "  - {rule: AD002, owner: '*.x', reason: b}\n"
    )
    assert source.findings == ()
    origin = source.origin
    assert source.waivers == (
        Waiver("MX005", None, "six only", None, Mark(FILE, 3, 5)),
        Waiver("MX014", origin, "a _", date(2026, 12, 31), Mark(FILE, 4, 5)),
        Waiver("AD002", Name.parse("*.x.example.com."), "b", None, Mark(FILE, 5, 5)),
    )


def test_single_waiver_needs_no_list() -> None:
    """As with records."""
    assert len(read(f"{NS}$allow: {{rule: MX005, reason: a}}").waivers) == 1


@pytest.mark.parametrize(
    ("waiver", "code", "says"),
    [
        ("{rule: ¦MX001, reason: a}", "WV002", "cannot be waived"),
        ("{rule: ¦SY008, reason: a}", "WV002", "cannot be waived"),
        ("{rule: ¦MX999, reason: a}", "WV002", "there is no rule"),
        ("{rule: ¦mx005x, reason: a}", "WV002", "did you mean `MX005`?"),
        ("¦{reason: a}", "WV002", "the waiver has no rule"),
        ("¦{rule: MX005}", "WV002", "the waiver has no reason"),
        ("¦{rule: MX005, reason: ' '}", "WV002", "the waiver has no reason"),
        ("{rule: MX005, reason: ¦[a]}", "WV002", "a list"),
        ("{rule: MX005, reason: a, until: ¦2026-13-01}", "WV002", "write it as 2026-12-31"),
        ("{rule: MX005, reason: a, until: ¦20261231}", "WV002", "write it as 2026-12-31"),
        ("{rule: MX005, reason: a, until: ¦tomorrow}", "WV002", "is no day"),
        ("{rule: MX005, reason: a, ¦untill: 2026-12-31}", "SY008", "did you mean `until`?"),
        ("{rule: MX005, reason: a, owner: ¦'@'}", "SY008", "write ''"),
        ("{rule: MX005, reason: a, owner: ¦www.example.com.}", "SY008", "write www"),
        ("¦MX005", "SY008", "a mapping is due"),
    ],
)
def test_bad_waiver(waiver: str, code: str, says: str) -> None:
    """It is refused, and the next one read."""
    text, place = barred(f"$allow: [{waiver}, {{rule: MX005, reason: a}}]")
    source = read(f"{text}\n{NS}")
    assert errors(source) == [f"{place} {code}"]
    assert says in messages(source)
    assert len(source.waivers) == 1


def test_names_of_the_root_zone() -> None:
    """Hostmaster of the root is a top-level name."""
    source = read("'': {type: NS, value: a.root-servers.net.}", origin=ROOT)
    assert soa_of(source).rdata.text.startswith("a.root-servers.net. hostmaster. 0")
