"""The macro strings of SPF (RFC 7208 7): what may stand in a domain, and what %{d} becomes."""

import re

# RFC 7208 7.1: what one macro string is made of; a literal is any visible ASCII but %.
_PIECE = re.compile(
    r"(?P<macro>%\{(?P<letter>[A-Za-z])(?P<digits>[0-9]*)[rR]?[-.+,/_=]*\})"
    r"|(?P<escape>%[%_-])"
    r"|(?P<literal>[\x21-\x24\x26-\x7e]+)"
)
_LETTERS = frozenset("slodiphv")
_ONLY_IN_EXPLANATIONS = frozenset("crt")  # RFC 7208 7.2

# RFC 7208 7.1: a top label is no number, and neither begins nor ends with a hyphen.
_TOP_LABEL = r"(?:[0-9A-Za-z]*[A-Za-z][0-9A-Za-z]*|[0-9A-Za-z]+-[0-9A-Za-z-]*[0-9A-Za-z])"
_DOMAIN_END = re.compile(rf".*\.{_TOP_LABEL}\.?", re.DOTALL)

_DOMAIN_MACRO = re.compile(r"%\{d\}", re.IGNORECASE)
_ESCAPES = {"%%": "%", "%_": " ", "%-": "%20"}  # RFC 7208 7.1


def find_macro_fault(text: str) -> str:
    """Why a text is no macro string, or an empty text."""
    at = 0
    while at < len(text):
        piece = _PIECE.match(text, at)
        if piece is None:
            bad = text[at : at + 4]
            return (
                f"{bad} is no macro"
                if bad.startswith("%")
                else "it has a character that is not allowed"
            )
        if piece["macro"] and (
            fault := _letter_fault(piece["letter"].lower(), piece["digits"])
        ):
            return f"{piece['macro']}: {fault}"
        at = piece.end()
    return ""


def find_domain_fault(text: str) -> str:
    """Why a text is no domain-spec (RFC 7208 7.1), or an empty text."""
    if not text:
        return "the domain is empty; is there a blank too many?"
    if fault := find_macro_fault(text):
        return fault
    tail = ""
    for piece in _PIECE.finditer(text):
        tail = piece["literal"] or ""
    if tail and not _DOMAIN_END.fullmatch(tail):
        return f"{text} is no full domain name"
    return ""


def expand(text: str, domain: str) -> str | None:
    """A domain-spec with `%{d}` replaced; None where only the receiver of a mail can tell."""
    if "%" not in text:
        return text
    text = _DOMAIN_MACRO.sub(domain.rstrip("."), text)
    for escape, plain in _ESCAPES.items():
        text = text.replace(escape, plain)
    return None if "%{" in text else text


def asks_for_pointers(text: str) -> bool:
    """Whether a text has the macro `%{p}`, which needs the sender's PTR (RFC 7208 7.2)."""
    return any((piece["letter"] or "").lower() == "p" for piece in _PIECE.finditer(text))


def _letter_fault(letter: str, digits: str) -> str:
    if letter in _ONLY_IN_EXPLANATIONS:
        return "this macro is for explanations only"
    if letter not in _LETTERS:
        return "there is no such macro"
    return "the number of labels must not be 0" if digits and not int(digits) else ""
