"""Reading master files: records and marks, defaults and directives, the oracle, mutants."""

from random import Random

import pytest

from tests.unit.zonefile.masters import (
    APEX,
    ORIGIN,
    SAMPLES,
    no_include,
    random_zone,
    read,
    read_by_dnspython,
    rows,
)
from zoneserver.findings import Level
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.zonefile.export import write_master
from zoneserver.zonefile.master import find_origin, read_master_zone
from zoneserver.zonefile.source import Include, ZoneSource

ZONES = 400
MUTANTS = 3000


def texts(source: ZoneSource) -> list[str]:
    """Each record on a line, the way the tables below write them."""
    return [
        f"{r.owner} {r.ttl} {rtypes.mnemonic(r.rtype)} {r.rdata.text}" for r in source.records
    ]


def findings(source: ZoneSource) -> list[str]:
    return [f"{f.code} {f.mark}" for f in source.findings]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("www 300 IN A 192.0.2.1", ["www.example.com. 300 A 192.0.2.1"]),
        ("www IN 300 A 192.0.2.1", ["www.example.com. 300 A 192.0.2.1"]),
        ("www in 5m a 192.0.2.1", ["www.example.com. 300 A 192.0.2.1"]),
        ("www CLASS1 1h30m TYPE1 192.0.2.1", ["www.example.com. 5400 A 192.0.2.1"]),
        ("www 2W3d4H5M6s A 192.0.2.1", ["www.example.com. 1483506 A 192.0.2.1"]),
        ("www 2147483647 A 192.0.2.1", ["www.example.com. 2147483647 A 192.0.2.1"]),
        ("@ 0 MX 10 @", ["example.com. 0 MX 10 example.com."]),
        ("a.example.net. 1 A 192.0.2.1", ["a.example.net. 1 A 192.0.2.1"]),
        ("3600 1 A 192.0.2.1", ["3600.example.com. 1 A 192.0.2.1"]),
        ("mx 1 A 192.0.2.1", ["mx.example.com. 1 A 192.0.2.1"]),
        (r"a\.b\032c\@ 1 A 192.0.2.1", [r"a\.b\032c\@.example.com. 1 A 192.0.2.1"]),
        ("\\@ 1 A 192.0.2.1", [r"\@.example.com. 1 A 192.0.2.1"]),
        ("m\u00fcller 1 A 192.0.2.1", ["xn--mller-kva.example.com. 1 A 192.0.2.1"]),
        ("* 1 TXT a;b", ['*.example.com. 1 TXT "a"']),
        ('@ 1 TXT "a;b"c', ['example.com. 1 TXT "a;b" "c"']),
        ("@ 1 TXT caf\u00e9", [r'example.com. 1 TXT "caf\195\169"']),
        (
            "www 1 A 192.0.2.1\n\tA 192.0.2.2\n\n 5 MX 1 a\n",
            [
                "www.example.com. 1 A 192.0.2.1",
                "www.example.com. 1 A 192.0.2.2",
                "www.example.com. 5 MX 1 a.example.com.",
            ],
        ),
        (
            "@ 1 SOA ns1 root (\n 2024010101 1D ; refresh\n 2h\n 4w 600\n )",
            ["example.com. 1 SOA ns1.example.com. root.example.com. 2024010101 86400 7200 2419200 600"],
        ),
        ("$TTL 1d\nwww A 192.0.2.1", ["www.example.com. 86400 A 192.0.2.1"]),
        (
            "www 9 A 192.0.2.1\n$TTL 5\n A 192.0.2.2\n 7 A 192.0.2.3\n A 192.0.2.4",
            [
                "www.example.com. 9 A 192.0.2.1",
                "www.example.com. 5 A 192.0.2.2",
                "www.example.com. 7 A 192.0.2.3",
                "www.example.com. 5 A 192.0.2.4",
            ],
        ),
        (
            "$ORIGIN sub\nwww 1 MX 1 a\n$origin example.net.\n 1 MX 2 b\n@ 1 MX 3 @",
            [
                "www.sub.example.com. 1 MX 1 a.sub.example.com.",
                "www.sub.example.com. 1 MX 2 b.example.net.",
                "example.net. 1 MX 3 example.net.",
            ],
        ),
    ],
)  # fmt: skip
def test_good_entries(text: str, expected: list[str]) -> None:
    source = read(text)
    assert texts(source) == expected
    assert source.findings == ()
    assert source.unreadable == frozenset()


def test_nothing_gives_an_empty_source() -> None:
    assert read("") == ZoneSource(ORIGIN, ())


def test_the_mark_is_where_the_target_stands() -> None:
    source = read(
        "@ 1 MX 10 mail\n"
        "\t1\tMX\t10\tm\u00e4il\n"
        "  1 SRV 0 0 25 (\n  mail )\n"
        "  1 NS ns1\n"
        "  1 A 192.0.2.1\n"
        '  1 TXT "a" b\n'
        "  1 HTTPS 1 svc alpn=h2\n"
        "  1 TYPE15 \\# 3 000100\n"
        "  1 SOA a b 1 2 3 4 5\n"
        "  1 APL\n"
    )
    assert [f"{r.mark.line}:{r.mark.column}" for r in source.records] == [
        "1:11", "2:10", "4:3", "5:8", "6:7", "7:9", "8:13", "9:12", "10:9", "11:8",
    ]  # fmt: skip
    assert {r.mark.file for r in source.records} == {"zone"}


