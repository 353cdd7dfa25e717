"""The kinds of field that rdata is made of, each read and written in one place.

A field turns one token of presentation format into a value (`parse`), a value into
octets (`encode`), octets into a value (`decode`) and a value into text (`format`). A
domain name encodes as the `Name` itself, so that whoever writes the message can
compress it where RFC 3597 4 allows that.
"""

import base64
import binascii
import ipaddress
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from zoneserver.errors import NameSyntaxError, RdataError
from zoneserver.names import MAX_LABEL_OCTETS, Name, unescape

MAX_STRING_OCTETS = 255  # RFC 1035 3.3: one length octet
# Dotted decimals are looked up; `ipaddress`, four times as slow, judges the rest.
_OCTETS = {str(octet): bytes((octet,)) for octet in range(256)}
_PLAIN_DECIMAL = re.compile(r"0|[1-9][0-9]*")

ValueT = TypeVar("ValueT")


class Token(NamedTuple):
    """One word of rdata text; a `quoted` one is without its quotes.

    `literal` text has no escapes: it means what it shows.
    """

    text: str
    quoted: bool = False
    literal: bool = False


@dataclass(frozen=True)
class Field(ABC, Generic[ValueT]):
    """One field: its `name` as the RFC (and octoDNS) spells it, and the rule it breaks."""

    name: str
    code: str = "SY003"

    @property
    def takes_rest(self) -> bool:
        """Whether the field swallows all remaining tokens."""
        return False

    @abstractmethod
    def parse(self, token: Token, origin: Name | None) -> ValueT:
        """The value of one token. Raises RdataError, or NameSyntaxError for a name."""

    @abstractmethod
    def encode(self, value: ValueT) -> bytes | Name:
        """The octets of a value, or the name it is."""

    @abstractmethod
    def decode(self, octets: bytes, at: int) -> tuple[ValueT, int]:
        """The value at an offset of uncompressed rdata, and the offset behind it."""

    def format(self, value: ValueT) -> str:
        """The value in presentation format."""
        return str(value)

    def error(self, message: str, fix: str = "") -> RdataError:
        """An RdataError under this field's rule."""
        return RdataError(f"{self.name} {message}", code=self.code, fix=fix)


@dataclass(frozen=True)
class Integer(Field[int]):
    """An unsigned integer of `octets` octets, network order, plain decimal in text."""

    octets: int = 2

    def parse(self, token: Token, _origin: Name | None) -> int:
        """Plain decimal only: `010` is 8 to some and 10 to others."""
        most = 256**self.octets - 1
        if not _PLAIN_DECIMAL.fullmatch(token.text):
            raise self.error(
                f"{token.text!r} is no plain decimal number", f"write a number from 0 to {most}"
            )
        # A longer text cannot be in range, and int() of a huge one would cost.
        if len(token.text) > 10 or int(token.text) > most:
            raise self.error(f"{token.text[:20]} is outside 0..{most}")
        return int(token.text)

    def encode(self, value: int) -> bytes:
        """Network order."""
        return value.to_bytes(self.octets, "big")

    def decode(self, octets: bytes, at: int) -> tuple[int, int]:
        """Network order."""
        return int.from_bytes(_take(octets, at, self.octets), "big"), at + self.octets


@dataclass(frozen=True)
class HostName(Field[Name]):
    """A domain name. `compressed` only in the types of RFC 1035 (RFC 3597 4)."""

    compressed: bool = False

    def parse(self, token: Token, origin: Name | None) -> Name:
        """A relative name is below `origin`."""
        return Name.parse(token.text, origin)

    def encode(self, value: Name) -> bytes | Name:
        """The name itself where it may be compressed."""
        return value if self.compressed else value.wire

    def decode(self, octets: bytes, at: int) -> tuple[Name, int]:
        """Rdata at rest has no pointers, so neither has a name in it."""
        labels, end = [], at
        while length := _take(octets, end, 1)[0]:
            if length > MAX_LABEL_OCTETS:
                raise self.error("holds a compressed or unknown label")
            labels.append(_take(octets, end + 1, length))
            end += 1 + length
        try:
            return Name.from_labels(labels), end + 1
        except NameSyntaxError as error:
            raise self.error(str(error)) from error


