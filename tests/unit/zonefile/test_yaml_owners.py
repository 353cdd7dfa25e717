"""Owner names: what is written is what is served, and no name is given twice."""

import pytest

from tests.unit.zonefile.yaml_sources import errors, messages, read, records, unreadable
from zoneserver.findings import Mark
from zoneserver.names import ROOT, Name

RECORD = "{type: A, value: 192.0.2.1}"

# key, owner as it is printed
GOOD = [
    ("''", "example.com."),
    ('""', "example.com."),
    ("'*'", "*.example.com."),
    ("'*.x'", "*.x.example.com."),
    ("www", "www.example.com."),
    ("WWW", "WWW.example.com."),
    ("a.b.c", "a.b.c.example.com."),
    ("_25._tcp.mail", "_25._tcp.mail.example.com."),
    # What YAML 1.1 takes for something else than a text.
    ("no", "no.example.com."),
    ("on", "on.example.com."),
    ("y", "y.example.com."),
    ("Yes", "Yes.example.com."),
    ("true", "true.example.com."),
    ("null", "null.example.com."),
    ("~", "~.example.com."),
    ("1.10", "1.10.example.com."),
    ("67", "67.example.com."),
    ("010", "010.example.com."),
    ("0x10", "0x10.example.com."),
    ("1e3", "1e3.example.com."),
    ("1_000", "1_000.example.com."),
    ("3am", "3am.example.com."),
    ("44.74", "44.74.example.com."),
    ("2026-01-01", "2026-01-01.example.com."),
    ("12:30:45", "12:30:45.example.com."),
    ("=", "=.example.com."),
    ("'<<'", "<<.example.com."),
    # Escapes of RFC 1035 5.1, U-labels of IDNA 2008.
    (r"a\.b", r"a\.b.example.com."),
    (r"\065\066", "AB.example.com."),
    (r"\$ttl", r"\$ttl.example.com."),
    (r"a\032b", r"a\032b.example.com."),
    (r"\255", r"\255.example.com."),
    ("b\u00fccher", "xn--bcher-kva.example.com."),
    ("\u043f\u043e\u0447\u0442\u0430.a", "xn--80a1acny.a.example.com."),
]


@pytest.mark.parametrize(("key", "owner"), GOOD)
def test_owner(key: str, owner: str) -> None:
    """Every scalar is the owner that it shows."""
    source = read(f"{key}: {RECORD}")
    assert [str(record.owner) for record in source.records[1:]] == [owner]
    assert source.findings == ()


def test_owner_below_the_root() -> None:
    """The root zone's owners are top-level domains."""
    source = read(f"com: {RECORD}", origin=ROOT)
    assert source.records[1].owner == Name.parse("com.")


# key, code, what the finding says
BAD = [
    ("'@'", "SY008", "write '' for the apex"),
    ("?\n", "SY008", "the apex is written ''"),
    ("a b", "SY003", r"\032"),
    ('"a\\tb"', "SY003", r"\032"),
    ("a..b", "SY001", "empty"),
    (".a", "SY001", "empty"),
    ("x" * 64, "SY001", "63"),
    ("a." * 124 + "a", "SY002", "255"),
    (r"\256", "SY003", r"\255"),
    (r"\25x", "SY003", r"\255"),
    ("a\\", "SY003", "backslash"),
    ("\u2603\u0338-", "MX029", "xn--"),
    ("www.example.com.", "SY008", "write www"),
    ("example.com.", "SY008", "write ''"),
    ("www.example.net.", "NS009", "is not below example.com."),
    (".", "SY001", "empty"),
    ("? [a]\n", "SY008", "a key is a list"),
]


@pytest.mark.parametrize(("key", "code", "says"), BAD)
def test_bad_owner(key: str, code: str, says: str) -> None:
    """Acceptance 52: the name is refused with its reason; others are read."""
    source = read(f"{key}: {RECORD}\nok: {RECORD}\n")
    assert [place.split()[1] for place in errors(source)] == [code]
    assert says in messages(source)
    assert records(source) == {"ok 3600 A 192.0.2.1"}


def test_longest_owner() -> None:
    """255 octets with length octets and root are a name (RFC 1035 2.3.4)."""
    key = "a." * 119 + "aaa"
    (record,) = read(f"{key}: {RECORD}").records[1:]
    assert len(record.owner.wire) == 255
    assert errors(read(f"a{key}: {RECORD}")) == ["1:1 SY002"]


# Two keys for one name.
TWINS = [
    ("mail", "mail"),
    ("mail", "MAIL"),
    ("mail", "'mail'"),
    ("mail", '"mail"'),
    ("mail", r"m\097il"),
    ("mail", "mail."),
    ("www.example.com.", "www"),
    ("''", '""'),
    ("b\u00fccher", "xn--bcher-kva"),
    ("b\u00fccher", "B\u00dcCHER"),
    (r"a\.b", r"a\046b"),
    ("no", "'no'"),
]


@pytest.mark.parametrize(("first", "second"), TWINS)
def test_name_given_twice(first: str, second: str) -> None:
    """Acceptance 48: however it is spelt the second time, both lines are named."""
    source = read(f"{first}: {RECORD}\n{second}: {RECORD}\nok: {RECORD}\n")
    finding = next(each for each in source.findings if each.mark.line == 2)
    assert (finding.code, finding.mark.column) == ("SY008", 1)
    assert [(mark.line, mark.column) for mark, _ in finding.related] == [(1, 1)]
    assert "ok 3600 A 192.0.2.1" in records(source)
    assert len(unreadable(source)) == 1


def test_different_names_are_no_twins() -> None:
    """An escaped dot is no dot."""
    source = read(rf"a\.b: {RECORD}" + f"\na.b: {RECORD}\n")
    assert source.findings == ()
    assert len(records(source)) == 2


@pytest.mark.parametrize(
    ("text", "second", "first"),
    [
        ("a: {type: A, type: A, value: 192.0.2.1}", 14, 5),
        ("a: {type: A, ttl: 1, value: 192.0.2.1, 'ttl': 2}", 40, 14),
        ("a: {type: MX, value: {exchange: b., preference: 1, exchange: c.}}", 52, 23),
        ("a: {type: A, value: 192.0.2.1, geo: {b: 1, b: 2}}", 44, 38),
        ("a: {type: A, value: 192.0.2.1, octodns: {x: {y: 1, y: 2}}}", 52, 46),
        ("$soa: {serial: 1, serial: 2}", 19, 8),
    ],
)
def test_key_given_twice(text: str, second: int, first: int) -> None:
    """Acceptance 48: at any level, even where nobody looks."""
    (finding,) = [each for each in read(text).findings if each.code == "SY008"]
    assert finding.mark == Mark("zones/example.com.yaml", 1, second)
    assert [mark.column for mark, _ in finding.related] == [first]
