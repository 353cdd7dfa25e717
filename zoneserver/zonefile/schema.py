"""The JSON Schema of zone files, made from the tables that their reader goes by.

Editors complete and check with it while people type; the judge is the reader. Where a schema
cannot say as much, it lets pass.

Only keywords that mean the same since draft 7 are used, as editors know that draft best.
"""

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import dns.rdatatype

from zoneserver.catalogue import CATALOGUE
from zoneserver.records import rtypes
from zoneserver.records.algorithms import NUMBERS
from zoneserver.records.rdata import SOA, TYPED
from zoneserver.zonefile.directives import AUTO, KNOWN, WAIVER_KEYS
from zoneserver.zonefile.dnssec_directive import DNSSEC_KEYS, POLICY_NAME
from zoneserver.zonefile.mail_directive import CHOICES, COMPANIONS, MAIL_KEYS
from zoneserver.zonefile.octodns import KEYS, MAX_RECORDS_PER_RRSET, WITHOUT_EFFECT
from zoneserver.zonefile.scalars import NO, YES
from zoneserver.zonefile.schema_values import (
    SCALAR,
    Schema,
    any_case,
    duration,
    field_schema,
    host,
    integer,
    one_or_more,
    value_schema,
)
from zoneserver.zonefile.tlsa_directive import MAX_PORTS, NEEDED, PROTOCOLS, TLSA_KEYS

DRAFT = "https://json-schema.org/draft/2020-12/schema"

_KINDS = sorted({*TYPED, rtypes.LOC})


def zone_schema(providers: Iterable[str] = ()) -> Schema:
    """The schema of a zone file; `providers` are the presets that `$mail` may name."""
    directives = {
        "$ttl": duration("the TTL of records that have none"),
        "$soa": _soa(),
        "$mail": _mail(sorted(providers)),
        "$mta_sts": {"type": [*SCALAR, "object"], "additionalProperties": {"type": SCALAR}},
        "$tlsa": one_or_more(_tlsa(), least=0),
        "$dnssec": _dnssec(),
        "$zonemd": _BOOLEAN,
        "$allow": one_or_more(_waiver(), least=0),
    }
    return {
        "$schema": DRAFT,
        "title": "zoneserver zone file",
        "description": "Owner names relative to the zone, each with its records; '' is the"
        " zone itself.",
        "type": "object",
        "properties": {name: directives[name] for name in KNOWN},
        # An owner that begins with $ is written with a backslash.
        "patternProperties": {"^(?:[^$]|$)": {"$ref": "#/$defs/owner"}},
        "additionalProperties": False,
        "$defs": {
            "owner": one_or_more({"$ref": "#/$defs/record"}),
            "record": _record(),
            "text": _values({"type": SCALAR}),
            **{rtypes.mnemonic(kind): _values(value_schema(kind)) for kind in _KINDS},
        },
    }


def _values(one: Schema) -> Schema:
    return one_or_more(one, most=MAX_RECORDS_PER_RRSET)


def _record() -> Schema:
    """A record: its keys, and the value that its type has."""
    texts = {"if": _is_one_of(_KINDS), "else": _value("text")}
    ignored = {"octodns": {"properties": {"ignored": _YES}, "required": ["ignored"]}}
    properties: dict[str, Any] = {
        "type": {"description": "the record's type: A, MX, TXT, or TYPE65280"},
        "ttl": duration("how long others may keep the answer"),
        "value": {"description": "the data of the record"},
        "values": {"description": "the data of several records of this name and type"},
        "octodns": _metadata(),
        **{
            key: {"description": f"no effect here: {what}"}
            for key, what in WITHOUT_EFFECT.items()
        },
    }
    return {
        "type": "object",
        "properties": {key: properties[key] for key in sorted(KEYS)},
        "additionalProperties": False,
        # What is not served may be of a type that octoDNS alone knows.
        "if": {"type": "object", "properties": ignored, "required": ["octodns"]},
        "else": {
            "required": ["type"],
            "properties": {"type": _types()},
            "oneOf": [{"required": ["value"]}, {"required": ["values"]}],
            "allOf": [
                *({"if": _is_one_of([kind]), "then": _value(kind)} for kind in _KINDS),
                texts,
            ],
        },
    }


def _types() -> Schema:
    """Every type that can be served."""
    known = [kind for kind in dns.rdatatype.RdataType if not rtypes.is_meta(kind)]
    names = sorted(rtypes.mnemonic(kind) for kind in known)
    pattern = f"^(?:{'|'.join(map(any_case, names))}|{any_case('TYPE')}[0-9]{{1,5}})$"
    return {"anyOf": [{"enum": names}, {"type": "string", "pattern": pattern}]}


def _is_one_of(kinds: Iterable[int]) -> Schema:
    """A record of one of these types, in either spelling of the type."""
    names = (name for kind in kinds for name in (rtypes.mnemonic(kind), f"TYPE{int(kind)}"))
    pattern = f"^(?:{'|'.join(map(any_case, names))})$"
    is_one = {"type": "string", "pattern": pattern}
    return {"properties": {"type": is_one}, "required": ["type"]}


