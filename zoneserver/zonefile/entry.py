"""One entry of a master file: its TTL, class and type, then its rdata (RFC 1035 5.1)."""

import re
from functools import lru_cache
from typing import NamedTuple

from zoneserver.errors import NameSyntaxError, RdataError
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.fields import Token
from zoneserver.records.parse import parse_rdata
from zoneserver.records.rdata import TYPED, Rdata
from zoneserver.zonefile.lexer import EntryError, Fault, Line
from zoneserver.zonefile.ttls import parse_duration, read_ttl

_NUMERIC = re.compile(r"[+-]?[0-9]")
_IPV4 = re.compile(r"[0-9]+(?:\.[0-9]+){3}")
_CLASS = re.compile(r"IN|CH|CHAOS|HS|HESIOD|CS|CSNET|CLASS[0-9]+", re.IGNORECASE)
_INTERNET = ("IN", "CLASS1")
_UNESCAPED_AT = re.compile(r"(?<!\\)@")

# Where the target stands in rdata of several fields, for the record's mark.
_TARGET = {rtypes.MX: 1, rtypes.SRV: 3, rtypes.SVCB: 1, rtypes.HTTPS: 1}
_SERVICE = (rtypes.SVCB, rtypes.HTTPS)
_SOA_RNAME, _SOA_TIMERS = 1, range(3, 7)

_META = {
    rtypes.ANY: "ANY is a query type: it asks for all types, no record has it",
    rtypes.AXFR: "AXFR is a query type: it asks for the whole zone, no record has it",
    rtypes.IXFR: "IXFR is a query type: it asks for a zone's changes, no record has it",
}
_NAME_FIXES = {
    "SY001": "a label holds 1 to 63 octets: shorten it, or remove the dot too many",
    "SY002": "shorten the name; one that is meant to be complete ends in a dot",
    "SY003": r"write \. for a dot within a label, \065 for an octet (three digits, up to 255)",
    "MX029": "write the name as its A-label (xn--...)",
}
_RDATA_FIXES = {
    "SY001": _NAME_FIXES["SY001"],
    "SY002": _NAME_FIXES["SY002"],
    "MX029": _NAME_FIXES["MX029"],
    "AD001": "write one address: 192.0.2.25 in an A, 2001:db8::25 in an AAAA",
    "MX013": "write: MX 10 mail.example.com. (the lowest number is tried first)",
}


class Head(NamedTuple):
    """What stands before the rdata; `at` is the index of the first rdata token."""

    ttl: int | None
    rtype: int
    at: int


def read_name(token: Token, at: int, origin: Name) -> Name:
    """The name that a token outside of rdata holds. Raises EntryError."""
    if token.quoted:
        raise EntryError(
            "SY003",
            at,
            f'"{token.text[:40]}" is a text where a name is due',
            "remove the quotes",
        )
    try:
        return Name.parse(token.text, origin)
    except NameSyntaxError as error:
        raise EntryError(error.code, at, str(error), _NAME_FIXES.get(error.code, "")) from error


def read_head(line: Line, at: int) -> Head:
    """TTL, class (in either order, both optional) and type, from token `at` on.

    Raises EntryError.
    """
    ttl, classed = None, False
    for index in range(at, len(line.tokens)):
        token, start = line.tokens[index], line.starts[index]
        word = token.text
        rtype = None if token.quoted else _find_rtype(word)
        if rtype is not None:
            _refuse_meta(rtype, start)
            return Head(ttl, rtype, index + 1)
        if ttl is None and _NUMERIC.match(word):
            _refuse_address(word, start)
            ttl = read_ttl(token, start)
        elif not classed and not token.quoted and _CLASS.fullmatch(word):
            classed = True
            _refuse_foreign_class(word, start)
        else:
            raise _no_type(line, at, token, start)
    raise EntryError(
        "SY003",
        line.end,
        "the entry ends before its type",
        "write: owner TTL IN type data, for example: mail 3600 IN A 192.0.2.25",
    )


@lru_cache(maxsize=1024)
def _find_rtype(word: str) -> int | None:
    return rtypes.find_rtype(word)


def _refuse_meta(rtype: int, at: int) -> None:
    if rtypes.is_meta(rtype):
        reason = _META.get(rtype)
        raise EntryError(
            "SY007",
            at,
            reason or f"type {rtypes.mnemonic(rtype)} stands in messages only, never in a zone",
            "remove the record, or give it the type that its data has",
        )


def _refuse_address(word: str, at: int) -> None:
    if _IPV4.fullmatch(word):
        raise EntryError(
            "SY003", at, f"{word} stands where the type is due", f"write: A {word}"
        )


def _refuse_foreign_class(word: str, at: int) -> None:
    if word.upper() not in _INTERNET:
        raise EntryError(
            "SY007",
            at,
            f"class {word[:20]}: only the internet's class IN is served",
            "write IN, or leave the class out",
        )


