"""Domain names: octets in wire form, compared without regard to ASCII case.

A `Name` keeps the octets as they were written and, beside them, `key`: the same
octets with A-Z folded (RFC 4343). Two names are equal when their keys are. Folding the
whole wire form is safe, because a length octet is at most 63 and so never a letter.
"""

from collections.abc import Iterator, Sequence
from typing import Self

import idna

from zoneserver.errors import NameSyntaxError

MAX_LABEL_OCTETS = 63  # RFC 1035 2.3.4
MAX_NAME_OCTETS = 255  # RFC 1035 2.3.4, length octets and root included

# What must be escaped in text so that it reads back as the same octets (RFC 1035 5.1).
_ESCAPED = frozenset(b'"().;@$\\')


class Name:
    """A domain name, absolute and immutable.

    `wire` is the uncompressed wire form as written, `key` its case-folded twin.
    """

    __slots__ = ("key", "wire")

    wire: bytes
    key: bytes

    def __init__(self, wire: bytes) -> None:
        """Take a wire form that is known to be sound; `parse` and `from_labels` check."""
        key = wire.lower()
        object.__setattr__(self, "wire", wire)
        # Most names are written in lower case: one value then stands for both.
        object.__setattr__(self, "key", wire if key == wire else key)

    def __setattr__(self, attribute: str, value: object) -> None:
        raise AttributeError("a Name is immutable")

    @classmethod
    def from_labels(cls, labels: Sequence[bytes]) -> Self:
        """Build a name from its labels, root not included.

        Raises NameSyntaxError for an empty label, a label over 63 or a name over 255
        octets.
        """
        return cls(_sized(_encode(labels) + b"\0"))

    @classmethod
    def parse(cls, text: str, origin: "Name | None" = None) -> "Name":
        """Read presentation format; a name without the final dot is below `origin`.

        Raises NameSyntaxError, also for a relative name where there is no origin.
        """
        if text == ".":
            return ROOT
        if text == "@" and origin is not None:
            return origin
        labels, absolute = split_labels(text)
        if absolute:
            return cls.from_labels(labels)
        if origin is None:
            raise NameSyntaxError(f"{text} has no final dot")
        return origin.prefixed(*labels)

    @property
    def labels(self) -> tuple[bytes, ...]:
        """The labels from left to right, without the root."""
        wire, labels, at = self.wire, [], 0
        while length := wire[at]:
            labels.append(wire[at + 1 : at + 1 + length])
            at += 1 + length
        return tuple(labels)

    @property
    def parent(self) -> "Name":
        """The name one label up. The root is its own parent."""
        return Name(self.wire[1 + self.wire[0] :]) if self.wire[0] else self

    @property
    def is_wildcard(self) -> bool:
        """Whether the leftmost label is a single asterisk (RFC 4592 2.1.1)."""
        return self.wire.startswith(b"\x01*")

    def ancestors(self) -> "Iterator[Name]":
        """The parent, its parent, and so on up to the root."""
        name = self
        while name.wire[0]:
            name = name.parent
            yield name

    def is_below(self, other: "Name") -> bool:
        """Whether this name is `other` or a descendant of it."""
        key, suffix, at = self.key, other.key, 0
        while len(key) - at > len(suffix):
            at += 1 + key[at]
        return key[at:] == suffix

    def prefixed(self, *labels: bytes) -> "Name":
        """The name with `labels` put in front. Raises NameSyntaxError if it gets too long."""
        return Name(_sized(_encode(labels) + self.wire))

    def rebased(self, old: "Name", new: "Name") -> "Name":
        """The name with its suffix `old` replaced by `new` (RFC 6672 2.2).

        Raises NameSyntaxError where the result is over 255 octets.
        """
        wire = self.wire[: len(self.wire) - len(old.wire)] + new.wire
        if len(wire) > MAX_NAME_OCTETS:
            raise NameSyntaxError("the substituted name is over 255 octets", "SY002")
        return Name(wire)

    def relative_to(self, origin: "Name") -> str:
        """Text without the origin; `@` for the origin itself, absolute if not below it."""
        if not self.is_below(origin):
            return str(self)
        count = len(self.labels) - len(origin.labels)
        return ".".join(label_text(label) for label in self.labels[:count]) or "@"

    def canonical(self) -> tuple[bytes, ...]:
        """A key that sorts names in the canonical order of RFC 4034 6.1."""
        return Name(self.key).labels[::-1]

    def __str__(self) -> str:
        return "".join(label_text(label) + "." for label in self.labels) or "."

    def __repr__(self) -> str:
        return f"Name({str(self)!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Name) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)


