"""The keys of a zone file that start with `$`: $ttl, $soa, $mail, $tlsa and the others."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from zoneserver.catalogue import CATALOGUE
from zoneserver.findings import Mark
from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.rdata import SOA
from zoneserver.zonefile.dnssec_directive import read_dnssec, read_flag
from zoneserver.zonefile.mail_directive import MailReader
from zoneserver.zonefile.mappings import duplicate
from zoneserver.zonefile.nodes import (
    Mapping,
    Node,
    NodeError,
    Scalar,
    as_list,
    mapping,
    scalar,
    show,
)
from zoneserver.zonefile.owners import Owners
from zoneserver.zonefile.report import Report, did_you_mean
from zoneserver.zonefile.scalars import read_ttl
from zoneserver.zonefile.source import Dnssec, MailBlock, StsText, TlsaBlock, Waiver
from zoneserver.zonefile.tlsa_directive import KeyFiles, TlsaReader
from zoneserver.zonefile.values import ValueReader

KNOWN = ("$ttl", "$soa", "$mail", "$mta_sts", "$tlsa", "$dnssec", "$zonemd", "$allow")
AUTO = "auto"
_SOA_FIELDS = {field.name: field for field in SOA.layout}
_SOA_EXAMPLE = "$soa: {rname: hostmaster@example.com, serial: auto}"
_STS_EXAMPLE = "$mta_sts: | and, below it, version: STSv1, mode:, mx: and max_age: lines"
WAIVER_KEYS = ("rule", "owner", "reason", "until")
_WAIVER_EXAMPLE = "$allow: [{rule: MX005, owner: mail, reason: it has IPv6 only}]"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


@dataclass(frozen=True, slots=True)
class SoaDirective:
    """What `$soa` says: the fields by name, without those that it leaves to us."""

    mark: Mark
    fields: dict[str, Any] = field(default_factory=dict)
    ttl: int | None = None


class Directives:
    """The directives of one zone's files."""

    def __init__(self, report: Report, owners: Owners, files: KeyFiles) -> None:
        self._report = report
        self._owners = owners
        self._files = files
        self._found: dict[str, tuple[Scalar, Node]] = {}

    def add(self, key: Scalar, node: Node) -> None:
        """Take note of a directive; each may stand once in all files of the zone."""
        name = key.text
        if name not in KNOWN:
            self._report.note(_unknown(key))
        elif name in self._found:
            first, _ = self._found[name]
            self._report.note(duplicate(key, first))
        else:
            self._found[name] = key, node

    def find(self, key: Scalar) -> Scalar | None:
        """The earlier key for the directive that a key names, if there was one."""
        return self._found[key.text][0] if key.text in self._found else None

    def read_ttl(self, default: int) -> int:
        """The TTL of records that say none."""
        if "$ttl" in self._found:
            try:
                return read_ttl(self._found["$ttl"][1], "$ttl")
            except NodeError as problem:
                self._report.note(problem)
        return default

    def read_soa(self, values: ValueReader) -> SoaDirective | None:
        """What `$soa` says, if there is one."""
        if "$soa" not in self._found:
            return None
        key, node = self._found["$soa"]
        fields: dict[str, Any] = {}
        try:
            pairs = mapping(node, "$soa", _SOA_EXAMPLE).pairs
        except NodeError as problem:
            self._report.note(problem)
            pairs = []
        for name, value in pairs:
            try:
                fields |= _read_soa_field(name, value, values)
            except NodeError as problem:
                self._report.note(problem)
        return SoaDirective(key.mark, fields, fields.pop("ttl", None))

    def read_mail(
        self, ttl: int, unreadable: set[Name]
    ) -> tuple[tuple[MailBlock, ...], tuple[TlsaBlock, ...]]:
        """The blocks of `$mail`; an owner whose block cannot be read becomes `unreadable`.

        With them comes what they say of certificates.
        """
        if "$mail" not in self._found:
            return (), ()
        reader = MailReader(self._report, ttl, unreadable, self._files)
        blocks = reader.read(self._found["$mail"][1])
        return blocks, tuple(reader.tlsa)

    def read_tlsa(self, ttl: int) -> tuple[TlsaBlock, ...]:
        """The blocks of `$tlsa`."""
        if "$tlsa" not in self._found:
            return ()
        return TlsaReader(self._report, ttl, self._files).read(self._found["$tlsa"][1])

    def read_mta_sts(self) -> tuple[StsText, ...]:
        """The policies of `$mta_sts`: one text for the apex, or a text for each owner."""
        if "$mta_sts" not in self._found:
            return ()
        _, node = self._found["$mta_sts"]
        if type(node) is not Mapping:
            return tuple(self._read_policy(self._report.origin, node))
        texts: list[StsText] = []
        for key, value in node.pairs:
            try:
                texts += self._read_policy(self._owners.read(key), value)
            except NodeError as problem:
                self._report.note(problem)
        return tuple(texts)

    def _read_policy(self, owner: Name, node: Node) -> Iterator[StsText]:
        try:
            text = scalar(node, "an MTA-STS policy", example=_STS_EXAMPLE)
        except NodeError as problem:
            self._report.note(problem)
        else:
            # The text of a block scalar begins below its sign.
            below = text.mark._replace(line=text.mark.line + 1, column=1)
            yield StsText(owner, text.text, below if "\n" in text.text else text.mark)

    def read_dnssec(self) -> Dnssec | None:
        """What `$dnssec` asks for."""
        if "$dnssec" in self._found:
            try:
                return read_dnssec(*self._found["$dnssec"])
            except NodeError as problem:
                self._report.note(problem)
        return None

    def read_zonemd(self, dnssec: Dnssec | None) -> Mark | None:
        """Where a digest of the zone is asked for: one that we sign has one by itself."""
        if "$zonemd" in self._found:
            key, node = self._found["$zonemd"]
            try:
                return key.mark if read_flag(node, key, "$zonemd: true") else None
            except NodeError as problem:
                self._report.note(problem)
        return dnssec.mark if dnssec else None

    def read_waivers(self) -> tuple[Waiver, ...]:
        """The waivers of `$allow`; one that cannot be honoured is an error."""
        if "$allow" not in self._found:
            return ()
        waivers = []
        for node in as_list(self._found["$allow"][1]):
            try:
                waivers.append(self._read_waiver(node))
            except NodeError as problem:
                self._report.note(problem)
        return tuple(waivers)

    def _read_waiver(self, node: Node) -> Waiver:
        """One waiver. Raises NodeError."""
        entries = mapping(node, "a waiver", _WAIVER_EXAMPLE)
        fields: dict[str, Scalar] = {}
        for key, value in entries.pairs:
            if key.text not in WAIVER_KEYS:
                fix = did_you_mean(key.text, WAIVER_KEYS) or f"write {_WAIVER_EXAMPLE}"
                raise NodeError("SY008", key, f"a waiver has no key {show(key.text)}", fix)
            fields[key.text] = scalar(value, key.text, "WV002", _WAIVER_EXAMPLE)
        for needed in ("rule", "reason"):
            if needed not in fields or not fields[needed].text.strip():
                raise NodeError(
                    "WV002", entries, f"the waiver has no {needed}", f"write {_WAIVER_EXAMPLE}"
                )
        code = _read_rule(fields["rule"])
        owner = self._owners.read(fields["owner"]) if "owner" in fields else None
        until = _read_date(fields["until"]) if "until" in fields else None
        return Waiver(code, owner, fields["reason"].text.strip(), until, entries.mark)


