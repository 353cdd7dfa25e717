"""Copies are read by the line: the same records, marks and findings, several times as fast."""

import random
from dataclasses import replace

import pytest

from tests.effort import examples
from tests.signed_zones import Nsec3, sign
from zoneserver.names import Name
from zoneserver.zonefile.export import write_line
from zoneserver.zonefile.lines import read_lines
from zoneserver.zonefile.master import read_master_zone
from zoneserver.zonefile.source import ZoneSource

ORG = Name.parse("example.org.")
SOA = "example.org.\t300\tIN\tSOA\tns1.example.org. h.example.org. 7 7200 900 86400 300"
SIGNED_LINES = [
    f"mail.example.org.\t300\tIN\t{text}"
    for text in (
        "RRSIG\tA 13 3 300 20300131235959 20200101000000 4711 example.org. AAAA BBBB",
        "RRSIG\tA 13 3 300 20300131235959 20200101000000 4711 Example.ORG. AAAABA==",
        "RRSIG\tTYPE65280 255 255 0 21060207062815 19700101000000 65535 . AAAA",
        "RRSIG\tA 13 3 300 21060207062816 20200101000000 4711 example.org. AAAA",
        "RRSIG\tA 13 3 300 20300231000000 20200101000000 4711 example.org. AAAA",
        "RRSIG\tA 13 3 300 20301331000000 20200101000000 4711 example.org. AAAA",
        "RRSIG\tA 13 3 300 20300131240000 20200101000000 4711 example.org. AAAA",
        "RRSIG\tA 13 3 300 1893456000 1577836800 4711 example.org. AAAA",
        "RRSIG\tA 13 3 300 20300131000000 20200101000000 65536 example.org. AAAA",
        "RRSIG\tA 256 3 300 20300131000000 20200101000000 1 example.org. AAAA",
        "RRSIG\tA ECDSAP256SHA256 3 300 20300131000000 20200101000000 1 example.org. AAAA",
        "RRSIG\tA 13 3 2147483648 20300131000000 20200101000000 1 example.org. AAAA",
        "RRSIG\tA 13 3 1h 20300131000000 20200101000000 1 example.org. AAAA",
        "RRSIG\tA 13 03 300 20300131000000 20200101000000 1 example.org. AAAA",
        "RRSIG\tNOTYPE 13 3 300 20300131000000 20200101000000 1 example.org. AAAA",
        "RRSIG\ta 13 3 300 20300131000000 20200101000000 1 example.org. AAAA",
        "RRSIG\tA 13 3 300 20300131000000 20200101000000 1 example.org. AAA",
        "RRSIG\tA 13 3 300 20300131000000 20200101000000 1 example.org. AA==AA==",
        "RRSIG\tA 13 3 300 20300131000000 20200101000000 1 example.org. ",
        "RRSIG\tA 13 3 300 20300131000000 20200101000000 1 example AAAA",
        "RRSIG\tA 13 3",
        "NSEC\twww.example.org. A MX RRSIG NSEC",
        "NSEC\tWww.Example.org. NSEC RRSIG MX A A",
        "NSEC\twww.example.org. A CAA TYPE65280",
        "NSEC\twww.example.org. A NOTYPE",
        "NSEC\twww.example.org. A  MX",
        "NSEC\twww.example.org. TYPE0",
        "NSEC\twww.example.org. NSAP-PTR",
        "NSEC\twww.example.org.",
        "NSEC\twww",
        f"NSEC3\t1 0 0 - {'0v' * 16} A RRSIG",
        f"NSEC3\t1 1 65535 aabb {'0V' * 16} A RRSIG",
        f"NSEC3\t1 1 65536 aabb {'0V' * 16} A RRSIG",
        f"NSEC3\t1 0 10 AABB {'0V' * 16}",
        f"NSEC3\t1 0 10 aab {'0V' * 16}",
        f"NSEC3\t1 0 10 - {'0V' * 15} A",
        f"NSEC3\t1 0 10 - {'0w' * 16} A",
        f"NSEC3\t2 0 10 - {'0v' * 16} A",
    )
]
LINES = [
    "; a comment",
    "$ORIGIN example.org.",
    "",
    SOA,
    "example.org.\t300\tIN\tNS\tns1.example.org.",
    "example.org.\t300\tIN\tMX\t10 mail.example.org.",
    "example.org.\t300\tIN\tMX\t0 .",
    "example.org.\t300\tIN\tMX\t65536 mail.example.org.",
    "example.org.\t300\tIN\tMX\t010 mail.example.org.",
    "example.org.\t300\tIN\tMX\tmail.example.org. 10",
    "mail.example.org.\t300\tIN\tA\t192.0.2.25",
    "mail.example.org.\t300\tIN\tA\t192.0.2",
    "mail.example.org.\t300\tIN\tA\t192.0.2.25 192.0.2.26",
    "MAIL.example.org.\t0\tIN\tAAAA\t2001:db8::25",
    "mail.example.org.\t2147483648\tIN\tA\t192.0.2.25",
    "mail.example.org.\t1h\tIN\tA\t192.0.2.25",
    "mail.example.org.\t300\tCH\tA\t192.0.2.25",
    "mail\t300\tIN\tA\t192.0.2.25",
    "@\t300\tIN\tA\t192.0.2.25",
    "*.example.org.\t300\tIN\tCNAME\tmail",
    "_a/b.example.org.\t300\tIN\tPTR\tmail.example.org.",
    "a..b.example.org.\t300\tIN\tA\t192.0.2.25",
    r"a\.b.example.org." + "\t300\tIN\tA\t192.0.2.25",
    r"a\.example.org" + "\\.\t300\tIN\tA\t192.0.2.25",
    "x" * 64 + ".example.org.\t300\tIN\tA\t192.0.2.25",
    ("x" * 60 + ".") * 5 + "example.org.\t300\tIN\tA\t192.0.2.25",
    'example.org.\t300\tIN\tTXT\t"v=spf1 mx -all"',
    'example.org.\t300\tIN\tTXT\t"one" "two"  "three"',
    'example.org.\t300\tIN\tTXT\t"one" "" "three"',
    r"example.org." + "\t300\tIN\tTXT\t" + r'"a \"b\" \\ \255"',
    "example.org.\t300\tIN\tTXT\tplain",
    'example.org.\t300\tIN\tTXT\t"open',
    'example.org.\t300\tIN\tTXT\t"a;b"',
    f'example.org.\t300\tIN\tTXT\t"{"x" * 256}"',
    r"example.org." + "\t300\tIN\tTYPE65280\t" + r"\# 2 abcd",
    "example.org.\t300\tIN\tSRV\t0 0 25 mail.example.org.",
    "example.org.\t300\tIN\tA\t192.0.2.25 ; a comment",
    "example.org.\t300\tIN\tA\t192.0.2.25\r",
    "example.org.\t300\tIN\tA\t192.0.2.25\t",
    "EXAMPLE.org. 300 IN A 192.0.2.25",
    "\xfc.example.org.\t300\tIN\tA\t192.0.2.25",
    *SIGNED_LINES,
    "other.example.\t300\tIN\tA\t192.0.2.25",
]  # fmt: skip
DEPENDENT = [
    " 300 IN A 192.0.2.26",
    "\t300\tIN\tA\t192.0.2.26",
    "example.org. 300 IN TXT (",
    '"one"',
    ")",
    "$TTL 60",
    "$ORIGIN sub.example.org.",
]


