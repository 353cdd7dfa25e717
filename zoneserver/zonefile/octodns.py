"""The records of a name as octoDNS writes them: type, TTL, values, metadata."""

from collections import Counter

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rrset import Record
from zoneserver.zonefile.nodes import (
    Mapping,
    Node,
    NodeError,
    ReportedError,
    Scalar,
    as_list,
    mapping,
    scalar,
    show,
)
from zoneserver.zonefile.plain import PlainRecords
from zoneserver.zonefile.report import Report, did_you_mean
from zoneserver.zonefile.scalars import read_boolean, read_ttl
from zoneserver.zonefile.ttls import NO_TTL
from zoneserver.zonefile.values import ValueReader

MAX_RECORDS_PER_RRSET = 100
MAX_TYPES_PER_NAME = 100

WITHOUT_EFFECT = {
    "geo": "answers by the client's place",
    "dynamic": "answers by rules and pools",
    "healthcheck": "health checks",
}
KEYS = frozenset({"type", "ttl", "value", "values", "octodns", *WITHOUT_EFFECT})
_EXAMPLE = "{type: A, value: 192.0.2.25}"
# What providers offer beside the DNS; octoDNS and others have types for it.
_PROVIDER_TYPES = frozenset({"ALIAS", "ANAME", "URLFWD", "URL", "REDIRECT", "FORWARD", "LUA"})
_PROVIDER_FIX = (
    "write A and AAAA records with the addresses; or keep the record for octoDNS alone, with"
    " octodns: {ignored: true}"
)

Fields = dict[str, Node]


