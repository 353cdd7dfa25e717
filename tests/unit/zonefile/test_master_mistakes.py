"""Every mistake a master file can hold: its rule, its place, what is said, what goes on."""

import pytest

from tests.unit.zonefile.masters import ORIGIN, read
from zoneserver.findings import Level
from zoneserver.names import Name
from zoneserver.zonefile.source import ZoneSource

LABEL_64 = "m" * 64
NAME_256 = ".".join(["m" * 60] * 4)

# The bad lines, the rule, line:column below, and a part of the reason or of the fix.
# fmt: off
MISTAKES = [
    # rdata
    ("x 1 MX 10 mail server", "SY003", "1:16", "MX takes 2 field(s), not 3"),
    ("x 1 MX 65536 mail", "MX013", "1:8", "outside 0..65535"),
    ("x 1 MX ten mail", "MX013", "1:8", "no plain decimal"),
    ("x 1 MX mail", "MX013", "1:8", "preference is missing"),
    ("x 1 MX mail 10", "MX013", "1:8", "backwards"),
    ("x 1 MX", "SY003", "1:7", "write: MX preference exchange"),
    (f"x 1 MX 10 {LABEL_64}", "SY001", "1:11", "63"),
    (f"x 1 MX 10 {NAME_256}", "SY002", "1:11", "255"),
    ("x 1 MX 10 a..b", "SY001", "1:11", "empty"),
    (r"x 1 MX 10 a\25x", "SY003", "1:11", "three digits"),
    ("x 1 MX 10 a\u3002b", "MX029", "1:11", "dot"),
    (r"x 1 TYPE15 \# 2 000A", "SY003", "1:12", "ends too early"),
    (r"x 1 TYPE15 \# 3 000A", "SY003", "1:12", "announces 3"),
    (r"x 1 TYPE65280 \# x", "SY003", "1:15", r"\#"),
    ("x 1 TYPE65280", "SY003", "1:14", r"or \# and hex"),
    ("x 1 AAAA 192.0.2.31", "AD001", "1:10", "not an IPv6 address"),
    ("x 1 A 192.0.2.999", "AD001", "1:7", "write one address"),
    ("x 1 A mail.example.com.", "AD001", "1:7", "not an IPv4 address"),
    ('x 1 CAA 256 issue "ca.example"', "CA001", "1:9", "flags"),
    ("x 1 TLSA 3 1 1 xyz", "TL003", "1:16", ""),
    (f'x 1 TXT "{"a" * 256}"', "TX001", "1:9", "256 octets"),
    (r'x 1 TXT a "b\999"', "SY003", "1:11", "three digits"),
    ("x 1 HINFO PC", "SY003", "1:11", "HINFO"),
    ('x 1 HTTPS 1 . alpn= "h2"', "SY003", "1:11", "HTTPS"),
    ("@ 1 SOA ns1 root 1 2 3 4", "SY003", "1:25", "write: SOA mname rname serial"),
    ("@ 1 SOA ns1 root 1h 2 3 4 5", "SY003", "1:18", "serial"),
    ("@ 1 SOA ns1 root 1 2x 3 4 5", "SY003", "1:20", "refresh"),
    ("x 1 SRV 0 0 mail\n 1 A 192.0.2.1", "SY003", "1:17", "SRV"),
    # owner
    (r"x\999 1 A 192.0.2.31", "SY003", "1:1", "three digits"),
    (f"{LABEL_64} 1 A 192.0.2.31", "SY001", "1:1", "shorten it"),
    (f"{NAME_256} 1 A 192.0.2.31", "SY002", "1:1", "255"),
    (".x 1 A 192.0.2.31", "SY001", "1:1", "empty"),
    ("m\u00fcl-\u00a0ler 1 A 192.0.2.31", "MX029", "1:1", "xn--"),
    ('"x" 1 A 192.0.2.31', "SY003", "1:1", "remove the quotes"),
    (" 1 A 192.0.2.31", "SY003", "1:2", "@ is the zone itself"),
    # TTL, class, type
    ("x 4294967296 IN A 192.0.2.31", "SY004", "1:3", "outside 0..2147483647"),
    ("x 2147483648 A 192.0.2.31", "SY004", "1:3", "outside 0..2147483647"),
    ("x 99999999999999999999 A 192.0.2.31", "SY004", "1:3", "is no TTL"),
    ("x 5000w A 192.0.2.31", "SY004", "1:3", "outside 0..2147483647"),
    ("x -1 A 192.0.2.31", "SY004", "1:3", "TTL -1"),
    ("x 1h30 A 192.0.2.31", "SY004", "1:3", "TTL 1h30 is no TTL"),
    ("x IN 1.5 A 192.0.2.31", "SY004", "1:6", "1.5"),
    ('x "300" A 192.0.2.31', "SY004", "1:3", "300"),
    ("x 1 2 A 192.0.2.31", "SY003", "1:5", "second TTL"),
    ("x CH A 192.0.2.31", "SY007", "1:3", "class CH"),
    ("x 1 CLASS255 A 192.0.2.31", "SY007", "1:5", "class CLASS255"),
    ("x IN IN A 192.0.2.31", "SY007", "1:6", "IN is no record type"),
    ("x 1 MXX 10 mail", "SY007", "1:5", "did you mean MX?"),
    ("x 1 TYPE65536 mail", "SY007", "1:5", "TYPE65536"),
    (r"x 1 TYPE255 \# 4 C0000201", "SY007", "1:5", "ANY is a query type"),
    ("x 1 ANY mail", "SY007", "1:5", "ANY is a query type"),
    ("x 1 AXFR mail", "SY007", "1:5", "whole zone"),
    ("x 1 OPT mail", "SY007", "1:5", "OPT"),
    (r"x 1 TYPE0 \# 0", "SY007", "1:5", "messages only"),
    ("x", "SY003", "1:2", "ends before its type"),
    ("x 1 IN ; A 192.0.2.31", "SY003", "1:7", "ends before its type"),
    ("x 192.0.2.31", "SY003", "1:3", "write: A 192.0.2.31"),
    ('x 1 "v=spf1 -all"', "SY003", "1:5", "write: TXT"),
    ("MX 10 mail", "SY007", "1:7", "put a blank before MX"),
    ("@ 1 MX 10 mail\n $TTL 5", "SY007", "2:2", "remove the blanks"),
    # quotes and parentheses
    ('x IN TXT "never closed', "SY003", "1:10", "quote is never closed"),
    ("x 1 A ( 192.0.2.31", "SY003", "1:7", "parenthesis is never closed"),
    ("x 1 A 192.0.2.31 )", "SY003", "1:18", "closes nothing"),
    ("x 1 TXT caf\udce9", "SY003", "1:12", r"write it as \233"),
    # directives
    ("$TTL", "SY003", "1:5", "write: $TTL 3600"),
    ("$TTL 1 2", "SY003", "1:8", "not 2"),
    ("$TTL 4294967296", "SY004", "1:6", "outside 0..2147483647"),
    ("$TTL forever", "SY004", "1:6", "forever"),
    ("$ORIGIN", "SY003", "1:8", "write: $ORIGIN"),
    ("$ORIGIN a..b", "SY001", "1:9", "down to the next $ORIGIN"),
    ("$INCLUDE", "SY003", "1:9", "write: $INCLUDE"),
    ("$INCLUDE a b c", "SY003", "1:14", "not 3"),
    ("$INCLUDE a ..", "SY001", "1:12", "empty"),
    ("$INCLUDE a", "SY003", "1:10", "its records would be missing"),
    ("$DATE 2026", "SY003", "1:1", "$ORIGIN, $TTL, $INCLUDE, $GENERATE"),
    ('$TTL "5', "SY003", "1:6", "quote is never closed"),
    ("$GENERATE 1-2 h$ A", "SY003", "1:19", "lacks a field"),
    ("$GENERATE 2-1 h$ A 192.0.2.$", "SY003", "1:11", "1-254"),
    ("$GENERATE 1-9/0 h$ A 192.0.2.$", "SY003", "1:11", "1-254"),
    ("$GENERATE a-b h$ A 192.0.2.$", "SY003", "1:11", "1-254"),
    ("$GENERATE 0-65536 h$ A 192.0.2.$", "SY010", "1:11", "65537 entries"),
    ("$GENERATE 1-2 h${0,x} A 192.0.2.$", "SY003", "1:15", "offset"),
    ("$GENERATE 1-2 h${0,128} A 192.0.2.$", "SY003", "1:15", "offset"),
    ("$GENERATE 1-2 h${-2} A 192.0.2.$", "SY003", "1:15", "offset"),
    ("$GENERATE 1-300 h$ A 192.0.2.2${0,2}x", "AD001", "1:22", "192.0.2.201x"),
]
# fmt: on


