"""Records to a YAML zone file in octoDNS's layout, for people to go on with.

What is written reads back as the same records. A value that the layout has no sound
spelling for is written as RFC 3597 octets.
"""

import re
import shlex
from collections import Counter
from collections.abc import Iterable
from itertools import groupby
from typing import Any

import yaml

from zoneserver.names import Name
from zoneserver.records import rtypes
from zoneserver.records.fields import HostName, Integer, Rest
from zoneserver.records.rdata import SOA, SVCB, TXT, TYPED, Opaque, Rdata
from zoneserver.records.rrset import Record
from zoneserver.zonefile.services import LOC_KEYS
from zoneserver.zonefile.source import Defaults
from zoneserver.zonefile.yaml_zone import read_yaml_zone

# Types whose plain spelling may mean something else when it is read: these are tried.
_DELICATE = frozenset({
    rtypes.TXT, rtypes.SPF, rtypes.CAA, rtypes.NAPTR, rtypes.URI, rtypes.LOC, rtypes.SVCB,
    rtypes.HTTPS, rtypes.OPENPGPKEY, rtypes.SSHFP, rtypes.DS, rtypes.CDS, rtypes.TLSA,
    rtypes.SMIMEA, rtypes.ZONEMD,
})  # fmt: skip
_LISTS = frozenset({"alpn", "mandatory", "ipv4hint", "ipv6hint"})
_LOCATION_WORD = re.compile(r"(-?[0-9.]+|[NSEW])m?")


class _Dumper(yaml.SafeDumper):
    """Block style with lists indented, as octoDNS and most people write it."""

    def increase_indent(
        self,
        flow: bool = False,  # noqa: FBT001, FBT002 - PyYAML calls it so
        indentless: bool = False,  # noqa: ARG002, FBT001, FBT002 - what we are here to ignore
    ) -> None:
        super().increase_indent(flow, indentless=False)

    def ignore_aliases(self, _data: object) -> bool:
        """Write everything out: an anchor would be read as meant."""
        return True


def write_yaml(origin: Name, records: Iterable[Record]) -> str:
    """The text of the zone file that holds these records: apex first, then by name."""
    records = sorted(records, key=lambda each: (each.owner.canonical(), each.rtype))
    ttl = _common_ttl(records)
    blocks = ["---", f"$ttl: {ttl}"]
    soa = next((each for each in records if each.rtype == rtypes.SOA), None)
    if soa is not None and isinstance(soa.rdata, SOA):
        blocks.append(_dump({"$soa": _soa(soa, soa.rdata, ttl)}))
    others = (each for each in records if each is not soa)
    for owner, members in groupby(others, key=lambda each: each.owner):
        entries = [
            _entry(origin, list(group), ttl)
            for _, group in groupby(members, key=lambda each: (each.rtype, each.ttl))
        ]
        body = _dump(entries[0] if len(entries) == 1 else entries)
        blocks.append(f"{_key(owner, origin)}:\n" + re.sub(r"(?m)^(?=.)", "  ", body))
    return "\n".join(blocks) + "\n"


def _common_ttl(records: list[Record]) -> int:
    counts = Counter(record.ttl for record in records if record.rtype != rtypes.SOA)
    return counts.most_common(1)[0][0] if counts else Defaults().ttl


def _soa(record: Record, soa: SOA, ttl: int) -> dict[str, Any]:
    fields: dict[str, Any] = {} if record.ttl == ttl else {"ttl": record.ttl}
    for field, value in zip(TYPED[rtypes.SOA].layout, soa.values, strict=True):
        fields[field.name] = value if isinstance(field, Integer) else field.format(value)
    return fields


def _key(owner: Name, origin: Name) -> str:
    """The owner as a key: relative, the apex empty, quoted where YAML asks for it."""
    text = owner.relative_to(origin)
    if text == "@":
        return "''"
    return yaml.dump({text: 0}, Dumper=_Dumper, allow_unicode=True, width=4096)[:-4]


