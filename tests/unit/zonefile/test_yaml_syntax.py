"""What is no YAML, or YAML that no zone file may be: each with its place and its cure."""

import pytest
import yaml

from tests.unit.zonefile.yaml_sources import (
    barred,
    errors,
    messages,
    read,
    read_files,
    records,
    unreadable,
)
from zoneserver.zonefile import events

RECORD = "{type: A, value: 192.0.2.1}"

# text with a bar where the finding points to, what the finding says
BROKEN = [
    # Characters that YAML keeps for itself.
    (f"¦*: {RECORD}", "quote it: '*'"),
    (f"¦*.x: {RECORD}", "quote it: '*.x'"),
    (f"ok: {RECORD}\n¦*: {RECORD}\n", "an unquoted * starts an alias"),
    (f"¦@: {RECORD}", "the apex is written ''"),
    (f"¦@: {RECORD}", "quote it: '@'"),
    (f"¦%: {RECORD}", "quote it: '%'"),
    (f"¦%x: {RECORD}", "quote it: '%x'"),
    (f"¦`: {RECORD}", "quote it: '`'"),
    ("x: {type: CNAME, value: ¦@}", "quote it: '@'"),
    ("x: {type: CNAME, value: ¦%s}", "quote it: '%s'"),
    # Tabs.
    (f"x:\n¦\ttype: A\n  value: {RECORD}\n", "replace the tab by blanks"),
    ("x:\n  type: A\n¦\tvalue: 192.0.2.1\n", "replace the tab by blanks"),
    # Colons.
    ("x:\n  type: TXT\n  value: v=spf1 include¦: foo\n", "value: 'v=spf1 include: foo'"),
    ("x:\n- value: v=spf1 include¦: foo\n", "put the text in quotes"),
    ("x:\n  type: AAAA\n  value: 2001:db8:¦:\n", "value: '2001:db8::'"),
    ("x: {type: TXT, value: v=spf1 include¦: foo}", "put the whole text in quotes"),
    ("x: y\n  z¦: a\n", "indented too far"),
    ("x" * 1025 + "¦: y\n", "too long for a key"),
    # Quotes.
    ("x: {type: TXT, value: ¦'v=spf1 -all}\n", "the quote opened here is never closed"),
    ('x: {type: TXT, value: ¦"v=spf1 -all}\n', "the quote opened here is never closed"),
    ('x: {type: TXT, value: "v=DKIM1¦\\; k=rsa"}', r"use single quotes"),
    ('x: {type: TXT, value: "¦\\q"}', "a backslash in double quotes"),
    # Brackets, indentation.
    ("x: {type: A, value: 192.0.2.1\n¦", "a bracket is not closed"),
    ("x: [{type: A, value: 192.0.2.1}\n¦y: 1\n", "a bracket is not closed"),
    ("x: {type: A}¦}\n", "indented differently"),
    ("x:\n  - a\n ¦y: b\n", "indented differently"),
    (f"x: {RECORD}\n¦'y' b\n", "no colon follows it"),
    ('x:\n  value: "v=spf1" ¦-all\n', "indented differently"),
    # Others.
    ("x: ¦!!str y\n", "the tag `tag:yaml.org,2002:str` has no meaning"),
    ("x: ¦!foo {type: A}\n", "the tag `!foo` has no meaning"),
    ("x: ¦! y\n", "a text that starts with ! must stand in quotes"),
    ("x: ¦!!python/object/apply:os.system ['true']\n", "has no meaning"),
    (f"x: {RECORD}\n¦---\ny: {RECORD}\n", "a second document starts here"),
    (f"x: {RECORD}\n...\n¦y: {RECORD}\n", "behind the end of the document"),
    ("x: ¦*y\n", "there is no &y above it"),
    ("¦*www : {type: A}\n", "quote it if it is a name or a text: '*www'"),
    ("x: &x [¦*x]\n", "stands inside what it stands for"),
    ("x: &x {y: ¦*x}\n", "stands inside what it stands for"),
    (f"x: &a {RECORD}\ny: ¦&a {RECORD}\n", "the anchor &a stands twice"),
    ("x: {<<: ¦y}\n", "the merge key << takes a mapping"),
    ("x: {<<: [¦[]]}\n", "the merge key << takes a mapping"),
    ("x: {<<: {}, ¦<<: {}}\n", None),
    ("x: {¦[a]: b}\n", "a key is a list"),
    ("x: {¦{a: b}: c}\n", "a key is a mapping"),
]


