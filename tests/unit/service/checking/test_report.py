"""How findings look on a terminal."""

import click
import pytest

from zoneserver.findings import Finding, Level, Mark, make_finding
from zoneserver.service.checking.report import (
    WIDTH,
    Texts,
    format_finding,
    format_summary,
    quote_line,
)
from zoneserver.service.logs.terminal import printable

FILE = "zones/example.com.yaml"
TEXT = b"""\
'':
  - type: MX
    value: {preference: 10, exchange: mail.example.com.}
mail: {type: CNAME, value: www.example.com.}
"""


def alias_finding(**changes: str) -> Finding:
    """An MX that names an alias."""
    return make_finding(
        "MX001",
        Mark(FILE, 3, 39),
        changes.get("reason", "example.com. MX 10 mail.example.com.: mail is an alias."),
        "give it an address",
        related=((Mark(FILE, 4, 28), "mail CNAME www"),),
    )


def plain(finding: Finding, text: bytes = TEXT) -> str:
    """The report of a finding without colour."""
    return click.unstyle(format_finding(finding, Texts({FILE: text})))


def test_error_as_a_compiler_prints_it() -> None:
    """Place, level, rule, reason; the line and a caret; the fix; the other place; the RFC."""
    expected = """\
zones/example.com.yaml:3:39: error MX001 example.com. MX 10 mail.example.com.: mail is an alias.
        value: {preference: 10, exchange: mail.example.com.}
                                          ^
  fix: give it an address
  also zones/example.com.yaml:4:28: mail CNAME www
    mail: {type: CNAME, value: www.example.com.}
                               ^
  see RFC 2181 10.3; RFC 5321 5.1"""

    assert plain(alias_finding()) == expected


def test_waived_finding_tells_the_reason_in_place_of_the_fix() -> None:
    """A waiver is shown as what it is."""
    waived = Finding("MX004", Level.ERROR, Mark(FILE, 1, 1), "no address.", waived="moving")

    assert "waived MX004 no address." in plain(waived)
    assert "  waived: moving" in plain(waived)
    assert "fix:" not in plain(waived)


def test_file_that_was_not_read_is_not_quoted() -> None:
    """The place alone will do."""
    finding = make_finding("SY009", Mark("zones/gone.yaml", 1, 1), "it cannot be read.")

    assert plain(finding).splitlines() == [
        "zones/gone.yaml:1:1: error SY009 it cannot be read.",
        f"  see {finding.rfc}",
    ]


def quoted(line: str, column: int) -> tuple[str, str]:
    """A quoted line and its caret line, without colour and indent."""
    shown, caret = quote_line(Mark(FILE, 1, column), Texts({FILE: line.encode()}))
    return shown.removeprefix("    "), click.unstyle(caret).removeprefix("    ")


@pytest.mark.parametrize(
    ("line", "column", "shown", "caret"),
    [
        ("\tmail: x", 8, "\tmail: x", "\t      ^"),
        ("mail: x", 100, "mail: x", "       ^"),
        ("\ufeffmail: x", 7, "mail: x", "      ^"),
        ("a\x1b[2Jb: x", 7, "a\\x1b[2Jb: x", "         ^"),
        ("\u202eabc", 2, "\\u202eabc", "      ^"),
        ("例え: x", 5, "例え: x", "      ^"),
        ("e\u0301: x", 5, "e\u0301: x", "   ^"),
    ],
    ids=["tab", "beyond the end", "BOM", "escape sequence", "bidi", "wide", "combining"],
)
def test_caret_stands_under_the_column(line: str, column: int, shown: str, caret: str) -> None:
    """Whatever stands before it, and however it is shown."""
    assert quoted(line, column) == (shown, caret)


@pytest.mark.parametrize("column", [1, 50, 5000, 10_000])
def test_long_line_is_cut_around_the_column(column: int) -> None:
    """The marked sign is shown, under the caret."""
    line = "".join(chr(ord("a") + index % 26) for index in range(10_000))
    shown, caret = quoted(line, column)

    assert len(shown) <= WIDTH + len("......")
    assert shown[caret.index("^")] == line[column - 1]


def test_lines_end_as_editors_end_them() -> None:
    """LF, CRLF and CR; nothing else, and octets that are no UTF-8 do no harm."""
    texts = Texts({FILE: b"a\r\nb\rc\nd\x0b\xff\xe2\x80\xa8e"})

    assert [texts.find(Mark(FILE, line, 1)) for line in range(1, 6)] == [
        "a",
        "b",
        "c",
        "d\x0b\\xff\u2028e",
        None,
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("münchen", "münchen"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b]0;x\x07", "\\x1b]0;x\\x07"),
        ("\udcff", "\\udcff"),
        ("\x85\u200b", "\\x85\\u200b"),
    ],
)
def test_nothing_steers_the_terminal(text: str, shown: str) -> None:
    """What does not print is written as an escape."""
    assert printable(text) == shown


def test_reason_cannot_steer_the_terminal() -> None:
    """Texts of the zone file's author come back in reasons."""
    assert "\x1b" not in plain(alias_finding(reason="\x1b[31mred"))


def test_summary() -> None:
    """Counts of everything, each with the right noun."""
    error, mark = alias_finding(), Mark(FILE, 1, 1)
    warning = make_finding("NS008", mark, "one nameserver.")
    waived = Finding("MX004", Level.ERROR, mark, "no address.", waived="moving")

    assert format_summary(3, 120, [error, warning, warning]) == (
        "3 zones, 120 records: 1 error, 2 warnings, 0 hints"
    )
    assert format_summary(1, 1, [waived]) == (
        "1 zone, 1 record: 0 errors, 0 warnings, 0 hints, 1 waived"
    )