@dataclass(frozen=True)
class Address(Field[bytes]):
    """An IPv4 or IPv6 address, kept as its 4 or 16 octets."""

    octets: int = 4
    code: str = "AD001"

    def parse(self, token: Token, _origin: Name | None) -> bytes:
        """The text forms of RFC 4291 2.2, without a zone index."""
        parts = token.text.split(".", 4)
        if len(parts) == self.octets == 4 and _OCTETS.keys() >= set(parts):
            return b"".join([_OCTETS[part] for part in parts])
        try:
            address = ipaddress.ip_address(token.text)
        except ValueError:
            raise self.error(f"{token.text!r} is not an {self.family} address") from None
        if len(address.packed) != self.octets or "%" in token.text:
            other = "AAAA" if self.octets == 4 else "A"
            raise self.error(
                f"{token.text} is not an {self.family} address",
                f"use type {other}" if "%" not in token.text else "leave out the zone index",
            )
        return address.packed

    @property
    def family(self) -> str:
        """IPv4 or IPv6."""
        return "IPv4" if self.octets == 4 else "IPv6"

    def encode(self, value: bytes) -> bytes:
        """As kept."""
        return value

    def decode(self, octets: bytes, at: int) -> tuple[bytes, int]:
        """As kept."""
        return _take(octets, at, self.octets), at + self.octets

    def format(self, value: bytes) -> str:
        """Dotted decimals; of IPv6 the short form of RFC 5952."""
        if len(value) == 4:
            return ".".join(map(str, value))
        return str(ipaddress.ip_address(value))


@dataclass(frozen=True)
class String(Field[bytes]):
    """One character-string (RFC 1035 3.3), at most 255 octets."""

    def parse(self, token: Token, _origin: Name | None) -> bytes:
        """Escapes are undone (RFC 1035 5.1)."""
        octets = text_octets(token)
        if len(octets) > MAX_STRING_OCTETS:
            raise RdataError(
                f"{self.name} has {len(octets)} octets; a character-string holds 255",
                code="TX001",
                fix='split it: "first part" "second part"',
            )
        return octets

    def encode(self, value: bytes) -> bytes:
        """Behind its length octet."""
        return bytes((len(value),)) + value

    def decode(self, octets: bytes, at: int) -> tuple[bytes, int]:
        """Behind its length octet."""
        end = at + 1 + _take(octets, at, 1)[0]
        return _take(octets, at + 1, end - at - 1), end

    def format(self, value: bytes) -> str:
        """Quoted, so that it reads back the same."""
        return quote(value)


class Tag(String):
    """A property name of a CAA: letters and digits, at least one (RFC 8659 4.1)."""

    def parse(self, token: Token, _origin: Name | None) -> bytes:
        """Without quotes, usually."""
        return self._checked(text_octets(token))

    def decode(self, octets: bytes, at: int) -> tuple[bytes, int]:
        """Behind its length octet."""
        tag, at = super().decode(octets, at)
        return self._checked(tag), at

    def format(self, value: bytes) -> str:
        """As a word."""
        return value.decode("ascii")

    def _checked(self, tag: bytes) -> bytes:
        if not tag.isalnum() or len(tag) > MAX_STRING_OCTETS:
            raise self.error(f"has 1 to {MAX_STRING_OCTETS} letters and digits, nothing else")
        return tag


@dataclass(frozen=True)
class Rest(Field[bytes]):
    """The octets up to the end of the rdata; text is `hex`, `base64` or one string."""

    form: str = "hex"

    @property
    def takes_rest(self) -> bool:
        """Hex and base64 may be broken into several tokens."""
        return self.form != "text"

    def parse(self, token: Token, _origin: Name | None) -> bytes:
        """In the field's form."""
        if self.form == "text":
            return text_octets(token)
        try:
            if self.form == "hex":
                return bytes.fromhex(token.text)
            return base64.b64decode("".join(token.text.split()), validate=True)
        except (ValueError, binascii.Error):
            raise self.error(f"{token.text[:20]!r} is not {self.form}") from None

    def encode(self, value: bytes) -> bytes:
        """As kept."""
        return value

    def decode(self, octets: bytes, at: int) -> tuple[bytes, int]:
        """All that is left."""
        return octets[at:], len(octets)

    def format(self, value: bytes) -> str:
        """In the field's form."""
        if self.form == "text":
            return quote(value)
        return value.hex() if self.form == "hex" else base64.b64encode(value).decode()


def text_octets(token: Token) -> bytes:
    """The octets that a token stands for, its escapes undone unless it is literal.

    Raises RdataError for a bad escape.
    """
    if token.literal or "\\" not in token.text:
        return token.text.encode()
    octets, at, text = bytearray(), 0, token.text
    while at < len(text):
        if text[at] == "\\":
            try:
                octet, at = unescape(text, at)
            except NameSyntaxError as error:
                raise RdataError(str(error)) from error
            octets += octet
        else:
            octets += text[at].encode()
            at += 1
    return bytes(octets)


def quote(octets: bytes) -> str:
    """Octets as a quoted character-string that reads back the same (RFC 1035 5.1)."""
    return (
        '"'
        + "".join(
            f"\\{octet:03d}"
            if not 0x20 <= octet <= 0x7E
            else ("\\" + chr(octet) if octet in b'"\\' else chr(octet))
            for octet in octets
        )
        + '"'
    )


def _take(octets: bytes, at: int, count: int) -> bytes:
    if at + count > len(octets):
        raise RdataError("the rdata ends too early")
    return octets[at : at + count]
