"""Records in octoDNS's layout: keys, TTLs, metadata, types that cannot be served, limits."""

import pytest

from tests.unit.zonefile.yaml_sources import (
    barred,
    errors,
    found,
    messages,
    read,
    read_files,
    records,
    unreadable,
)
from zoneserver.findings import Level, Mark
from zoneserver.names import Name
from zoneserver.zonefile.source import Defaults

OCTODNS = """\
---
# As YamlProvider documents it, with every key that it takes.
? ''
: - geo:
      AF: [192.0.2.4]
      NA-US-CA:
      - 192.0.2.5
    ttl: 300
    type: A
    values:
    - 192.0.2.1
    - 192.0.2.2
  - type: NS
    values:
    - ns1.example.com.
    - ns2.example.com.
excluded:
  octodns:
    excluded:
    - test
  type: CNAME
  value: unit.tests.
ignored:
  octodns:
    ignored: true
  type: Provider/THING
  value: 192.0.2.9
included:
  octodns:
    included:
    - test
    healthcheck: {host: example.com, path: /_ready, port: 443, protocol: HTTPS}
    cloudflare: {proxied: true}
  type: CNAME
  value: unit.tests.
lenient:
  octodns:
    lenient: yes
  type: A
  value: 192.0.2.7
pools:
  dynamic:
    pools:
      ams:
        fallback: null
        values:
        - status: obey
          value: 192.0.2.101
          weight: 10
      iad:
        values:
        - value: 192.0.2.102
    rules:
    - geos:
      - EU-GB
      subnets: [192.0.2.0/24]
      pool: ams
    - pool: iad
  type: A
  values:
  - 192.0.2.3
12: {type: A, value: 192.0.2.12}
2: {type: A, value: 192.0.2.2}
"""


def test_octodns_file_loads_unchanged() -> None:
    """Static values are served; what only a provider can do is said to have no effect."""
    source = read(OCTODNS)
    assert records(source) == {
        "@ 300 A 192.0.2.1",
        "@ 300 A 192.0.2.2",
        "@ 3600 NS ns1.example.com.",
        "@ 3600 NS ns2.example.com.",
        "excluded 3600 CNAME unit.tests.",
        "included 3600 CNAME unit.tests.",
        "lenient 3600 A 192.0.2.7",
        "pools 3600 A 192.0.2.3",
        "12 3600 A 192.0.2.12",
        "2 3600 A 192.0.2.2",
    }
    lines = OCTODNS.splitlines()
    ignored, lenient = lines.index("    ignored: true") + 1, lines.index("    lenient: yes") + 1
    dynamic = lines.index("  dynamic:") + 1
    assert found(source) == [
        "4:5 SY014",
        f"{ignored}:5 SY015",
        f"{lenient}:5 SY015",
        f"{dynamic}:3 SY014",
    ]
    assert [finding.level for finding in source.findings] == [
        Level.WARNING,
        Level.HINT,
        Level.HINT,
        Level.WARNING,
    ]
    assert {str(name) for name in source.lenient} == {"lenient.example.com."}
    assert unreadable(source) == set()


def test_split_folder_is_one_zone() -> None:
    """Each file keeps its own marks."""
    source = read_files(
        {
            "zones/example.com./$example.com.yaml": b"'': {type: NS, value: ns1.example.net.}",
            "zones/example.com./www.yaml": b"---\nwww: {type: A, value: 192.0.2.1}\n",
        }
    )
    assert records(source) == {"@ 3600 NS ns1.example.net.", "www 3600 A 192.0.2.1"}
    assert source.findings == ()
    assert source.records[-1].mark == Mark("zones/example.com./www.yaml", 2, 23)


