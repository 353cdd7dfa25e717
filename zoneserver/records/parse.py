"""From tokens, text or octets to rdata, whatever the type."""

from collections.abc import Sequence

from zoneserver.errors import RdataError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.fields import Integer, Token
from zoneserver.records.layout import check_size
from zoneserver.records.rare import encode_text
from zoneserver.records.rdata import TYPED, Opaque, Rdata

_LENGTH = Integer("length")

# Typed for what they point to, but their parameters are dnspython's business.
_TEXT_BY_DNSPYTHON = frozenset({rtypes.SVCB, rtypes.HTTPS})


def parse_rdata(rtype: int, tokens: Sequence[Token], origin: Name | None) -> Rdata:
    """Read rdata in presentation format, names relative to `origin`. Raises RdataError."""
    if tokens and tokens[0].text == r"\#" and not tokens[0].quoted:
        return decode_rdata(rtype, _generic_octets(tokens))
    kind = TYPED.get(rtype)
    if kind is not None and rtype not in _TEXT_BY_DNSPYTHON:
        return kind.parse(tokens, origin)
    text = " ".join(f'"{token.text}"' if token.quoted else token.text for token in tokens)
    return decode_rdata(rtype, encode_text(rtype, text, origin))


def decode_rdata(rtype: int, octets: bytes) -> Rdata:
    """Read uncompressed rdata. Raises RdataError."""
    check_size(len(octets))
    kind = TYPED.get(rtype)
    return Opaque(rtype, octets) if kind is None else kind.decode(octets)


def _generic_octets(tokens: Sequence[Token]) -> bytes:
    r"""The octets of `\# length hex...` (RFC 3597 5)."""
    try:
        count = _LENGTH.parse(tokens[1], None)
        octets = bytes.fromhex("".join(token.text for token in tokens[2:]))
    except (IndexError, ValueError, RdataError):
        raise RdataError(
            r"this is not \# followed by a length and hex digits", fix=r"write: \# 4 0a000001"
        ) from None
    if count != len(octets):
        raise RdataError(rf"\# announces {count} octet(s), but {len(octets)} follow")
    return octets