@pytest.mark.parametrize("loader", ["libyaml", "PyYAML"])
@pytest.mark.parametrize(("text", "says"), BROKEN)
def test_broken(
    text: str, says: str | None, loader: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finding points to the culprit and says what to write, whichever scanner is there."""
    if loader == "PyYAML":
        monkeypatch.setattr(events, "_LOADER", yaml.Loader)
    text, place = barred(text)
    source = read(text)
    codes = [finding.code for finding in source.findings]
    assert "SY008" in codes
    if says is not None:
        assert says in messages(source)
    if loader == "libyaml":
        assert f"{place} SY008" in errors(source)


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeffx: {RECORD}\n",
        f"\ufeff---\r\nx: {RECORD}\r\n",
        "x:\r\n  type: A\r\n  value: 192.0.2.1\r\n",
        f"# comment\n\n---\nx: {RECORD}\n...\n",
        f"%YAML 1.1\n---\nx: {RECORD}\n",
        "x:\n  type: A\t# tab before a comment\n  value:\t192.0.2.1\n",
        "x: {type: A,\n\tvalue: 192.0.2.1}\n",
        "? x\n: type: A\n  value: 192.0.2.1\n",
        "x:\n  type: A\n  value: >-\n    192.0.2.1\n",
    ],
)
def test_accepted(text: str) -> None:
    """Acceptance 53: BOM and CRLF are accepted, and the rest of YAML that means what it
    shows.
    """
    source = read(text)
    assert source.findings == ()
    assert records(source) == {"x 3600 A 192.0.2.1"}


@pytest.mark.parametrize(
    ("octets", "place", "says"),
    [
        (b"x: {type: A}\ny: caf\xe9\n", "2:7", "0xE9 at byte offset 19"),
        (b"\xef\xbb\xbfx: \xc3\xbc\xff\n", "1:5", "0xFF at byte offset 8"),
        (b"x: \xc0\x80\n", "1:4", "0xC0 at byte offset 3"),
        (b"x: \xed\xa0\x80\n", "1:4", "0xED at byte offset 3"),
        (b"x: a\x00b\n", "1:5", "U+0000 at byte offset 4"),
        (b"x: \xc3\xbc\x07\n", "1:5", "U+0007 at byte offset 5"),
        (b"x: a\x1b[0m\n", "1:5", "U+001B"),
        (b"x: a\x7f\n", "1:5", "U+007F"),
        (b"x: a\xc2\x85b\n", "1:5", "U+0085"),
        (b"x: a\xe2\x80\xa8b\n", "1:5", "U+2028"),
        (b"x: a\n\xef\xbb\xbfb: c\n", "2:1", "U+FEFF"),
        (b"x: a\ry: b\r", "1:5", "a carriage return without a line feed"),
        (b"x: a\r\r\ny: b", "1:5", "byte offset 4"),
        ("x: a\n".encode("utf-16"), "1:1", "UTF-16"),
        ("x: a\n".encode("utf-16-le"), "1:1", "UTF-16"),
        ("x: a\n".encode("utf-16-be"), "1:1", "UTF-16"),
        ("x: a\n".encode("utf-32"), "1:1", "UTF-16 or UTF-32"),
    ],
)
def test_octets(octets: bytes, place: str, says: str) -> None:
    """Acceptance 53: octets that editors do not show, or show in different ways, are
    refused.
    """
    source = read(octets)
    assert errors(source) == [f"{place} SY008"]
    assert says in messages(source)


@pytest.mark.parametrize(
    ("text", "place", "says"),
    [
        ("", "1:1", "the file is empty"),
        ("\n\n", "1:1", "the file is empty"),
        ("# a comment\n# another\n", "1:1", "the file is empty"),
        ("---\n", "1:1", "the file is empty"),
        ("\n~\n", "1:1", "the file is empty"),
        ("null", "1:1", "the file is empty"),
        ("\n- a\n- b\n", "2:1", "the file is a list"),
        ("zone", "1:1", "the file is a text"),
        ("''", "1:1", "the file is a text"),
    ],
)
def test_no_zone_file(text: str, place: str, says: str) -> None:
    """Acceptance 54: nothing that could be a zone by mistake is one; the apex is not known
    then.
    """
    source = read(text)
    assert errors(source) == [f"{place} SY009"]
    assert says in messages(source)
    assert unreadable(source) == {"@"}


def test_no_files() -> None:
    """A zone without a file is no zone."""
    assert errors(read_files({})) == ["1:1 SY009"]


def test_broken_file_among_others() -> None:
    """The others are read; of the broken one nothing is, as its rest is not known."""
    source = read_files(
        {
            "a.yaml": f"a: {RECORD}\n".encode(),
            "b.yaml": f"b: {RECORD}\nc: [\n".encode(),
            "d.yaml": b"d: {type: MXX, value: a}\n",
        }
    )
    assert records(source) == {"a 3600 A 192.0.2.1"}
    assert [(each.mark.file, each.code) for each in source.findings] == [
        ("b.yaml", "SY008"),
        ("d.yaml", "SY007"),
    ]
    assert unreadable(source) == {"@", "d"}


def test_records_before_a_syntax_error_are_judged() -> None:
    """Nothing stops at the first finding: what can be told about them is told."""
    source = read("a: {type: MXX, value: b}\nb: [\n")
    assert [finding.code for finding in source.findings] == ["SY007", "SY008"]
    assert records(source) == set()


def test_anchors_aliases_and_merges() -> None:
    """Acceptance 47: they work as in YAML 1.1: what stands there itself goes before what is
    merged.
    """
    source = read(
        "base: &base {type: A, ttl: 60, values: [192.0.2.1, 192.0.2.2]}\n"
        "copy: *base\n"
        "merged: {<<: *base, ttl: 120}\n"
        "first: {ttl: 180, <<: *base}\n"
        "several: {<<: [{ttl: 240}, *base], values: [&one 192.0.2.3]}\n"
        "list: [*base, {type: TXT, value: *one}]\n"
    )
    assert source.findings == ()
    assert records(source) == {
        "base 60 A 192.0.2.1",
        "base 60 A 192.0.2.2",
        "copy 60 A 192.0.2.1",
        "copy 60 A 192.0.2.2",
        "merged 120 A 192.0.2.1",
        "merged 120 A 192.0.2.2",
        "first 180 A 192.0.2.1",
        "first 180 A 192.0.2.2",
        "several 240 A 192.0.2.3",
        "list 60 A 192.0.2.1",
        "list 60 A 192.0.2.2",
        'list 3600 TXT "192.0.2.3"',
    }


def test_merge_of_owners() -> None:
    """An owner that the file writes itself is not merged over; a twin by case is an error."""
    shared = f"{{www: {RECORD}, ftp: {RECORD}}}"
    source = read(f"<<: {shared}\nwww: {{type: A, value: 192.0.2.9}}\n$ttl: 60\n")
    assert source.findings == ()
    assert records(source) == {"www 60 A 192.0.2.9", "ftp 60 A 192.0.2.1"}
    source = read(f"<<: {shared}\nWWW: {{type: A, value: 192.0.2.9}}\n")
    assert [finding.code for finding in source.findings] == ["SY008"]


def test_aliased_record_keeps_its_place() -> None:
    """A mistake in an anchored record is found at the anchor, once for each use."""
    source = read("a: &a {type: A, value: 192.0.2}\nb: *a\n")
    assert errors(source) == ["1:24 AD001", "1:24 AD001"]
    assert unreadable(source) == {"a", "b"}


@pytest.mark.parametrize("text", ['"\\ud800"', '"\\UFFFFFFFF"', '"\\U00110000"'])
@pytest.mark.parametrize("loader", [yaml.Loader, getattr(yaml, "CLoader", yaml.Loader)])
def test_escape_that_is_no_character(
    text: str, loader: type[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyYAML's own scanner lets some through, or stumbles over them."""
    monkeypatch.setattr(events, "_LOADER", loader)
    source = read(f"x: {{type: TXT, value: {text}}}")
    assert [finding.code for finding in source.findings] == ["SY008"]
    assert records(source) == set()


@pytest.mark.parametrize(
    "text",
    [
        "a: {<<: !foo {type: A}, value: 192.0.2.1}",
        "a: {<<: [!foo {type: A}], value: 192.0.2.1}",
        "a: {!foo b: c, type: A, value: 192.0.2.1, type: A}",
    ],
)
def test_what_a_mistake_takes_with_it(text: str) -> None:
    """A record with a part that cannot be read is left out, and the part reported once."""
    source = read(f"{text}\nb: {RECORD}\n")
    assert [finding.code for finding in source.findings].count("SY008") == len(source.findings)
    assert records(source) == {"b 3600 A 192.0.2.1"}
    assert unreadable(source) == {"a"}


def test_merged_owner_that_is_no_name() -> None:
    """It is found where it stands."""
    source = read(f"<<: {{'@': {RECORD}, www: {RECORD}}}")
    assert errors(source) == ["1:6 SY008"]
    assert records(source) == {"www 3600 A 192.0.2.1"}