def _no_type(line: Line, at: int, token: Token, start: int) -> EntryError:
    """Why a word is no type, with the likeliest mistake behind it."""
    word = token.text[:40]
    if _NUMERIC.match(word):
        return EntryError("SY003", start, f"{word} is a second TTL", "keep one of the two")
    if token.quoted:
        return EntryError(
            "SY003", start, f'"{word}" is a text where a type is due', "write: TXT"
        )
    if line.indented and start == line.starts[0] and word.startswith("$"):
        fix = f"remove the blanks before {word}: a directive begins in the first column"
    elif at == 1 and (owner := line.tokens[0].text) and _is_head_word(owner):
        fix = f"put a blank before {owner}: in the first column it is read as the owner's name"
    elif suggestion := _suggest(word):
        fix = f"did you mean {suggestion}?"
    else:
        fix = r"write a known type, or for a new one its number: TYPE65280 \# 4 0a000001"
    return EntryError("SY007", start, f"{word} is no record type", fix)


def _is_head_word(word: str) -> bool:
    return _find_rtype(word) is not None or word.upper() in _INTERNET


def _suggest(word: str) -> str:
    """A type that can be served and that the word may mean, or an empty text."""
    suggestion = rtypes.suggest(word)
    rtype = rtypes.find_rtype(suggestion) if suggestion else None
    return "" if rtype is None or rtypes.is_meta(rtype) else suggestion


def read_rdata(line: Line, head: Head, origin: Name) -> tuple[Rdata, int]:
    """The rdata of an entry, and the offset of its target or else of its start.

    Raises EntryError.
    """
    tokens, starts = line.tokens[head.at :], line.starts[head.at :]
    if head.rtype == rtypes.SOA:
        tokens = _plain_timers(tokens)
    elif head.rtype in _SERVICE:
        tokens, starts = _join_parameters(tokens, starts)
    try:
        rdata = parse_rdata(head.rtype, tokens, origin)
    except (RdataError, NameSyntaxError) as error:
        position = getattr(error, "position", None) or 0
        at = starts[position] if position < len(starts) else line.end
        raise EntryError(error.code, at, *_explain(head.rtype, error)) from error
    target = _TARGET.get(head.rtype, 0)
    if not target or tokens[0].text == r"\#":
        target = 0
    return rdata, starts[target] if starts else line.end


def _plain_timers(tokens: list[Token]) -> list[Token]:
    """The tokens of an SOA, its timers in seconds: 1d and the like are common there."""
    return [
        token._replace(text=str(seconds))
        if position in _SOA_TIMERS
        and not token.text.isdecimal()
        and (seconds := parse_duration(token.text)) is not None
        else token
        for position, token in enumerate(tokens)
    ]


def _join_parameters(tokens: list[Token], starts: list[int]) -> tuple[list[Token], list[int]]:
    """Make one token of a service parameter and its quoted value (RFC 9460 2.1)."""
    joined, places = list[Token](), list[int]()
    end = -1
    for token, start in zip(tokens, starts, strict=True):
        text = f'"{token.text}"' if token.quoted else token.text
        if token.quoted and start == end and joined[-1].text.endswith("="):
            joined[-1] = Token(joined[-1].text + text)
        else:
            joined.append(token)
            places.append(start)
        end = start + len(text)
    return joined, places


def _explain(rtype: int, error: RdataError | NameSyntaxError) -> tuple[str, str]:
    """The reason and the fix of rdata that cannot be read."""
    mnemonic = rtypes.mnemonic(rtype)
    fix = getattr(error, "fix", "") or _RDATA_FIXES.get(error.code)
    if not fix and rtype in TYPED:
        fix = " ".join(["write:", mnemonic, *(field.name for field in TYPED[rtype].layout)])
    if not fix:
        fix = rf"write the fields that the RFC of {mnemonic} lists, or \# and hex (RFC 3597 5)"
    return f"{mnemonic}: {error}", fix


def find_mailbox(line: Line, head: Head) -> Fault | None:
    """The fault of an SOA whose mailbox is written with an @, if this is one."""
    if head.rtype != rtypes.SOA:
        return None
    place = head.at + _SOA_RNAME
    text = line.tokens[place].text if place < len(line.tokens) else ""
    if text == "@" or not _UNESCAPED_AT.search(text):
        return None
    user, host = _UNESCAPED_AT.split(text, maxsplit=1)
    # RFC 1035 3.3.13, 8: the user's name is the first label, so that its dots are escaped.
    user = re.sub(r"(?<!\\)\.", r"\\.", user)
    return Fault(
        line.starts[place],
        f"the SOA's mailbox {text[:80]} is written with an @; in a master file that is part of"
        " the name, and mail about this zone would reach nobody",
        f"write: {user}.{host.rstrip('.')}.",
    )
