"""Scalars where a number, a time or a yes is due: plain decimal, and no guessing."""

import re

from zoneserver.zonefile.nodes import Node, NodeError, Scalar, scalar, show
from zoneserver.zonefile.ttls import MAX_TTL, parse_duration

_YAML11_INTEGER = re.compile(
    r"([-+]?)(0b[01_]+|0x[0-9a-f_]+|0[0-7_]+|[1-9][0-9_]*(?::[0-5]?[0-9])*)", re.IGNORECASE
)
_LEADING_ZERO = re.compile(r"(?<![0-9])0[0-9]")
_DECIMAL = re.compile(r"0|[1-9][0-9]*")
YES = frozenset({"true", "yes", "on"})  # https://yaml.org/type/bool.html
NO = frozenset({"false", "no", "off"})


def yaml11_integer(text: str) -> int | None:
    """The integer that YAML 1.1 takes a plain scalar for (https://yaml.org/type/int.html)."""
    match = _YAML11_INTEGER.fullmatch(text)
    if match is None or len(text) > 32:
        return None
    sign, digits = match[1], match[2].lower().replace("_", "")
    if ":" in digits:
        value = 0
        for part in digits.split(":"):
            value = value * 60 + int(part)
    elif digits.startswith(("0x", "0b")):
        value = int(digits[2:] or "0", 16 if digits[1] == "x" else 2)
    else:
        value = int(digits, 8 if digits.startswith("0") else 10)
    return -value if sign == "-" else value


def yaml11_note(node: Scalar) -> str:
    """A remark about what YAML 1.1 makes of a plain scalar, if that is another number."""
    value = yaml11_integer(node.text) if node.plain else None
    if value is None or str(value) == node.text:
        return ""
    return f"; YAML 1.1 reads it as {value}"


def read_seconds(node: Node, what: str, code: str = "SY003") -> int:
    """A time in seconds or in units. Raises NodeError; `what` is what it is for."""
    text = scalar(node, what, code, f"{what}: 3600")
    seconds = _duration(text)
    if seconds is None:
        found = "is empty" if text.is_null else f"{show(text.text)} is no time"
        reason = f"{what} {found}{yaml11_note(text)}"
        raise NodeError(code, text, reason, "write seconds or units: 3600, 1h or 1h30m")
    if seconds > MAX_TTL:  # RFC 2181 8
        reason = f"{what} {show(text.text)} is outside 0..{MAX_TTL}"
        raise NodeError(code, text, reason, "write an hour or a day: 3600 or 86400")
    return seconds


def read_ttl(node: Node, what: str = "ttl") -> int:
    """A TTL. Raises NodeError."""
    return read_seconds(node, what, "SY004")


def _duration(node: Scalar) -> int | None:
    """Seconds; None for what is no time, or has a zero in front like an octal number."""
    text = node.text
    return parse_duration(text) if text.isascii() and not _LEADING_ZERO.search(text) else None


def read_integer(node: Node, what: str, most: int, code: str = "SY003") -> int:
    """A plain decimal number of at most `most`. Raises NodeError."""
    text = scalar(node, what, code, f"{what}: 0")
    if not _DECIMAL.fullmatch(text.text):
        found = "is empty" if text.is_null else f"{show(text.text)} is no plain decimal number"
        raise NodeError(
            code, text, f"{what} {found}{yaml11_note(text)}", f"write a number from 0 to {most}"
        )
    if len(text.text) > 10 or int(text.text) > most:
        reason = f"{what} {show(text.text)} is outside 0..{most}"
        raise NodeError(code, text, reason, "write a smaller number")
    return int(text.text)


def read_boolean(node: Node, what: str) -> bool:
    """A yes or no. Raises NodeError."""
    text = scalar(node, what, "SY008", f"{what}: true")
    word = text.text.lower()
    if word not in YES | NO:
        raise NodeError("SY008", text, f"{what} is {show(text.text)}", "write true or false")
    return word in YES
