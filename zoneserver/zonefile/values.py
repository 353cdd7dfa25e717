"""The value of a record to its rdata, with the keys and spellings that octoDNS has."""

from collections.abc import Callable, Iterable
from functools import cache
from typing import Any, NamedTuple

from zoneserver.records import rtypes
from zoneserver.records.fields import Field, HostName, Integer
from zoneserver.records.rdata import TYPED, Rdata
from zoneserver.zonefile.nodes import (
    Mapping,
    Node,
    NodeError,
    ReportedError,
    Scalar,
    mapping,
    show,
)
from zoneserver.zonefile.report import Report, did_you_mean
from zoneserver.zonefile.scalars import read_integer, read_seconds
from zoneserver.zonefile.services import LOC_KEYS, read_location, read_service
from zoneserver.zonefile.targets import Targets, read_mailbox
from zoneserver.zonefile.texts import GENERIC, read_field_text, read_presentation, read_text

# Keys that mean another; the older ones still stand in many octoDNS files.
_SYNONYMS = {rtypes.MX: {"priority": "preference", "value": "exchange"}}
# octoDNS's first DS borrowed the names of a DNSKEY's fields, in this order.
OLD_DS = {
    "flags": "key_tag",
    "protocol": "algorithm",
    "algorithm": "digest_type",
    "public_key": "digest",
}
OLD_DS_MARKS = ("flags", "public_key")
_OPTIONAL = {
    rtypes.CAA: frozenset({"flags"}),
    rtypes.SVCB: frozenset({"svcparams"}),
    rtypes.HTTPS: frozenset({"svcparams"}),
}
_MISSING_CODES = {rtypes.MX: "MX013", rtypes.CAA: "CA001"}
_EXAMPLES = {
    rtypes.MX: "{exchange: mail.example.com., preference: 10}",
    rtypes.SRV: "{priority: 0, weight: 1, port: 993, target: imap.example.com.}",
    rtypes.CAA: "{tag: issue, value: ca.example.net}",
}
TIMERS = frozenset({"refresh", "retry", "expire", "minimum"})
TEXTS = frozenset({rtypes.TXT, rtypes.SPF})
SERVICES = frozenset({rtypes.SVCB, rtypes.HTTPS})

Fields = dict[str, Node]


class Value(NamedTuple):
    """One rdata, and the node that findings about it point to."""

    rdata: Rdata
    node: Node