def problem(source: ZoneSource) -> tuple[str, str, str]:
    """The one finding of a source: code, place, and what is said."""
    (finding,) = [f for f in source.findings if f.code != "SY016"]
    assert finding.level is Level.ERROR
    assert finding.origin == ORIGIN
    place = f"{finding.mark.line}:{finding.mark.column}"
    return finding.code, place, f"{finding.reason} | {finding.fix}"


@pytest.mark.parametrize(("text", "code", "place", "said"), MISTAKES)
def test_a_mistake_is_one_finding_and_the_next_entry_is_read(
    text: str, code: str, place: str, said: str
) -> None:
    """Each mistake has its rule, place, reason and fix, and costs no other entry."""
    octets = f"{text}\n$ORIGIN example.com.\nafter 1 A 192.0.2.77\n"
    source = read(octets.encode("utf-8", "surrogateescape"))
    found, at, message = problem(source)
    assert (found, at) == (code, place)
    assert said in message
    assert not message.endswith("| ")
    after = source.records[-1]
    assert (str(after.owner), after.rdata.text) == ("after.example.com.", "192.0.2.77")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x 1 MX ten mail", ["x"]),
        ("x 1 MXX 10 mail", ["x"]),
        ("x 1 A 192.0.2.1\n MX ten mail\n", ["x"]),
        ('x TXT "never closed', ["x"]),
        ("x TXT (", ["x"]),
        (" 1 MX 10 mail", ["@"]),
        ("$ORIGIN sub\nx 1 MX ten mail", ["x.sub"]),
        ("x 1 A 192.0.2.1\n)\n 1 A 192.0.2.2", ["x"]),
        (r"x\999 1 A 192.0.2.1", []),
        ("$ORIGIN a..b\nx 1 MX ten mail", []),
        ("$GENERATE 1-5 h$ A 192.0.2.999", ["h1"]),
        ("x 1 A 192.0.2.1", []),
    ],
)
def test_owners_of_what_cannot_be_read_are_noted(text: str, expected: list[str]) -> None:
    """So no rule takes such an owner for missing."""
    assert read(text).unreadable == {Name.parse(name, ORIGIN) for name in expected}