# Without $TTL: the last stated one, else the SOA's minimum, and that with a warning.
def test_a_ttl_that_is_stated_nowhere_is_the_soa_minimum() -> None:
    source = read(
        "ns1 A 192.0.2.1\n@ SOA ns1 root 1 2 3 4 600\nwww 5 A 192.0.2.2\n A 192.0.2.3"
    )
    assert [record.ttl for record in source.records] == [600, 600, 5, 5]
    (finding,) = source.findings
    assert (finding.code, finding.level, finding.mark.line) == ("SY016", Level.WARNING, 1)
    assert "600 s" in finding.reason
    assert finding.owner == Name.parse("ns1.example.com.")


def test_a_ttl_that_is_stated_nowhere_without_an_soa() -> None:
    source = read("ns1 A 192.0.2.1\nns2 A 192.0.2.2\n")
    assert [record.ttl for record in source.records] == [3600, 3600]
    assert findings(source) == ["SY016 zone:1:7"]


def test_an_soa_minimum_over_the_limit_is_cut_to_it() -> None:
    source = read("@ SOA ns1 root 1 2 3 4 4294967295")
    assert [record.ttl for record in source.records] == [2147483647]


def test_an_rname_with_an_at_sign_is_an_error_but_kept() -> None:
    source = read("@ 1 SOA ns1 john.doe@example.com. 1 2 3 4 5\n")
    (finding,) = source.findings
    assert (finding.code, finding.level) == ("NS012", Level.ERROR)
    assert (finding.mark.line, finding.mark.column) == (1, 13)
    assert r"john\.doe.example.com." in finding.fix
    assert len(source.records) == 1
    assert source.unreadable == frozenset()


def test_an_rname_in_dns_form_is_fine() -> None:
    assert read("@ 1 SOA ns1 john\\.doe.example.com. 1 2 3 4 5\n").findings == ()
    assert read("@ 1 SOA ns1 @ 1 2 3 4 5\n").findings == ()
    assert read("@ 1 SOA ns1 a\\@b 1 2 3 4 5\n").findings == ()


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_type_reads_as_dnspython_reads_it(sample: str) -> None:
    text = f"{APEX}x 300 IN {sample}\n"
    source = read(text)
    assert source.findings == ()
    assert rows(source) == read_by_dnspython(text)


def test_random_zones_read_as_dnspython_reads_them() -> None:
    count = 0
    for seed in range(ZONES):
        text = random_zone(Random(seed))
        source = read(text)
        assert [f for f in source.findings if f.code != "SY016"] == [], text
        assert rows(source) == read_by_dnspython(text), text
        count += len(source.records)
    assert count > 20 * ZONES


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("$ORIGIN example.com.\n@ 1 IN SOA a b 1 2 3 4 5", "example.com."),
        ("$ORIGIN com.\n$ORIGIN example\n@ SOA a b 1 2 3 4 5", "example.com."),
        ("$ORIGIN com.\nexample IN 1 SOA a b 1 2 3 4 5", "example.com."),
        ("example.com. 1 SOA a b 1 2 3 4 5\n$ORIGIN other.", "example.com."),
        ("example.com. 1 NS a.\n 1 SOA a b 1 2 3 4 5", "example.com."),
        ("$ORIGIN example.com.\n 1 SOA a b 1 2 3 4 5", "example.com."),
        ("; x\n$TTL 5\n$ORIGIN example.com.\nwww A 192.0.2.1\n$ORIGIN b.", "example.com."),
        ("$ORIGIN example.com.\nwww 1 TXT SOA\nsoa 1 A 192.0.2.1", "example.com."),
        ("@ 1 SOA a b 1 2 3 4 5", None),
        ("example.com 1 SOA a b 1 2 3 4 5", None),
        ("$ORIGIN example.com\n$ORIGIN\n$ORIGIN ..\n\\999 A 192.0.2.1", None),
        ('a (\n"b\n', None),
        ("\0", None),
        ("", None),
    ],
)
def test_find_origin(text: str, expected: str | None) -> None:
    assert find_origin(text.encode()) == (expected and Name.parse(expected))


def test_a_file_without_an_origin_says_so() -> None:
    source = read_master_zone("zone", b"@ 1 SOA a b 1 2 3 4 5", None, no_include)
    assert findings(source) == ["SY003 zone:1:1"]
    assert source.records == ()
    source = read_master_zone("zone", b"$ORIGIN a.\n@ 1 MX 1 @", None, no_include)
    assert (source.origin, texts(source)) == (Name.parse("a."), ["a. 1 MX 1 a."])


