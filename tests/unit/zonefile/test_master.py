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
from zoneserver.zonefile.master import find_origin, read_master_zone
from zoneserver.zonefile.source import ZoneSource

ZONES = 400


def texts(source: ZoneSource) -> list[str]:
    """Each record on a line, the way the tables below write them."""
    return [
        f"{r.owner} {r.ttl} {rtypes.mnemonic(r.rtype)} {r.rdata.text}" for r in source.records
    ]


def findings(source: ZoneSource) -> list[str]:
    """Each finding as its code and mark."""
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
            "$ORIGIN example.\n@ 1 SOA a b (\n 2024010101 1D ; refresh\n 2h\n 4w 600\n )",
            ["example. 1 SOA a.example. b.example. 2024010101 86400 7200 2419200 600"],
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
    """TTL, class, type, owner and directives in all their forms."""
    source = read(text)
    assert texts(source) == expected
    assert source.findings == ()
    assert source.unreadable == frozenset()


def test_nothing_gives_an_empty_source() -> None:
    """An empty file is no mistake of the file's; the validator misses the SOA."""
    assert read("") == ZoneSource(ORIGIN, ())


def test_the_mark_is_where_the_target_stands() -> None:
    """A record's mark is its target, or else the start of its rdata."""
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


def test_a_ttl_that_is_stated_nowhere_is_the_soa_minimum() -> None:
    """Without $TTL: the last stated one, else the SOA's minimum, and that with one warning."""
    source = read(
        "ns1 A 192.0.2.1\n@ SOA ns1 root 1 2 3 4 600\nwww 5 A 192.0.2.2\n A 192.0.2.3"
    )
    assert [record.ttl for record in source.records] == [600, 600, 5, 5]
    (finding,) = source.findings
    assert (finding.code, finding.level, finding.mark.line) == ("SY016", Level.WARNING, 1)
    assert "600 s" in finding.reason
    assert finding.owner == Name.parse("ns1.example.com.")


def test_a_ttl_that_is_stated_nowhere_without_an_soa() -> None:
    """Where nothing tells the TTL there is still one, and the same warning."""
    source = read("ns1 A 192.0.2.1\nns2 A 192.0.2.2\n")
    assert [record.ttl for record in source.records] == [3600, 3600]
    assert findings(source) == ["SY016 zone:1:7"]


def test_an_soa_minimum_over_the_limit_is_cut_to_it() -> None:
    """RFC 2181 8 holds for a TTL that comes from the SOA too."""
    source = read("@ SOA ns1 root 1 2 3 4 4294967295")
    assert [record.ttl for record in source.records] == [2147483647]


def test_an_rname_with_an_at_sign_is_an_error_but_kept() -> None:
    """NS012 shows the dotted form; the SOA is not missing."""
    source = read("@ 1 SOA ns1 john.doe@example.com. 1 2 3 4 5\n")
    (finding,) = source.findings
    assert (finding.code, finding.level) == ("NS012", Level.ERROR)
    assert (finding.mark.line, finding.mark.column) == (1, 13)
    assert r"john\.doe.example.com." in finding.fix
    assert len(source.records) == 1
    assert source.unreadable == frozenset()


def test_an_rname_in_dns_form_is_fine() -> None:
    """An origin or an escaped @ is no mistake."""
    assert read("@ 1 SOA ns1 john\\.doe.example.com. 1 2 3 4 5\n").findings == ()
    assert read("@ 1 SOA ns1 @ 1 2 3 4 5\n").findings == ()
    assert read("@ 1 SOA ns1 a\\@b 1 2 3 4 5\n").findings == ()


@pytest.mark.parametrize("sample", SAMPLES)
def test_every_type_reads_as_dnspython_reads_it(sample: str) -> None:
    """The octets of every type are those of dnspython's reader."""
    text = f"{APEX}x 300 IN {sample}\n"
    source = read(text)
    assert source.findings == ()
    assert rows(source) == read_by_dnspython(text)


def test_random_zones_read_as_dnspython_reads_them() -> None:
    """Owners, TTLs, types, octets and order agree on random good zones."""
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
    """The owner of the SOA, else the first $ORIGIN, else nothing."""
    assert find_origin(text.encode()) == (expected and Name.parse(expected))


def test_a_file_without_an_origin_says_so() -> None:
    """Without any origin: one finding; with one in the file: that one."""
    source = read_master_zone("zone", b"@ 1 SOA a b 1 2 3 4 5", None, no_include)
    assert findings(source) == ["SY003 zone:1:1"]
    assert source.records == ()
    source = read_master_zone("zone", b"$ORIGIN a.\n@ 1 MX 1 @", None, no_include)
    assert (source.origin, texts(source)) == (Name.parse("a."), ["a. 1 MX 1 a."])