@pytest.mark.parametrize(
    "text",
    [
        "www 1 A 192.0.2.1\nx\\999 1 A 192.0.2.2\n 1 MX 10 mail\n",
        'www 1 A 192.0.2.1\n"x" 1 A 192.0.2.2\n 1 MX 10 mail\n',
        "www 1 A 192.0.2.1\nx\udce9 1 A 192.0.2.2\n 1 MX 10 mail\n",
        "www 1 A 192.0.2.1\n$ORIGIN a..b\n 1 A 192.0.2.2\n$ORIGIN deeper\ny 1 A 192.0.2.3\n",
        'www 1 A 192.0.2.1\n$ORIGIN "a\nx 1 A 192.0.2.3\n',
    ],
)  # fmt: skip
def test_what_belongs_to_an_unreadable_owner_goes_to_nobody_else(text: str) -> None:
    """A blank owner below a bad one is not the owner above that."""
    source = read(text.encode("utf-8", "surrogateescape"))
    assert [str(record.owner) for record in source.records] == ["www.example.com."]
    assert len(source.findings) == 1
    assert source.unreadable == frozenset()


def test_entries_of_an_unreadable_owner_are_still_checked() -> None:
    """They are not kept, but their own mistakes are told."""
    source = read("x\\999 1 A 192.0.2.2\n 1 MX ten mail\n$ORIGIN a..b\ny 1 A 192.0.2.999\n")
    assert [finding.code for finding in source.findings] == ["SY003", "MX013", "SY001", "AD001"]


def test_an_owner_before_a_fault_holds_for_the_lines_below() -> None:
    """An open quote in the rdata leaves the owner as it is."""
    source = read('www 1 A 192.0.2.1\nx TXT "open\n 1 MX 10 mail\n')
    assert [str(record.owner) for record in source.records] == [
        "www.example.com.",
        "x.example.com.",
    ]


def test_findings_name_their_owner() -> None:
    """An entry's finding names its owner; a directive's names none."""
    source = read("x 1 MX ten mail\n$TTL never\n$GENERATE 7-9 h$ A 192.0.2.999\n")
    assert [finding.owner for finding in source.findings] == [
        Name.parse("x.example.com."),
        None,
        None,
    ]


def test_a_generated_entry_that_fails_ends_its_directive() -> None:
    """One finding, not one for each number."""
    source = read("$GENERATE 1-65536 h$ 1 A 192.0.2.$\nx 1 A 192.0.2.1\n")
    assert [(f.code, f.mark.column) for f in source.findings] == [("AD001", 26)]
    assert len(source.records) == 255 + 1


def test_generated_entries_are_bounded_in_all() -> None:
    """All directives of a zone share one limit."""
    source = read("$GENERATE 1-65536 h$ 1 PTR a\n$GENERATE 1-1 g$ 1 PTR b\nx 1 PTR c\n")
    assert [finding.code for finding in source.findings] == ["SY010"]
    assert len(source.records) == 65536 + 1


def test_all_mistakes_of_a_file_are_told() -> None:
    """Nothing stops at the first finding."""
    source = read("a 1 MX x\nb 1 MX y\n$FOO\nc 1 MXX 1 z\nd 1 MX 1 (\ne 1 MX 1 z\nf\n")
    assert [f"{f.code} {f.mark.line}" for f in source.findings] == [
        "MX013 1", "MX013 2", "SY003 3", "SY007 4", "SY003 5", "SY003 7",
    ]  # fmt: skip
    assert [str(record.owner) for record in source.records] == ["e.example.com."]


def test_a_message_does_not_quote_a_whole_file() -> None:
    """However long a token is, its finding can be read."""
    source = read("\u00fc" * 100_000 + " 1 MX 10 \nx 1 A " + "9" * 100_000)
    assert [len(finding.reason) < 500 for finding in source.findings] == [True, True]


def test_a_binary_file_is_one_finding() -> None:
    """A file that is no text is refused as a whole."""
    source = read(b"\0")
    assert [(f.code, f.level) for f in source.findings] == [("SY009", Level.ERROR)]
    assert source.records == ()
