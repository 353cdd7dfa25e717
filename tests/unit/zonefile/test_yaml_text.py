"""TXT and SPF: what receivers read is what stands in the file."""

import pytest

from tests.unit.zonefile.yaml_sources import barred, errors, messages, read
from zoneserver.records.rdata import TXT


def strings_of(value: str, type_: str = "TXT") -> tuple[bytes, ...]:
    """The character-strings that a value writes."""
    source = read(f"x:\n  type: {type_}\n  value: {value}\n")
    assert source.findings == ()
    rdata = source.records[1].rdata
    assert isinstance(rdata, TXT)
    return rdata.strings


@pytest.mark.parametrize("type_", ["TXT", "SPF"])
@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("v=spf1 mx -all", "v=spf1 mx -all"),
        ("'v=spf1 mx -all'", "v=spf1 mx -all"),
        ("v=DMARC1; p=none #note", "v=DMARC1; p=none"),
        ("v=DMARC1;p=none#note", "v=DMARC1;p=none#note"),
        (r"v=DKIM1\; k=rsa\; p=AA", "v=DKIM1; k=rsa; p=AA"),
        (r"'v=DKIM1\; k=rsa; p=AA'", "v=DKIM1; k=rsa; p=AA"),
        (r'"v=DKIM1\\; k=rsa"', "v=DKIM1; k=rsa"),
        ("''", ""),
        ('""', ""),
        ("two  blanks", "two  blanks"),
        (r"back\slash", r"back\slash"),
        ("an \"inner\" quote, it''s", "an \"inner\" quote, it''s"),
        ("'it''s'", "it's"),
        # octoDNS joins strings that are quoted already.
        ('\'"one" "two"\'', "onetwo"),
        ('\'"one"\t  "two" "three"\'', "onetwothree"),
        ('\'"v=DKIM1\\; p=AA" "BB"\'', "v=DKIM1; p=AABB"),
        ('\'"say \\"hi\\""\'', 'say "hi"'),
        ("'\"\"'", ""),
        # What YAML 1.1 takes for something else than a text.
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("null", "null"),
        ("~", "~"),
        ("1e3", "1e3"),
        ("0x10", "0x10"),
        ("010", "010"),
        ("1.10", "1.10"),
        ("2026-01-01", "2026-01-01"),
        ("12:30:45", "12:30:45"),
        ("gr\u00fc\u00dfe", "gr\u00fc\u00dfe"),
        (r'"\u00fc\x41\t"', "\u00fcA\t"),
        # Blocks without a line end.
        (">-\n    v=DKIM1;\n    p=AA\n", "v=DKIM1; p=AA"),
        ("|-\n    one line\n", "one line"),
    ],
)
def test_text(value: str, text: str, type_: str) -> None:
    """The joined strings are the text."""
    assert b"".join(strings_of(value, type_)) == text.encode()


@pytest.mark.parametrize(
    ("length", "strings"),
    [(255, [255]), (256, [255, 1]), (510, [255, 255]), (600, [255, 255, 90])],
)
def test_long_text_is_split(length: int, strings: list[int]) -> None:
    """RFC 1035 3.3: a character-string has 255 octets at most."""
    assert [len(string) for string in strings_of("x" * length)] == strings
    assert b"".join(strings_of("\u00fc" * 300)) == "\u00fc".encode() * 300


def test_values_are_records_of_their_own() -> None:
    """A list makes several TXT records, not several strings."""
    source = read("x: {type: TXT, values: [a, b]}")
    assert [record.rdata.text for record in source.records[1:]] == ['"a"', '"b"']


@pytest.mark.parametrize(
    ("value", "code", "says"),
    [
        ("", "SY003", "write '' for an empty one"),
        (">\n    v=DKIM1; p=AAAA\n    BBBB\n", "SY008", ">- instead of > or |"),
        ("|\n    one line\n", "SY008", "in single quotes"),
        ("|-\n    one\n    two\n", "SY008", "line end"),
        ('"one\\ntwo"', "SY008", "line end"),
        ('"one\\r"', "SY008", "line end"),
        (r"v=DKIM1\\; k=rsa", "SY008", r"write ; or \;"),
        ("'one\" \"two'", "SY008", "leave the inner quotes out"),
        ("'\"one'", "SY003", "opens a quote"),
        ("'\"'", "SY003", "opens a quote"),
        ("'\"one\" two'", "SY003", "opens a quote"),
        ("'\"one\\\"'", "SY003", "opens a quote"),
        ('\'"one"two"\'', "SY003", "lone quote"),
        ("{a: b}", "SY003", "a mapping"),
    ],
)
def test_bad_text(value: str, code: str, says: str) -> None:
    """Text that would not arrive as it is written; the finding says how to write it."""
    source = read(f"x:\n  type: TXT\n  value: {value}\n")
    assert [place.split()[1] for place in errors(source)] == [code]
    assert says in messages(source)
    assert len(source.records) == 1


def test_text_that_no_record_holds() -> None:
    """Rdata has 65535 octets at most (RFC 1035 3.2.1)."""
    for text, sound in (
        (f"x: {{type: TXT, value: ¦{'x' * 65000}}}", True),
        (f"x: {{type: TXT, value: ¦{'x' * 65100}}}", False),
        (f"x: {{type: CAA, value: {{tag: issue, value: ¦{'x' * 65000}}}}}", True),
        (f"x: {{type: CAA, value: {{tag: issue, value: ¦{chr(252) * 40000}}}}}", False),
        (rf"x: {{type: TYPE65280, value: ¦\# 32000 {'00' * 32000}}}", True),
    ):
        zone, place = barred(text)
        assert errors(read(zone)) == ([] if sound else [f"{place} SY010"])
