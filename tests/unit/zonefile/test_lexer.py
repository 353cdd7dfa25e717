"""Master-file text to entries: tokens, places, and faults."""

import pytest

from zoneserver.zonefile.lexer import MAX_RECOVERIES, Line, Page


def split(text: str | bytes) -> list[Line]:
    """The entries of a text."""
    return list(Page("zone", text.encode() if isinstance(text, str) else text).lines())


def words(line: Line) -> list[str]:
    """The tokens of an entry, quoted ones in their quotes."""
    return [f'"{token.text}"' if token.quoted else token.text for token in line.tokens]


def faults(text: str | bytes) -> list[str]:
    """Each fault as `line:column reason`."""
    page = Page("zone", text.encode() if isinstance(text, str) else text)
    found = [fault for line in page.lines() for fault in line.faults]
    return [
        f"{page.mark(fault.at).line}:{page.mark(fault.at).column} {fault.reason}"
        for fault in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("\n \n\t\n; only a comment\n  ; and another", []),
        ("a b  c\td", [["a", "b", "c", "d"]]),
        ("a b;c d\ne", [["a", "b"], ["e"]]),
        ('a "b c" "" "d;(e)"', [["a", '"b c"', '""', '"d;(e)"']]),
        ('a"b"c', [["a", '"b"', "c"]]),
        (r'"a\"b\\" c\"d', [[r'"a\"b\\"', r"c\"d"]]),
        (r"a\ b c\;d e\(f g\\ h", [[r"a\ b", r"c\;d", r"e\(f", r"g\\", "h"]]),
        ("a (b\n c ; comment )\n\n d) e\nf", [["a", "b", "c", "d", "e"], ["f"]]),
        ("a(b)c", [["a", "b", "c"]]),
        ("a ( b ( c\n ) d\n ) e", [["a", "b", "c", "d", "e"]]),
        ("a\r\nb\rc\nd", [["a"], ["b"], ["c"], ["d"]]),
        ("a (b\r\nc)\r\nd ; e\r\n", [["a", "b", "c"], ["d"]]),
        ("\ufeffa b", [["a", "b"]]),
        ("m\u00fcller\u00a0a", [["m\u00fcller\u00a0a"]]),
        ("a\\\nb", [["a\\"], ["b"]]),
        ("a\\", [["a\\"]]),
        ("a\x0bb\x0cc", [["a\x0bb\x0cc"]]),
    ],
)
def test_tokens(text: str, expected: list[list[str]]) -> None:
    """Blanks, comments, quotes, escapes, parentheses, line ends: RFC 1035 5.1."""
    lines = split(text)
    assert [words(line) for line in lines] == expected
    assert not any(line.faults for line in lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\n b\n\tc\nd", [False, True, True, False]),
        ("; comment\n  a", [True]),
        ("(a\n  b)\n c", [False, True]),
        ("a (\nb\n)\n (c)", [False, True]),
    ],
)
def test_a_blank_at_the_start_is_told_apart(text: str, expected: list[bool]) -> None:
    """Only the first line of an entry says whether it has an owner."""
    assert [line.indented for line in split(text)] == expected