def _entry(origin: Name, records: list[Record], ttl: int) -> dict[str, Any]:
    """The mapping of one RRset."""
    first = records[0]
    entry: dict[str, Any] = {"type": rtypes.mnemonic(first.rtype)}
    if first.ttl != ttl:
        entry["ttl"] = first.ttl
    values = [_value(origin, record) for record in records]
    return entry | ({"value": values[0]} if len(values) == 1 else {"values": values})


def _value(origin: Name, record: Record) -> object:
    """The value of one record, in the most readable spelling that reads back."""
    rdata = record.rdata
    for spell in _SPELLINGS.get(record.rtype, (_spell_fields,)):
        try:
            value = spell(rdata)
        except ValueError:  # octets that are no text
            continue
        delicate = record.rtype in _DELICATE or isinstance(rdata, Opaque)
        if not delicate or _reads_back(origin, record, value):
            return value
    return rf"\# {len(rdata.wire)} {rdata.wire.hex()}".rstrip()  # RFC 3597 5


def _reads_back(origin: Name, record: Record, value: object) -> bool:
    """Whether the value, in a zone file of its own, is read as the same rdata."""
    text = _dump({"x": {"type": rtypes.mnemonic(record.rtype), "value": value}})
    source = read_yaml_zone(origin, {"": text.encode()}, _include_nothing, Defaults())
    return [each.rdata for each in source.records if each.rtype == record.rtype] == [
        record.rdata
    ]


def _spell_fields(rdata: Rdata) -> object:
    """A scalar for a type of one field, a mapping for the others."""
    if isinstance(rdata, Opaque):
        return rdata.text
    kind = TYPED[rdata.rtype]
    fields: dict[str, Any] = {}
    for field, value in zip(kind.layout, rdata.values, strict=True):
        if isinstance(field, Integer):
            fields[field.name] = value
        elif isinstance(field, HostName) or (isinstance(field, Rest) and field.form != "text"):
            fields[field.name] = field.format(value)
        else:
            # Addresses have a text of their own; all other octets stand for themselves.
            is_text = isinstance(value, bytes) and field.code != "AD001"
            fields[field.name] = value.decode() if is_text else field.format(value)
    return fields if len(fields) > 1 else next(iter(fields.values()))


def _spell_text(rdata: Rdata) -> str:
    """A TXT as it is meant. Raises ValueError where it is no text."""
    return rdata.joined.decode() if isinstance(rdata, TXT) else rdata.text


def _spell_quoted(rdata: Rdata) -> str:
    """A TXT in quotes, which keep those within from being taken for borders."""
    return '"' + _spell_text(rdata).replace('"', '\\"') + '"'


def _spell_location(rdata: Rdata) -> dict[str, Any]:
    words = _LOCATION_WORD.findall(rdata.text)
    return dict(zip(LOC_KEYS, (_plain(word) for word in words), strict=True))


def _plain(word: str) -> int | float | str:
    """A number as short as it gets, a direction as it is."""
    return (
        word
        if word.isalpha()
        else int(float(word))
        if float(word).is_integer()
        else float(word)
    )


def _spell_service(rdata: Rdata) -> dict[str, Any]:
    """An SVCB with its parameters as a mapping. Raises ValueError for odd quoting."""
    if not isinstance(rdata, SVCB):
        raise TypeError(rdata)
    fields: dict[str, Any] = {
        "svcpriority": rdata.svcpriority,
        "targetname": str(rdata.targetname),
    }
    parameters: dict[str, Any] = {}
    for word in shlex.split(rdata.text)[2:]:
        key, _, value = word.partition("=")
        parameters[key] = value.split(",") if key in _LISTS else value
        if key == "port":
            parameters[key] = int(value)
    return fields | ({"svcparams": parameters} if parameters else {})


_SPELLINGS = {
    rtypes.TXT: (_spell_text, _spell_quoted),
    rtypes.SPF: (_spell_text, _spell_quoted),
    rtypes.LOC: (_spell_location,),
    rtypes.SVCB: (_spell_service,),
    rtypes.HTTPS: (_spell_service,),
}


def _include_nothing(path: str) -> bytes:
    raise FileNotFoundError(path)


def _dump(value: object) -> str:
    text: str = yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=4096
    )
    return text.rstrip("\n")