class ValueReader:
    """Reads the values of one zone's records.

    Everything here raises NodeError.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._targets = Targets(report.origin)

    def read(self, rtype: int, node: Node) -> Value:
        """The rdata of one value."""
        if type(node) is Scalar and node.text[:2] == "\\#" and GENERIC.fullmatch(node.text):
            return Value(read_presentation(node, rtype), node)
        if rtype in TEXTS:
            return Value(read_text(node, rtype), node)
        kind = TYPED.get(rtype)
        if rtype == rtypes.LOC or (kind is not None and len(kind.layout) > 1):
            return self._read_mapping(rtype, node)
        if kind is None:
            return Value(read_presentation(node, rtype), node)
        build: Callable[[object], Rdata] = kind
        return Value(build(self.read_field(rtype, kind.layout[0], node)), node)

    def read_field(self, rtype: int, field: Field[Any], node: Node) -> object:
        """The value of one field of rdata."""
        name = field.name
        kind = type(field)  # isinstance() asks the ABC that fields are, at five times the cost
        if kind is HostName:
            if name == "rname":
                return read_mailbox(node, self._targets, name)
            return self._targets.read(node, rtype, name)
        if isinstance(field, Integer):
            if name in TIMERS:
                return read_seconds(node, name)
            return read_integer(node, name, 256**field.octets - 1, field.code)
        return read_field_text(rtype, field, node)

    def _read_mapping(self, rtype: int, node: Node) -> Value:
        """Rdata of several fields, each with its key."""
        if type(node) is not Mapping:  # asked here to make the message only when it is due
            node = mapping(node, f"the {rtypes.mnemonic(rtype)}", _example(rtype, node))
        fields = self._sort(rtype, node)
        if rtype == rtypes.LOC:
            return Value(read_location(fields, node), node)
        if rtype in SERVICES:
            rdata = read_service(rtype, fields, node, self._targets)
            return Value(rdata, fields["targetname"])
        if rtype == rtypes.MX:
            _refuse_swapped(fields)
        kind: Callable[..., Rdata] = TYPED[rtype]
        rdata = kind(*self._read_fields(rtype, TYPED[rtype].layout, fields))
        return Value(rdata, fields.get("exchange") or fields.get("target") or node)

    def _read_fields(
        self, rtype: int, layout: Iterable[Field[Any]], fields: Fields
    ) -> list[object]:
        values: list[object] = []
        failed: NodeError | None = None
        for field in layout:
            node = fields.get(field.name)
            if node is None:
                values.append(0)  # only the flags of a CAA may be missing; octoDNS takes 0
                continue
            try:
                values.append(self.read_field(rtype, field, node))
            except NodeError as problem:
                self._report.note(problem)
                failed = ReportedError(node)
        if failed is not None:
            raise failed
        return values

    def _sort(self, rtype: int, node: Mapping) -> Fields:
        """The nodes of a mapping by the fields they are for."""
        spelling = keys_of(rtype)
        if rtype == rtypes.DS and any(key.text in OLD_DS_MARKS for key, _ in node.pairs):
            spelling = OLD_DS
        fields: Fields = {}
        problems = []
        for key, value in node.pairs:
            name = spelling.get(key.text)
            if name is None:
                problems.append(_unknown_key(rtype, key, spelling))
            elif name in fields:
                problems.append(_spelled_twice(key, name, fields[name]))
            else:
                fields[name] = value
        if not fields.keys() >= required_fields(rtype):
            missing = sorted(required_fields(rtype) - fields.keys())
            problems += [_missing_key(rtype, node, name) for name in missing]
        for problem in problems:
            self._report.note(problem)
        if problems:
            raise ReportedError(node)
        return fields


@cache
def required_fields(rtype: int) -> frozenset[str]:
    """The fields that a type's mapping must have."""
    return frozenset(keys_of(rtype).values()) - _OPTIONAL.get(rtype, frozenset())


@cache
def keys_of(rtype: int) -> dict[str, str]:
    """The field that each key of a type's mapping is for."""
    names = LOC_KEYS if rtype == rtypes.LOC else [field.name for field in TYPED[rtype].layout]
    return {name: name for name in names} | _SYNONYMS.get(rtype, {})


def _example(rtype: int, node: Node) -> str:
    """How to write a value of several fields; for an MX written as one text, that MX."""
    words = node.text.split() if type(node) is Scalar and rtype == rtypes.MX else []
    if len(words) == 2 and all(word.isprintable() and len(word) < 256 for word in words):
        return f"{{exchange: {words[1]}, preference: {words[0]}}}"
    return _EXAMPLES.get(rtype, "{" + ": ..., ".join(keys_of(rtype)) + ": ...}")


def _unknown_key(rtype: int, key: Scalar, spelling: dict[str, str]) -> NodeError:
    names = ", ".join(spelling)
    type_ = rtypes.mnemonic(rtype)
    return NodeError(
        "SY008",
        key,
        f"{type_} has no key {show(key.text)}",
        did_you_mean(key.text, spelling) or f"the keys are {names}",
    )


def _spelled_twice(key: Scalar, name: str, other: Node) -> NodeError:
    return NodeError(
        "SY008",
        key,
        f"{show(key.text)} gives the {name} a second time: two spellings of one field",
        f"keep {name}, the newer spelling",
        ((other.mark, f"the {name}"),),
    )


def _missing_key(rtype: int, node: Node, name: str) -> NodeError:
    code = _MISSING_CODES.get(rtype, "SY003")
    if name == "exchange":
        code = "SY003"
    return NodeError(
        code, node, f"the {name} of the {rtypes.mnemonic(rtype)} is missing", f"add {name}: ..."
    )


def _refuse_swapped(fields: Fields) -> None:
    """Refuse an MX whose preference and exchange stand in each other's place."""
    preference, exchange = fields["preference"], fields["exchange"]
    if type(preference) is not Scalar or type(exchange) is not Scalar:
        return
    number, name = exchange.text, preference.text
    if number.isdecimal() and not name[:1].isdecimal() and not preference.is_null:
        raise NodeError(
            "MX013",
            preference,
            f"preference {show(name)} and exchange {show(number)} look written backwards",
            f"write preference: {number[:10]} and exchange: {name[:255]}",
        )