def no_file(path: str) -> bytes:
    """There is none."""
    raise OSError(path)


def in_order(source: ZoneSource) -> ZoneSource:
    """The same, its records by their lines."""
    return replace(source, records=tuple(sorted(source.records, key=lambda each: each.mark)))


def check(text: str) -> None:
    """Both readers say the same of a file."""
    octets = text.encode("latin-1")
    expected = read_master_zone("file", octets, ORG, no_file)

    assert in_order(expected) == in_order(read_lines("file", octets, ORG))


@pytest.mark.parametrize("line", LINES)
def test_line(line: str) -> None:
    """Alone, and as one of many."""
    check(line)
    check(f"{SOA}\n{line}\n{LINES[4]}\n")


@pytest.mark.parametrize("seed", range(examples(40)))
def test_lines_in_any_order(seed: int) -> None:
    """Even where they lean on one another, which lines of ours do not."""
    choice = random.Random(seed)
    pool = LINES + DEPENDENT if seed % 2 else LINES
    check("\n".join(choice.choices(pool, k=choice.randrange(1, 30))))


def test_names_are_forgotten_at_some_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A zone of very many names is read in little memory."""
    monkeypatch.setattr("zoneserver.zonefile.lines.MOST_NAMES", 2)
    check("".join(f"h{number}.example.org.\t1\tIN\tA\t192.0.2.1\n" for number in range(9)))


def test_what_is_written_needs_no_other_reader() -> None:
    """Of the types that zones are made of, in the spelling that they have."""
    source = read_master_zone("file", "\n".join(LINES).encode("latin-1"), ORG, no_file)
    written = "\n".join(map(write_line, source.records))
    again = read_lines("file", written.encode("latin-1"), ORG)

    assert len(source.records) == len(again.records)
    assert {each[:4] for each in source.records} == {each[:4] for each in again.records}


@pytest.mark.parametrize("nsec3", [None, Nsec3(), Nsec3(10, "aabb", opt_out=True)])
def test_signed_zone(nsec3: Nsec3 | None) -> None:
    """All that signing adds, in the spelling that copies have."""
    text = sign("@ SOA a. b. 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n*.w TXT x", str(ORG), nsec3)
    source = read_master_zone("file", text.encode(), ORG, no_file)
    made = [each for each in source.records if each.rtype in (46, 47, 50)]
    lines = "\n".join(map(write_line, made))
    check(lines)
    again = read_lines("file", lines.encode(), ORG)

    assert made
    assert [each[:4] for each in made] == [each[:4] for each in again.records]
