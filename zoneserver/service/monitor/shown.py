"""Texts, times and numbers as the status page shows them."""

from html import escape

MOST_CHARACTERS = 400  # of one text
_UNITS = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))


def show(text: object) -> str:
    """A text of anybody's, so that it can stand in a page."""
    whole = str(text)
    cut = whole[:MOST_CHARACTERS] + "…" if len(whole) > MOST_CHARACTERS else whole
    return escape(
        "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in cut)
    )


def age(seconds: float) -> str:
    """A time in the largest unit that it fills."""
    for unit, length in _UNITS:
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return "0 s"


def count(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