def _value(kind: int | str) -> Schema:
    """A record whose values are defined under the name of a type."""
    name = kind if isinstance(kind, str) else rtypes.mnemonic(kind)
    value = {"$ref": f"#/$defs/{name}"}
    return {"properties": {"value": value, "values": value}}


def _soa() -> Schema:
    """The fields of an SOA, all of which may be left out."""
    fields = {field.name: field_schema(field) for field in SOA.layout}
    fields["serial"] = integer(2**32 - 1, any_case(AUTO))
    fields["ttl"] = duration("the TTL of the SOA")
    return {"type": "object", "properties": fields, "additionalProperties": False}


def _mail(providers: list[str]) -> Schema:
    """A block, or a mapping of owners to blocks."""
    kinds: dict[str, Schema] = {
        "exchanger": host(),
        "exchangers": _values(host()),
        "none": _YES,
        "provider": {"enum": providers} if providers else {"type": "string"},
        "backup": _BOOLEAN,
        "certificate": _PATH,
        "next": _PATH,
        "ttl": duration(MAIL_KEYS["ttl"]),
    }
    pairs = [
        list(pair) for pair in combinations(CHOICES, 2) if tuple(sorted(pair)) != COMPANIONS
    ]
    block = {
        "type": "object",
        "properties": {
            key: {**kinds[key], "description": what} for key, what in MAIL_KEYS.items()
        },
        "additionalProperties": False,
        "anyOf": [{"required": [key]} for key in CHOICES],
        "not": {"anyOf": [{"required": pair} for pair in pairs]},
        "if": {"required": ["backup"]},
        "then": {"required": ["exchanger"], "not": {"required": ["provider"]}},
        "allOf": [
            {"if": {"required": ["next"]}, "then": {"required": ["certificate"]}},
            {"if": {"required": ["certificate"]}, "then": _HAS_EXCHANGER},
        ],
    }
    owners = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "object"}}
    return {"if": owners, "then": {"additionalProperties": block}, "else": block}


def _tlsa() -> Schema:
    """One host, or a service of it, and its certificate."""
    kinds: dict[str, Schema] = {
        "host": host(),
        "certificate": _PATH,
        "next": _PATH,
        "port": one_or_more(integer(65535), most=MAX_PORTS),
        "protocol": {
            "type": "string",
            "pattern": f"^(?:{'|'.join(map(any_case, PROTOCOLS))})$",
        },
        "ttl": duration(TLSA_KEYS["ttl"]),
    }
    return {
        "type": "object",
        "properties": {
            key: {**kinds[key], "description": what} for key, what in TLSA_KEYS.items()
        },
        "additionalProperties": False,
        "required": list(NEEDED),
    }


def _dnssec() -> Schema:
    """Yes, no, the name of a policy, or how."""
    names = "|".join(map(any_case, NUMBERS))
    algorithm = {"type": "string", "pattern": f"^(?:{names})$"}
    policy = {"type": "string", "pattern": f"^{POLICY_NAME}$"}
    kinds: dict[str, Schema] = {
        "policy": policy,
        "algorithm": algorithm,
        "nsec3": _BOOLEAN,
        "opt_out": _BOOLEAN,
    }
    how = {
        "type": "object",
        "properties": {
            key: {**kinds[key], "description": what} for key, what in DNSSEC_KEYS.items()
        },
        "additionalProperties": False,
        "if": {"required": ["opt_out"]},
        "then": {"anyOf": [{"required": ["nsec3"]}, {"required": ["policy"]}]},
    }
    return {"anyOf": [_BOOLEAN, policy, how]}


def _waiver() -> Schema:
    """One waiver; the codes of rules may be in either case."""
    codes = sorted(code for code, rule in CATALOGUE.items() if rule.waivable)
    text = {"type": SCALAR, "pattern": "\\S"}
    kinds: dict[str, Schema] = {
        "rule": {
            "anyOf": [{"enum": codes}, {"type": "string", "pattern": "^[a-z]{2}[0-9]{3}$"}]
        },
        "owner": {"type": [*SCALAR, "null"]},
        "reason": {**text, "description": "why the rule does not hold here"},
        "until": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
    }
    return {
        "type": "object",
        "properties": {key: kinds[key] for key in WAIVER_KEYS},
        "additionalProperties": False,
        "required": ["rule", "reason"],
    }


def _metadata() -> Schema:
    """The key of octoDNS itself; what is about its providers is let through."""
    heeded = {"ignored": _BOOLEAN, "lenient": _BOOLEAN}
    return {"type": "object", "properties": heeded}


def _words(words: Iterable[str]) -> str:
    return f"^(?:{'|'.join(map(any_case, sorted(words)))})$"


_HAS_EXCHANGER: Schema = {
    "anyOf": [{"required": ["exchanger"]}, {"required": ["exchangers"]}],
    "not": {"required": ["provider"]},
}
_PATH: Schema = {"type": SCALAR, "pattern": "."}
_BOOLEAN: Schema = {"type": ["boolean", "string"], "pattern": _words(YES | NO)}
_YES: Schema = {"anyOf": [{"const": True}, {"type": "string", "pattern": _words(YES)}]}