def test_places_count_characters_and_follow_line_breaks() -> None:
    """Marks are what an editor shows, whatever the octets and line ends."""
    text = 'm\u00fcller\tIN TXT ( "a"\r\n  "\u20acb" c ) ; x\n d'
    page = Page("zone", b"\xef\xbb\xbf" + text.encode())
    first, second = page.lines()
    marks = [page.mark(at) for at in [*first.starts, first.end, *second.starts, second.end]]
    assert [f"{mark.line}:{mark.column}" for mark in marks] == [
        "1:1", "1:8", "1:11", "1:17", "2:3", "2:8", "2:9", "3:2", "3:3",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "place", "reason", "after"),
    [
        ('a "b c\nd', "1:3", "quote is never closed", ["d"]),
        ('a "b\\"\nd', "1:3", "quote is never closed", ["d"]),
        ('a "b\\\nd', "1:3", "quote is never closed", ["d"]),
        ('"', "1:1", "quote is never closed", []),
        ('a (b "c\n d)\ne', "1:6", "quote is never closed", ["e"]),
        ("a b) c\nd", "1:4", "parenthesis closes nothing", ["d"]),
        ("a (b))\nd", "1:6", "parenthesis closes nothing", ["d"]),
        ("a (b\n c\nd e\n f", "1:3", "parenthesis is never closed", ["d", "f"]),
        ("a ((b)\nd", "1:3", "parenthesis is never closed", ["d"]),
        ("a (", "1:3", "parenthesis is never closed", []),
    ],
)
def test_faults(text: str, place: str, reason: str, after: list[str]) -> None:
    """A fault stands where it begins, and what comes after it is split as usual."""
    (found,) = faults(text)
    assert found.startswith(f"{place} ")
    assert reason in found
    assert [line.tokens[0].text for line in split(text) if not line.faults] == after


def test_the_entry_with_an_open_parenthesis_keeps_what_stands_before_it() -> None:
    """The owner is known, and the zone below is not lost."""
    lines = split("www 300 IN ( A\n 192.0.2.1\nmail A 192.0.2.25\n")
    assert [words(line) for line in lines] == [
        ["www", "300", "IN"],
        ["mail", "A", "192.0.2.25"],
    ]


def test_open_parentheses_without_number_end_the_reading() -> None:
    """No file makes us begin anew without end."""
    found = faults("a (\n" * 1000)
    assert len(found) == MAX_RECOVERIES + 1
    assert found[-1].endswith("nothing below is read")
    assert not any(fault.endswith("nothing below is read") for fault in found[:-1])


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"a ; caf\xe9\nb", []),
        (b"a caf\xe9 b", ["1:6 byte 5 of the file is 0xE9, which is not UTF-8"]),
        (
            b'\xef\xbb\xbfa\r\nb "\xc3\xa9\xe9"',
            ["2:5 byte 11 of the file is 0xE9, which is not UTF-8"],
        ),
        (
            b"\xff\xff c\r\n;\xfe\nd \xe9",
            [
                "1:1 byte 0 of the file is 0xFF, which is not UTF-8",
                "3:3 byte 11 of the file is 0xE9, which is not UTF-8",
            ],
        ),
        (
            b"a (\xe9\n\xe8\nb \xe7",
            [
                "1:3 this parenthesis is never closed: the entry runs to the end of the file",
                "2:1 byte 5 of the file is 0xE8, which is not UTF-8",
                "3:3 byte 9 of the file is 0xE7, which is not UTF-8",
            ],
        ),
        (b"\xed\xb2\x80", ["1:1 byte 0 of the file is 0xED, which is not UTF-8"]),
    ],
)
def test_octets_that_are_no_utf_8(octets: bytes, expected: list[str]) -> None:
    """Latin-1 is a fault in a token, with its offset in the file, and none in a comment."""
    assert faults(octets) == expected


@pytest.mark.parametrize(
    ("octets", "column", "reason"),
    [
        ("a b".encode("utf-16"), 1, "UTF-16"),
        (b"\xfe\xff\x00a", 1, "UTF-16"),
        ("a b".encode("utf-16-le"), 2, "byte 1 is NUL"),
        (b"\xc3\xa9 b\0", 4, "byte 4 is NUL"),
        (b"\xef\xbb\xbfa\0", 2, "byte 4 is NUL"),
    ],
)
def test_binary_files_have_no_lines(octets: bytes, column: int, reason: str) -> None:
    """Nobody is told of a thousand mistakes in a file that is no text."""
    page = Page("zone", octets)
    assert page.binary is not None
    assert page.mark(page.binary.at) == ("zone", 1, column)
    assert reason in page.binary.reason
    assert list(page.lines()) == []