class RecordReader:
    """Reads the records of one zone.

    A record without a TTL gets NO_TTL, as the zone's default may stand further down. Into
    `unreadable` go the owners with a record that cannot be read, into `lenient` those whose
    metadata asks for leniency.
    """

    def __init__(
        self, report: Report, values: ValueReader, unreadable: set[Name], lenient: set[Name]
    ) -> None:
        self._report = report
        self._unreadable = unreadable
        self._lenient = lenient
        self._values = values
        self._types: dict[str, int] = {}

    def read(self, owner: Name, node: Node) -> list[Record]:
        """The records of a name that can be read; what is wrong goes to the report."""
        if type(node) is PlainRecords:
            return [Record(owner, *draft) for draft in node.drafts]
        self._report.owner = owner
        records: list[Record] = []
        nodes = as_list(node)
        for each in nodes:
            try:
                records += self._read_record(owner, each)
            except NodeError as problem:
                self._fail(owner, problem)
        if not nodes:
            empty = NodeError("SY008", node, "the name has an empty list", "remove it")
            self._fail(owner, empty)
        if len(records) > min(MAX_RECORDS_PER_RRSET, MAX_TYPES_PER_NAME):
            self._refuse_too_many(owner, node, records)
        self._report.owner = None
        return records

    def _fail(self, owner: Name, problem: NodeError) -> None:
        self._report.note(problem)
        self._unreadable.add(owner)

    def _refuse_too_many(self, owner: Name, node: Node, records: list[Record]) -> None:
        counts = Counter(record.rtype for record in records)
        for rtype, count in counts.items():
            if count > MAX_RECORDS_PER_RRSET:
                what = f"{count} {rtypes.mnemonic(rtype)} records at one name"
                self._fail(owner, _too_many(node, what, MAX_RECORDS_PER_RRSET))
        if len(counts) > MAX_TYPES_PER_NAME:
            what = f"{len(counts)} types at one name"
            self._fail(owner, _too_many(node, what, MAX_TYPES_PER_NAME))

    def _read_record(self, owner: Name, node: Node) -> list[Record]:
        """The records of one mapping. Raises NodeError."""
        record = mapping(node, "a record", _EXAMPLE)
        fields = {key.text: value for key, value in record.pairs}
        if not fields.keys() <= KEYS:
            self._report_unknown(owner, record)
        if "octodns" in fields and self._is_ignored(owner, fields["octodns"]):
            return []
        rtype = self._read_type(record, fields)
        ttl = self._read_ttl(owner, fields)
        if not fields.keys().isdisjoint(WITHOUT_EFFECT):
            self._warn(record)
        records = []
        for each in self._value_nodes(record, fields, rtype):
            try:
                rdata, at = self._values.read(rtype, each)
            except NodeError as problem:
                self._fail(owner, problem)
            else:
                records.append(Record(owner, rtype, ttl, rdata, at.mark))
        return records

    def _report_unknown(self, owner: Name, record: Mapping) -> None:
        """Report keys that no record has; the others are read nevertheless."""
        for key, _ in record.pairs:
            if key.text not in KEYS:
                self._fail(owner, _unknown_key(key))

    def _is_ignored(self, owner: Name, node: Node) -> bool:
        """Heed octoDNS's metadata: whether the record is to be left out.

        `included`, `excluded` and what else there is are about providers, and we are none.
        """
        metadata = mapping(node, "octodns", "octodns: {ignored: true}")
        ignored = False
        for key, value in metadata.pairs:
            if key.text == "ignored" and read_boolean(value, "ignored"):
                ignored = True
                reason = "the record is not served, as its octodns key asks"
                self._report.add("SY015", key.mark, reason, "remove ignored to serve it")
            elif key.text == "lenient" and read_boolean(value, "lenient"):
                self._lenient.add(owner)
                reason = "the name is judged leniently, as its octodns key asks"
                self._report.add("SY015", key.mark, reason, "remove lenient once it is mended")
        return ignored

    def _read_type(self, record: Mapping, fields: Fields) -> int:
        """The number of the record's type. Raises NodeError."""
        if "type" not in fields:
            if not fields.keys() <= KEYS:
                raise ReportedError(record)  # it is misspelt, most likely
            raise NodeError("SY007", record, "the record has no type", f"write {_EXAMPLE}")
        text = scalar(fields["type"], "type", "SY007", "type: MX")
        rtype = self._types.get(text.text)
        if rtype is None:
            rtype = self._types[text.text] = _parse_type(text)
        return rtype

    def _read_ttl(self, owner: Name, fields: Fields) -> int:
        node = fields.get("ttl")
        if node is not None:
            try:
                return read_ttl(node)
            except NodeError as problem:
                self._fail(owner, problem)
        return NO_TTL

    def _warn(self, record: Mapping) -> None:
        for key, _ in record.pairs:
            if what := WITHOUT_EFFECT.get(key.text):
                self._report.add(
                    "SY014",
                    key.mark,
                    f"{key.text} ({what}) has no effect here: everybody gets the static values",
                    "remove it, or have octoDNS publish the zone at a provider that can",
                )

    def _value_nodes(self, record: Mapping, fields: Fields, rtype: int) -> list[Node]:
        """The nodes of the record's values. Raises NodeError."""
        value, values = fields.get("value"), fields.get("values")
        if value is not None and values is not None:
            raise NodeError(
                "SY008",
                value,
                "the record has both value and values, and one would be lost",
                "put all of them in values",
                ((values.mark, "values"),),
            )
        node = value if values is None else values
        if node is None and not fields.keys() <= KEYS:
            raise ReportedError(record)  # it is misspelt, most likely
        nodes = as_list(node) if node is not None else []
        if not nodes:
            reason = f"the {rtypes.mnemonic(rtype)} has no value"
            raise NodeError("SY003", node or record, reason, "add value: or values:")
        if len(nodes) > MAX_RECORDS_PER_RRSET:
            what = f"{len(nodes)} {rtypes.mnemonic(rtype)} records"
            raise _too_many(node or record, what, MAX_RECORDS_PER_RRSET)
        return nodes


def _too_many(node: Node, what: str, most: int) -> NodeError:
    return NodeError(
        "SY010", node, f"{what}; {most} is the most", "spread them over several names"
    )


def _unknown_key(key: Scalar) -> NodeError:
    if key.text.isupper() and rtypes.find_rtype(key.text) is not None:
        fix = f"write {{type: {key.text}, value: ...}}"
    else:
        fix = (
            did_you_mean(key.text, KEYS) or "the keys are type, ttl, value, values and octodns"
        )
    return NodeError("SY008", key, f"a record has no key {show(key.text)}", fix)


def _parse_type(node: Scalar) -> int:
    """The number of a type that can be served. Raises NodeError."""
    word = node.text
    if "/" in word or word.upper() in _PROVIDER_TYPES:
        raise NodeError(
            "SY007",
            node,
            f"{show(word)} exists at some providers only; it is no type of the DNS, and no"
            " resolver could ask for it",
            _PROVIDER_FIX,
        )
    rtype = rtypes.find_rtype(word) if word.isascii() else None
    if rtype is None:
        guess = rtypes.suggest(word[:32])
        fix = f"did you mean {guess}?" if guess else "write a type such as A, or TYPE65280"
        raise NodeError("SY007", node, f"{show(word)} is no record type", fix)
    if rtypes.is_meta(rtype):
        raise NodeError(
            "SY007",
            node,
            f"type {show(word)} stands in messages only, never in a zone",
            "remove the record, or give it the type that its data has",
        )
    return rtype
