r"""Master-file text (RFC 1035 5.1) to entries: tokens with their places, nothing read.

Octets are taken as UTF-8, with or without a byte order mark, and lines may end in LF, CRLF
or CR. Older files hold Latin-1 here and there: such an octet is harmless in a comment, and
a fault of the one entry whose token it stands in. NUL octets mean that the file is no text.
"""

import re
from bisect import bisect_right
from collections.abc import Generator, Iterator
from typing import NamedTuple

from zoneserver.errors import ZoneserverError
from zoneserver.findings import Mark
from zoneserver.records.fields import Token

# How often lexing starts anew below a parenthesis that is never closed. Each time costs a
# pass over the rest of the file.
MAX_RECOVERIES = 8

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_LEXEME = re.compile(
    r"""[ \t]*+(?:
        ((?:[^ \t\r\n"();\\]++|\\[^\r\n]?+)++)       # 1: a word; an escape hides one sign
      | ("[^"\\\r\n]*+(?:\\[^\r\n][^"\\\r\n]*+)*+")  # 2: a quoted string
      | ((?:;[^\r\n]*+)?+(?:\r\n?|\n))               # 3: a comment, the end of the line
      | (\()                                         # 4
      | (\))                                         # 5
      | ("[^\r\n]*+)                                 # 6: a quote that the line leaves open
    )""",
    re.VERBOSE,
)
_WORD, _QUOTED, _END, _OPEN, _CLOSE = 1, 2, 3, 4, 5
_NEWLINE = re.compile(r"\r\n?|\n")
_UNINDENTED = re.compile(r"[\r\n](?=[^ \t\r\n;)])")
_UNDECODED = re.compile("[\udc80-\udcff]")  # what surrogateescape makes of a stray octet


class Fault(NamedTuple):
    """Something that keeps text from being read, `at` an offset of the text."""

    at: int
    reason: str
    fix: str


class EntryError(ZoneserverError):
    """An entry that cannot be read: the rule it breaks, the offset, the fix."""

    def __init__(self, code: str, at: int, reason: str, fix: str) -> None:
        super().__init__(reason)
        self.code = code
        self.at = at
        self.fix = fix


class Line(NamedTuple):
    """One entry, on one line or, within parentheses, on several.

    `starts` holds each token's offset, `end` the offset behind the last one. `indented` says
    whether the entry begins with a blank and so belongs to the last owner.
    """

    tokens: list[Token]
    starts: list[int]
    end: int
    faults: list[Fault]
    indented: bool = False


class Page:
    """The text of one file, and where its lines begin."""

    def __init__(self, file: str, octets: bytes) -> None:
        self.file = file
        self._skipped = len(_BYTE_ORDER_MARK) if octets.startswith(_BYTE_ORDER_MARK) else 0
        # The last entry is to have an end of line like all others.
        self.text = octets[self._skipped :].decode("utf-8", "surrogateescape") + "\n"
        self.binary = _find_binary(octets, self.text)
        self._line_starts = [0, *(match.end() for match in _NEWLINE.finditer(self.text))]

    def mark(self, at: int) -> Mark:
        """The position of an offset; columns count characters, a tab is one."""
        line = bisect_right(self._line_starts, at)
        return Mark(self.file, line, at - self._line_starts[line - 1] + 1)

    def lines(self) -> Iterator[Line]:
        """The entries from top to bottom; none of a binary file."""
        if self.binary:
            return
        lines = _split(self.text)
        yield from self._check_octets(lines) if _UNDECODED.search(self.text) else lines

    def _check_octets(self, lines: Iterator[Line]) -> Iterator[Line]:
        """Add a fault to each line with a token that is not UTF-8."""
        seen, offset = 0, self._skipped
        for line in lines:
            for token, start in zip(line.tokens, line.starts, strict=True):
                if found := _UNDECODED.search(token.text):
                    at = start + token.quoted + found.start()
                    offset += len(self.text[seen:at].encode("utf-8", "surrogateescape"))
                    seen = at
                    line.faults.append(_undecoded(at, ord(found[0]) - 0xDC00, offset))
                    break
            yield line


def _find_binary(octets: bytes, text: str) -> Fault | None:
    """What shows that a file holds no text, if anything does."""
    if octets[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return Fault(0, "the file is UTF-16 (see its bytes 0 and 1)", "save it as UTF-8")
    at = text.find("\0")
    if at < 0:
        return None
    return Fault(
        at,
        f"byte {octets.index(0)} is NUL, so this is no text: BIND's raw format, UTF-16, or a"
        " damaged file",
        "for BIND's raw format: named-compilezone -f raw -F text -o zone.txt ORIGIN FILE;"
        " for UTF-16: save it as UTF-8",
    )


def _undecoded(at: int, octet: int, offset: int) -> Fault:
    return Fault(
        at,
        f"byte {offset} of the file is 0x{octet:02X}, which is not UTF-8",
        rf"write it as \{octet:03d}, or save the file as UTF-8",
    )


def _split(text: str) -> Iterator[Line]:
    """Split text into entries, going on below a parenthesis that is never closed."""
    at = 0
    for recoveries_left in range(MAX_RECOVERIES, -1, -1):
        unclosed = yield from _split_from(text, at)
        if unclosed is None:
            return
        line, opened = unclosed
        yield _abandon(line, opened, stopped=not recoveries_left)
        resumption = _UNINDENTED.search(text, opened)
        if resumption is None:
            return
        at = resumption.end()


def _split_from(text: str, at: int) -> Generator[Line, None, tuple[Line, int] | None]:
    """Split text from an offset on.

    Returns the entry whose parenthesis is never closed and the offset of that, if there is one.
    """
    line = Line([], [], 0, [])
    fresh, depth, opened, end = True, 0, 0, 0
    for match in _LEXEME.finditer(text, at):
        kind = match.lastindex or _END
        start = match.start(kind)
        if fresh:
            line = Line([], [], start, [], match.start() < start)
            fresh, end = False, start
        if kind <= _QUOTED:
            text_of = match[kind]
            line.tokens.append(
                Token(text_of) if kind == _WORD else Token(text_of[1:-1], quoted=True)
            )
            line.starts.append(start)
            end = match.end()
        elif kind == _END:
            if not depth:  # RFC 1035 5.1: within parentheses a line's end is a blank
                fresh = True
                if line.tokens or line.faults:
                    yield line._replace(end=end)
        elif kind == _OPEN:
            opened = opened if depth else start
            depth += 1
        elif kind == _CLOSE and depth:
            depth -= 1
        else:
            line.faults.append(_stray(start, match[kind]))
    return (line, opened) if depth else None


def _stray(at: int, text: str) -> Fault:
    """The fault of a quote or a closing parenthesis that stands alone."""
    if text == ")":
        return Fault(at, "this parenthesis closes nothing", "remove it, or open one before it")
    return Fault(
        at,
        "this quote is never closed: the text would run on to the end of the line",
        'put a " where the text ends; within a quoted text write a quote as \\"',
    )


def _abandon(line: Line, opened: int, *, stopped: bool) -> Line:
    """The entry whose parenthesis stays open, cut off there."""
    count = bisect_right(line.starts, opened)
    reason = "this parenthesis is never closed: the entry runs to the end of the file"
    if stopped:
        reason += "; after so many of these, nothing below is read"
    fault = Fault(opened, reason, "put a ) behind the entry's last field")
    faults = [*(fault for fault in line.faults if fault.at < opened), fault]
    return Line(line.tokens[:count], line.starts[:count], opened, faults, line.indented)