def _encode(labels: Sequence[bytes]) -> bytes:
    """The labels behind their length octets. Raises NameSyntaxError."""
    for label in labels:
        if not label:
            raise NameSyntaxError("a label is empty (two dots in a row?)", "SY001")
        if len(label) > MAX_LABEL_OCTETS:
            raise NameSyntaxError(
                f"the label {label_text(label)[:20]}... has {len(label)} octets; "
                f"{MAX_LABEL_OCTETS} is the most",
                "SY001",
            )
    return b"".join([b"%c%b" % (len(label), label) for label in labels])


def _sized(wire: bytes) -> bytes:
    """The wire form, if it is no longer than a name may be. Raises NameSyntaxError."""
    if len(wire) > MAX_NAME_OCTETS:
        raise NameSyntaxError(
            f"the name has {len(wire)} octets in wire form; 255 is the most", "SY002"
        )
    return wire


def label_text(label: bytes) -> str:
    """One label in presentation format, escaped where RFC 1035 5.1 asks for it."""
    if label.isalnum():
        return label.decode("ascii")
    return "".join(
        f"\\{octet:03d}"
        if not 0x21 <= octet <= 0x7E
        else ("\\" + chr(octet) if octet in _ESCAPED else chr(octet))
        for octet in label
    )


def split_labels(text: str) -> tuple[list[bytes], bool]:
    """Split presentation format into labels; the second value: had it a final dot?

    Raises NameSyntaxError.
    """
    if not text:
        raise NameSyntaxError("the name is empty", "SY001")
    if "\\" in text:
        pieces = _split_at_dots(text)
        labels = [_unescape_label(p) if "\\" in p else _a_label(p) for p in pieces]
    elif text.isascii():
        labels = text.encode().split(b".")
    else:
        labels = [_a_label(piece) for piece in text.split(".")]
    absolute = len(labels) > 1 and not labels[-1]
    return (labels[:-1] if absolute else labels), absolute


def _split_at_dots(text: str) -> list[str]:
    """The text between the dots that no backslash protects."""
    pieces, start, at = [], 0, 0
    while at < len(text):
        if text[at] == ".":
            pieces.append(text[start:at])
            start = at + 1
        at += 2 if text[at] == "\\" else 1
    return [*pieces, text[start:]]


def _unescape_label(label: str) -> bytes:
    if not label.isascii():
        raise NameSyntaxError(f"{label} has an escape beside a letter that is not ASCII")
    octets, at = bytearray(), 0
    while at < len(label):
        octet, at = unescape(label, at) if label[at] == "\\" else (label[at].encode(), at + 1)
        octets += octet
    return bytes(octets)


def unescape(text: str, at: int) -> tuple[bytes, int]:
    r"""The octets that the escape at `at` stands for (`\DDD` or `\X`), and where it ends.

    Raises NameSyntaxError (RFC 1035 5.1).
    """
    digits = text[at + 1 : at + 4]
    if digits[:1].isascii() and digits[:1].isdigit():
        if len(digits) < 3 or not (digits.isascii() and digits.isdigit()) or int(digits) > 255:
            raise NameSyntaxError(rf"\{digits} is no escape: three digits, at most \255")
        return bytes((int(digits),)), at + 4
    if not digits:
        raise NameSyntaxError("the text ends in a lone backslash")
    return digits[0].encode(), at + 2


def _a_label(label: str) -> bytes:
    """The octets of one label; a U-label becomes its A-label (IDNA 2008, RFC 5891 4)."""
    if label.isascii():
        return label.encode()
    try:
        a_label = idna.encode(label, uts46=True)
    except idna.IDNAError as error:
        raise NameSyntaxError(
            f"{label} is no internationalised label: {error}", "MX029"
        ) from error
    if b"." in a_label:  # U+3002 and its like: dots to some, so a label to nobody
        raise NameSyntaxError(f"{label} holds a dot that is not ASCII; write it as .", "MX029")
    return a_label


ROOT = Name(b"\0")
