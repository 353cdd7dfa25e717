r"""Names written plainly, read by pattern, so that they need not pass through libyaml.

    mail:
      - {type: A, value: 192.0.2.25}
      - type: MX
        values:
          - {preference: 10, exchange: mail.example.com.}

Nearly all names of a large zone are written like this one. The patterns know the types of one
field and MX, in these spellings, and take a name only where YAML has one way to read it. All
others, and whatever is wrong, are left to libyaml, the composer and the reader of records, from
whom every finding comes.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from zoneserver.errors import ZoneserverError
from zoneserver.findings import Mark
from zoneserver.records import rtypes
from zoneserver.records.rdata import MX, TYPED, Rdata
from zoneserver.zonefile.nodes import Node, NodeError, Scalar
from zoneserver.zonefile.scalars import read_ttl
from zoneserver.zonefile.ttls import NO_TTL
from zoneserver.zonefile.values import ValueReader

_KINDS = {
    rtypes.mnemonic(rtype): kind
    for rtype, kind in TYPED.items()
    if len(kind.layout) == 1 or kind is MX
}
_MOST_RECORDS = 100

# Plain scalars with nothing that YAML could take for a sign of its own, and quoted ones without
# escapes. One word, or for a TXT several.
_WORD = r"[A-Za-z0-9_][A-Za-z0-9_./=+-]*(?::+[A-Za-z0-9_./=+-]+)*"
_SCALAR = rf"""({_WORD}(?:[ ][~+-]?{_WORD})*|'[ -&(-~]*'|"[ !#-\[\]-~]*")"""
_FIELD = rf"(preference|exchange): ({_WORD})"
_FLOW_FIELDS = rf"\{{{_FIELD}, {_FIELD}\}}"
_INLINE = rf"[ ](?:{_SCALAR}|{_FLOW_FIELDS}|\[({_WORD}(?:, {_WORD})*)\])"
# To the next line of a mapping, which is two columns further in than the dash, if there is one.
_STEP = r"\n\1(?(2)[ ][ ])"


def _record(start: str, step: str, value: str) -> re.Pattern[str]:
    ttl = f"(?:ttl: ({_WORD}){step})?"
    return re.compile(f"( *)(- )?{start}{ttl}type: ([A-Z]+){step}{ttl}values?:{value}\n")


_OWNER = re.compile(r"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,199}):(?: (?=\{)|\n(?= ))", re.MULTILINE)
_BLOCK = _record("", _STEP, f"(?:{_INLINE})?")
_FLOW = _record(r"\{", ", ", rf"{_INLINE}\}}")
_ITEM = re.compile(rf"( +)(- )?(?:{_SCALAR}|{_FLOW_FIELDS}|{_FIELD}{_STEP}{_FIELD})\n")
_WORDS = re.compile(_WORD)
# The groups of a value, and which of them is the last to match.
_SCALAR_AT, _FIELDS_AT, _LIST_AT = 6, 10, 11
_ITEM_SCALAR_AT, _BLOCK_FIELDS_AT = 3, 11
# What starts a line that is no continuation of the name above it.
_NEXT = re.compile(r"""[A-Za-z0-9_'"$]|\Z""")

# A record without its owner: type, TTL, rdata, mark.
Draft = tuple[int, int, Rdata, Mark]


@dataclass(slots=True)
class PlainRecords(Node):
    """The records of a name, read already, but for their owner."""

    drafts: list[Draft]


# An owner, and its records.
PlainName = tuple[Scalar, PlainRecords]


class _NotPlainError(ZoneserverError):
    """A name that is left to the composer."""


def read_plain_names(file: str, text: str, values: ValueReader) -> tuple[list[PlainName], str]:
    """The names of a file that can be read by pattern, in its order, and the rest of its text.

    In the rest a comment and empty lines stand for each name: all lines keep their numbers.
    """
    names: list[PlainName] = []
    rest: list[str] = []
    line = seen = kept = 0
    for owner in _OWNER.finditer(text):
        start = owner.start()
        line += text.count("\n", seen, start)
        seen = start
        reader = _NameReader(file, text, values, start, line)
        try:
            drafts = reader.read(owner.end())
        except (_NotPlainError, NodeError):
            continue
        key = Scalar(file, line, 0, owner[1], plain=True)
        names.append((key, PlainRecords(file, line, 0, drafts)))
        rest += text[kept:start], "#", "\n" * text.count("\n", start, reader.end)
        kept = reader.end
    return names, "".join([*rest, text[kept:]])


class _NameReader:
    """Reads one name by pattern; `end` is where its text ends."""

    def __init__(
        self, file: str, text: str, values: ValueReader, start: int, line: int
    ) -> None:
        self._file = file
        self._text = text
        self._values = values
        self._start = start
        self._line = line
        self.end = start

    def read(self, at: int) -> list[Draft]:
        """The records of the name, of which the first starts `at`. Raises _NotPlainError."""
        first = record = self._match(at)
        drafts: list[Draft] = []
        while first is not None and record is not None:
            drafts += self._read_record(record)
            record = self._match(self.end) if first[2] else None
            if record is not None and record.group(1, 2) != first.group(1, 2):
                raise _NotPlainError
        if not drafts or len(drafts) > _MOST_RECORDS or not _NEXT.match(self._text, self.end):
            raise _NotPlainError
        return drafts

    def _match(self, at: int) -> re.Match[str] | None:
        return _BLOCK.match(self._text, at) or _FLOW.match(self._text, at)

    def _read_record(self, record: re.Match[str]) -> list[Draft]:
        """The records of one mapping."""
        self.end = record.end()
        kind = _KINDS.get(record[4])
        if kind is None or (record[3] and record[5]):
            raise _NotPlainError
        text = record[3] or record[5]
        ttl = read_ttl(self._scalar(text)) if text else NO_TTL
        if record.lastindex == _LIST_AT:
            words = _WORDS.finditer(self._text, *record.span(_LIST_AT))
            values = [(self._read_text(kind, word[0]), word.start()) for word in words]
        elif record.lastindex in {_SCALAR_AT, _FIELDS_AT}:
            values = [self._read_value(kind, record, _SCALAR_AT)]
        else:
            values = self._read_items(kind, record)
        return [(kind.rtype, ttl, rdata, self._mark(at)) for rdata, at in values]

    def _read_items(self, kind: type[Rdata], record: re.Match[str]) -> list[tuple[Rdata, int]]:
        """The values on the lines below: items of a list, or the fields of a single one."""
        column = len(record[1]) + (2 if record[2] else 0)
        first = item = _ITEM.match(self._text, self.end)
        # A list may start in the column of its key; a mapping must be further in.
        if first is None or len(first[1]) < (column if first[2] else column + 1):
            raise _NotPlainError
        if not first[2] and first.lastindex != _BLOCK_FIELDS_AT:
            raise _NotPlainError
        values: list[tuple[Rdata, int]] = []
        while item is not None:
            values.append(self._read_value(kind, item, _ITEM_SCALAR_AT))
            self.end = item.end()
            item = _ITEM.match(self._text, self.end)
            if item is not None and (not item[2] or item.group(1, 2) != first.group(1, 2)):
                raise _NotPlainError
        return values

    def _read_value(
        self, kind: type[Rdata], match: re.Match[str], scalar: int
    ) -> tuple[Rdata, int]:
        """One value, whose groups begin with that of a scalar."""
        last = match.lastindex
        if last == scalar:
            return self._read_text(kind, match[last]), match.start(last)
        assert last is not None
        fields = {match[last - 3]: last - 2, match[last - 1]: last}
        if kind is not MX or len(fields) != 2:
            raise _NotPlainError
        values = [
            self._values.read_field(MX.rtype, field, self._scalar(match[fields[field.name]]))
            for field in MX.layout
        ]
        build: Callable[..., Rdata] = MX
        return build(*values), match.start(fields["exchange"])

    def _read_text(self, kind: type[Rdata], text: str) -> Rdata:
        if kind is MX:
            raise _NotPlainError
        return self._values.read(kind.rtype, self._scalar(text)).rdata

    def _scalar(self, text: str) -> Scalar:
        """A value as the composer has it, but for its place: only a finding would need that."""
        is_plain = text[0] not in "'\""
        return Scalar(self._file, 0, 0, text if is_plain else text[1:-1], is_plain)

    def _mark(self, at: int) -> Mark:
        line = self._line + self._text.count("\n", self._start, at)
        return Mark(self._file, line + 1, at - self._text.rfind("\n", 0, at))