def include_from(files: dict[str, str]) -> Include:
    def include(path: str) -> bytes:
        if path not in files:
            raise FileNotFoundError(2, "No such file or directory")
        return files[path].encode()

    return include


def test_include_reads_in_place_and_restores_origin_and_owner() -> None:
    files = {
        "a.inc": "x 1 A 192.0.2.1\n$ORIGIN deep\ny 1 A 192.0.2.2\n$INCLUDE b.inc\n",
        "b.inc": "z 1 A 192.0.2.3",
    }
    text = 'www 1 A 192.0.2.9\n$INCLUDE a.inc sub\n 1 MX 1 m\n$include "b.inc"\n'
    source = read_master_zone("zones/main.zone", text.encode(), ORIGIN, include_from(files))
    assert [f"{r.owner} {r.mark}" for r in source.records] == [
        "www.example.com. zones/main.zone:1:9",
        "x.sub.example.com. zones/a.inc:1:7",
        "y.deep.sub.example.com. zones/a.inc:3:7",
        "z.deep.sub.example.com. zones/b.inc:1:7",
        "www.example.com. zones/main.zone:3:9",
        "z.example.com. zones/b.inc:1:7",
    ]
    assert source.findings == ()


def test_include_that_cannot_be_read() -> None:
    source = read("$INCLUDE no.inc\nwww 1 A 192.0.2.1")
    assert findings(source) == ["SY003 zone:1:10"]
    assert "No such file or directory" in source.findings[0].reason
    assert len(source.records) == 1


def test_include_cycles_end_in_a_finding() -> None:
    files = {"a": "$INCLUDE b\na 1 A 192.0.2.1", "b": "$INCLUDE a\nb 1 A 192.0.2.1"}
    source = read_master_zone("zone", b"$INCLUDE a", ORIGIN, include_from(files))
    assert findings(source) == ["SY003 b:1:10"]
    assert "a includes b includes a" in source.findings[0].reason
    assert len(source.records) == 2
    source = read_master_zone("d/a", b"$INCLUDE a", ORIGIN, include_from(files))
    assert findings(source) == ["SY003 d/a:1:10"]


def test_include_is_bounded_in_depth_and_number() -> None:
    deep = {f"f{n}": f"$INCLUDE f{n + 1}\n" for n in range(100)}
    source = read_master_zone("zone", b"$INCLUDE f0", ORIGIN, include_from(deep))
    assert findings(source) == ["SY010 f15:1:10"]
    wide = {"empty": ""}
    source = read_master_zone("zone", b"$INCLUDE empty\n" * 1002, ORIGIN, include_from(wide))
    assert findings(source) == ["SY010 zone:1001:10", "SY010 zone:1002:10"]


def test_a_binary_include_is_a_finding_there() -> None:
    source = read_master_zone("zone", b"$INCLUDE a", ORIGIN, include_from({"a": "x\0"}))
    assert findings(source) == ["SY009 a:1:2"]


GOOD_ZONE = (
    "$TTL 1h\n@ IN SOA ns1 host\\.master ( 1 2h ; serial\n 30M\t2w 600 )\n NS ns1 ; (\n"
    '$ORIGIN sub\nw\u00fcw 300 TXT "a\\"b" c\\;d\n$GENERATE 1-3 h$ A 192.0.2.$\n'
    "$INCLUDE other sub\n"
)
PIECES = [bytes((octet,)) for octet in b'"();\\$@\n\r\t \0.*-0129\xe9\xff'] + [
    b"$ORIGIN ", b"$INCLUDE ", b"$TTL ", b"$GENERATE 1-99999999 ", b"\\999", b"IN", b"SOA", b"MX",
    b"\xc3\xa9", b"\xe3\x80\x82", b"\xff\xfe", b"\\#", b"4294967296", b"a" * 64, b"1w",
]  # fmt: skip


def mutant(random: Random) -> bytes:
    samples = "".join(f"x {sample}\n" for sample in random.sample(SAMPLES, 8))
    octets = bytearray((GOOD_ZONE + samples).encode())
    for _ in range(random.randrange(1, 8)):
        at, end = sorted(random.choices(range(len(octets) + 1), k=2))
        end = min(end, at + random.randrange(20))
        if random.random() < 0.2:
            octets[at:at] = octets[at : at + 200]
        else:
            octets[at:end] = random.choice(PIECES) * random.randrange(3)
    return bytes(octets)


def test_mutants_give_findings_and_sound_records_only() -> None:
    count = 0
    for seed in range(MUTANTS):
        octets = mutant(Random(seed))
        find_origin(octets)
        source = read_master_zone("zone", octets, ORIGIN, lambda _: b"$TTL 5\nwww A 192.0.2.1")
        count += len(source.findings)
        lines = 1 + octets.count(b"\n") + octets.count(b"\r")
        assert all(1 <= f.mark.line <= lines and f.mark.column >= 1 for f in source.findings)
        assert all(0 <= record.ttl <= 2147483647 for record in source.records)
        assert sorted(rows(read(write_master(ORIGIN, source.records)))) == sorted(rows(source))
    assert count > MUTANTS
