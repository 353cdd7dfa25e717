"""Rdata as a row of fields: tokens or octets into the fields' values, and back."""

from collections.abc import Iterable, Sequence
from typing import Any

from zoneserver.errors import NameSyntaxError, RdataError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.fields import Field, Token

Layout = tuple[Field[Any], ...]

MAX_RDATA_OCTETS = 65535  # RFC 1035 3.2.1: RDLENGTH has two octets


def parse_fields(
    rtype: int, layout: Layout, tokens: Sequence[Token], origin: Name | None
) -> list[Any]:
    """The values of presentation format, one token each.

    Raises RdataError; its `position` is the index of the token.
    """
    tokens = _join_rest(layout, tokens)
    if len(tokens) != len(layout):
        mnemonic = rtypes.mnemonic(rtype)
        raise RdataError(
            f"{mnemonic} takes {len(layout)} field(s), not {len(tokens)}",
            fix=" ".join(["write:", mnemonic, *(field.name for field in layout)]),
            position=min(len(tokens), len(layout)),
        )
    values = []
    for position, (field, token) in enumerate(zip(layout, tokens, strict=True)):
        try:
            values.append(field.parse(token, origin))
        except RdataError as error:
            error.position = position
            raise
        except NameSyntaxError as error:
            raise RdataError(str(error), code=error.code, position=position) from error
    return values


def decode_fields(layout: Layout, octets: bytes) -> list[Any]:
    """The values in uncompressed rdata. Raises RdataError."""
    values, at = [], 0
    for field in layout:
        value, at = field.decode(octets, at)
        values.append(value)
    if at != len(octets):
        raise RdataError(f"{len(octets) - at} octet(s) too many in the rdata")
    return values


def encode_fields(layout: Layout, values: Iterable[Any]) -> tuple[bytes | Name, ...]:
    """The values as octets and, where they may be compressed, names."""
    return tuple(field.encode(value) for field, value in zip(layout, values, strict=True))


def format_fields(layout: Layout, values: Iterable[Any]) -> str:
    """The values in presentation format."""
    return " ".join(field.format(value) for field, value in zip(layout, values, strict=True))


def check_size(octets: int) -> None:
    """Raises RdataError for rdata that no message has room for."""
    if octets > MAX_RDATA_OCTETS:
        raise RdataError(
            f"the rdata has {octets} octets; {MAX_RDATA_OCTETS} is the most", code="SY010"
        )


def _join_rest(layout: Layout, tokens: Sequence[Token]) -> Sequence[Token]:
    """Make one token of those that the last field swallows."""
    last = len(layout) - 1
    if not layout[last].takes_rest or len(tokens) <= len(layout):
        return tokens
    return [*tokens[:last], Token("".join(token.text for token in tokens[last:]))]
