"""The values of each record type as JSON Schema, made from the fields that rdata has.

A schema sees values typed as YAML 1.2 has them, the reader of zone files sees their text:
hence numbers that may also be quoted, and texts that may look like numbers.
"""

from typing import Any

from zoneserver.records import rtypes
from zoneserver.records.fields import Address, Field, HostName, Integer, Rest, Tag
from zoneserver.records.rdata import TYPED
from zoneserver.zonefile import services
from zoneserver.zonefile.texts import GENERIC
from zoneserver.zonefile.ttls import MAX_TTL
from zoneserver.zonefile.values import (
    OLD_DS,
    OLD_DS_MARKS,
    TEXTS,
    TIMERS,
    keys_of,
    required_fields,
)

Schema = dict[str, Any]

SCALAR = ["string", "number", "boolean"]

_NUMBER = "0|[1-9][0-9]{0,9}"
_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_ADDRESS = {4: f"{_OCTET}(?:\\.{_OCTET}){{3}}", 16: "[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*"}
_ENCODED = {"hex": "[0-9A-Fa-f\\s]+", "base64": "[A-Za-z0-9+/=\\s]+"}
_GENERIC = f"^{GENERIC.pattern}$"


def value_schema(rtype: int) -> Schema:
    """One value of a type."""
    kind = TYPED.get(rtype)
    doc = (kind.__doc__ if kind else None) or "A place on earth (RFC 1876 2)."
    about = {"description": doc.splitlines()[0]}
    if rtype in TEXTS:
        return {"type": SCALAR, "not": {"type": "string", "pattern": "[\\n\\r]"}, **about}
    if kind is not None and len(kind.layout) == 1:
        text = field_schema(kind.layout[0])
        return {**text, "pattern": f"{text['pattern']}|{_GENERIC}", **about}
    mapping = _mapping(rtype, keys_of(rtype))
    if rtype == rtypes.DS:
        old = [{"required": [key]} for key in OLD_DS_MARKS]
        mapping = {"if": {"anyOf": old}, "then": _mapping(rtype, OLD_DS), "else": mapping}
    return {"if": {"type": "string"}, "then": {"pattern": _GENERIC}, "else": mapping, **about}


def _mapping(rtype: int, spelling: dict[str, str]) -> Schema:
    """A value of several fields; a field with two spellings has one of them."""
    kinds = _location() if rtype == rtypes.LOC else _fields(rtype)
    keys: dict[str, list[str]] = {}
    for key, name in spelling.items():
        keys.setdefault(name, []).append(key)
    needed = [keys[name] for name in sorted(required_fields(rtype))]
    choices = [{"oneOf": [{"required": [key]} for key in each]} for each in needed if each[1:]]
    return {
        "type": "object",
        "properties": {key: kinds[name] for key, name in spelling.items()},
        "additionalProperties": False,
        "required": [each[0] for each in needed if not each[1:]],
        **({"allOf": choices} if choices else {}),
    }


def _fields(rtype: int) -> dict[str, Schema]:
    fields = {field.name: field_schema(field) for field in TYPED[rtype].layout}
    if "svcparams" in fields:
        fields["svcparams"] = _parameters()
    return fields


def field_schema(field: Field[Any]) -> Schema:
    """What stands in one field of rdata."""
    match field:
        case HostName(name="rname"):
            return {"type": "string", "pattern": "@|\\.$"}
        case HostName():
            return host()
        case Integer() if field.name in TIMERS:
            return duration(field.name)
        case Integer():
            return integer(256**field.octets - 1)
        case Address():
            return {"type": "string", "pattern": f"^{_ADDRESS[field.octets]}$"}
        case Rest() if field.form in _ENCODED:
            return {"type": ["string", "number"], "pattern": f"^{_ENCODED[field.form]}$"}
        case Tag():
            return {"type": ["string", "number"], "pattern": "^[A-Za-z0-9]+$"}
    return {"type": SCALAR}


def _location() -> dict[str, Schema]:
    """The fields of a LOC."""
    decimal = {"type": ["number", "string"], "pattern": f"^{services.DECIMAL.pattern}$"}
    degrees = {key: integer(most) for key, most in services.DEGREES.items()}
    sides = {
        key: {"type": "string", "pattern": f"^[{''.join(words)}{''.join(words).lower()}]$"}
        for key, words in services.DIRECTIONS.items()
    }
    return {key: degrees.get(key) or sides.get(key) or decimal for key in services.LOC_KEYS}


def _parameters() -> Schema:
    """The parameters of an SVCB or HTTPS."""
    either: Schema = {"type": [*SCALAR, "null", "array"], "items": {"type": SCALAR}}
    return {
        "type": "object",
        "properties": {
            key: integer(65535) if key == "port" else either for key in services.PARAMETERS
        },
        "patternProperties": {f"^{services.PARAMETER_KEY.pattern}$": {}},
        "additionalProperties": False,
    }


def host() -> Schema:
    """The name of a host."""
    about = "a full name, with the final dot"
    return {"type": "string", "pattern": "\\.$", "description": about}


def integer(most: int, words: str = "") -> Schema:
    """A plain decimal number, or one of some words."""
    pattern = f"^(?:{_NUMBER}{f'|{words}' if words else ''})$"
    return {"type": ["integer", "string"], "minimum": 0, "maximum": most, "pattern": pattern}


def duration(what: str) -> Schema:
    """Seconds, or units such as 1h30m."""
    number = integer(MAX_TTL, f"(?:(?:{_NUMBER})[smhdwSMHDW])+")
    return {**number, "description": f"{what}, in seconds or units: 3600, 1h30m"}


def one_or_more(one: Schema, *, least: int = 1, most: int | None = None) -> Schema:
    """One of a kind, or a list of them."""
    many = {"items": one, "minItems": least} | ({} if most is None else {"maxItems": most})
    return {"if": {"type": "array"}, "then": many, "else": one}


def any_case(word: str) -> str:
    """A pattern for a word in any case."""
    return "".join(
        f"[{each.upper()}{each.lower()}]" if each.isalpha() else each for each in word
    )