def test_owner_in_two_files() -> None:
    """Both places are named."""
    a, b = b"www: {type: A, value: 192.0.2.1}", b"\nWWW: {type: A, value: 192.0.2.2}"
    (finding,) = read_files({"a.yaml": a, "b.yaml": b}).findings
    assert (finding.code, finding.mark) == ("SY008", Mark("b.yaml", 2, 1))
    assert [mark for mark, _ in finding.related] == [Mark("a.yaml", 1, 1)]


def test_marks_point_to_the_target_or_the_rdata() -> None:
    """An MX, SRV or SVCB is marked at the name it points to, anything else at its value."""
    source = read(
        "a:\n"
        "  - {type: MX, values: [{preference: 1, exchange: m.example.com.}]}\n"
        "  - {type: SRV, value: {priority: 0, weight: 0, port: 1, target: t.example.com.}}\n"
        "  - {type: HTTPS, value: {svcpriority: 1, targetname: t.example.com.}}\n"
        "  - {type: CAA, value: {tag: issue, value: a}}\n"
        "  - type: CNAME\n"
        "    value: c.example.com.\n"
    )
    assert [record.mark[1:] for record in source.records[1:]] == [
        (2, 51),
        (3, 66),
        (4, 55),
        (5, 24),
        (7, 12),
    ]


@pytest.mark.parametrize(
    ("text", "ttl"),
    [
        ("x: {type: A, ttl: 60, value: 192.0.2.1}", 60),
        ("x: {type: A, value: 192.0.2.1}", 1234),
        ("$ttl: 2h\nx: {type: A, value: 192.0.2.1}", 7200),
        ("x: {type: A, value: 192.0.2.1}\n$ttl: 2h", 7200),
        ("$ttl: 2h\nx: {type: A, ttl: 0, value: 192.0.2.1}", 0),
    ],
)
def test_ttl_of_a_record(text: str, ttl: int) -> None:
    """The record's own, else the zone's wherever it stands, else the configuration's."""
    source = read(text, defaults=Defaults(ttl=1234))
    assert records(source) == {f"x {ttl} A 192.0.2.1"}
    assert source.findings == ()


# record, code, what the finding says; it points behind the bar, which is not in the record
BAD = [
    ("{type: A, ¦vlaue: 192.0.2.1}", "SY008", "did you mean `value`?"),
    ("{type: A, value: 192.0.2.1, ¦tll: 60}", "SY008", "did you mean `ttl`?"),
    ("{¦Type: A, value: 192.0.2.1}", "SY008", "did you mean `type`?"),
    ("{¦A: 192.0.2.1}", "SY008", "write {type: A, value: ...}"),
    ("{type: A, value: 192.0.2.1, ¦zzz: 1}", "SY008", "the keys are type"),
    ("¦{value: 192.0.2.1}", "SY007", "no type"),
    ("{type: ¦~, value: 192.0.2.1}", "SY007", "`~` is no record type"),
    ("{type: ¦[A], value: 192.0.2.1}", "SY007", "a list"),
    ("{type: ¦MXX, value: 192.0.2.1}", "SY007", "did you mean MX?"),
    ("{type: ¦TYPE65536, value: 192.0.2.1}", "SY007", "is no record type"),
    ("{type: ¦TYPE\u0661, value: 192.0.2.1}", "SY007", "is no record type"),
    ("{type: ¦ANY, value: 192.0.2.1}", "SY007", "messages only"),
    ("{type: ¦OPT, value: 192.0.2.1}", "SY007", "messages only"),
    ("{type: ¦TYPE0, value: 192.0.2.1}", "SY007", "messages only"),
    ("{type: ¦ALIAS, value: a.example.net.}", "SY007", "A and AAAA"),
    ("{type: ¦URLFWD, value: a.example.net.}", "SY007", "ignored: true"),
    ("{type: ¦Route53/ALIAS, value: a.}", "SY007", "some providers only"),
    ("¦{type: A}", "SY003", "has no value"),
    ("{type: A, values: ¦[]}", "SY003", "has no value"),
    ("{type: A, value: ¦192.0.2.1, values: [192.0.2.2]}", "SY008", "both value and values"),
    ("¦{type: A, dynamic: {}}", "SY003", "has no value"),
    ("{type: A, value: 192.0.2.1, octodns: ¦true}", "SY008", "a mapping"),
    ("{type: A, value: 192.0.2.1, octodns: {ignored: ¦maybe}}", "SY008", "true or false"),
    ("¦192.0.2.1", "SY008", "where a mapping is due"),
    ("¦~", "SY008", "a record is empty, where a mapping is due"),
    ("¦[]", "SY008", "empty list"),
    ("[¦[{type: A, value: 192.0.2.1}]]", "SY008", "a record is a list"),
]