def _unknown(key: Scalar) -> NodeError:
    advice = rf"a name that starts with $ is written '\{key.text[:64]}'"
    fix = did_you_mean(key.text, KNOWN) or advice
    return NodeError("SY008", key, f"{show(key.text)} is no directive", fix)


def _read_soa_field(key: Scalar, node: Node, values: ValueReader) -> dict[str, Any]:
    """One key of `$soa` and its value; nothing for `auto`. Raises NodeError."""
    name = key.text
    if name == "ttl":
        return {name: read_ttl(node)}
    if name not in _SOA_FIELDS:
        fix = did_you_mean(name, [*_SOA_FIELDS, "ttl"]) or f"write {_SOA_EXAMPLE}"
        raise NodeError("SY008", key, f"$soa has no key {show(name)}", fix)
    if name == "serial" and type(node) is Scalar and node.text.lower() == AUTO:
        return {}
    return {name: values.read_field(rtypes.SOA, _SOA_FIELDS[name], node)}


def _read_rule(node: Scalar) -> str:
    """The code of a rule that may be waived. Raises NodeError."""
    code = node.text.upper()
    if code not in CATALOGUE:
        guess = did_you_mean(code, CATALOGUE)
        fix = guess or "write a code as findings show it, such as MX005"
        raise NodeError("WV002", node, f"there is no rule {show(node.text)}", fix)
    if not CATALOGUE[code].waivable:
        raise NodeError(
            "WV002",
            node,
            f"{code} ({CATALOGUE[code].title}) cannot be waived: mail would be lost, or nothing"
            " could be served",
            "mend what it finds",
        )
    return code


def _read_date(node: Scalar) -> date:
    """A day. Raises NodeError."""
    try:
        if _DATE.fullmatch(node.text):
            return date.fromisoformat(node.text)
    except ValueError:
        pass
    raise NodeError(
        "WV002", node, f"until {show(node.text)} is no day", "write it as 2026-12-31"
    )
