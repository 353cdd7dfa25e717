"""What we print: nothing in it may steer the terminal, and colour only where it is seen."""

import os
import sys
import unicodedata
from contextlib import suppress

import click

# Unicode's controls, formats (they can turn text around), surrogates (octets of a file
# name that are no UTF-8), and separators of lines and paragraphs.
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})


def printable(text: str, keep: str = "") -> str:
    """The text with all that does not print written as an escape, `keep` excepted."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(each if each in keep else _show(each) for each in text)


def _show(character: str) -> str:
    if unicodedata.category(character) in _UNPRINTABLE:
        return character.encode("unicode_escape", "surrogatepass").decode()
    return character


def say(text: str = "") -> None:
    """Print a line to standard output."""
    encoding = sys.stdout.encoding
    shown = text.encode(encoding, "backslashreplace").decode(encoding)
    click.echo(shown, color=None if has_colour() else False)
    sys.stdout.flush()


def log(text: str) -> None:
    """Print a line to standard error, as commands do; a server has `service.log`."""
    with suppress(OSError):
        click.echo(text, err=True, color=None if has_colour() else False)


def has_colour() -> bool:
    """Whether a terminal may be given colours."""
    return not os.environ.get("NO_COLOR")  # https://no-color.org: any value but an empty one
