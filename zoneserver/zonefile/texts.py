r"""Rdata written as one text: TXT, and the presentation format of types without a mapping.

octoDNS writes `\;` for a semicolon in a TXT, and joins strings that are quoted already
("first" "second"). Both are read here; whatever reads differently there is refused.
"""

import re
from typing import Any

from zoneserver.errors import RdataError
from zoneserver.records import rtypes
from zoneserver.records.fields import Field, Rest, Token
from zoneserver.records.layout import MAX_RDATA_OCTETS
from zoneserver.records.parse import parse_rdata
from zoneserver.records.rdata import SPF, TXT, Rdata
from zoneserver.zonefile.nodes import Node, NodeError, Scalar, scalar, show

GENERIC = re.compile(r"\\#[ \t]+[0-9]+(?:[ \t]+[0-9A-Fa-f]+)*")  # RFC 3597 5

# What a text may have: the rest is for the lengths of its strings, and for other fields.
MAX_OCTETS = MAX_RDATA_OCTETS - 512

_CHUNK_BORDER = re.compile(r'(?<!\\)"\s+"')
_LONE_QUOTE = re.compile(r'(?<!\\)"')
_FIXES = {
    "CA001": "write issue, issuewild, iodef or issuemail",
    "AD001": "write one address: 192.0.2.25 in an A, 2001:db8::25 in an AAAA",
}
_QUOTED_FIX = r'write "say \"hi\"", in single quotes around all of it'


def read_text(node: Node, rtype: int) -> TXT:
    """The TXT (or SPF) that a scalar writes. Raises NodeError."""
    type_ = rtypes.mnemonic(rtype)
    text = scalar(node, type_, "SY003", f"value: 'v=spf1 mx -all' ({type_})")
    if text.is_empty:
        raise NodeError("SY003", text, f"the {type_} has no text", "write '' for an empty one")
    _refuse_newline(text, type_)
    octets = _unwrap(text).encode()
    _refuse_long(text, octets)
    kind = SPF if rtype == rtypes.SPF else TXT
    return kind.split(octets)


def _refuse_newline(text: Scalar, type_: str) -> None:
    if "\n" not in text.text and "\r" not in text.text:
        return
    raise NodeError(
        "SY008",
        text,
        f"the {type_} holds a line end, which would be part of what receivers read",
        "write it in one line in single quotes, however long (it is split into strings by"
        " itself), or as a block that starts with >- instead of > or |",
    )


def _unwrap(node: Scalar) -> str:
    r"""The text that is meant: strings joined, `\;` and, in quotes, `\"` undone."""
    text = node.text
    if "\\\\;" in text:
        raise NodeError(
            "SY008", node, rf"\\; is a semicolon escaped twice: {show(text)}", r"write ; or \;"
        )
    text = text.replace("\\;", ";")
    if not text.startswith('"'):
        if _CHUNK_BORDER.search(text):
            raise NodeError(
                "SY008",
                node,
                'the text holds " ", which octoDNS takes for the border of two strings',
                "leave the inner quotes out: a long text is split into strings by itself",
            )
        return text
    inner = text[1:-1]
    if len(text) < 2 or not text.endswith('"') or inner.endswith("\\"):
        raise NodeError(
            "SY003",
            node,
            f"the text {show(text)} opens a quote and does not close it",
            _QUOTED_FIX,
        )
    inner = _CHUNK_BORDER.sub("", inner)
    if _LONE_QUOTE.search(inner):
        raise NodeError(
            "SY003", node, f"a lone quote stands inside the text {show(text)}", _QUOTED_FIX
        )
    return inner.replace('\\"', '"')


def read_presentation(node: Node, rtype: int) -> Rdata:
    r"""The rdata in presentation format, or as `\# length hex`. Raises NodeError."""
    type_ = rtypes.mnemonic(rtype)
    text = scalar(node, type_, "SY003", r"value: '\# 4 0a000001'")
    if text.is_null or not text.text.strip():
        raise NodeError(
            "SY003", text, f"the {type_} has no rdata", "write it, or remove the record"
        )
    _refuse_newline(text, type_)
    # A text in quotes may hold blanks; only the generic form is known to hold none.
    words = text.text.split() if GENERIC.fullmatch(text.text) else [text.text]
    try:
        return parse_rdata(rtype, [Token(word) for word in words], None)
    except RdataError as error:
        reason = " ".join(str(error).split())
        if "non-absolute" in reason:
            raise NodeError(
                "SY013", text, f"a name in {show(text.text)} has no final dot", "add the dot"
            ) from error
        raise NodeError(
            error.code,
            text,
            f"{type_} {show(text.text)} cannot be read: {reason}",
            error.fix or rf"write the rdata as in a master file, or as \# length hex ({type_})",
        ) from error


def read_field_text(rtype: int, field: Field[Any], node: Node) -> object:
    """The value of a field that is a text, an address, hex or base64.

    A text means what it shows: nothing in it is an escape. Raises NodeError.
    """
    name = field.name
    text = scalar(node, name, "SY003")
    encoded = isinstance(field, Rest) and field.form != "text"
    if text.is_empty or (encoded and not text.text.strip()):
        reason = f"the {name} of the {rtypes.mnemonic(rtype)} is empty"
        raise NodeError("SY003", text, reason, f"write the {name}")
    try:
        value = field.parse(Token(text.text, literal=True), None)
    except RdataError as error:
        reason = f"{rtypes.mnemonic(rtype)}: {error}"
        fix = error.fix or _FIXES.get(error.code, f"correct the {name}")
        raise NodeError(error.code, text, reason, fix) from error
    if isinstance(field, Rest):
        _refuse_long(text, value)
    return value


def _refuse_long(node: Node, octets: bytes) -> None:
    if len(octets) > MAX_OCTETS:
        raise NodeError(
            "SY010",
            node,
            f"the rdata has {len(octets)} octets; {MAX_OCTETS} is the most",
            "shorten it",
        )