@pytest.mark.parametrize(("record", "code", "says"), BAD)
def test_bad_record(record: str, code: str, says: str) -> None:
    """The record is reported once, its owner is noted, and the rest is read."""
    text, place = barred(f"x: {record}\n")
    source = read(f"{text}y: {{type: A, value: 192.0.2.2}}\n")
    assert errors(source) == [f"{place} {code}"]
    assert says in messages(source)
    assert "y 3600 A 192.0.2.2" in records(source)
    assert unreadable(source) == {"x"}


def test_bad_record_leaves_the_others_of_its_owner() -> None:
    """One bad value of several is left out alone."""
    source = read(
        "x:\n- {type: A, values: [192.0.2.1, 192.0.2, 192.0.2.3]}\n- {type: MXX, value: a}\n"
    )
    assert records(source) == {"x 3600 A 192.0.2.1", "x 3600 A 192.0.2.3"}
    assert errors(source) == ["2:33 AD001", "3:10 SY007"]
    assert {finding.owner for finding in source.findings} == {Name.parse("x.example.com.")}


def values(count: int) -> str:
    """So many addresses."""
    return ", ".join(f"192.0.2.{number}" for number in range(count))


def test_records_per_rrset() -> None:
    """Acceptance 57: 100 are read; one more, in one record or in two, is refused."""
    assert errors(read(f"x: {{type: A, values: [{values(100)}]}}")) == []
    assert errors(read(f"x: {{type: A, values: [{values(101)}]}}")) == ["1:22 SY010"]
    one = f"{{type: A, values: [{values(60)}]}}"
    assert errors(read(f"x: [{one}, {one}]")) == ["1:4 SY010"]


def test_types_per_name() -> None:
    """Acceptance 57: 100 types at a name are read, 101 refused."""
    one = [rf"{{type: TYPE{65280 + number}, value: \# 0}}" for number in range(101)]
    assert errors(read(f"x: [{', '.join(one[:100])}]")) == []
    assert errors(read(f"x: [{', '.join(one)}]")) == ["1:4 SY010"]


def test_names_per_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Acceptance 57: reading ends at the limit."""
    monkeypatch.setattr("zoneserver.zonefile.yaml_zone.MAX_NAMES", 5)
    text = "".join(f"h{number}: {{type: A, value: 192.0.2.1}}\n" for number in range(6))
    assert errors(read(text.rsplit("\n", 2)[0])) == []
    source = read(text)
    assert errors(source) == ["1:1 SY010"]
    assert "over 5 names" in messages(source)


def test_too_many_errors_end_the_reading() -> None:
    """Nobody reads a million findings; what is left is said not to have been looked at."""
    source = read("".join(f"h{number}: {{type: MXX}}\n" for number in range(5000)))
    assert len(source.findings) == 501
    assert source.findings[-1].code == "SY010"
    assert "@" in unreadable(source)


def test_too_many_warnings_do_not_block() -> None:
    """Warnings and hints beyond the limit are dropped, the records all read."""
    text = "".join(
        f"h{number}: {{type: A, value: 192.0.2.1, geo: {{}}}}\n" for number in range(600)
    )
    source = read(text)
    assert len(records(source)) == 600
    assert len(source.findings) == 500
    assert errors(source) == []
