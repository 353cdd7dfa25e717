"""BIND's `$GENERATE range owner [ttl] [class] type rdata`: one entry for each number."""

import re
from collections.abc import Iterator

from zoneserver.zonefile.lexer import EntryError, Line

MAX_ENTRIES = 65536
_MAX_WIDTH = 127  # as in BIND, whose buffer holds 128 octets

_USAGE = "$GENERATE 1-254 host-$ A 192.0.2.$"
_RANGE = re.compile(r"([0-9]{1,10})-([0-9]{1,10})(?:/([0-9]{1,10}))?")
_PLACE = re.compile(
    r"\\.|\$\$|\$\{([+-]?[0-9]{1,10})(?:,([0-9]{1,3})(?:,([doxXnN]))?)?\}|\$(\{?)"
)


def generate(line: Line) -> Iterator[Line]:
    """The entries that a directive stands for, in order. Raises EntryError."""
    if len(line.tokens) < 5:
        raise EntryError("SY003", line.end, "$GENERATE lacks a field", f"write: {_USAGE}")
    for number in _read_range(line):
        tokens = [
            token._replace(text=_substitute(token.text, number, start))
            if "$" in token.text
            else token
            for token, start in zip(line.tokens[2:], line.starts[2:], strict=True)
        ]
        yield Line(tokens, line.starts[2:], line.end, [])


def _read_range(line: Line) -> range:
    """The numbers of `start-stop` or `start-stop/step`, both ends included."""
    text = line.tokens[1].text
    match = _RANGE.fullmatch(text)
    start, stop, step = (int(part or 1) for part in match.groups()) if match else (1, 0, 1)
    if start > stop or not step:
        raise EntryError(
            "SY003",
            line.starts[1],
            f"$GENERATE needs a range such as 1-254 or 0-100/10, not {text[:40]!r}",
            f"write: {_USAGE}",
        )
    numbers = range(start, stop + 1, step)
    if len(numbers) > MAX_ENTRIES:
        raise EntryError(
            "SY010",
            line.starts[1],
            f"$GENERATE {text} makes {len(numbers)} entries; {MAX_ENTRIES} is the most",
            "use a smaller range",
        )
    return numbers


def _substitute(text: str, number: int, at: int) -> str:
    """The text with each place for the number filled in."""

    def fill(match: re.Match[str]) -> str:
        if match[0].startswith("\\"):
            return match[0]
        if match[0] == "$$":
            return "$"
        value = number + int(match[1] or 0)
        width = int(match[2] or 0)
        if match[4] or width > _MAX_WIDTH or value < 0:
            raise EntryError(
                "SY003",
                at,
                f"{text[:40]} cannot be filled in for {number}",
                "write $ or ${offset,width,base}, base one of d o x X n N",
            )
        return _format(value, width, match[3] or "d")

    return _PLACE.sub(fill, text)


def _format(value: int, width: int, base: str) -> str:
    if base not in "nN":
        return format(value, base).zfill(width)
    # Nibbles for ip6.arpa, lowest first. The width counts dots, so an even one ends in one.
    digits = format(value, "x" if base == "n" else "X").zfill((width + 1) // 2)
    return ".".join(reversed(digits)).ljust(width, ".")
